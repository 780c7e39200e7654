"""The uncertainty of a mean over seeds, and what so many seeds could have seen."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import nctdtrinc, stdtrit

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

    Example:
        >>> from lib.metrics import mean_interval
        >>> mean, half_width = mean_interval([0.91, 0.94, 0.89])
        >>> print(f"{mean:.2f} ± {half_width:.2f}")
        0.91 ± 0.06
    """
    scores = _checked(values)
    check_fraction("confidence", confidence)
    if scores.size == 1:
        return Interval(float(scores[0]), float("nan"))
    quantile = stdtrit(scores.size - 1, (1 + confidence) / 2)
    half_width = quantile * scores.std(ddof=1) / np.sqrt(scores.size)
    return Interval(float(scores.mean()), float(half_width))


def smallest_seen(values: ArrayLike, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest true mean that a two-sided t-test on so many values of such spread would find.

    Args:
        values: one difference a seed, finite, `(n,)`, n >= 1; their mean plays no part.
        power: the probability to find it, strictly between 0 and 1.
        level: the probability to find a difference where there is none, from 1e-5 up to `power`.

    Returns:
        The distance of the mean from 0 at which the test rejects with this power, were the standard
        deviation the one of `values`; NaN of one value. That the test may reject on the wrong
        side is left out, which matters only where `power` is hardly more than `level`.

    Raises:
        ValueError: as `mean_interval`; power or level out of range.

    Source: the t statistic of n values about a mean d has a noncentral t-distribution with n - 1
        degrees of freedom and noncentrality d sqrt(n) / standard deviation.

    Example:
        >>> from lib.metrics import smallest_seen
        >>> round(smallest_seen([0.05, 0.01, 0.03]), 3)
        0.065
    """
    scores = _checked(values)
    check_fraction("power", power)
    check_fraction("level", level)
    if not 1e-5 <= level < power:  # two values and a smaller level: SciPy does not come to an end
        raise ValueError(f"level={level} is out of range; expected 1e-5 <= level < power={power}.")
    if scores.size == 1:
        return float("nan")
    quantile = stdtrit(scores.size - 1, 1 - level / 2)
    noncentrality = nctdtrinc(scores.size - 1, 1 - power, quantile)
    return float(noncentrality * scores.std(ddof=1) / np.sqrt(scores.size))


def _checked(values: ArrayLike) -> np.ndarray:
    scores = np.asarray(values, dtype=np.float64)
    is_masked = np.ma.isMaskedArray(values)
    if is_masked or scores.ndim != 1 or scores.size == 0 or not np.isfinite(scores).all():
        raise ValueError(
            f"values={values!r} cannot be averaged; expected one or more finite numbers, (n,)."
        )
    return scores
