"""Which chapters are executed, and what is refused before any of them is."""

import re

import pytest
from tools.chapters import (
    Book,
    BookError,
    check_parameters,
    declared_parameters,
)

from lib.runs import PROFILES
from tests.tools.small_book import ROOT, write_notebook, write_small_book
from tools import build_book


@pytest.fixture
def book(tmp_path) -> Book:
    return write_small_book(tmp_path)


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_of_the_runs_builds_the_book_and_is_listed(book, monkeypatch, profile):
    built = []

    def execute(*_, profile, **__):
        built.append(profile)
        raise BookError("enough seen")

    monkeypatch.setattr(build_book, "execute_chapter", execute)
    assert build_book.main(["--profile", profile], book) == 1
    assert built == [profile]
    [listed] = re.findall(r"one of (.*)", (ROOT / "Makefile").read_text())
    assert profile in re.findall(r"\w+", listed)


def test_the_opening_page_is_read_first_and_executed_last(book):
    assert book.chapter_names() == ["index", "chapter"]
    assert [path.name for path in book.execution_order()] == ["chapter.ipynb", "index.ipynb"]
    assert [path.name for path in book.execution_order("index")] == ["index.ipynb"]


def test_chapters_inside_parts_are_found(book):
    book.toc.write_text(
        "format: jb-book\nroot: index\nparts:\n- caption: One\n  chapters:\n  - file: chapter\n"
    )
    assert book.chapter_names() == ["index", "chapter"]


def test_a_markdown_page_is_not_executed(book):
    (book.folder / "index.ipynb").unlink()
    (book.folder / "index.md").write_text("# Opening\n")
    assert [path.name for path in book.execution_order()] == ["chapter.ipynb"]


def test_a_chapter_with_two_sources_or_none_is_refused(book):
    (book.folder / "chapter.md").write_text("# Chapter\n")
    with pytest.raises(BookError, match=r"'chapter'.*expected one file.*found 2"):
        book.execution_order()
    for path in book.folder.glob("chapter.*"):
        path.unlink()
    with pytest.raises(BookError, match=r"'chapter'.*expected one file.*found 0"):
        book.execution_order()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--profile", "medium"], ["PROFILE", "'medium'", ", ".join(PROFILES)]),
        (["--chapter", "shapes"], ["CHAPTER", "'shapes'", "index, chapter"]),
        (["--parameters", "seed=1"], ["PARAMETERS", "CHAPTER is needed"]),
        (["--chapter", "chapter", "--parameters", "seed"], ["PARAMETERS", "'seed'"]),
        (["--chapter", "chapter", "--parameters", "profile=paper"], ["PARAMETERS", "PROFILE="]),
        (
            ["--chapter", "chapter", "--parameters", "sed=1"],
            ["'chapter'", "no parameter 'sed'", "profile, runs_dir, seed"],
        ),
    ],
)
def test_a_bad_word_is_refused_and_nothing_is_written(book, capsys, arguments, words):
    assert build_book.main(arguments, book) == 1
    message = capsys.readouterr().err
    assert [word for word in words if word not in message] == []
    assert not book.build.exists()
    assert not (book.root / "executed.txt").exists()


def test_only_parameters_that_differ_from_their_defaults_are_passed_on(book):
    source = book.folder / "chapter.ipynb"
    assert declared_parameters(source) == {"profile": "laptop", "seed": 0, "runs_dir": "runs"}
    assert check_parameters(source, {"profile": "laptop", "seed": 1}) == {"seed": 1}


def test_a_chapter_without_parameters_is_refused(tmp_path):
    source = write_notebook(tmp_path / "bare.ipynb", "# Bare", "1 + 1", parameters=None)
    with pytest.raises(BookError, match=r"'bare': expected one cell tagged 'parameters'.*found 0"):
        declared_parameters(source)


def test_parameters_that_are_no_literals_are_refused(tmp_path):
    source = write_notebook(tmp_path / "odd.ipynb", "# Odd", parameters="seed = 1 + len('a')")
    with pytest.raises(BookError, match=r"'odd'.*one literal to one name"):
        declared_parameters(source)


def test_parameters_may_have_any_annotation(tmp_path):
    source = write_notebook(
        tmp_path / "typed.ipynb", "# Typed", parameters="decays: list[float] | None = [0.1, 1]"
    )
    assert declared_parameters(source) == {"decays": [0.1, 1]}
