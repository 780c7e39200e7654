"""Checks of arguments: each error names the parameter, what was given and what is allowed."""

import math
import numbers
from collections.abc import Collection


def check_integer(name: str, value: object, *, minimum: int) -> None:
    """Require an integer of at least `minimum`.

    Raises:
        TypeError: not an integer (bool and float included).
        ValueError: an integer below `minimum`.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(
            f"{name}={value!r} is a {type(value).__name__}; expected an integer >= {minimum}."
        )
    if value < minimum:
        raise ValueError(f"{name}={value} is too small; expected an integer >= {minimum}.")


def check_number(name: str, value: object, *, minimum: float, exclusive: bool = False) -> None:
    """Require a finite real number of at least `minimum`, or above it where `exclusive`.

    Raises:
        TypeError: not a real number (bool and str included).
        ValueError: not finite, or too small.
    """
    allowed = f"a finite number {'>' if exclusive else '>='} {minimum}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}; expected {allowed}.")
    if not math.isfinite(value) or value < minimum or (exclusive and value == minimum):
        raise ValueError(f"{name}={value} is out of range; expected {allowed}.")


def check_choice(name: str, value: object, allowed: Collection[str]) -> None:
    """Require one of the `allowed` names.

    Raises:
        ValueError: anything else.
    """
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name}={value!r} is unknown; expected one of {', '.join(allowed)}.")
