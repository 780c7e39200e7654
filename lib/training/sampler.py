"""What a training step samples its images with."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

CHANNELS = (1, 3)  # grey and RGB


class ImageSampler(NamedTuple):
    """Samples training images inside the compiled step, in two parts.

    Of several devices each chooses the same whole batch, which costs next to nothing, and shows
    its own part of it alone; so the images of a step do not depend on how many devices there are.
    Both parts are a `jax.tree_util.Partial`, so that arrays bound to them are arguments of the
    compiled program and not constants in it.

    Attributes:
        choose: `(key, num) -> (num, ...)`: which images, such as their sources.
        show: `(m, ...) -> (m, height, width, channels)`: those images, float32 in [0, 1].
    """

    choose: Callable[[jax.Array, int], jax.Array]
    show: Callable[[jax.Array], jax.Array]

    def __call__(self, key: jax.Array, num: int) -> jax.Array:
        """Sample `num` images."""
        return self.show(self.choose(key, num))


def image_sampler(images: ArrayLike) -> ImageSampler:
    """A sampler of training images from an array, uniform and with replacement.

    Args:
        images: uint8, `(n, side, side, channels)`; they are held in the device's memory.

    Returns:
        What `lib.training.train` samples its batches with.

    Raises:
        TypeError: not uint8.
        ValueError: wrong dimensions, no image, images that are not square, or colour channels
            that are not 1 or 3.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(
            f"images have dtype {images.dtype}; expected uint8, 0 to 255. {_as_bytes(images)}"
        )
    if images.ndim != 4 or 0 in images.shape or images.shape[-1] not in CHANNELS:
        raise ValueError(
            f"images have shape {images.shape}; expected (n, side, side, channels) with 1 or 3 "
            f"channels. {_in_shape(images)}"
        )
    if images.shape[1] != images.shape[2]:
        raise ValueError(
            f"images have shape {images.shape}; expected square ones. Crop them or pad them."
        )
    choose = jax.tree_util.Partial(_choose, len(images))
    return ImageSampler(choose, jax.tree_util.Partial(_show, jnp.asarray(images)))


def _choose(num_images: jax.Array, key: jax.Array, num: int) -> jax.Array:
    return jax.random.randint(key, (num,), 0, num_images)


def _show(images: jax.Array, chosen: jax.Array) -> jax.Array:
    return images[chosen].astype(jnp.float32) / 255


def _as_bytes(images: np.ndarray) -> str:
    """What makes uint8 of images of another type."""
    if images.dtype.kind in "iu":
        if images.size and images.min() >= 0 and images.max() <= 255:
            return "Every value is within these, so pass images.astype('uint8')."
        return "Scale the values to 0 to 255 and round them, then pass images.astype('uint8')."
    return "If they are floats in [0, 1], pass (images * 255).round().astype('uint8')."


def _in_shape(images: np.ndarray) -> str:
    """What makes four axes with the colours last of images of another shape."""
    if images.ndim == 4 and images.shape[1] in CHANNELS:
        return "If the channels come first, pass images.transpose(0, 2, 3, 1)."
    if images.ndim == 4 and images.shape[-1] == 4:
        return "If the fourth channel is alpha, drop it: images[..., :3]."
    return "Grey images have one channel: images[..., None]."
