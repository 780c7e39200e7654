"""Official images looked up by their sources, inside compiled functions too."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, UInt8

from lib.benchmarks.grid import SourceGrid


def look_up(
    images: UInt8[np.ndarray, "num_images size size c"], grid: SourceGrid, resolution: int
) -> Callable[[Int[ArrayLike, "*n num_sources"]], Float[Array, "*n h w c"]]:
    """Make a function that looks images up, usable inside `jax.jit` and `jax.vmap`.

    Only the images that are asked for are read, so they may lie on disk and be of any number.

    Args:
        images: all images in the order of the grid, such as a memory-mapped array.
        grid: the sources.
        resolution: pixels along each side, from 1 to the size of the images; smaller pictures are
            means over pixels where the size divides evenly, else antialiased.

    Returns:
        A function from (..., num_sources) integers inside the grid, whose range is not checked, to
        (..., resolution, resolution, channels) float32 in [0, 1].

    Raises:
        ValueError: `resolution` above the size of the images, or another number of images than
            the grid has.
    """
    size, channels = images.shape[1], images.shape[3]
    if resolution > size:
        raise ValueError(
            f"resolution={resolution} is too large: the official images have {size} pixels along "
            f"each side; expected 1 to {size}."
        )
    if len(images) != grid.num_images:
        raise ValueError(f"images={len(images)} are not the {grid.num_images} of the grid.")

    def draw(sources: Int[ArrayLike, "*n num_sources"]) -> Float[Array, "*n h w c"]:
        index = grid.traced_index(sources)
        shape = jax.ShapeDtypeStruct((*index.shape, size, size, channels), jnp.uint8)
        # NumPy alone inside: a callback that called JAX could wait for itself.
        found = jax.pure_callback(
            lambda index: images[np.asarray(index)], shape, index, vmap_method="broadcast_all"
        )
        pictures = found.astype(jnp.float32) / 255
        if size % resolution == 0:
            cell = size // resolution
            cells = pictures.reshape(*index.shape, resolution, cell, resolution, cell, channels)
            return cells.mean(axis=(-4, -2))
        smaller = (*index.shape, resolution, resolution, channels)
        return jax.image.resize(pictures, smaller, "linear", antialias=True)

    return draw
