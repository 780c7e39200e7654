"""The mutual information gap: how far one latent alone informs about each source."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from lib.metrics.discretization import check_bins, nmi_of_bins
from lib.metrics.validation import check_samples


@dataclass(frozen=True, eq=False)
class MIG:
    """The mutual information gap and what it is made of.

    Attributes:
        score: the mean of `per_source`, in [0, 1].
        per_source: largest NMI of each source less its second largest, in [0, 1].
        nmi: plug-in estimate of `I(source; latent) / H(source)`.
        discretization: how continuous latents were binned; None for discrete ones.
        num_bins: number of bins; None for discrete latents.
    """

    score: float
    per_source: Float[np.ndarray, " num_sources"]
    nmi: Float[np.ndarray, "num_sources num_latents"]
    discretization: str | None
    num_bins: int | None


def mig(
    sources: ArrayLike,
    latents: ArrayLike,
    *,
    discrete: bool | None = None,
    discretization: str = "equal_width",
    num_bins: int = 20,
) -> MIG:
    """Score how much more the best latent tells of each source than the second best.

    Args:
        sources: integers, `(n, num_sources)`.
        latents: `(n, num_latents)`, integers (discrete) or floats (continuous).
        discrete: whether latents are discrete; None takes integers as discrete.
        discretization: a method of `lib.metrics.discretize`, for continuous latents.
        num_bins: at least 2, for continuous latents.

    Returns:
        The gap as a share of the source's entropy: 1 if one latent determines the source and the
        others are independent of it; 0 if two latents inform equally, or none does. Of a single
        latent, the second largest information is 0.

    Raises:
        TypeError, ValueError: bad sources, latents or bins, see `lib.metrics.infomec` and
            `lib.metrics.discretize`.

    Source: Chen et al. 2018, arXiv 1802.04942, equation 6; 20 bins of equal width as in Locatello
    et al. 2019, arXiv 1811.12359.
    Differs: the paper integrates over the encoder's distribution of each latent; here a latent has
    one value an image, binned, with the plug-in estimate. Its upward bias, see
    `lib.metrics.nmi_matrix`, mostly cancels in the gap, but not for a second best that is
    independent of the source.

    Example:
        >>> import numpy as np
        >>> from lib.metrics import mig
        >>> sources = np.random.default_rng(0).integers(0, 4, (2000, 2))
        >>> twice = np.hstack([sources, sources[:, :1]])  # two latents hold the first source
        >>> mig(sources, twice).per_source.round(1)
        array([0., 1.])
    """
    num_bins = check_bins("discretization", discretization, num_bins)
    samples = check_samples(sources, latents, discrete)
    nmi = nmi_of_bins(samples, discretization, num_bins)
    gaps = gaps_to_second(nmi)
    return MIG(
        score=float(gaps.mean()),
        per_source=gaps,
        nmi=nmi,
        discretization=None if samples.discrete else discretization,
        num_bins=None if samples.discrete else num_bins,
    )


def gaps_to_second(
    table: Float[np.ndarray, "num_sources num_latents"],
) -> Float[np.ndarray, " num_sources"]:
    """Largest entry of each row less its second largest, taken as 0 in a row of one entry."""
    second, best = np.sort(np.pad(table, ((0, 0), (1, 0))), axis=1)[:, -2:].T
    return best - second
