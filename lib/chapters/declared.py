"""What a chapter's cell of parameters declares, and what is given on a command line."""

from collections.abc import Mapping
from pathlib import Path

from lib.chapters.book import BookError, read_cells
from lib.checks import check_choice
from lib.parameters import Parameter, declared, find
from lib.profiles import PROFILES


def declared_parameters(notebook: Path) -> dict[str, Parameter]:
    """The parameters that a chapter declares, by name.

    Args:
        notebook: the chapter, with one cell tagged `parameters`.

    Raises:
        BookError: it cannot be read, or it declares none, or in another way.
    """
    cells = [
        cell["source"]
        for cell in read_cells(notebook)
        if "parameters" in cell.get("metadata", {}).get("tags", [])
    ]
    if len(cells) != 1:
        raise BookError(
            f"chapter {notebook.stem!r}: expected one cell tagged 'parameters', found {len(cells)}"
        )
    try:
        return declared(cells[0])
    except ValueError as error:
        raise BookError(f"chapter {notebook.stem!r}: {error}") from error


def parse_parameters(notebook: Path, words: Mapping[str, str]) -> dict[str, object]:
    """The values that words of a command line mean, by the types that the chapter declares.

    Raises:
        BookError: an unknown name or a value of another type; names what is allowed.
    """
    parameters = declared_parameters(notebook)
    try:
        return {name: find(parameters, name, word).parse(word) for name, word in words.items()}
    except TypeError as error:
        raise BookError(f"chapter {notebook.stem!r}: {error}") from error


def check_parameters(notebook: Path, given: Mapping[str, object]) -> dict[str, object]:
    """Those of the given parameters whose value is not the chapter's own default already.

    Raises:
        BookError: an unknown name, a value of another type or an unknown profile; names what is
            allowed.
    """
    parameters = declared_parameters(notebook)
    try:
        for name, value in given.items():
            find(parameters, name, value).check(value)
        if "profile" in given:
            check_choice("profile", given["profile"], PROFILES)
    except (TypeError, ValueError) as error:
        raise BookError(f"chapter {notebook.stem!r}: {error}") from error
    # Each is of its parameter's type, so that equal values mean the same.
    return {name: value for name, value in given.items() if value != parameters[name].default}


def described(notebook: Path) -> list[str]:
    """A line for each parameter of a chapter: its name, type, default and comment."""
    found = declared_parameters(notebook).values()
    heads = [f"{p.name}: {p.kind} = {p.default!r}" for p in found]
    width = max(map(len, heads))
    return [f"  {head:<{width}}  {p.help}" for head, p in zip(heads, found, strict=True)]
