"""Continuous latents as integers, for scores that count how often values occur together."""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from lib.checks import check_choice, check_integer
from lib.metrics.mutual_information import nmi_matrix
from lib.metrics.validation import Samples, check_latents, relabel, shrinking_exponent

METHODS = ("equal_width", "equal_count")


def discretize(
    latents: ArrayLike, method: str, num_bins: int, *, discrete: bool | None = None
) -> Int[np.ndarray, "n num_latents"]:
    """Sort each continuous latent's values into bins.

    Args:
        latents: `(n, num_latents)`, integers (discrete) or floats (continuous).
        method: `equal_width` divides the range from the least to the largest value into bins of the
            same width. A bin holds its lower edge; the last bin holds both its edges. `equal_count`
            divides the sorted samples into bins of the same number of samples, or one apart; equal
            values share the bin of the first of them, so bins can be larger, smaller or empty.
        num_bins: at least 2.
        discrete: whether latents are discrete; None takes integers as discrete.

    Returns:
        Bin of each value, in `[0, num_bins)`; 0 for a constant latent. Discrete latents are not
        binned: their values become 0, 1, ... in ascending order.

    Raises:
        TypeError: latents that are not numbers, `num_bins` that is not an integer.
        ValueError: unknown method, fewer than 2 bins, bad latents, see `lib.metrics.infomec`.

    Source: `equal_width` with 20 bins is the discretization of Locatello et al. 2019,
    arXiv 1811.12359, for MIG and modularity; its edges are those of `numpy.histogram`.

    Example:
        >>> from lib.metrics import discretize
        >>> discretize([[0.0], [0.1], [0.2], [1.0]], "equal_width", 2).ravel()
        array([0, 0, 0, 1])
        >>> discretize([[0.0], [0.1], [0.2], [1.0]], "equal_count", 2).ravel()
        array([0, 0, 1, 1])
    """
    num_bins = check_bins("method", method, num_bins)
    latents, discrete = check_latents(latents, discrete)
    if discrete:
        return relabel(latents)
    bin_column = _equal_width if method == "equal_width" else _equal_count
    return np.stack([bin_column(column, num_bins) for column in latents.T.astype(float)], axis=1)


def nmi_of_bins(
    samples: Samples, method: str, num_bins: int
) -> Float[np.ndarray, "num_sources num_latents"]:
    """Estimate the NMI of sources and binned latents by counting."""
    bins = discretize(samples.given, method, num_bins, discrete=samples.discrete)
    return nmi_matrix(samples.sources, bins, discrete=True, protocol="hsu2023")


def check_bins(name: str, method: str, num_bins: int) -> int:
    """Check how latents are to be binned, and return the number of bins as an int.

    Args:
        name: of the parameter that `method` was given as.
        method: a name in `METHODS`.
        num_bins: at least 2.

    Raises:
        TypeError: `num_bins` that is not an integer.
        ValueError: unknown method, fewer than 2 bins.
    """
    check_choice(name, method, METHODS)
    check_integer("num_bins", num_bins, minimum=2)
    return int(num_bins)


def _equal_width(values: Float[np.ndarray, " n"], num_bins: int) -> Int[np.ndarray, " n"]:
    values = np.ldexp(values, shrinking_exponent(values))
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.zeros(len(values), dtype=int)
    inner_edges = np.linspace(low, high, num_bins + 1)[1:-1]
    return np.searchsorted(inner_edges, values, side="right")


def _equal_count(values: Float[np.ndarray, " n"], num_bins: int) -> Int[np.ndarray, " n"]:
    # From how many samples are smaller, not from interpolated quantiles, so that an increasing map
    # changes nothing.
    num_smaller = np.searchsorted(np.sort(values), values, side="left")
    return num_smaller * num_bins // len(values)
