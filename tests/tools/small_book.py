"""A small book of two chapters and a glossary, written where a test wants it."""

from pathlib import Path

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lib.chapters import Book

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = """profile: str = "laptop"  # smoke, laptop, workstation or paper
seed: int = 0  # seed of the run
runs_dir: str = "runs"  # where finished runs are kept"""
CHART = """import altair as alt
import pandas as pd

alt.Chart(
    pd.DataFrame({"step": [0, 1, 2], "loss": [3, 2, 1]}),
    width="container", height=120, description="A falling line",
).mark_line().encode(x="step", y="loss").configure_axis(labelFontSize=13, titleFontSize=13)"""


def write_notebook(path: Path, *cells: str, parameters: str | None = PARAMETERS) -> Path:
    """Write a notebook: Markdown where a cell starts with a hash and a blank, else code."""
    made = [
        new_markdown_cell(text) if text.startswith("# ") else new_code_cell(text) for text in cells
    ]
    if parameters is not None:
        made.insert(1, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return path


def write_small_book(root: Path) -> Book:
    """Write an opening page and a chapter, each with a chart; they refer to each other."""
    book = Book(root)
    write_notebook(
        book.folder / "index.ipynb",
        "# Opening\n\nSee [](chapter.ipynb), {numref}`figure-chapter` and {footcite:t}`ross2014`."
        "\n\n```{footbibliography}\n```",
        CHART,
    )
    chapter = write_notebook(
        book.folder / "chapter.ipynb",
        "# Chapter\n\nA formula, $x^2$, and {numref}`figure-chapter`. A {term}`latent` and another "
        f"{{term}}`latent`.\n\n$${' + '.join('abcdefghijklmnop')} = 0$$",
        CHART,
        'with open("executed.txt", "w") as seen:\n    seen.write(f"{profile} {seed} {runs_dir}")',
    )
    notebook = nbformat.read(chapter, as_version=4)
    notebook.cells[2].metadata = {
        "mystnb": {"figure": {"name": "figure-chapter", "caption": "The loss falls."}},
        "tags": ["hide-input"],
    }
    nbformat.write(notebook, chapter)
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    config["sphinx"]["local_extensions"] = {
        name: str(ROOT) for name in config["sphinx"]["local_extensions"]
    }
    book.config.write_text(yaml.safe_dump(config))
    book.toc.write_text(
        "format: jb-book\nroot: index\nchapters:\n  - file: chapter\n  - file: glossary\n"
    )
    (book.folder / "glossary.md").write_text(
        "# Glossary\n\n```{glossary}\nlatent\n  A number that a decoder <reads>.\n```\n"
    )
    (book.folder / "images").mkdir()
    for name in ("references.bib", "images/logo.svg"):
        (book.folder / name).write_bytes((ROOT / "book" / name).read_bytes())
    return book
