"""Signatures as the code has them: `sources: ArrayLike`, not all the types that this stands for."""

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Iterator

from sphinx.application import Sphinx
from sphinx.util.inspect import stringify_signature


def sign_as_written(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returned: str | None,
) -> tuple[str, str | None] | None:
    """The arguments and the result of a function or a class, for autodoc to show."""
    if what == "exception":
        return "", None
    if what not in ("class", "function", "method"):
        return None
    made_by = _initializer(obj) if inspect.isclass(obj) else obj
    if made_by is not None:
        found, written = inspect.signature(made_by), _of_function(made_by)
    elif inspect.isclass(obj) and (dataclasses.is_dataclass(obj) or issubclass(obj, tuple)):
        found, written = inspect.signature(obj), dict(_of_fields(obj))
    else:
        return "", None
    parameters = [
        parameter.replace(
            annotation=written.get(parameter.name, parameter.empty), default=_default(parameter)
        )
        for parameter in found.parameters.values()
        if parameter.name != "self"
    ]
    shown = inspect.Signature(parameters)
    return stringify_signature(shown), None if made_by is not obj else written.get("return")


def _initializer(kind: type) -> Callable | None:
    """The method that a class of the library writes out itself, or takes from another of them."""
    method = kind.__init__
    is_own = getattr(method, "__module__", "").startswith("lib.")
    is_written = is_own and not method.__code__.co_filename.startswith("<")
    return method if is_written else None


def _of_function(function: Callable) -> dict[str, str]:
    """The type hints of a function by its arguments' names, that of its result as `return`."""
    [node] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    arguments = [node.args.vararg, node.args.kwarg, *node.args.posonlyargs]
    hints = {a.arg: a.annotation for a in (*arguments, *node.args.args, *node.args.kwonlyargs) if a}
    hints["return"] = node.returns
    return {name: _text(hint) for name, hint in hints.items() if hint}


def _of_fields(kind: type) -> Iterator[tuple[str, str]]:
    """The type hints of the fields of a class and of those of the library that it is based on."""
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("lib."):
            [node] = ast.parse(textwrap.dedent(inspect.getsource(base))).body
            for part in node.body:
                if isinstance(part, ast.AnnAssign):
                    yield part.target.id, _text(part.annotation)


def _text(hint: ast.expr) -> str:
    # jaxtyping wants a blank before the name of a single axis, so that it is no name to import.
    return ast.unparse(hint).replace("' ", "'")


class _Told(str):
    """Text that stands for a default as it is."""

    __repr__ = str.__str__


def _default(parameter: inspect.Parameter) -> object:
    """A default that can be read: a type's name, and `...` for what is made anew each time."""
    if isinstance(parameter.default, type) and parameter.default is not parameter.empty:
        return _Told(parameter.default.__name__)
    is_plain = isinstance(parameter.default, str | int | float | tuple | type(None) | type)
    return parameter.default if is_plain else _Told("...")
