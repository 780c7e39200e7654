"""Normalised mutual information between every source and every latent."""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from scipy.special import digamma, xlogy

from lib.metrics.chance import (
    chance_limit_of_counts,
    chance_limit_of_neighbors,
    expected_information,
)
from lib.metrics.protocol import Protocol, find_protocol
from lib.metrics.validation import Samples, check_samples

_TIE_SEED = 0
# Nats that are nothing but the rounding of sums.
ROUNDING = 1e-12


def nmi_matrix(
    sources: ArrayLike,
    latents: ArrayLike,
    *,
    discrete: bool | None = None,
    protocol: str = "hsu2023",
) -> Float[np.ndarray, "num_sources num_latents"]:
    """Estimate the mutual information of each source and latent as a share of source entropy.

    Args:
        sources: integers, `(n, num_sources)`.
        latents: `(n, num_latents)`, integers (discrete) or floats (continuous).
        discrete: whether latents are discrete; None takes integers as discrete.
        protocol: a name in `PROTOCOLS`.

    Returns:
        `I(source; latent) / H(source)`: 0 is independent; 1 determines the source, which the
        published estimate for continuous latents can exceed by its error. `corrected` returns
        `(I - E) / (H(source) - E)` for discrete latents, with E the mean estimate of independent
        variables, and at most 1; and 0 for an estimate that chance alone would reach.

    Raises:
        TypeError, ValueError: bad input, see `lib.metrics.infomec`.

    Source: Hsu et al. 2023, arXiv 2305.18378: normalised by the source's entropy, not
    the latent's. Discrete latents: the plug-in estimate, biased upwards by about
    `(source values - 1) (latent values - 1) / (2 n)` nats. Continuous latents: Ross 2014, "Mutual
    Information between Discrete and Continuous Data Sets", equation 2. The correction: Vinh, Epps &
    Bailey 2010, JMLR 11, equation 5, with the largest possible information, H(source), as the
    upper end.
    Differs: a constant continuous latent scores exactly 0, not the estimator's noise.

    Example:
        >>> import numpy as np
        >>> from lib.metrics import nmi_matrix
        >>> sources = np.random.default_rng(0).integers(0, 4, (2000, 2))
        >>> halves = sources // 2  # each latent tells one bit of two
        >>> nmi_matrix(sources, halves, protocol="corrected").round(2)
        array([[0.5, 0. ],
               [0. , 0.5]])
    """
    constants = find_protocol(protocol)
    return nmi_of_samples(check_samples(sources, latents, discrete), constants)


def nmi_of_samples(
    samples: Samples, protocol: Protocol
) -> Float[np.ndarray, "num_sources num_latents"]:
    """Estimate the NMI of checked samples, see `nmi_matrix`."""
    if samples.discrete:
        information = _information_from_counts(samples.sources, samples.latents)
    else:
        information = _information_from_neighbors(samples.sources, samples.latents, protocol)
    counts = [np.bincount(source) for source in samples.sources.T]
    entropies = np.array([entropy(of_source) for of_source in counts])[:, None]
    if not protocol.is_corrected:
        return information / entropies
    # Each entry of a latent that varies has its part of the probability of the whole matrix.
    varies = samples.latents.min(axis=0) < samples.latents.max(axis=0)
    num_varying = max(np.count_nonzero(varies), 1)
    probability = protocol.chance / (num_varying * len(counts))
    expected, limits = np.zeros(information.shape), np.empty(information.shape)
    for i, of_source in enumerate(counts):
        if not samples.discrete:
            limits[i] = chance_limit_of_neighbors(of_source, protocol.num_neighbors, probability)
            continue
        for j, latent in enumerate(samples.latents.T):
            of_latent = np.bincount(latent)
            expected[i, j] = expected_information(of_source, of_latent)
            limits[i, j] = chance_limit_of_counts(of_source, of_latent, expected[i, j], probability)
    found = information > np.maximum(limits, ROUNDING)
    nmi = np.divide(
        information - expected,
        entropies - expected,
        out=np.zeros(information.shape),
        # Where every sample has a value of its own, chance determines the source as well.
        where=found & (entropies - expected > ROUNDING),
    )
    return np.clip(nmi, 0, 1)


def entropy(counts: Int[np.ndarray, "..."]) -> float:
    """Entropy in nats of the distribution of these counts."""
    num_samples = counts.sum()
    return np.log(num_samples) - xlogy(counts, counts).sum() / num_samples


