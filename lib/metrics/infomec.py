"""InfoMEC: modularity, explicitness and compactness of a representation."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from lib.metrics.explicitness import explicitness_of_samples
from lib.metrics.mutual_information import nmi_of_samples
from lib.metrics.protocol import find_protocol
from lib.metrics.validation import UndefinedScoreError, active_latents, check_samples


@dataclass(frozen=True, eq=False, repr=False)
class InfoMEC:
    """The scores of a representation.

    Attributes:
        infom: modularity, in [0, 1]: each active latent informs about one source only.
        infoe: explicitness, at most 1: a linear model of all latents predicts the sources.
        infoc: compactness, in [0, 1]: each source is found in one active latent only.
        nmi: NMI of each source and latent.
        active: which latents are active.
        protocol: the protocol that made the numbers.
        explicitness_converged: whether every regression of InfoE ended before the protocol's last
            iteration; ending there is part of the protocol, not an error.
    """

    infom: float
    infoe: float
    infoc: float
    nmi: Float[np.ndarray, "num_sources num_latents"]
    active: Bool[np.ndarray, " num_latents"]
    protocol: str
    explicitness_converged: bool

    def __repr__(self) -> str:
        return (
            f"InfoMEC(infom={self.infom:.3f}, infoe={self.infoe:.3f}, infoc={self.infoc:.3f}, "
            f"active={self.active.sum()} of {self.active.size} latents, "
            f"protocol={self.protocol!r})"
        )


def infomec(
    sources: ArrayLike,
    latents: ArrayLike,
    *,
    discrete: bool | None = None,
    protocol: str = "hsu2023",
) -> InfoMEC:
    """Score the modularity, explicitness and compactness of latents with respect to sources.

    Args:
        sources: which value each source takes, integers or booleans, `(n, num_sources)` with
            n >= 2 and num_sources >= 2; every source takes at least two values. Any array with
            `__array__` will do.
        latents: `(n, num_latents)`, finite. Pass the *indices* of quantized latents: floats that
            went through a straight-through estimator hold more values than the codebook.
        discrete: whether each latent takes a few values. None takes integers and booleans as
            discrete and floats as continuous; True accepts floats that are whole numbers; False
            treats integers as continuous.
        protocol: a name in `PROTOCOLS`; it fixes estimators and thresholds, and belongs with every
            number that is reported.

    Returns:
        The scores with NMI and active latents.

    Raises:
        TypeError: sources that are not integers, latents that are not numbers, `discrete` that is
            neither a bool nor None.
        ValueError: wrong dimensions, sources and latents of different length, one sample, one
            source, a source that does not vary, NaN or infinity, unknown protocol.
        UndefinedScoreError: no latent is active, or a single one, for which compactness is not
            defined.

    Source: Hsu et al. 2023, arXiv 2305.18378.
    """
    constants = find_protocol(protocol)
    samples = check_samples(sources, latents, discrete)
    active = active_latents(latents, discrete=samples.discrete, protocol=protocol)
    _check_num_sources("sources", samples.sources.shape[1])
    nmi = nmi_of_samples(samples, constants)
    # Before the regressions, which take longest: both raise where a score is not defined.
    infom, infoc = modularity(nmi, active), compactness(nmi, active)
    explained = explicitness_of_samples(samples, constants)
    return InfoMEC(
        infom=infom,
        infoe=explained.infoe,
        infoc=infoc,
        nmi=nmi,
        active=active,
        protocol=protocol,
        explicitness_converged=all(explained.converged),
    )


def modularity(nmi: ArrayLike, active: ArrayLike | None = None) -> float:
    """Score how far each active latent informs about one source only (InfoM).

    Args:
        nmi: `(num_sources, num_latents)`, at least two sources, none negative.
        active: which latents count, booleans `(num_latents,)`; None counts all.

    Returns:
        `(r - 1/S) / (1 - 1/S)`, with r the mean over active latents of the largest NMI divided by
        the sum over sources, and S the number of sources: 0 is evenly spread, 1 is one source.

    Raises:
        ValueError: wrong dimensions, one source, NMI that is negative or not finite.
        UndefinedScoreError: no latent is active.

    Source: Hsu et al. 2023, arXiv 2305.18378.
    Differs: an active latent with no information about any source counts as evenly spread, where
    the published formula divides zero by zero.
    """
    nmi, active = _check_nmi(nmi, active)
    return _concentration(nmi[:, active].T)


def compactness(nmi: ArrayLike, active: ArrayLike | None = None) -> float:
    """Score how far each source is found in one active latent only (InfoC).

    Args:
        nmi: `(num_sources, num_latents)`, at least two sources, none negative.
        active: which latents count, booleans `(num_latents,)`; None counts all.

    Returns:
        `(r - 1/A) / (1 - 1/A)`, with r the mean over sources of the largest NMI divided by the sum
        over active latents, and A the number of active latents: 0 is evenly spread, 1 is one
        latent.

    Raises:
        ValueError: wrong dimensions, one source, NMI that is negative or not finite.
        UndefinedScoreError: fewer than two latents are active.

    Source: Hsu et al. 2023, arXiv 2305.18378.
    Differs: a source of which no active latent informs counts as evenly spread, where the published
    formula divides zero by zero.
    """
    nmi, active = _check_nmi(nmi, active)
    if active.sum() == 1:
        raise UndefinedScoreError(
            f"latents have 1 active of {active.size} (latent {active.argmax()}): InfoC divides by "
            "the number of active latents less one and needs at least 2.",
            nmi=nmi,
            active=active,
        )
    return _concentration(nmi[:, active])


def _concentration(shares: Float[np.ndarray, "rows columns"]) -> float:
    """Mean over rows of largest entry over sum, rescaled so that an even row gives 0."""
    totals = shares.sum(axis=1)
    even = 1 / shares.shape[1]
    ratios = np.divide(shares.max(axis=1), totals, out=np.full(len(shares), even), where=totals > 0)
    return float((ratios.mean() - even) / (1 - even))


def _check_num_sources(name: str, num_sources: int) -> None:
    if num_sources < 2:
        raise ValueError(
            f"{name} hold {num_sources} source; expected at least 2: InfoM divides by the number "
            "of sources less one."
        )


def _check_nmi(nmi: ArrayLike, active: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    nmi = np.asarray(nmi, dtype=np.float64)
    if nmi.ndim != 2 or nmi.shape[1] == 0:
        raise ValueError(f"nmi has shape {nmi.shape}; expected (num_sources, num_latents).")
    _check_num_sources("nmi", nmi.shape[0])
    if not np.isfinite(nmi).all() or (nmi < 0).any():
        raise ValueError(f"nmi goes from {nmi.min()} to {nmi.max()}; expected finite, >= 0.")
    active = np.ones(nmi.shape[1], dtype=bool) if active is None else np.asarray(active)
    if active.shape != nmi.shape[1:] or active.dtype != np.bool_:
        raise ValueError(
            f"active has shape {active.shape} and dtype {active.dtype}; expected booleans of shape "
            f"{nmi.shape[1:]}, one a latent."
        )
    if not active.any():
        raise UndefinedScoreError(
            f"latents have 0 active of {active.size}: none varies, so InfoM and InfoC have nothing "
            "to average over.",
            nmi=nmi,
            active=active,
        )
    return nmi, active
