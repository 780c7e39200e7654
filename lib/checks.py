"""Checks of arguments: each error names the parameter, what was given and what is allowed."""

import numbers
import sys
from collections.abc import Collection

import numpy as np


def check_integer(name: str, value: object, *, minimum: int, maximum: int | None = None) -> None:
    """Require an integer of at least `minimum` and, where one is given, at most `maximum`.

    Raises:
        TypeError: not an integer (bool and float included).
        ValueError: an integer out of range.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(
            f"{name}={value!r} is a {type(value).__name__}; expected an integer >= {minimum}."
        )
    if maximum is not None and value > maximum:
        raise ValueError(f"{name}={value} is too large; expected an integer <= {maximum}.")
    if value < minimum:
        raise ValueError(f"{name}={value} is too small; expected an integer >= {minimum}.")


def check_number(name: str, value: object, *, minimum: float, exclusive: bool = False) -> None:
    """Require a finite real number of at least `minimum`, or above it where `exclusive`.

    Raises:
        TypeError: not a real number (bool and str included).
        ValueError: not finite in float32, or too small there.
    """
    allowed = f"a finite number {'>' if exclusive else '>='} {minimum}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}; expected {allowed}.")
    # Numbers are float32 on the device, where a tiny one is 0 and a huge one infinite.
    with np.errstate(over="ignore", under="ignore"):
        stored = np.float32(float(min(value, sys.float_info.max)))
    if not np.isfinite(stored) or stored < minimum or (exclusive and stored == minimum):
        raise ValueError(f"{name}={value} is out of range; expected {allowed}.")


def check_fraction(name: str, value: object) -> None:
    """Require a number strictly between 0 and 1.

    Raises:
        ValueError: anything else.
    """
    if not isinstance(value, numbers.Real) or not 0 < value < 1:
        raise ValueError(f"{name}={value!r} is not allowed; expected 0 < {name} < 1.")


def check_choice(name: str, value: object, allowed: Collection[str]) -> None:
    """Require one of the `allowed` names.

    Raises:
        ValueError: anything else.
    """
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name}={value!r} is unknown; expected one of {', '.join(allowed)}.")


def check_flag(name: str, value: object) -> None:
    """Require True or False.

    Raises:
        TypeError: anything else.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}; expected True or False.")
