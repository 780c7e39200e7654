"""Where the book is, which chapters it has, and in which order."""

import importlib
import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import lib
from lib.checks import nearest


class BookError(Exception):
    """Something the person who runs the command can put right; the message says how."""


@dataclass(frozen=True)
class Book:
    """Where one book's files lie.

    Args:
        root: folder that holds `_toc.yml`, `_config.yml` and the folder `book`.
    """

    root: Path

    @property
    def folder(self) -> Path:
        """Folder of the chapters."""
        return self.root / "book"

    @property
    def toc(self) -> Path:
        """Table of contents; its paths are relative to `folder`."""
        return self.root / "_toc.yml"

    @property
    def config(self) -> Path:
        """Configuration of the rendered site."""
        return self.root / "_config.yml"

    @property
    def build(self) -> Path:
        """Folder of everything that is made; nothing under it is in git."""
        return self.root / "_build"

    def chapter_names(self) -> list[str]:
        """Names of all chapters, in reading order; the first is the opening page.

        Raises:
            BookError: if the table of contents cannot be read.
        """
        yaml = needed("yaml")
        try:
            return list(_toc_files(yaml.safe_load(self.toc.read_text(encoding="utf-8"))))
        except (OSError, ValueError, yaml.YAMLError) as error:
            told = " ".join(str(error).split())
            raise BookError(f"the table of contents {self.toc} cannot be read: {told}") from error

    def source(self, name: str) -> Path:
        """File of a chapter: a notebook, or a Markdown page that nothing computes.

        Raises:
            BookError: if there is no such file, or if there are two.
        """
        found = [
            path
            for suffix in (".ipynb", ".md")
            if (path := self.folder / f"{name}{suffix}").is_file()
        ]
        if len(found) != 1:
            raise BookError(
                f"chapter {name!r} of {self.toc.name}: expected one file {name}.ipynb or {name}.md "
                f"in {self.folder}, found {len(found)}"
            )
        return found[0]

    def title(self, name: str) -> str:
        """The first heading of a chapter."""
        source = self.source(name)
        is_notebook = source.suffix == ".ipynb"
        text = read_cells(source)[0]["source"] if is_notebook else source.read_text("utf-8")
        return text.partition("\n")[0].removeprefix("# ")

    def notebook(self, name: str) -> Path:
        """The notebook of a chapter.

        Raises:
            BookError: if the table of contents has no such chapter, naming the nearest one; if
                its file is missing, or is a Markdown page.
        """
        names = self.chapter_names()
        if name not in names:
            raise BookError(
                f"there is no chapter {name!r}; expected one of {', '.join(names)}."
                f"{nearest(name, names)}"
            )
        source = self.source(name)
        if source.suffix != ".ipynb":
            raise BookError(f"chapter {name!r} is a page of text: there is nothing to execute")
        return source

    def execution_order(self) -> list[Path]:
        """All notebooks, in reading order.

        Raises:
            BookError: if a file is missing.
        """
        sources = [self.source(name) for name in self.chapter_names()]
        return [path for path in sources if path.suffix == ".ipynb"]


def _toc_files(entry: object) -> Iterator[str]:
    if isinstance(entry, Mapping):
        for key, value in entry.items():
            if key in ("root", "file"):
                yield value
            else:
                yield from _toc_files(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from _toc_files(value)


def read_cells(notebook: Path) -> list[dict]:
    """The cells of a notebook, the source of each as one text.

    Raises:
        BookError: if it cannot be read, or is no notebook.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return [cell | {"source": "".join(cell["source"])} for cell in cells]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BookError(f"{notebook} cannot be read as a notebook: {error!r}") from error


def find_book() -> Book:
    """The book beside the library, or else of the current folder or of one above it.

    Raises:
        BookError: if there is none.
    """
    here = Path.cwd()
    beside = Path(lib.__file__).resolve().parent.parent
    for root in (beside, here, *here.parents):
        book = Book(root)
        if book.toc.is_file() and book.folder.is_dir():
            return book
    raise BookError(
        f"no book is beside the library ({beside}), in {here} or above it; run the command in a "
        "clone of the repository, whose root holds _toc.yml and the folder book"
    )


def needed(module: str) -> ModuleType:
    """A module of the packages that only the book needs.

    Raises:
        BookError: if one is not installed; names the extra that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise BookError(
            f"{error.name} is not installed; the book needs the extra [book]: "
            "pip install -e '.[book]' in the root of the repository"
        ) from error


def exit_status(command: Callable[[], None]) -> int:
    """Run a command and report how it ended, an error on stderr.

    Returns:
        0, 1 after an error, or 128 and the number of the signal that stopped it.
    """
    try:
        command()
    except BookError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        print(f"{stop or 'Interrupted.'}\nFinished runs are kept.", file=sys.stderr)
        return 128 + getattr(stop, "signal", signal.SIGINT)
    return 0
