"""The box that says how to run a page."""

import re

import jax
import nbformat
import pytest

from lib.chapters import Book, declared_parameters
from lib.chapters.made_from import RECORD_KEY
from tools.address import ROOT
from tools.run_box import as_page, run_box

BOOK = Book(ROOT)


@pytest.mark.parametrize("name", [path.stem for path in BOOK.folder.glob("*.ipynb")])
def test_every_parameter_stands_in_it_and_the_command_names_the_chapter(name):
    source = BOOK.source(name)
    box = run_box(source, None)
    rows = [line for line in box.splitlines() if line.startswith("- `")]
    assert len(rows) == len(declared_parameters(source))
    for declared, row in zip(declared_parameters(source).values(), rows, strict=True):
        assert row == f"- `{declared.name}`, by default `{declared.default!r}`: {declared.help}"
    assert f"lib.chapters run {name} -p profile laptop" in box


def test_colab_is_named_only_where_it_can_open_the_page():
    source = BOOK.source("shapes3d")
    assert "olab" not in run_box(source, None)
    opened = "https://colab.research.google.com/github/owner/a.name/blob/main/book/shapes3d.ipynb"
    assert f"[Open it on Colab]({opened})" in run_box(source, "owner/a.name")


def test_a_page_begins_with_its_story_and_ends_with_the_box(tmp_path):
    cells = [
        ("markdown", "# Title"),
        ("code", "import numpy as np"),
        ("code", "seed: int = 0  # of everything"),
        ("code", "check_parameters()\nstudy = Study()"),
        ("code", "draw()"),
    ]
    made = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    notebook = nbformat.v4.new_notebook(cells=[made[kind](text) for kind, text in cells])
    notebook.cells[2].metadata["tags"] = ["parameters"]
    notebook.metadata[RECORD_KEY] = {"profile": "smoke", "seconds": 12.3}
    nbformat.write(notebook, tmp_path / "chapter.ipynb")
    page = as_page(tmp_path / "chapter.ipynb", tmp_path / "chapter.ipynb", None)
    shown = [
        cell.source for cell in page.cells if "remove-cell" not in cell.metadata.get("tags", [])
    ]
    assert shown[:2] == ["# Title", "draw()"]
    assert "Run this page yourself" in shown[2]
    made = rf"made this page:\* commit `\w+\+?`, .*, JAX {jax.__version__}, .* in 12 s .*`smoke`"
    assert re.search(made, shown[2])
    assert len(shown) == 3


def test_a_set_up_that_shows_something_stays(tmp_path):
    cell = nbformat.v4.new_code_cell("check_parameters()\nchart()")
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/plain": "a chart"})]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "chapter.ipynb")
    page = as_page(tmp_path / "chapter.ipynb", BOOK.source("shapes3d"), None)
    assert "remove-cell" not in page.cells[0].metadata.get("tags", [])
