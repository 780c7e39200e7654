"""How much each source shows: what one step of it changes in the image."""

import dataclasses

import numpy as np
from jaxtyping import Float

from lib.benchmarks.benchmark import Benchmark
from lib.checks import check_integer


@dataclasses.dataclass(frozen=True)
class Visibility:
    """Changes by one step of one source.

    Attributes:
        name: of the source.
        change: mean absolute change of each image, over pixels and channels, in grey levels.
        touched: share of each image's pixels in which a channel moves by more than 8 grey levels.
    """

    name: str
    change: Float[np.ndarray, " num"]
    touched: Float[np.ndarray, " num"]


def source_visibility(benchmark: Benchmark, num: int, seed: int = 0) -> list[Visibility]:
    """Move every source of random images by one step, up or, from its last value, down.

    Args:
        benchmark: whose images.
        num: how many random images, at least 1.
        seed: of the draw of the images.

    Returns:
        One entry a source that takes more than one value, in the order of the grid.

    Raises:
        TypeError, ValueError: `num` or `seed` is no integer or too small.
    """
    check_integer("num", num, minimum=1)
    check_integer("seed", seed, minimum=0)
    grid = benchmark.grid
    drawn = np.random.default_rng(seed).integers(0, grid.num_images, num)
    sources = grid.sources(drawn)
    images = benchmark.images(sources).astype(np.int16)
    found = []
    for place in grid.varying:
        moved = sources.copy()
        is_last = sources[:, place] == grid.sizes[place] - 1
        moved[:, place] += np.where(is_last, -1, 1)
        difference = np.abs(benchmark.images(moved) - images)
        found.append(
            Visibility(
                name=grid.names[place],
                change=difference.mean(axis=(1, 2, 3)),
                touched=(difference.max(axis=-1) > 8).mean(axis=(1, 2)),
            )
        )
    return found
