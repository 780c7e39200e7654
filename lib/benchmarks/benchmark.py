"""A benchmark: images with known sources."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, Key, UInt8

from lib.benchmarks.grid import SourceGrid
from lib.benchmarks.looked_up import LookedUp
from lib.benchmarks.publication import Publication
from lib.benchmarks.sources import Source

# Images drawn at a time by `Benchmark.images`, which bounds its working memory.
CHUNK = 128


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """Images with known sources; made by `load`.

    Args:
        name: short name, as given to `load`.
        title: for headings.
        origin: "rendered" for a rendered twin, "official" for the published images.
        resolution: pixels along each side.
        channels: colour channels.
        sources: what each source means, in the order of the grid.
        publication: the published data set, which a twin follows; None for one of one's own.
        images_sha256: digest of all official images as converted; empty for a twin.
        draw: maps (..., num_sources) integers, traced or not, to float32 images in [0, 1].
    """

    name: str
    title: str
    origin: str
    resolution: int
    channels: int
    sources: tuple[Source, ...]
    publication: Publication | None
    images_sha256: str
    draw: Callable[[Int[Array, "*n num_sources"]], Float[Array, "*n h w c"]]

    @property
    def grid(self) -> SourceGrid:
        """The grid of all source combinations."""
        return SourceGrid.of(self.sources)

    def render(self, sources: Int[ArrayLike, "*n num_sources"]) -> Float[Array, "*n h w c"]:
        """Draw source combinations in pure JAX, inside `jax.jit` and `jax.vmap` too.

        Args:
            sources: (n, num_sources) integers inside the grid; the range is not checked.

        Returns:
            (n, resolution, resolution, channels) float32 in [0, 1].
        """
        return self.draw(sources)

    @property
    def bound(self) -> Partial:
        """`render`, with the arrays that it looks up bound to it.

        Passed to a compiled function as an argument, it makes them arguments too, and not constants
        in the compiled program.
        """
        return self.draw.bound if isinstance(self.draw, LookedUp) else Partial(self.draw)

    def sample(
        self, key: Key[Array, ""], num: int
    ) -> tuple[Int[Array, "num num_sources"], Float[Array, "num h w c"]]:
        """Choose random combinations, uniformly over the whole grid, and draw them.

        To train on some combinations and score on others, see `Split.sample_training`.

        Args:
            key: a JAX random key.
            num: how many images.

        Returns:
            Sources, (num, num_sources) int32, and their images as `render` draws them.
        """
        index = jax.random.randint(key, (num,), 0, self.grid.num_images, dtype=jnp.int32)
        sources = self.grid.traced_sources(index)
        return sources, self.render(sources)

    def images(self, sources: ArrayLike) -> UInt8[np.ndarray, "n h w c"]:
        """Draw source combinations as pictures.

        Args:
            sources: (n, num_sources) integers inside the grid.

        Returns:
            (n, resolution, resolution, channels) uint8.

        Raises:
            TypeError: not integers.
            ValueError: of another shape, or outside the grid.
        """
        sources = self.grid.check(sources)
        if sources.ndim != 2:
            raise ValueError(
                f"sources have shape {sources.shape}; expected (n, {self.grid.num_sources})."
            )
        pictures = np.empty(
            (len(sources), self.resolution, self.resolution, self.channels), np.uint8
        )
        for start in range(0, len(sources), CHUNK):
            chunk = sources[start : start + CHUNK]
            # Every chunk is filled up to one shape, so that only one is compiled.
            full = np.concatenate([chunk, np.zeros((CHUNK - len(chunk), chunk.shape[1]), np.int32)])
            pictures[start : start + CHUNK] = _bytes(self.bound, full)[: len(chunk)]
        return pictures


@jax.jit
def _bytes(draw: Partial, sources: Int[Array, "n num_sources"]) -> UInt8[Array, "n h w c"]:
    return jnp.round(draw(sources) * 255).astype(jnp.uint8)
