"""Write anew what follows from other files: `python -m tools.lists [--check]`.

Lists of the README and of the opening page stand between a comment `<!-- list: NAME -->` and
`<!-- end -->`, and follow from what the library and the table of contents hold. The address of the
repository, which pyproject.toml has, is written into the first cell of every chapter and into
CITATION.cff.
"""

import argparse
import ast
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from lib.benchmarks import BENCHMARKS
from lib.chapters import Book
from lib.files import write_text
from lib.metrics import PROTOCOLS
from lib.models import MODELS
from lib.profiles import PROFILES
from lib.scores import SCORES

from .address import FIRST_CELL, HOST, address, first_cell, open_on_colab

ROOT = Path(__file__).resolve().parent.parent
LIST = re.compile(r"(?<=<!-- list: )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def models() -> Iterator[str]:
    """The models, by the name that a run gives them."""
    yield from _table("model", "what it is")
    for name, model in MODELS.items():
        yield f"| `{name}` | {model.description} |"


def benchmarks() -> Iterator[str]:
    """The benchmarks, with their sources and sizes."""
    yield from _table("benchmark", "sources and their numbers of values", "images")
    for name, benchmark in BENCHMARKS.items():
        grid = benchmark.grid
        sources = zip(grid.names, grid.sizes, strict=True)
        told = ", ".join(f"{source.replace('_', ' ')} {size}" for source, size in sources)
        yield f"| `{name}` | {told} | {grid.num_images:,} |"


def protocols() -> Iterator[str]:
    """The protocols of InfoMEC."""
    yield from _table("protocol", "where it comes from")
    for name, protocol in PROTOCOLS.items():
        yield f"| `{name}` | {protocol.source} |"


def scores() -> Iterator[str]:
    """The scores of a run."""
    yield from _table("score", "in figures and tables", "what it says")
    for name, score in SCORES.items():
        told = (score.compute.__doc__ or "").partition("\n")[0].removesuffix(".")
        told = told[:1].lower() + told[1:] if told[1:2].islower() else told
        yield f"| `{name}` | {score.title} | {told} |"


def speeds() -> Iterator[str]:
    """The recorded speeds of the published recipe, and how long its steps take at each."""
    yield from _table("device", "precision", "images a step", "images/s", "a run, at this speed")
    recipe = PROFILES["paper"].settings
    for path in sorted(ROOT.glob("book/results/speed/*.json")):
        for m in json.loads(path.read_text(encoding="utf-8"))["measured"]:
            if (m["batch"], m["seeds"]) != (recipe["batch_size"], 1):
                continue
            minutes = recipe["steps"] / m["steps_per_s"] / 60
            told = f"{m['batch']} | {m['images_per_s']:,.0f} | {minutes:.0f} minutes"
            yield f"| {m['device']} | {m['precision']} | {told} |"


def packages() -> Iterator[str]:
    """The packages of the library, as their docstrings describe them."""
    yield from _table("folder", "what it holds")
    for path in sorted(ROOT.glob("lib/*/__init__.py")):
        described = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        yield f"| `{path.parent.relative_to(ROOT)}` | {described.splitlines()[0]} |"


def chapters() -> Iterator[str]:
    """The chapters in reading order, with the question that each opens with; no pages below one."""
    book = Book(ROOT)
    for name in book.chapter_names()[1:]:
        if "/" in name:
            continue
        opening = _opening(book.source(name))
        title, question = re.match(r"# (.+?)\n+\*(.+?)\*(?:\s|$)", opening, re.DOTALL).groups()
        yield f"1. [{title}]({name}): {' '.join(question.split())}"


def badges() -> Iterator[str]:
    """Whether the tests pass and where the book is read, once the repository has an address."""
    if (at := address(ROOT)) is not None:
        for name in ("tests", "book"):
            workflow = f"{HOST}{at}/actions/workflows/{name}.yml"
            yield f"[![{name}]({workflow}/badge.svg)]({workflow})"


def colab() -> Iterator[str]:
    """How a chapter is opened on Colab."""
    if (at := address(ROOT)) is None:
        yield (
            "Once this repository has a public address, a chapter on Colab installs what it needs:"
        )
        yield "`make stamp REPOSITORY=owner/name` writes the address into all files that need it."
    else:
        yield f"On Colab, [open a chapter]({open_on_colab(at, 'shapes3d')}) and run it:"
        yield "its first cell installs what it needs and leaves the runtime's own JAX as it is."


def citation() -> Iterator[str]:
    """How to cite the paper and this book, from CITATION.cff."""
    cff = yaml.safe_load(renew_citation((ROOT / "CITATION.cff").read_text(encoding="utf-8")))
    paper = cff["preferred-citation"]
    authors = " and ".join(f"{a['family-names']}, {a['given-names']}" for a in paper["authors"])
    where = paper["collection-title"]
    yield "```bibtex"
    yield "@inproceedings{hsu2023,"
    yield f"  author = {{{authors}}},"
    yield f"  title = {{{paper['title']}}}, year = {{{paper['year']}}},"
    yield f"  booktitle = {{{where}}}, volume = {{{paper['volume']}}}, url = {{{paper['url']}}}"
    yield "}"
    yield "@misc{latentquantizationbook,"
    yield f"  author = {{{{{cff['authors'][0]['name']}}}}},"
    url = f", url = {{{cff['repository-code']}}}" if "repository-code" in cff else ""
    yield f"  title = {{{cff['title']}}}, note = {{Version {cff['version']}}}{url}"
    yield "}"
    yield "```"


_ALL = models, benchmarks, protocols, scores, speeds, packages, chapters, badges, colab, citation
LISTS = {f.__name__: f for f in _ALL}


def renew(text: str, lists: Mapping[str, Callable[[], Iterator[str]]] = LISTS) -> str:
    """A text with its lists as they should be.

    Raises:
        KeyError: a comment names a list that there is not.
    """
    return LIST.sub(lambda found: f"{found[1]}{found[2]}{_lines(lists[found[1]]())}", text)


def renew_notebook(text: str) -> str:
    """The JSON of a notebook, with its lists and its first cell as they should be."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = renew("".join(cell["source"])).splitlines(keepends=True)
        elif cell["id"] == FIRST_CELL:
            cell["source"] = first_cell(address(ROOT)).splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def renew_citation(text: str) -> str:
    """CITATION.cff, which names the repository's address where there is one."""
    text = re.sub(r"^repository-code: .*\n", "", text, flags=re.MULTILINE)
    at = address(ROOT)
    return text if at is None else f"{text}repository-code: {HOST}{at}\n"


def stale() -> dict[Path, str]:
    """Files that are not what they should be, with their right texts."""
    wanted = {ROOT / "README.md": renew, ROOT / "CITATION.cff": renew_citation}
    wanted |= dict.fromkeys(sorted(ROOT.glob("book/*.ipynb")), renew_notebook)
    texts = {path: path.read_text(encoding="utf-8") for path in wanted}
    return {path: new for path, old in texts.items() if (new := wanted[path](old)) != old}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files anew, or with `--check` only say which files would change."""
    parser = argparse.ArgumentParser(prog="python -m tools.lists", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a file is old")
    is_check = parser.parse_args(arguments).check
    found = stale()
    for path, text in found.items():
        print(f"{'old:' if is_check else 'written:'} {path.relative_to(ROOT)}")
        if not is_check:
            write_text(path, text)
    return int(is_check and bool(found))


def _table(*columns: str) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"


def _lines(lines: Iterator[str]) -> str:
    return "\n" + "".join(f"{line}\n" for line in lines) + "\n"


def _opening(source: Path) -> str:
    text = source.read_text(encoding="utf-8")
    return "".join(json.loads(text)["cells"][0]["source"]) if source.suffix == ".ipynb" else text


if __name__ == "__main__":
    sys.exit(main())
