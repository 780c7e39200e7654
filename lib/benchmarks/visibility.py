"""How much each source shows: what one step of it changes in the image."""

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Float

from lib.benchmarks.benchmark import Benchmark
from lib.checks import check_integer

JUST_SEEN = 8
"""Grey levels of 255, 3 % of full light: a pixel in which no channel moves by more than this looks
the same beside its old self, and is not counted as changed."""

SMALLER = (32, 16)
"""Sizes of pictures, in pixels along each side, at which changes are measured as well."""


@dataclasses.dataclass(frozen=True)
class Visibility:
    """Changes by one step of one source.

    Attributes:
        name: of the source.
        change: mean absolute change of each image, over pixels and channels, in grey levels.
        where: mean over the images of the absolute change at each pixel, in grey levels.
        touched: share of each image's pixels in which a channel moves by more than `JUST_SEEN`.
        smaller: the same in smaller pictures of these images, by pixels along each side; each of
            their pixels is the mean of those in its place, as `load` makes official images
            smaller.
    """

    name: str
    change: Float[np.ndarray, " num"]
    touched: Float[np.ndarray, " num"]
    where: Float[np.ndarray, "h w"]
    smaller: Mapping[int, "Visibility"]

    @property
    def unseen(self) -> float:
        """Share of the images in which the step cannot be seen: it touches no pixel."""
        return float((self.touched == 0).mean())


def source_visibility(benchmark: Benchmark, num: int, seed: int = 0) -> list[Visibility]:
    """Move every source of random images by one step, up or, from its last value, down.

    Args:
        benchmark: whose images.
        num: how many random images, at least 1.
        seed: of the random choice of the images.

    Returns:
        One entry a source that takes more than one value, in the order of the grid.

    Raises:
        TypeError, ValueError: `num` or `seed` is no integer or too small.
    """
    return [_visibility(name, change) for name, change in _changes(benchmark, num, seed)]


def _visibility(name: str, change: Float[np.ndarray, "num h w c"]) -> Visibility:
    size, along = np.abs(change), change.shape[1]
    return Visibility(
        name=name,
        change=size.mean(axis=(1, 2, 3)),
        where=size.mean(axis=0).mean(axis=-1),
        # Over slices: NumPy reduces a short last axis six times as slowly.
        touched=(np.maximum.reduce(list(np.moveaxis(size, -1, 0))) > JUST_SEEN).mean(axis=(1, 2)),
        smaller={
            resolution: _visibility(name, _merged(change, along // resolution))
            for resolution in SMALLER
            if resolution < along and along % resolution == 0
        },
    )


def _merged(
    change: Float[np.ndarray, "num h w c"], cell: int
) -> Float[np.ndarray, "num small small c"]:
    """Means over cells of `cell` x `cell` pixels."""
    num, along, _, channels = change.shape
    rows = change.reshape(num, along // cell, cell, along, channels).mean(axis=2)
    return rows.reshape(num, along // cell, along // cell, cell, channels).mean(axis=3)


def source_overlap(
    benchmark: Benchmark, num: int, seed: int = 0
) -> Float[np.ndarray, "num_varying num_varying"]:
    """How alike the changes are that one step of each source makes in the same image.

    Args:
        benchmark: whose images.
        num: how many random images, at least 1.
        seed: of the random choice of the images.

    Returns:
        Mean size of the cosine between two changes, for every two sources that vary, in the order
        of the grid: 1 where one is a multiple of the other, 0 where they touch different pixels.

    Raises:
        TypeError, ValueError: `num` or `seed` is no integer or too small.
    """
    changes = np.stack([change.reshape(num, -1) for _, change in _changes(benchmark, num, seed)])
    length = np.linalg.norm(changes, axis=-1, keepdims=True)
    unit = changes / np.where(length > 0, length, 1.0)
    return np.abs(np.einsum("inp,jnp->ijn", unit, unit)).mean(axis=-1)


def _changes(
    benchmark: Benchmark, num: int, seed: int
) -> Iterator[tuple[str, Float[np.ndarray, "num h w c"]]]:
    """Name of each source that varies, and what one step of it changes in random images."""
    check_integer("num", num, minimum=1)
    check_integer("seed", seed, minimum=0)
    grid = benchmark.grid
    index = np.random.default_rng(seed).integers(0, grid.num_images, num)
    sources = grid.sources(index)
    images = benchmark.images(sources).astype(np.float32)
    for column in grid.varying:
        moved = sources.copy()
        is_last = sources[:, column] == grid.sizes[column] - 1
        moved[:, column] += np.where(is_last, -1, 1)
        yield grid.names[column], benchmark.images(moved) - images
