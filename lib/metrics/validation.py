"""Sources and latents as the metrics need them, and what they may not be."""

import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

_NAMED_COLUMNS = 5
# Floats are taken to be quantized where a column has no more values than this, and each occurs
# twice on average. Values closer than the resolution, relative to the range, count as one: a
# straight-through estimator rounds one value of a codebook to several.
_MOST_CODE_VALUES = 256
_RESOLUTION = 1e-6
_ROWS_SEEN = 10_000


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

    def __reduce__(self) -> tuple:
        return partial(type(self), nmi=self.nmi, active=self.active), (str(self),)


class QuantizedFloatsWarning(UserWarning):
    """Floats that take a few values only, as those of a codebook, are scored as continuous."""


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


def check_samples(
    sources: ArrayLike, latents: ArrayLike, discrete: bool | None, *, only_order: bool = False
) -> Samples:
    """Check sources and latents, and relabel what is discrete.

    Args:
        sources: integers or booleans, `(n, num_sources)`, n >= 2, every source varying.
        latents: `(n, num_latents)`, see `check_latents`.
        discrete, only_order: see `check_latents`.

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
    latents, discrete = check_latents(latents, discrete, only_order=only_order)
    if len(sources) != len(latents):
        raise ValueError(
            f"sources have {len(sources)} rows and latents {len(latents)}; expected one row an "
            f"image in both, in the same order.{_transposed(sources, latents)}"
        )
    if len(sources) < 2:
        raise ValueError(f"sources have {len(sources)} sample; expected at least 2.")
    if sources.shape[1] > len(sources):
        raise ValueError(
            f"sources have shape {sources.shape}; expected (n, num_sources), one row an image."
            f"{_transposed(sources)}"
        )
    labels = relabel(sources)
    constant = np.flatnonzero(labels.max(axis=0) == 0)
    if constant.size:
        raise ValueError(
            f"sources hold a single value in {name_columns(constant)}; expected at least two "
            "values of every source, since a score is a share of its entropy. Drop the column or "
            "draw more samples."
        )
    checked = relabel(latents) if discrete else latents.astype(np.float64)
    return Samples(labels, checked, discrete, latents)


def check_latents(
    latents: ArrayLike, discrete: bool | None, *, only_order: bool = False
) -> tuple[np.ndarray, bool]:
    """Check latents and settle whether they are discrete.

    Args:
        latents: finite numbers, `(n, num_latents)`. Discrete ones are integers or booleans, or
            floats that are all whole numbers.
        discrete: whether each latent takes a few values; None takes integer and boolean arrays as
            discrete and floats as continuous.
        only_order: whether nothing but the order of each latent's values matters, so that code
            values are as good as indices.

    Returns:
        The latents as an array, and whether they are discrete.

    Raises:
        TypeError: latents that are not numbers, `discrete` that is neither a bool nor None.
        ValueError: wrong dimensions, values that are not finite, `discrete=True` for floats that
            are not whole numbers.

    Warns:
        QuantizedFloatsWarning: floats without `discrete` look like the values of a codebook.
    """
    latents = _check_table("latents", latents)
    if latents.dtype.kind not in "iubf":
        raise TypeError(
            f"latents have dtype {latents.dtype}; expected integers or booleans (discrete) or "
            "floats (continuous). Other numbers can be cast: latents.astype(int) if they are "
            "indices, latents.astype('float32') if they are continuous."
        )
    if latents.dtype.kind == "f" and not np.isfinite(latents).all():
        columns = np.flatnonzero(~np.isfinite(latents).all(axis=0))
        raise ValueError(
            f"latents hold {np.count_nonzero(~np.isfinite(latents))} NaN or infinite values, in "
            f"{name_columns(columns)}; expected finite numbers."
        )
    if discrete is None:
        if latents.dtype.kind == "f" and not only_order:
            _warn_of_quantized(latents)
        return latents, latents.dtype.kind != "f"
    if not isinstance(discrete, bool | np.bool_):
        raise TypeError(f"discrete={discrete!r} is not allowed; expected True, False or None.")
    if discrete and latents.dtype.kind == "f" and (latents != np.rint(latents)).any():
        raise ValueError(
            f"discrete=True, but latents have dtype {latents.dtype} and are not whole numbers; "
            "expected the index of each code value. Rounding makes floats that stand for the same "
            "value differ."
        )
    return latents, bool(discrete)


def name_columns(columns: Int[np.ndarray, " num_columns"]) -> str:
    """Write which columns, the first few of many."""
    named = ", ".join(map(str, columns[:_NAMED_COLUMNS].tolist()))
    if len(columns) <= _NAMED_COLUMNS:
        return f"columns [{named}]"
    return f"{len(columns)} columns ([{named}, ...])"


def shrinking_exponent(values: Float[np.ndarray, "..."]) -> int:
    """The power of two that scales all values into (-1, 1), where no difference overflows."""
    return -int(np.frexp(np.abs(values).max())[1])


def _transposed(*tables: np.ndarray) -> str:
    is_wide = any(num_columns > num_rows for num_rows, num_columns in (t.shape for t in tables))
    return " There are more columns than rows: transposed?" if is_wide else ""


def _warn_of_quantized(latents: Float[np.ndarray, "n num_latents"]) -> None:
    seen = latents[:: max(1, len(latents) // _ROWS_SEEN)].astype(np.float64)
    values = np.sort(np.ldexp(seen, shrinking_exponent(seen)), axis=0)
    parted = np.diff(values, axis=0) > _RESOLUTION * np.ptp(values, axis=0)
    counts = 1 + parted.sum(axis=0)
    quantized = np.flatnonzero((counts > 1) & (counts <= min(len(seen) / 2, _MOST_CODE_VALUES)))
    if quantized.size:
        warnings.warn(
            "latents are floats and are scored as continuous, but in "
            f"{name_columns(quantized)} they take at most {counts[quantized].max()} values, as "
            "quantized ones do. Pass the index of each value, or discrete=True where the values "
            "are whole numbers. If they are continuous, say so with discrete=False.",
            QuantizedFloatsWarning,
            stacklevel=5,
        )


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


def relabel(table: np.ndarray) -> Int[np.ndarray, "n columns"]:
    """Replace each column's distinct values by 0, 1, ... in ascending order."""
    columns = [np.unique(column, return_inverse=True)[1] for column in table.T]
    return np.stack(columns, axis=1)
