"""Sources, latents and numbers as the metrics need them, and what they may not be."""

import operator
from dataclasses import dataclass
from numbers import Real

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from lib.metrics.protocol import find_protocol


class UndefinedScoreError(ValueError):
    """A score that the protocol does not define for these latents.

    Attributes:
        nmi: the NMI that is defined all the same, `(num_sources, num_latents)`.
        active: which latents are active, `(num_latents,)`.
    """

    def __init__(self, message: str, *, nmi: np.ndarray, active: np.ndarray):
        super().__init__(message)
        self.nmi = nmi
        self.active = active


@dataclass(frozen=True, eq=False)
class Samples:
    """Checked sources and latents of the same images.

    Attributes:
        sources: labels 0, 1, ... of each source's values.
        latents: labels of each latent's values when discrete, else float64.
        discrete: whether the latents are discrete.
        given: the latents as they came.
    """

    sources: Int[np.ndarray, "n num_sources"]
    latents: Int[np.ndarray, "n num_latents"] | Float[np.ndarray, "n num_latents"]
    discrete: bool
    given: np.ndarray

    @property
    def values(self) -> Float[np.ndarray, "n num_latents"]:
        """The latents as numbers, discrete ones too."""
        return self.given.astype(np.float64)


def check_samples(sources: ArrayLike, latents: ArrayLike, discrete: bool | None) -> Samples:
    """Check sources and latents, and relabel what is discrete.

    Args:
        sources: integers or booleans, `(n, num_sources)`, n >= 2, every source varying.
        latents: `(n, num_latents)`, see `check_latents`.
        discrete: see `check_latents`.

    Raises:
        TypeError: sources that are not integers, latents that are not numbers, or `discrete` that
            is neither a bool nor None.
        ValueError: wrong dimensions, lengths that differ, fewer than two samples, a source that
            does not vary, latents that are not finite.
    """
    sources = _check_table("sources", sources)
    if sources.dtype.kind not in "iub":
        raise TypeError(
            f"sources have dtype {sources.dtype}; expected integers, which say which value each "
            "source takes. If they hold whole numbers, pass sources.astype(int); continuous ones "
            "are cut into classes by lib.metrics.discretize, and np.unique(names, "
            "return_inverse=True)[1] numbers names."
        )
    latents, discrete = check_latents(latents, discrete)
    if len(sources) != len(latents):
        raise ValueError(
            f"sources have {len(sources)} rows and latents {len(latents)}; expected one row an "
            "image in both, in the same order."
        )
    if len(sources) < 2:
        raise ValueError(f"sources have {len(sources)} sample; expected at least 2.")
    labels = relabel(sources)
    constant = np.flatnonzero(labels.max(axis=0) == 0)
    if constant.size:
        raise ValueError(
            f"sources hold a single value in columns {constant.tolist()}; expected at least two "
            "values of every source, since a score is a share of its entropy. Drop the column or "
            "draw more samples."
        )
    checked = relabel(latents) if discrete else latents.astype(np.float64)
    return Samples(labels, checked, discrete, latents)


def check_latents(latents: ArrayLike, discrete: bool | None) -> tuple[np.ndarray, bool]:
    """Check latents and settle whether they are discrete.

    Args:
        latents: finite numbers, `(n, num_latents)`. Discrete ones are integers or booleans, or
            floats that are all whole numbers.
        discrete: whether each latent takes a few values; None takes integer and boolean arrays as
            discrete and floats as continuous.

    Returns:
        The latents as an array, and whether they are discrete.

    Raises:
        TypeError: latents that are not numbers, `discrete` that is neither a bool nor None.
        ValueError: wrong dimensions, values that are not finite, `discrete=True` for floats that
            are not whole numbers.
    """
    latents = _check_table("latents", latents)
    if latents.dtype.kind not in "iubf":
        raise TypeError(
            f"latents have dtype {latents.dtype}; expected integers or booleans (discrete) or "
            "floats (continuous). Other numbers can be cast: latents.astype(int) if they are "
            "indices, latents.astype('float32') if they are continuous."
        )
    if latents.dtype.kind == "f" and not np.isfinite(latents).all():
        columns = np.flatnonzero(~np.isfinite(latents).all(axis=0)).tolist()
        raise ValueError(
            f"latents hold {np.count_nonzero(~np.isfinite(latents))} NaN or infinite values, in "
            f"columns {columns}; expected finite numbers."
        )
    if discrete is None:
        return latents, latents.dtype.kind != "f"
    discrete = _check_flag("discrete", discrete)
    if discrete and latents.dtype.kind == "f" and (latents != np.rint(latents)).any():
        raise ValueError(
            f"discrete=True, but latents have dtype {latents.dtype} and are not whole numbers; "
            "expected the index of each code value. Rounding makes floats that stand for the same "
            "value differ."
        )
    return latents, discrete


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
    if latents.dtype.kind == "f":
        values = latents.astype(np.float64)
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
        active = spreads > np.maximum(activity.discrete, spreads.max() * activity.discrete_share)
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


def check_unmasked(name: str, values: ArrayLike) -> None:
    """Check that an array has a value everywhere.

    Raises:
        ValueError: entries are masked.
    """
    if np.ma.is_masked(values):
        raise ValueError(
            f"{name} are a masked array with {np.ma.count_masked(values)} masked entries; expected "
            "a value everywhere. Drop these rows from sources and latents."
        )


def _check_table(name: str, values: ArrayLike) -> np.ndarray:
    check_unmasked(name, values)
    try:
        table = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} cannot be read as an array ({error}).") from error
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(
            f"{name} have shape {table.shape}; expected (n, num_{name}), neither of them 0."
        )
    return table


def _check_flag(name: str, value: object) -> bool:
    flag = np.asarray(value)
    if flag.ndim != 0 or flag.dtype != np.bool_:
        raise TypeError(f"{name}={value!r} is not allowed; expected True, False or None.")
    return bool(flag)


def relabel(table: np.ndarray) -> Int[np.ndarray, "n columns"]:
    """Replace each column's distinct values by 0, 1, ... in ascending order."""
    columns = [np.unique(column, return_inverse=True)[1] for column in table.T]
    return np.stack(columns, axis=1)


def check_count(name: str, value: object, *, minimum: int) -> int:
    """Check a whole number.

    Raises:
        TypeError: not an integer.
        ValueError: less than the minimum.
    """
    if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__"):
        raise TypeError(
            f"{name}={value!r} is not allowed; expected an integer, at least {minimum}."
        )
    if value < minimum:
        raise ValueError(f"{name}={value!r} is not allowed; expected at least {minimum}.")
    return operator.index(value)


def check_fraction(name: str, value: object) -> None:
    """Check a number strictly between 0 and 1.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, Real) or not 0 < value < 1:
        raise ValueError(f"{name}={value!r} is not allowed; expected 0 < {name} < 1.")
