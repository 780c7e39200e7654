"""How large an estimate of mutual information is by chance, where there is none."""

import numpy as np
from jaxtyping import Int
from scipy.special import chdtri, gammaln, xlogy

# The nearest-neighbour estimate of independent variables has mean 0, and its variance times n k is
# this times the probability that two samples differ in the label. Measured: 1.4 to 1.9 for 2 to 40
# labels, k of 3 and 10, 500 to 8,000 samples; the tests measure it again.
_NEIGHBOR_VARIANCE = 1.75
_NEGLIGIBLE = 1e-13
_RARE = 5  # expected samples of a cell
_MOST_IN_A_RARE_CELL = 64
# Exponents among which Chernoff's best bound is taken.
_EXPONENTS = np.linspace(0.1, 0.9, 17)


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
    a, b, repeats = _distinct_cells(source_counts, latent_counts)
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


def chance_limit_of_counts(
    source_counts: Int[np.ndarray, " source_values"],
    latent_counts: Int[np.ndarray, " latent_values"],
    expected: float,
    probability: float,
) -> float:
    """Bound that the plug-in estimate of independent variables exceeds with a small probability.

    Args:
        source_counts: how often each value occurs; all at least 1.
        latent_counts: likewise; the sum n is the same.
        expected: the mean estimate, see `expected_information`.
        probability: of exceeding the limit, or less.

    Returns:
        In nats. Where every cell of the table expects five samples or more, a quantile: 2 n times
        the estimate is chi-squared (Wilks' theorem) with the exact mean as degrees of freedom. A
        rare cell scatters more, since one sample in it weighs much. If there is one, Chernoff's
        bound takes the place of the quantile: rare cells are independent Poisson counts, the rest
        of the mean is chi-squared. The bound is rather too high than too low.
    """
    n = float(source_counts.sum())
    if expected == 0:
        return 0.0
    a, b, repeats = _distinct_cells(source_counts, latent_counts)
    rare = a * b < _RARE * n
    if not rare.any():
        return float(chdtri(2 * n * expected, probability)) / (2 * n)
    mean, repeats = (a * b)[rare, None] / n, repeats[rare]
    # Counts beyond a margin do not occur.
    most = np.minimum(a, b)[rare, None]
    count = np.arange(min(_MOST_IN_A_RARE_CELL, int(most.max()) + 1))
    # The cell's part of n times the estimate.
    nats = xlogy(count, count / mean) - count + mean
    log_weight = xlogy(count, mean) - mean - gammaln(count + 1)
    weight = np.where(count <= most, np.exp(log_weight), 0.0)
    others = max(0.0, n * expected - repeats @ (weight * nats).sum(axis=1))
    weight *= np.exp(_EXPONENTS[0] * nats)
    growth = np.exp((_EXPONENTS[1] - _EXPONENTS[0]) * nats)
    bounds = []
    for s in _EXPONENTS:
        moments = np.log(weight.sum(axis=1))
        bounds.append((repeats @ moments - others * np.log1p(-s) - np.log(probability)) / s)
        weight *= growth
    return float(min(bounds)) / n


def chance_limit_of_neighbors(
    source_counts: Int[np.ndarray, " source_values"], num_neighbors: int, probability: float
) -> float:
    """Bound that the nearest-neighbour estimate exceeds with that probability by chance.

    Args:
        source_counts: how often each value of the source occurs.
        num_neighbors: k.
        probability: of exceeding the limit.

    Returns:
        In nats, a quantile of a chi-squared distribution that is shifted and scaled to mean 0 and
        the measured variance, see `_NEIGHBOR_VARIANCE`. The rarer the rarest value, the longer the
        upper tail: its degrees of freedom are half of that value's count, which was measured too.
    """
    counts = source_counts[source_counts > 1].astype(float)
    shares = counts / counts.sum()
    per_neighbor = shares @ (1 / np.minimum(num_neighbors, counts - 1))
    variance = _NEIGHBOR_VARIANCE * (1 - shares @ shares) * per_neighbor / counts.sum()
    freedom = counts.min() / 2
    return float((chdtri(freedom, probability) - freedom) * np.sqrt(variance / (2 * freedom)))


def _distinct_cells(
    source_counts: Int[np.ndarray, " source_values"],
    latent_counts: Int[np.ndarray, " latent_values"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of margins that differ, and how many cells have each."""
    a, repeats_a = np.unique(source_counts, return_counts=True)
    b, repeats_b = np.unique(latent_counts, return_counts=True)
    a, b = (side.ravel().astype(float) for side in np.meshgrid(a, b, indexing="ij"))
    return a, b, np.outer(repeats_a, repeats_b).ravel()
