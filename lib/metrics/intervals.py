"""The uncertainty of a mean over seeds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from lib.checks import check_fraction


class Interval(NamedTuple):
    """A mean and the half width of its confidence interval."""

    mean: float
    half_width: float


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Estimate a mean and its confidence interval, by Student's t.

    Args:
        values: one score a seed, finite, `(n,)`, n >= 1.
        confidence: probability that the interval holds the mean, strictly between 0 and 1.

    Returns:
        The mean and the half width `t * standard deviation / sqrt(n)`, with n - 1 degrees of
        freedom. One value says nothing about its spread: its half width is NaN.

    Raises:
        ValueError: no value, wrong dimensions, values not finite, confidence out of range.
    """
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1 or scores.size == 0 or not np.isfinite(scores).all():
        raise ValueError(
            f"values={values!r} cannot be averaged; expected one or more finite numbers, (n,)."
        )
    check_fraction("confidence", confidence)
    if scores.size == 1:
        return Interval(float(scores[0]), float("nan"))
    quantile = stdtrit(scores.size - 1, (1 + confidence) / 2)
    half_width = quantile * scores.std(ddof=1) / np.sqrt(scores.size)
    return Interval(float(scores.mean()), float(half_width))
