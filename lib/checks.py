"""Checks of arguments: each error names the parameter, what was given and what is allowed."""

import difflib
import numbers
import sys
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike


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
        raise ValueError(
            f"{name}={value!r} is unknown; expected one of {', '.join(allowed)}."
            f"{nearest(value, allowed)}"
        )


def nearest(name: object, allowed: Collection[str]) -> str:
    """The end of a message about an unknown name: the nearest one, if any is near."""
    near = difflib.get_close_matches(name, allowed, n=1) if isinstance(name, str) else []
    return f" Did you mean {near[0]}?" if near else ""


def check_flag(name: str, value: object) -> None:
    """Require True or False.

    Raises:
        TypeError: anything else.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}; expected True or False.")


def check_array(name: str, values: ArrayLike, axes: Sequence[str]) -> np.ndarray:
    """The values as a finite array of numbers, none of whose dimensions is empty.

    Args:
        name: of the parameter, for messages.
        values: what was given.
        axes: a name for each dimension that is expected.

    Raises:
        TypeError: it does not hold numbers.
        ValueError: other dimensions, an empty one, or values that are not finite.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} must be an array ({', '.join(axes)}); got rows of different lengths: {error}"
        ) from error
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must hold numbers, got dtype {array.dtype}; convert it before drawing."
        )
    if array.ndim != len(axes):
        raise ValueError(
            f"{name} must have {len(axes)} dimensions ({', '.join(axes)}), "
            f"got shape {array.shape}; reshape it or add the missing axis."
        )
    if 0 in array.shape:
        raise ValueError(f"{name} is empty: shape {array.shape}; give at least one of each axis.")
    bad = int(array.size - np.isfinite(array).sum())
    if bad:
        raise ValueError(
            f"{name} must be finite, got {bad} NaN or infinite values out of {array.size}; "
            "remove them before drawing."
        )
    return array


def check_labels(name: str, given: Sequence, count: int, of: str) -> list[str]:
    """The labels as strings; there must be `count` of them, one per `of`.

    Raises:
        TypeError: a single string.
        ValueError: another number of labels.
    """
    if isinstance(given, str):
        raise TypeError(f"{name} must be a sequence of labels, got the single string {given!r}.")
    found = [str(label) for label in given]
    if len(found) != count:
        raise ValueError(
            f"{name} must have one label per {of}: expected {count}, got {len(found)} ({found})."
        )
    return found


def check_columns(given: Collection[str], expected: Collection[str]) -> None:
    """Require that the columns of a table named `frame` hold the expected ones.

    Raises:
        ValueError: one is missing.
    """
    if missing := [name for name in expected if name not in given]:
        raise ValueError(f"frame must have the columns {missing}; it has {list(given)}.")
