"""Which chapters the book has, in which order, and which parameters each one declares."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml


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
        """Names of all chapters, in reading order; the first is the opening page."""
        return list(_toc_files(yaml.safe_load(self.toc.read_text())))

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

    def execution_order(self, chapter: str | None = None) -> list[Path]:
        """Notebooks to execute: in reading order, but the opening page last, as it reuses runs.

        Args:
            chapter: name of the only chapter that is wanted; None for all of them.

        Raises:
            BookError: if `chapter` is not in the table of contents, or a file is missing.
        """
        names = self.chapter_names()
        if chapter is not None and chapter not in names:
            raise BookError(f"CHAPTER: no chapter {chapter!r}; allowed: {', '.join(names)}")
        wanted = [*names[1:], names[0]] if chapter is None else [chapter]
        sources = [self.source(name) for name in wanted]
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


def declared_parameters(notebook: Path) -> dict[str, object]:
    """Names and default values of the parameters that a chapter declares.

    Args:
        notebook: the chapter, with one cell tagged `parameters` that assigns literals to names.

    Raises:
        BookError: if it declares none, or in another way.
    """
    cells = [
        cell.source
        for cell in nbformat.read(notebook, as_version=4).cells
        if "parameters" in cell.metadata.get("tags", [])
    ]
    declared: dict[str, object] = {}
    try:
        for statement in ast.parse("\n".join(cells)).body:
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            declared[target.id] = ast.literal_eval(statement.value)
    except (AttributeError, SyntaxError, ValueError) as error:
        raise BookError(
            f"chapter {notebook.stem!r}: its cell tagged 'parameters' must assign one literal "
            f"to one name a line ({error})"
        ) from error
    if len(cells) != 1 or not declared:
        raise BookError(
            f"chapter {notebook.stem!r}: expected one cell tagged 'parameters' with assignments, "
            f"found {len(cells)}"
        )
    return declared


def check_parameters(notebook: Path, parameters: Mapping[str, object]) -> dict[str, object]:
    """Parameters whose value is not the chapter's own default already.

    papermill passes an unknown name on without a word, so it is refused here.

    Raises:
        BookError: if the chapter declares no parameter of a name, naming those it has.
    """
    declared = declared_parameters(notebook)
    if unknown := sorted(set(parameters) - set(declared)):
        raise BookError(
            f"chapter {notebook.stem!r}: no parameter {unknown[0]!r}; "
            f"allowed: {', '.join(sorted(declared))}"
        )
    # False equals 0, but a chapter has to see it to refuse it.
    return {
        name: value
        for name, value in parameters.items()
        if (type(value), value) != (type(declared[name]), declared[name])
    }
