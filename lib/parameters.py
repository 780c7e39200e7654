"""The parameters of a chapter: what its cell declares, and whether what is given fits it."""

import ast
import contextlib
import io
import json
import sys
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lib.checks import nearest

# What papermill writes above the parameters that it injects behind the chapter's own.
_INJECTED = "# Parameters\n"
_KINDS = {
    "bool": (bool, "True or False"),
    "int": (int, "an integer"),
    "float": (float, "a finite number"),
    "str": (str, "a text"),
    "list": (list, "a list"),
}


@dataclass(frozen=True)
class Parameter:
    """One parameter as a chapter declares it, such as `steps: int = None  # gradient steps`.

    Attributes:
        name: as it is given.
        kind: name of its type: bool, int, float, str or list.
        default: what it is when nothing is given; None is allowed where this is None.
        help: the comment behind it.
    """

    name: str
    kind: str
    default: object
    help: str

    def check(self, value: object) -> None:
        """Require a value of the declared type; an integer is a number too, a bool is neither.

        Raises:
            TypeError: another one; names the parameter, what was given and what is allowed.
        """
        if value is None and self.default is None:
            return
        kind, allowed = _KINDS[self.kind]
        is_number = (
            kind is float and type(value) in (int, float) and abs(value) <= sys.float_info.max
        )
        if not is_number and (kind is float or type(value) is not kind):
            other = " or None" if self.default is None else ""
            raise TypeError(
                f"{self.name}={value!r} is a {type(value).__name__}; expected {allowed}{other}."
            )

    def parse(self, text: str) -> object:
        """The value that a word of a command line means: `true`, `1e-3`, `[1, 2]`, `none`, a text.

        Raises:
            TypeError: it is not of the declared type.
        """
        is_text = self.kind == "str" and not (self.default is None and text.lower() == "none")
        value = text if is_text else _literal(text)
        self.check(value)
        return float(value) if self.kind == "float" and value is not None else value


def declared(cell: str) -> dict[str, Parameter]:
    """The parameters that a cell declares, by name.

    Args:
        cell: its code, with lines such as `seed: int = 0  # of the run`.

    Raises:
        ValueError: it declares none, in another way, or with a default of another type.
    """
    found = {}
    try:
        lines = ast.parse(cell).body
        comments = {
            token.start[0]: token.string.strip("# ")
            for token in tokenize.generate_tokens(io.StringIO(cell).readline)
            if token.type == tokenize.COMMENT
        }
        for line in lines:
            name, kind = line.target.id, line.annotation.id
            default = ast.literal_eval(line.value)
            found[name] = Parameter(name, kind, default, comments.get(line.end_lineno, ""))
            found[name].check(default)
    except (AttributeError, KeyError, SyntaxError, TypeError, ValueError) as error:
        raise ValueError(
            "its cell tagged 'parameters' must assign a literal to a typed name a line, such as "
            f"`seed: int = 0`, with a type of {', '.join(_KINDS)}: {error}"
        ) from error
    if not found:
        raise ValueError("its cell tagged 'parameters' declares none")
    return found


def find(parameters: Mapping[str, Parameter], name: str, value: object) -> Parameter:
    """The parameter of a name.

    Raises:
        TypeError: there is none; names what was given, the nearest one and all that are allowed.
    """
    if name not in parameters:
        raise TypeError(
            f"{name}={value!r} is no parameter of this chapter; expected one of "
            f"{', '.join(parameters)}.{nearest(name, parameters)}"
        )
    return parameters[name]


def check_parameters() -> None:
    """Require that what papermill was given fits the chapter's parameters, in names and types.

    Called in the cell behind the parameters. Papermill itself passes an unknown name on without a
    word, and the chapter would run with its defaults. Outside a notebook, and where nothing was
    injected, there is nothing to check.

    Raises:
        TypeError: an unknown name, or a value of another type; names what is allowed.
    """
    import IPython

    shell = IPython.get_ipython()
    cells = shell.user_ns.get("In", []) if shell else []
    injected = [place for place, cell in enumerate(cells) if cell.startswith(_INJECTED)]
    if injected:
        parameters, given = _declared_above(cells[: injected[-1]]), {}
        exec(cells[injected[-1]], {}, given)
        for name, value in given.items():
            find(parameters, name, value).check(value)


def _declared_above(cells: Sequence[str]) -> dict[str, Parameter]:
    """What the last of these cells declares that declares parameters.

    In a session where cells are run again, others may lie between it and what was injected.
    """
    for cell in reversed(cells):
        if not cell.startswith(_INJECTED):
            with contextlib.suppress(ValueError):
                return declared(cell)
    raise ValueError("no cell above what was injected declares parameters")


def _literal(text: str) -> object:
    """What a word means as Python or JSON writes it, or a list of bare words; else the word."""
    if text.lower() == "none":
        return None
    for read in (ast.literal_eval, json.loads):
        try:
            return read(text)
        except (SyntaxError, ValueError):
            pass
    if text.startswith("[") and text.endswith("]"):
        return [_literal(item.strip()) for item in text[1:-1].split(",")]
    return text
