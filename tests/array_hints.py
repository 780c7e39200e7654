"""Checks shapes and types of arrays at run time, in tests only."""

import typing
from collections.abc import Callable

import jaxtyping
from beartype import beartype


def check(function: Callable) -> Callable:
    """Check what a function's array annotations say, and leave its other annotations alone.

    The library refuses other bad arguments itself, in words that its tests look for.
    """
    hints = getattr(function, "__annotations__", {})
    function.__annotations__ = {name: hint for name, hint in hints.items() if _is_array(hint)}
    return beartype(function)


def _is_array(hint: object) -> bool:
    parts = typing.get_args(hint) or (hint,)
    return any(
        isinstance(part, type) and issubclass(part, jaxtyping.AbstractArray) for part in parts
    )
