"""Which chapters a build executes, and which it keeps."""

from tests.tools.small_book import write_notebook, write_small_book
from tools import build_book


def test_a_chapter_is_executed_again_only_when_it_has_to_be(tmp_path, monkeypatch):
    book = write_small_book(tmp_path)
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
