"""Rendering of executed chapters as a site, with Jupyter Book, into an empty folder."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
import yaml

from lib.chapters import Book, BookError

from .address import HOST, address
from .pictures import PICTURES, add_pictures
from .run_box import NOTEBOOKS, as_page

LOG_LINES_SHOWN = 40
SMOKE_NOTICE = (
    "Built with the smoke profile: it shows that every chapter runs, "
    "and its numbers mean nothing else."
)
# Sphinx makes millions of objects and keeps most: looking for garbage as often as Python does by
# itself takes a third of the time.
_JUPYTER_BOOK = """
import gc
from jupyter_book.cli.main import main
gc.set_threshold(100_000, 50, 100)
main()
"""
UNRESOLVED_LINKS = ["myst.xref_missing", "ref.ref", "ref.doc", "ref.numref", "bibtex.citation"]


def render(book: Book, executed: dict[str, Path], profile: str, site: Path) -> list[str]:
    """Render the executed chapters, and the pages that need no execution, to `site`.

    Args:
        book: where the book's files lie.
        executed: executed copies of notebooks, by the chapter's name.
        profile: the profile they were executed in.
        site: folder of the site; what it held before is removed.

    Returns:
        Names of the pages of the site, in reading order: all chapters but the notebooks that
        were not executed. Where one is left out, links to it stay unresolved without a warning.

    Raises:
        BookError: if there is nothing to render, if a chart cannot be drawn, or if the renderer
            fails or warns.
    """
    sources = {
        name: book.source(name)
        for name in book.chapter_names()
        if name in executed or (book.folder / f"{name}.md").is_file()
    }
    if not sources:
        raise BookError("there is no page to render")
    is_complete = len(sources) == len(book.chapter_names())
    stage = book.build / "stage"
    output = book.build / "rendered"
    for folder in (stage, output):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(book.folder, stage, ignore=_not_for_the_site)
    for name in (NOTEBOOKS, PICTURES):
        (stage / name).mkdir()
    for name, source in sources.items():
        if name in executed:
            notebook = as_page(executed[name], source, address(book.root))
            add_pictures(notebook, name, stage / PICTURES)
            nbformat.write(notebook, stage / source.name)
            shutil.copy(source, stage / NOTEBOOKS)

    config = book.build / "_config.yml"
    config.write_text(yaml.safe_dump(_config(book, profile, is_complete)))
    toc = book.toc.resolve()
    if not is_complete:
        toc = book.build.resolve() / "_toc.yml"
        toc.write_text(yaml.safe_dump(_partial_toc(list(sources))))
    log = book.build / "render.log"
    command = [
        *(sys.executable, "-c", _JUPYTER_BOOK),
        *("build", str(stage), "--config", str(config), "--toc", str(toc)),
        *("--path-output", str(output), "-W", "-n", "--keep-going"),
    ]
    with log.open("w") as stream:
        status = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False)
    if status.returncode:
        raise BookError(f"the site could not be rendered\n{_tail(log)}\nThe whole log: {log}")
    site.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(site, ignore_errors=True)
    shutil.move(output / "_build" / "html", site)
    shutil.move(stage / PICTURES, site)
    shutil.rmtree(output)
    return list(sources)


def _not_for_the_site(folder: str, names: Sequence[str]) -> set[str]:
    """Notebooks are staged as executed; recorded runs and hidden folders are no pages."""
    return {
        name
        for name in names
        if name.endswith(".ipynb") or name.startswith(".") or name in ("results", "runs")
    }


def _config(book: Book, profile: str, is_complete: bool) -> dict:
    config = yaml.safe_load(book.config.read_text())
    sphinx = config.setdefault("sphinx", {})
    extensions = sphinx.setdefault("local_extensions", {})
    for name, folder in extensions.items():
        extensions[name] = str((book.root / folder).resolve())
    if (at := address(book.root)) is not None:
        config["repository"] = {"url": f"{HOST}{at}", "branch": "main", "path_to_book": "book"}
        config["launch_buttons"] = {
            "colab_url": "https://colab.research.google.com",
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        }
        options = {"use_repository_button": True, "use_issues_button": True}
        config.setdefault("html", {}).update(options, use_edit_page_button=True)
    if profile == "smoke":
        config.setdefault("html", {})["announcement"] = SMOKE_NOTICE
    if not is_complete:
        options = sphinx.setdefault("config", {})
        options["suppress_warnings"] = [*options.get("suppress_warnings", []), *UNRESOLVED_LINKS]
    return config


def _partial_toc(names: Sequence[str]) -> dict:
    toc: dict[str, object] = {"format": "jb-book", "root": names[0]}
    if len(names) > 1:
        toc["chapters"] = [{"file": name} for name in names[1:]]
    return toc


def _tail(log: Path) -> str:
    lines = log.read_text().splitlines()
    warnings = [line for line in lines if "WARNING" in line or "ERROR" in line]
    return "\n".join(warnings or lines[-LOG_LINES_SHOWN:])
