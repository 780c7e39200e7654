"""Which chapters a build executes, which it keeps, and what it refuses before it does."""

import re

import pytest

import tools.execute
from lib.chapters import Book, BookError
from lib.profiles import PROFILES
from tests.tools.small_book import ROOT, write_notebook, write_small_book
from tools import build_book


@pytest.fixture
def book(tmp_path) -> Book:
    return write_small_book(tmp_path)


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_of_the_runs_builds_the_book_and_is_listed(book, monkeypatch, profile):
    built = []

    def execute(source, out_dir, parameters, **_):
        built.append(parameters)
        raise BookError("enough seen")

    monkeypatch.setattr(tools.execute, "execute_chapter", execute)
    assert build_book.main(["--profile", profile, "--jobs", "1"], book) == 1
    assert built == [{"profile": profile}]
    [listed] = re.findall(r"one of (.*)", (ROOT / "Makefile").read_text())
    assert profile in re.findall(r"\w+", listed)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--jobs", "0"], ["JOBS=0", "too small"]),
        (["--profile", "medium"], ["PROFILE", "'medium'", ", ".join(PROFILES)]),
        (["--chapter", "chap"], ["'chap'", "index, chapter"]),
        (["--parameters", "seed=1"], ["PARAMETERS", "CHAPTER is needed"]),
        (["--chapter", "chapter", "--parameters", "seed"], ["PARAMETERS", "'seed'"]),
        (["--chapter", "chapter", "--parameters", "profile=paper"], ["PARAMETERS", "PROFILE="]),
        (
            ["--chapter", "chapter", "--parameters", "sed=1"],
            ["'chapter'", "sed='1' is no parameter", "profile, seed, runs_dir", "mean seed?"],
        ),
        (["--chapter", "chapter", "--parameters", "seed=a"], ["seed='a'", "an integer"]),
    ],
)
def test_a_bad_word_is_refused_and_nothing_is_written(book, capsys, arguments, words):
    assert build_book.main(arguments, book) == 1
    message = capsys.readouterr().err
    assert [word for word in words if word not in message] == []
    assert not book.build.exists()
    assert not (book.root / "executed.txt").exists()


def test_a_chapter_is_executed_again_only_when_it_has_to_be(book, tmp_path, monkeypatch):
    write_notebook(book.folder / "index.ipynb", "# Opening", "1")
    write_notebook(book.folder / "chapter.ipynb", "# Chapter", "open('executed.txt', 'w').close()")
    rendered = []
    monkeypatch.setattr(
        build_book, "render", lambda book, notebooks, *_: rendered.append(notebooks) or []
    )
    monkeypatch.setattr(build_book, "check_site", lambda *_: [])
    trace = tmp_path / "executed.txt"

    def build_executes_chapter(*words: str) -> bool:
        trace.unlink(missing_ok=True)
        assert build_book.main(["--profile", "smoke", *words], book) == 0
        assert set(rendered[-1]) == {"index", "chapter"}
        return trace.exists()

    assert build_executes_chapter()
    assert not build_executes_chapter()
    assert build_executes_chapter("--fresh")
    assert build_executes_chapter("--chapter", "chapter")
    (tmp_path / "requirements.txt").write_text("numpy==2.4\n")
    assert build_executes_chapter()
    assert not build_executes_chapter()