def _information_from_counts(
    sources: Int[np.ndarray, "n num_sources"], latents: Int[np.ndarray, "n num_latents"]
) -> Float[np.ndarray, "num_sources num_latents"]:
    information = np.empty((sources.shape[1], latents.shape[1]))
    for j, latent in enumerate(latents.T):
        num_values = latent.max() + 1
        for i, source in enumerate(sources.T):
            cells = source * num_values + latent
            joint = np.bincount(cells, minlength=(source.max() + 1) * num_values)
            joint = joint.reshape(-1, num_values)
            information[i, j] = (
                entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=0)) - entropy(joint)
            )
    return np.where(information > ROUNDING, information, 0.0)


def _information_from_neighbors(
    sources: Int[np.ndarray, "n num_sources"],
    latents: Float[np.ndarray, "n num_latents"],
    protocol: Protocol,
) -> Float[np.ndarray, "num_sources num_latents"]:
    # One draw for all latents, so that their order changes nothing.
    noise = protocol.tie_noise * np.random.default_rng(_TIE_SEED).standard_normal(len(latents))
    information = np.zeros((sources.shape[1], latents.shape[1]))
    for j, latent in enumerate(standardize(latents).T):
        if latent.min() == latent.max():
            continue
        values = latent + noise
        ascending = np.argsort(values)
        for i, source in enumerate(sources.T):
            information[i, j] = _neighbor_estimate(
                values[ascending], source[ascending], protocol.num_neighbors
            )
    return information


def standardize(latents: Float[np.ndarray, "n num_latents"]) -> Float[np.ndarray, "n num_latents"]:
    """Shift each latent to mean 0 and scale it to variance 1; a constant one becomes 0."""
    constant = latents.min(axis=0) == latents.max(axis=0)
    # Scaled to size 1 first, so that the squares of huge or tiny latents neither over- nor
    # underflow.
    scaled = latents / np.where(constant, 1.0, np.abs(latents).max(axis=0))
    centred = np.where(constant, 0.0, scaled - scaled.mean(axis=0))
    return centred / np.where(constant, 1.0, scaled.std(axis=0))


def _neighbor_estimate(
    values: Float[np.ndarray, " n"], labels: Int[np.ndarray, " n"], num_neighbors: int
) -> float:
    """Ross's estimate in nats, at least 0, of ascending `values` of a latent and a source's labels.

    A point's radius reaches its k-th neighbour among points of its own label; what counts is how
    many points of any label lie closer. Labels that occur once have no neighbour and are left out.
    """
    counts = np.bincount(labels)
    if counts.max() < 2:
        raise ValueError(
            "sources hold a column in which no value occurs twice; expected repeated values, "
            "without which nearest neighbours of the same value do not exist."
        )
    repeated = counts[labels] > 1
    values, labels = values[repeated], labels[repeated]
    radii = np.empty_like(values)
    for label in np.flatnonzero(counts > 1):
        members = labels == label
        available = int(counts[label]) - 1
        radii[members] = _neighbor_distances(values[members], min(num_neighbors, available))
    # A few roundings short, so that the k-th neighbour itself never counts as closer; the point
    # itself always does.
    radii = np.maximum(radii - 4 * np.spacing(np.abs(values) + radii), 0)
    closer = np.searchsorted(values, values + radii, side="right")
    closer -= np.searchsorted(values, values - radii, side="left")
    neighbors = np.minimum(num_neighbors, counts[labels] - 1)
    information = (
        digamma(len(values))
        + digamma(neighbors).mean()
        - digamma(counts[labels]).mean()
        - digamma(closer).mean()
    )
    return max(0.0, information)


def _neighbor_distances(
    ascending: Float[np.ndarray, " n"], num_neighbors: int
) -> Float[np.ndarray, " n"]:
    # On a line, a point and its k nearest lie side by side: the distance is the smallest over the
    # k + 1 windows of k + 1 points that hold the point.
    size = len(ascending)
    beyond = np.full(num_neighbors, np.inf)
    padded = np.concatenate([-beyond, ascending, beyond])
    distances = np.full(size, np.inf)
    for first in range(num_neighbors + 1):
        last = first + num_neighbors
        reach = np.maximum(
            ascending - padded[first : first + size], padded[last : last + size] - ascending
        )
        np.minimum(distances, reach, out=distances)
    return distances
