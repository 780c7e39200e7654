"""The command line of chapters: what it lists, and what it refuses before a kernel starts."""

import re

import pytest

from lib.chapters import Book, check_parameters
from lib.chapters.__main__ import main
from lib.files import claimed
from lib.profiles import PROFILES
from tests.child import python
from tests.tools.small_book import write_notebook, write_small_book


@pytest.fixture
def book(tmp_path) -> Book:
    return write_small_book(tmp_path)


def test_chapters_are_listed_with_their_titles(book, capsys):
    assert main(["list"], book) == 0
    assert capsys.readouterr().out == "index     Opening\nchapter   Chapter\nglossary  Glossary\n"


def test_the_parameters_of_a_chapter_are_shown(book, capsys):
    assert main(["run", "chapter", "--help-chapter"], book) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Chapter; parameters:",
        "  profile: str = 'laptop'  smoke, laptop, workstation or paper",
        "  seed: int = 0            seed of the run",
        "  runs_dir: str = 'runs'   where finished runs are kept",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chaptre"], "no chapter 'chaptre'; expected one of index, chapter.*mean chapter?"),
        (["chapter", "-p", "sed", "1"], "sed='1' is no parameter.*profile, seed, runs_dir.*seed?"),
        (["chapter", "-p", "seed", "one"], "seed='one' is a str; expected an integer"),
        (["chapter", "-p", "seed", "-1e-3"], "seed=-0.001 is a float; expected an integer"),
        (["chapter", "--profile", "medium"], f"'medium' is unknown.*{', '.join(PROFILES)}"),
        (["chapter", "--profile", "smoke", "-p", "profile", "laptop"], "'profile' is given twice"),
        (["chapter", "-p", "runs_dir", "_toc.yml/runs"], r"runs_dir='.*_toc.yml/runs'.*Not a dir"),
        (["chapter", "--out", "{root}/_toc.yml/out"], r"out='.*_toc.yml/out'.*Not a directory"),
    ],
)
def test_bad_words_are_refused_in_one_line(book, capsys, arguments, message):
    assert main(["run", *(word.format(root=book.root) for word in arguments)], book) == 1
    told = capsys.readouterr().err
    assert re.fullmatch(f"Error: .*{message}.*\n", told)
    assert not (book.root / "executed.txt").exists()
    assert list(book.root.rglob("*.lock")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff\xfe", "cannot be read as a notebook"),
        (b"{", "cannot be read as a notebook"),
        (b'{"worksheets": []}', "cannot be read as a notebook"),
        (b'{"cells": []}', "expected one cell tagged 'parameters', found 0"),
    ],
)
def test_a_file_that_is_no_chapter_is_refused(book, capsys, text, message):
    (book.folder / "chapter.ipynb").write_bytes(text)
    assert main(["run", "chapter"], book) == 1
    assert re.fullmatch(f"Error: .*chapter.*{message}.*\n", capsys.readouterr().err)
    assert not book.build.exists()


def test_code_that_is_not_python_and_parameters_that_are_not_typed_are_refused(book, capsys):
    source = book.folder / "chapter.ipynb"
    write_notebook(source, "# Chapter", "%time 1")
    assert main(["run", "chapter"], book) == 1
    write_notebook(source, "# Chapter", parameters="seed = 1")
    assert main(["run", "chapter"], book) == 1
    python, typed = capsys.readouterr().err.splitlines()
    assert "'chapter': its code is not Python: invalid syntax" in python
    assert "'chapter': its cell tagged 'parameters' must assign a literal to a typed name" in typed
    assert not book.build.exists()


def test_only_parameters_that_differ_from_their_defaults_are_passed_on(book):
    source = book.folder / "chapter.ipynb"
    assert check_parameters(source, {"profile": "laptop", "seed": 1}) == {"seed": 1}


def test_a_chapter_that_runs_already_is_not_run_beside_it(book, capsys):
    out = book.build / "chapters"
    out.mkdir(parents=True)
    with claimed(out / ".chapter.lock"):
        assert main(["run", "chapter"], book) == 1
    told = capsys.readouterr().err
    assert re.fullmatch(r"Error: .*'chapter' is being.*process \d+ since \d{4}-.*\n", told)
    assert [path.name for path in out.iterdir()] == [".chapter.lock"]


def test_words_are_checked_before_anything_slow_is_imported():
    slow = ("jax", "papermill", "nbformat", "nbconvert", "altair", "pandas")
    code = (
        "import sys; from lib.chapters.__main__ import main; "
        "status = main(['run', 'shapes3d', '-p', 'seeed', '3']); "
        f"print(status, [name for name in {slow} if name in sys.modules])"
    )
    done = python("-c", code)
    assert (done.returncode, done.stdout) == (0, "1 []\n")
    assert "Did you mean seed?" in done.stderr
