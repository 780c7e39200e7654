"""The box that says how to run a page."""

import pytest

from lib.chapters import Book, declared_parameters
from tools.address import ROOT
from tools.run_box import run_box

BOOK = Book(ROOT)


@pytest.mark.parametrize("name", BOOK.chapter_names())
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
