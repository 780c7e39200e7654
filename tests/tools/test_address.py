"""One address, and all that names it; none, and nothing that names one."""

import json
import re
import shutil

import pytest
import yaml

from lib.chapters import Book
from lib.chapters.made_from import made_from
from tools import lists
from tools.address import ROOT, address, stamp
from tools.render import _config

NAMED = ("pyproject.toml", "README.md", "CITATION.cff")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the files that may name the address, where `lists` looks for them."""
    for name in (*NAMED, "_toc.yml", "_config.yml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "book", tmp_path / "book")
    shutil.copytree(ROOT / "lib", tmp_path / "lib")
    monkeypatch.setattr(lists, "ROOT", tmp_path)
    stamp(tmp_path, None)  # this repository may have an address
    lists.main([])
    return tmp_path


def first_cells(root) -> set[str]:
    cells = [
        next(cell for cell in json.loads(path.read_text())["cells"] if cell["id"] == "start")
        for path in (root / "book").glob("*.ipynb")
    ]
    assert len(cells) == len(list((root / "book").glob("*.ipynb")))
    return {"".join(cell["source"]) for cell in cells}


def test_a_stamp_is_in_all_that_names_the_address_and_can_be_renewed(copy):
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    for at in ("an-owner/a.name", "another/one"):
        stamp(copy, at)
        assert lists.main([]) == 0
        assert address(copy) == at
        assert list(lists.stale()) == []
        [cell] = first_cells(copy)
        assert f'library = "git+https://github.com/{at}"\n' in cell
        # What a page is made from is found from its code, which must be plain Python.
        assert made_from(copy / "book" / "speed.ipynb", copy)
        for name in NAMED:
            named = re.findall(r"github\.com/([\w.-]+/[\w.-]+)", (copy / name).read_text())
            assert at in {found.removesuffix(".git") for found in named}, name
        config = _config(Book(copy), "laptop", True)
        assert config["repository"]["url"] == f"https://github.com/{at}"
        assert config["launch_buttons"]["colab_url"]
    assert "an-owner" not in "".join((copy / name).read_text() for name in NAMED)
    stamp(copy, None)
    lists.main([])
    assert {path: path.read_bytes() for path in before} == before


def test_without_an_address_there_is_no_button(copy):
    config = _config(Book(copy), "laptop", True)
    assert not {"repository", "launch_buttons"} & set(config)
    assert config["title"] == yaml.safe_load((ROOT / "_config.yml").read_text())["title"]


@pytest.mark.parametrize("wrong", ["", "name", "https://github.com/owner/name", "a/b/c", "o w/n"])
def test_what_is_no_address_is_refused_and_nothing_written(copy, wrong):
    before = (copy / "pyproject.toml").read_text()
    with pytest.raises(ValueError, match=r"REPOSITORY=.* expected owner/name"):
        stamp(copy, wrong)
    assert (copy / "pyproject.toml").read_text() == before
