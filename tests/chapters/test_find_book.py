"""Where the book is, and which chapters it has."""

import pytest

import lib
from lib.chapters import Book, BookError, find_book
from lib.chapters.book import needed
from tests.tools.small_book import ROOT, write_small_book


@pytest.fixture
def book(tmp_path) -> Book:
    return write_small_book(tmp_path)


def test_the_opening_page_is_read_first_and_executed_last(book):
    assert book.chapter_names() == ["index", "chapter", "glossary"]
    assert [path.name for path in book.execution_order()] == ["index.ipynb", "chapter.ipynb"]
    assert book.notebook("index").name == "index.ipynb"
    assert [book.title(name) for name in book.chapter_names()] == [
        *("Opening", "Chapter", "Glossary")
    ]


def test_chapters_inside_parts_are_found(book):
    book.toc.write_text(
        "format: jb-book\nroot: index\nparts:\n- caption: One\n  chapters:\n  - file: chapter\n"
    )
    assert book.chapter_names() == ["index", "chapter"]


def test_a_markdown_page_is_not_executed(book):
    (book.folder / "index.ipynb").unlink()
    (book.folder / "index.md").write_text("# Text\n\nMore.\n")
    assert [path.name for path in book.execution_order()] == ["chapter.ipynb"]
    assert book.title("index") == "Text"
    with pytest.raises(BookError, match="'index' is a page of text"):
        book.notebook("index")


def test_a_chapter_with_two_sources_or_none_is_refused(book):
    (book.folder / "chapter.md").write_text("# Chapter\n")
    with pytest.raises(BookError, match=r"'chapter'.*expected one file.*found 2"):
        book.execution_order()
    for path in book.folder.glob("chapter.*"):
        path.unlink()
    with pytest.raises(BookError, match=r"'chapter'.*expected one file.*found 0"):
        book.execution_order()


@pytest.mark.parametrize("text", ["a: [", None])
def test_a_table_of_contents_that_cannot_be_read_is_named(book, text):
    book.toc.unlink()
    if text is not None:
        book.toc.write_text(text)
    with pytest.raises(BookError, match=r"table of contents .*_toc.yml cannot be read: \S"):
        book.chapter_names()


def test_the_book_is_beside_the_library_or_above_the_current_folder(book, tmp_path, monkeypatch):
    assert find_book() == Book(ROOT)
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(lib, "__file__", str(elsewhere / "lib" / "__init__.py"))
    monkeypatch.chdir(book.folder / "images")
    assert find_book() == book
    monkeypatch.chdir(elsewhere)
    with pytest.raises(BookError, match=f"no book is beside the library.*{elsewhere}.*_toc.yml"):
        find_book()


def test_a_package_that_is_not_installed_names_the_extra():
    with pytest.raises(BookError, match=r"no_such_package is not installed.*\[book\]"):
        needed("no_such_package")
