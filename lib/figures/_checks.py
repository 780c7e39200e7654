"""Checks of what callers hand to a figure; every message names the parameter."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def numbers(name: str, values: ArrayLike, axes: tuple[str, ...]) -> np.ndarray:
    """Return `values` as a finite numeric array with one dimension per name in `axes`."""
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


def image_array(name: str, images: ArrayLike, axes: tuple[str, ...]) -> np.ndarray:
    """Return `images` (`axes`, height, width, channels) as uint8; floats must lie in [0, 1]."""
    array = numbers(name, images, (*axes, "height", "width", "channels"))
    if array.shape[-1] not in (1, 3):
        raise ValueError(
            f"{name} must have 1 or 3 channels in its last axis, got shape {array.shape}; "
            "images are (height, width, channels)."
        )
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind != "f":
        raise TypeError(
            f"{name} must be uint8 or floats in [0, 1], got dtype {array.dtype}; "
            "convert it with .astype(np.uint8)."
        )
    if array.min() < 0 or array.max() > 1:
        raise ValueError(
            f"{name} holds floats and must lie in [0, 1], got values from {array.min():.3g} to "
            f"{array.max():.3g}; clip or divide by 255."
        )
    return np.round(array * 255).astype(np.uint8)


def labels(name: str, given: Sequence, count: int, of: str) -> list[str]:
    """Return `given` as strings; there must be `count` of them, one per `of`."""
    if isinstance(given, str):
        raise TypeError(f"{name} must be a sequence of labels, got the single string {given!r}.")
    found = [str(label) for label in given]
    if len(found) != count:
        raise ValueError(
            f"{name} must have one label per {of}: expected {count}, got {len(found)} ({found})."
        )
    return found
