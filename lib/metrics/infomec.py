"""InfoMEC: modularity, explicitness and compactness of a representation."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from lib.metrics.activity import active_latents
from lib.metrics.explicitness import explicitness_of_samples
from lib.metrics.mutual_information import ROUNDING, nmi_of_samples
from lib.metrics.protocol import find_protocol
from lib.metrics.validation import UndefinedScoreError, check_samples


@dataclass(frozen=True, eq=False, repr=False)
class InfoMEC:
    """The scores of a representation, and the parts that each is the mean of.

    Attributes:
        infom: modularity, in [0, 1]: each active latent informs about one source only. NaN where
            the protocol is `corrected` and no latent is active.
        infoe: explicitness, at most 1: a linear model of all latents predicts the sources. See
            `Explicitness.per_source`.
        infoc: compactness, in [0, 1]: each source is found in one active latent only.
        nmi: NMI of each source and latent.
        active: which latents are active.
        modularity_per_latent: modularity of each latent; NaN where it is not active. `infom` is
            the mean of the others.
        explicitness_per_source: the share of each source that is explained; `infoe` is their mean.
        compactness_per_source: compactness of each source; `infoc` is their mean.
        protocol: the protocol that made the numbers.
        explicitness_converged: whether every regression of InfoE ended before the protocol's last
            iteration; ending there is part of the protocol, not an error.
        undefined: why `infom` is NaN; empty where it is a number.
    """

    infom: float
    infoe: float
    infoc: float
    nmi: Float[np.ndarray, "num_sources num_latents"]
    active: Bool[np.ndarray, " num_latents"]
    modularity_per_latent: Float[np.ndarray, " num_latents"]
    explicitness_per_source: Float[np.ndarray, " num_sources"]
    compactness_per_source: Float[np.ndarray, " num_sources"]
    protocol: str
    explicitness_converged: bool
    undefined: str = ""

    def __repr__(self) -> str:
        infom = "undefined" if self.undefined else f"{self.infom:.3f}"
        return (
            f"InfoMEC(infom={infom}, infoe={self.infoe:.3f}, infoc={self.infoc:.3f}, "
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
            `__array__` will do. Rows are distinct images: a row that is there twice counts as two
            observations, and may be fitted while its copy is held out.
        latents: `(n, num_latents)`, finite. Pass the *indices* of quantized latents: floats that
            went through a straight-through estimator hold more values than the codebook.
        discrete: whether each latent takes a few values. None takes integers and booleans as
            discrete and floats as continuous; True accepts floats that are whole numbers; False
            treats integers as continuous.
        protocol: a name in `PROTOCOLS`; it fixes estimators and thresholds, and belongs with every
            number that is reported. `corrected` is the one to report: `hsu2023`, the published one,
            depends on the number of samples.

    Returns:
        The scores with NMI and active latents, see `active_latents`. `corrected` is defined for any
        number of active latents: with a single one, a source's compactness is 1 if that latent
        tells of it and else 0; with none, compactness is 0 and modularity NaN.

    Raises:
        TypeError: sources that are not integers, latents that are not numbers, `discrete` that is
            neither a bool nor None.
        ValueError: wrong dimensions, sources and latents of different length, one sample, one
            source, a source that does not vary, NaN or infinity, masked entries, unknown protocol.
        UndefinedScoreError: under a published protocol no latent is active, or a single one, for
            which compactness is not defined.

    Warns:
        IterationLimitWarning: see `lib.metrics.explicitness`.
        QuantizedFloatsWarning: latents are floats that take few values, as if the values of a
            codebook were given and not their indices, which are scored otherwise.

    Source: Hsu et al. 2023, arXiv 2305.18378; for protocols other than `hsu2023` see
    `Protocol.source`.

    Example:
        >>> import numpy as np
        >>> from lib.metrics import infomec
        >>> sources = np.random.default_rng(0).integers(0, 4, (2000, 3))
        >>> latents = sources[:, [2, 0, 1]]  # a latent for each source
        >>> infomec(sources, latents, protocol="corrected")
        InfoMEC(infom=1.000, infoe=1.000, infoc=1.000, active=3 of 3 latents, protocol='corrected')
        >>> mixed = np.stack([sources[:, 0] * 4 + sources[:, 1], sources[:, 2]], axis=1)
        >>> infomec(sources, mixed, protocol="corrected").modularity_per_latent.round(2)
        array([0.25, 1.  ])
    """
    constants = find_protocol(protocol)
    samples = check_samples(sources, latents, discrete)
    _check_num_sources("sources", samples.sources.shape[1])
    nmi = nmi_of_samples(samples, constants)
    active = active_latents(samples.given, discrete=samples.discrete, protocol=protocol, nmi=nmi)
    undefined = ""
    if constants.is_corrected:
        if not active.any():
            undefined = (
                f"latents have 0 active of {active.size}: none tells more of a source than chance "
                f"and an NMI of {constants.least_nmi}, so there is none whose modularity to score."
            )
    else:
        # Before the regressions, which take longest.
        _check_any_active(nmi, active)
        _check_several_active(nmi, active)
    per_latent = np.full(active.size, np.nan)
    per_latent[active] = _concentrations(nmi[:, active].T)
    compactness_per_source = _concentrations(nmi[:, active])
    explained = explicitness_of_samples(samples, constants)
    return InfoMEC(
        infom=float("nan") if undefined else float(per_latent[active].mean()),
        infoe=explained.infoe,
        infoc=float(compactness_per_source.mean()),
        nmi=nmi,
        active=active,
        modularity_per_latent=per_latent,
        explicitness_per_source=explained.per_source,
        compactness_per_source=compactness_per_source,
        protocol=protocol,
        explicitness_converged=all(explained.converged),
        undefined=undefined,
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
    return float(_concentrations(nmi[:, active].T).mean())


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
    _check_several_active(nmi, active)
    return float(_concentrations(nmi[:, active]).mean())


def _concentrations(
    shares: Float[np.ndarray, "rows columns"],
) -> Float[np.ndarray, " rows"]:
    """Largest entry over sum of each row, rescaled so that an even row gives 0.

    A row of a single entry is as concentrated as can be, and one without any information, or
    without an entry, not at all.
    """
    totals = shares.sum(axis=1)
    even = 1 / max(shares.shape[1], 1)
    known = totals > ROUNDING
    ratios = np.divide(
        shares.max(axis=1, initial=0), totals, out=np.full(len(shares), even), where=known
    )
    if shares.shape[1] < 2:
        return known.astype(float)
    return (ratios - even) / (1 - even)


def _check_several_active(nmi: np.ndarray, active: np.ndarray) -> None:
    if active.sum() == 1:
        raise UndefinedScoreError(
            f"latents have 1 active of {active.size} (latent {active.argmax()}): InfoC divides by "
            "the number of active latents less one and needs at least 2; protocol='corrected' "
            "defines it.",
            nmi=nmi,
            active=active,
        )


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
    _check_any_active(nmi, active)
    return nmi, active


def _check_any_active(nmi: np.ndarray, active: np.ndarray) -> None:
    if not active.any():
        raise UndefinedScoreError(
            f"latents have 0 active of {active.size}: none varies, so InfoM and InfoC have nothing "
            "to average over.",
            nmi=nmi,
            active=active,
        )
