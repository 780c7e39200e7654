"""The grid of all combinations of source values, and its order."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Self

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from lib.benchmarks.sources import Source
from lib.checks import check_integer


@dataclasses.dataclass(frozen=True)
class SourceGrid:
    """Names and sizes of the sources of a benchmark; every combination has one index.

    The last source varies fastest, as in the published files.

    Args:
        names: one distinct name a source.
        sizes: how many values each source takes, each at least 1.

    Raises:
        ValueError: no source, repeated names, or names and sizes of different length.

    Example:
        >>> from lib.benchmarks import SourceGrid
        >>> grid = SourceGrid(("shape", "size"), (2, 3))
        >>> grid.sources([0, 1, 5])
        array([[0, 0],
               [0, 1],
               [1, 2]], dtype=int32)
        >>> grid.index([[1, 2]])
        array([5])
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, sources: Sequence[Source]) -> Self:
        """The grid of sources with a label for each of their values."""
        return cls(
            tuple(source.name for source in sources),
            tuple(len(source.labels) for source in sources),
        )

    def __post_init__(self) -> None:
        names, sizes = tuple(self.names), tuple(self.sizes)
        if not names or len(names) != len(sizes) or len(set(names)) != len(names):
            raise ValueError(
                f"names={names} and sizes={sizes} do not describe a grid; expected at least one "
                "source, distinct names and one size a name."
            )
        for name, size in zip(names, sizes, strict=True):
            check_integer(f"size of {name}", size, minimum=1)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "sizes", tuple(int(size) for size in sizes))
        # Indices are int32 on the device.
        if self.num_images > np.iinfo(np.int32).max:
            raise ValueError(f"sizes={sizes} give {self.num_images} images; at most 2**31 - 1.")

    @property
    def num_sources(self) -> int:
        """Number of sources."""
        return len(self.sizes)

    @property
    def num_images(self) -> int:
        """Number of combinations of source values."""
        return math.prod(self.sizes)

    @property
    def varying(self) -> tuple[int, ...]:
        """Columns of the sources with more than one value; no other can be learned or scored."""
        return tuple(column for column, size in enumerate(self.sizes) if size > 1)

    @property
    def entropies(self) -> Float[np.ndarray, " num_sources"]:
        """Entropy of each source when all its values are equally likely, in nats."""
        return np.log(np.asarray(self.sizes, dtype=np.float64))

    @property
    def strides(self) -> tuple[int, ...]:
        """How far the index moves when each source goes up by one value."""
        return tuple(math.prod(self.sizes[column + 1 :]) for column in range(self.num_sources))

    def sources(self, index: ArrayLike) -> Int[np.ndarray, "*n num_sources"]:
        """The source values of the combinations at `index`.

        Args:
            index: (n,) integers in [0, num_images).

        Returns:
            (n, num_sources) int32.

        Raises:
            TypeError: not integers.
            ValueError: outside the grid.
        """
        index = _integers("index", index)
        outside = (index < 0) | (index >= self.num_images)
        if outside.any():
            raise ValueError(
                f"index={index[outside].flat[0]} is outside the grid; "
                f"expected 0 to {self.num_images - 1}."
            )
        values = np.unravel_index(index.astype(np.int64), self.sizes)
        return np.stack(values, axis=-1).astype(np.int32)

    def index(self, sources: ArrayLike) -> Int[np.ndarray, "*n"] | np.integer:
        """The index of each combination of source values.

        Args:
            sources: (n, num_sources) integers, each in [0, size of its source).

        Returns:
            (n,) int64.

        Raises:
            TypeError: not integers.
            ValueError: another number of sources, or a value outside the grid.
        """
        sources = self.check(sources)
        return (sources.astype(np.int64) * np.asarray(self.strides)).sum(axis=-1)

    def check(self, sources: ArrayLike) -> Int[np.ndarray, "*n num_sources"]:
        """Require source values inside the grid, and return them as int32.

        Raises:
            TypeError: not integers.
            ValueError: another number of sources, or a value outside the grid.
        """
        sources = _integers("sources", sources)
        if sources.ndim == 0 or sources.shape[-1] != self.num_sources:
            raise ValueError(
                f"sources have shape {sources.shape}; expected (n, {self.num_sources}), "
                f"one column for each of {', '.join(self.names)}."
            )
        for column, (name, size) in enumerate(zip(self.names, self.sizes, strict=True)):
            values = sources[..., column]
            outside = (values < 0) | (values >= size)
            if outside.any():
                raise ValueError(
                    f"{name}={values[outside].flat[0]} is outside the grid; "
                    f"expected 0 to {size - 1}."
                )
        return sources.astype(np.int32)

    def traced_sources(self, index: Int[ArrayLike, "*n"]) -> Int[Array, "*n num_sources"]:
        """`sources` for use inside `jax.jit`: traced integers, no check of the range."""
        strides, sizes = jnp.asarray(self.strides), jnp.asarray(self.sizes)
        return jnp.asarray(index)[..., None] // strides % sizes

    def traced_index(self, sources: Int[ArrayLike, "*n num_sources"]) -> Int[Array, "*n"]:
        """`index` for use inside `jax.jit`: traced integers, no check of the range."""
        return (jnp.asarray(sources) * jnp.asarray(self.strides)).sum(axis=-1)


def _integers(name: str, values: ArrayLike) -> np.ndarray:
    """Values as an integer array; refuses tracers, floats and booleans."""
    if isinstance(values, jax.core.Tracer):
        raise TypeError(
            f"{name} is traced by JAX and cannot be checked; "
            "inside jax.jit call traced_sources, traced_index or render."
        )
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"{name} has dtype {array.dtype}; expected integers.")
    return array
