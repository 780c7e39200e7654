"""The modularity score: how close each latent comes to informing about one source only."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from lib.metrics.discretization import check_bins, nmi_of_bins
from lib.metrics.mutual_information import ROUNDING, entropy
from lib.metrics.validation import UndefinedScoreError, check_samples


@dataclass(frozen=True, eq=False)
class ModularityScore:
    """The modularity score and what it is made of.

    Attributes:
        score: the mean of `per_latent` over the informative latents, in [0, 1].
        per_latent: modularity of each latent, in [0, 1]; NaN if it is not informative.
        informative: whether a latent has any information about any source.
        information: plug-in estimate of `I(source; latent)` in nats.
        discretization: how continuous latents were binned; None for discrete ones.
        num_bins: number of bins; None for discrete latents.
    """

    score: float
    per_latent: Float[np.ndarray, " num_latents"]
    informative: Bool[np.ndarray, " num_latents"]
    information: Float[np.ndarray, "num_sources num_latents"]
    discretization: str | None
    num_bins: int | None


def modularity_score(
    sources: ArrayLike,
    latents: ArrayLike,
    *,
    discrete: bool | None = None,
    discretization: str = "equal_width",
    num_bins: int = 20,
) -> ModularityScore:
    """Score how little each latent tells of sources other than the one it tells most of.

    Args:
        sources: integers, `(n, num_sources)`, at least two sources.
        latents: `(n, num_latents)`, integers (discrete) or floats (continuous).
        discrete: whether latents are discrete; None takes integers as discrete.
        discretization: a method of `lib.metrics.discretize`, for continuous latents.
        num_bins: at least 2, for continuous latents.

    Returns:
        Per latent `1 - sum of m^2 / (M^2 (S - 1))`, with M its largest information, m that about
        the S - 1 other sources: 1 informs about one source only, 0 about all equally.

    Raises:
        TypeError, ValueError: bad sources, latents or bins, a single source, see
            `lib.metrics.infomec` and `lib.metrics.discretize`.
        UndefinedScoreError: no latent has any information.

    Source: Ridgeway & Mozer 2018, arXiv 1802.05312, section 3: the squared deviation of a latent's
    informations from the template that keeps the largest and is 0 elsewhere. 20 bins of equal width
    as in Locatello et al. 2019, arXiv 1811.12359.
    Differs: a latent without any information, for which the formula divides zero by zero, is left
    out of the mean, so that unused latents neither help nor hurt. Locatello et al. count it as 0;
    their score is `score * informative.mean()`. A latent of pure noise in finite samples has a
    little information by the estimate's bias, and counts.

    Example:
        >>> import numpy as np
        >>> from lib.metrics import modularity_score
        >>> sources = np.random.default_rng(0).integers(0, 4, (2000, 2))
        >>> mixed = sources[:, :1] * 4 + sources[:, 1:]  # one latent holds both sources
        >>> round(modularity_score(sources, mixed).score, 1)
        0.0
    """
    num_bins = check_bins("discretization", discretization, num_bins)
    samples = check_samples(sources, latents, discrete)
    num_sources = samples.sources.shape[1]
    if num_sources < 2:
        raise ValueError(
            f"sources hold {num_sources} source; expected at least 2: modularity divides by the "
            "number of sources less one."
        )
    nmi = nmi_of_bins(samples, discretization, num_bins)
    entropies = [entropy(np.bincount(source)) for source in samples.sources.T]
    information = nmi * np.array(entropies)[:, None]
    largest = information.max(axis=0)
    informative = largest > ROUNDING
    if not informative.any():
        raise UndefinedScoreError(
            f"latents have 0 informative of {informative.size}: none tells of any source, so there "
            "is none whose modularity to score.",
            nmi=nmi,
            active=informative,
        )
    shares = information[:, informative] / largest[informative]
    per_latent = np.full(informative.size, np.nan)
    # The largest share is 1.
    per_latent[informative] = 1 - ((shares**2).sum(axis=0) - 1) / (num_sources - 1)
    return ModularityScore(
        score=float(per_latent[informative].mean()),
        per_latent=per_latent,
        informative=informative,
        information=information,
        discretization=None if samples.discrete else discretization,
        num_bins=None if samples.discrete else num_bins,
    )
