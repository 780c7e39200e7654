"""What an executed chapter was made from, so that it is executed again only where that changed."""

import ast
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from lib import source as library
from lib.chapters.book import BookError, read_cells

RECORD_KEY = "latent_quantization_book"  # in the metadata of an executed copy
RESULTS = "book/results"


def made_from(source: Path, cwd: Path) -> str:
    """Digest of all that decides what a chapter shows, in hexadecimal digits.

    These are the chapter, the code of the library that it imports, what lies in the folders of
    recorded runs that it or this code names, and the versions of all packages.

    Args:
        source: the chapter's notebook.
        cwd: folder in which it runs, which holds `book/results` and `requirements.txt`.

    Raises:
        BookError: it is no notebook, or its code is not Python.
    """
    code = "\n".join(c["source"] for c in read_cells(source) if c["cell_type"] == "code")
    try:
        modules = library.page_digests(code)
    except SyntaxError as error:
        raise BookError(f"chapter {source.stem!r}: its code is not Python: {error}") from error
    texts = [
        code,
        *((library.LIBRARY.parent / path).read_text(encoding="utf-8") for path in modules),
    ]
    files = {source, cwd / "requirements.txt", *_records(texts, cwd)}
    digests = {
        path.relative_to(cwd).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file()
    }
    made = json.dumps(modules | digests, sort_keys=True)
    return hashlib.sha256(made.encode()).hexdigest()


def earlier_execution(source: Path, out_dir: Path, cwd: Path) -> Path | None:
    """Executed copy from an earlier build, if nothing that it is made from has changed since.

    One that was executed with parameters of its own is not the book's page.
    """
    target = out_dir / source.name
    if not target.is_file():
        return None
    notebook = json.loads(target.read_text(encoding="utf-8"))
    record = notebook["metadata"].get(RECORD_KEY, {})
    is_current = record.get("made_from") == made_from(source, cwd)
    return target if is_current and not record["has_own_parameters"] else None


def _records(texts: Iterable[str], cwd: Path) -> Iterable[Path]:
    """Files below the folders of records that Python code names."""
    for text in texts:
        for node in ast.walk(ast.parse(text)):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and value.startswith(RESULTS):
                yield from (cwd / value).rglob("*")
