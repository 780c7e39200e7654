"""What mutual information is estimated to be where there is none."""

import numpy as np
from jaxtyping import Int
from scipy.special import chdtri, ndtri, xlogy

# The nearest-neighbour estimate of independent variables has mean 0, and its variance times n k is
# this times the probability that two samples differ in the label. Measured: 1.4 to 1.9 for 2 to 40
# labels, k of 3 and 10, 500 to 8,000 samples; the tests measure it again.
_NEIGHBOR_VARIANCE = 1.75
_NEGLIGIBLE = 1e-13


def expected_information(
    source_counts: Int[np.ndarray, " source_values"],
    latent_counts: Int[np.ndarray, " latent_values"],
) -> float:
    """Mean plug-in estimate over all ways to pair the values of two variables, in nats.

    Args:
        source_counts: how often each value occurs; all at least 1.
        latent_counts: likewise; the sum is the same.

    Returns:
        The mean over permutations of the samples, exact but for rounding: the sum over cells of the
        table of the mean of `c/n log(c n / (a b))`, where the count c of a cell with margins a and
        b is hypergeometric. To first order it is `(source values - 1)(latent values - 1) / (2 n)`.

    Source: Vinh, Epps & Bailey 2010, JMLR 11, "Information Theoretic Measures for Clusterings
    Comparison", equation 24a.
    """
    n = float(source_counts.sum())
    a, repeats_a = np.unique(source_counts, return_counts=True)
    b, repeats_b = np.unique(latent_counts, return_counts=True)
    repeats = np.outer(repeats_a, repeats_b).ravel()
    a, b = (side.ravel().astype(float) for side in np.meshgrid(a, b, indexing="ij"))
    # Outwards from the mode, whose probability is set to 1 and divided out at the end.
    mode = np.floor((a + 1) * (b + 1) / (n + 2))
    weight, moment = np.ones_like(a), xlogy(mode, mode)
    for step in (1, -1):
        count, probability = mode.copy(), np.ones_like(a)
        while probability.max() > _NEGLIGIBLE:
            if step > 0:
                probability *= (a - count) * (b - count) / ((count + 1) * (n - a - b + count + 1))
            else:
                probability *= count * (n - a - b + count) / ((a - count + 1) * (b - count + 1))
            # Beyond the ends of the range the factors are 0, and stay so.
            count = np.maximum(count + step, 0)
            weight += probability
            moment += probability * xlogy(count, count)
    mean = np.log(n) + (moment / weight - xlogy(a * b / n, a * b)) @ repeats / n
    return max(0.0, float(mean))


def chance_limit_of_counts(expected: float, num_samples: int, probability: float) -> float:
    """Plug-in estimate in nats that independent variables exceed with a small probability.

    Args:
        expected: its mean, see `expected_information`.
        num_samples: n.
        probability: of exceeding the limit.

    Returns:
        A quantile, with 2 n times the estimate taken as chi-squared (Wilks' theorem) of the exact
        mean. Where cells hold few samples, the estimate scatters less than that.
    """
    if expected == 0:
        return 0.0
    return float(chdtri(2 * num_samples * expected, probability)) / (2 * num_samples)


def chance_limit_of_neighbors(
    source_counts: Int[np.ndarray, " source_values"], num_neighbors: int, probability: float
) -> float:
    """Nearest-neighbour estimate in nats that independent variables exceed with that probability.

    Args:
        source_counts: how often each value of the source occurs.
        num_neighbors: k.
        probability: of exceeding the limit.

    Returns:
        A quantile of the normal distribution with mean 0 and the measured variance, see
        `_NEIGHBOR_VARIANCE`.
    """
    counts = source_counts[source_counts > 1].astype(float)
    shares = counts / counts.sum()
    per_neighbor = shares @ (1 / np.minimum(num_neighbors, counts - 1))
    variance = _NEIGHBOR_VARIANCE * (1 - shares @ shares) * per_neighbor / counts.sum()
    return float(-ndtri(probability) * np.sqrt(variance))
