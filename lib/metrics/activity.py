"""Which latents vary enough to be scored."""

import numpy as np
from jaxtyping import Bool
from numpy.typing import ArrayLike

from lib.metrics.protocol import find_protocol
from lib.metrics.validation import check_latents, shrinking_exponent


def active_latents(
    latents: ArrayLike,
    *,
    discrete: bool | None = None,
    protocol: str = "hsu2023",
    nmi: ArrayLike | None = None,
) -> Bool[np.ndarray, " num_latents"]:
    """Say which latents are scored.

    Args:
        latents: `(n, num_latents)`, integers (discrete) or floats (continuous).
        discrete: whether latents are discrete; None takes integers as discrete.
        protocol: a name in `PROTOCOLS`.
        nmi: `nmi_matrix` of sources and these latents, `(num_sources, num_latents)`, which
            `corrected` asks for.

    Returns:
        For each latent, whether its spread exceeds the protocol's threshold, see `Activity`; for
        `hsu2023` and `corrected` a discrete latent that takes more than one value, or a continuous
        one with a range above a twentieth of the widest latent's. Under `corrected` it must also
        have an NMI of at least 0.01 with some source.

    Raises:
        TypeError: latents that are not numbers.
        ValueError: wrong dimensions, values that are not finite, unknown protocol; `corrected`
            without NMI, or with NMI of another number of latents.

    Source: the protocol's, see `Protocol.source`.
    """
    constants = find_protocol(protocol)
    activity = constants.activity
    latents, discrete = check_latents(latents, discrete)
    exponent = 0
    if latents.dtype.kind == "f":
        values = latents.astype(np.float64)
        exponent = shrinking_exponent(values)
        values = np.ldexp(values, exponent)
    else:
        # Differences are exact, those of integers too that no float64 holds.
        values = latents.astype(np.uint64) - latents.min(axis=0).astype(np.uint64)
        values = values.astype(np.float64)
    if activity.spread == "range":
        spreads = np.ptp(values, axis=0)
    else:
        low, high = np.quantile(values, [0.25, 0.75], axis=0)
        spreads = high - low
    if discrete:
        least = np.ldexp(activity.discrete, exponent)
        active = spreads > max(least, spreads.max() * activity.discrete_share)
    else:
        active = spreads > spreads.max() * activity.continuous_share
    if not constants.is_corrected:
        return active
    if nmi is None or np.ndim(nmi) != 2 or np.shape(nmi)[1] != len(active):
        raise ValueError(
            f"nmi has shape {np.shape(nmi)}; protocol={protocol!r} expects (num_sources, "
            f"{len(active)}): nmi=nmi_matrix(sources, latents, protocol={protocol!r})."
        )
    return active & (np.asarray(nmi).max(axis=0) >= constants.least_nmi)
