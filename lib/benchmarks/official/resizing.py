"""Published images of 128 x 128 pixels, at the size at which they are used."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8

METHOD = "bicubic (Keys, a = -1/2), antialiased, clipped to [0, 1], rounded to 1/255"
_CHUNK = 256  # images at a time, which bounds the working memory


def resize(images: UInt8[np.ndarray, "n h w c"], size: int) -> UInt8[np.ndarray, "n s s c"]:
    """Resize images by antialiased bicubic interpolation, clipped to the range of light.

    Args:
        images: (n, height, width, channels).
        size: pixels along each side of the result.

    Returns:
        (n, size, size, channels).

    Source: Hsu et al., Disentanglement via Latent Quantization, 2023, on Falcor3D and Isaac3D.
    Differs: rounded to whole grey levels, for images at rest.
    """
    resized = np.empty((len(images), size, size, images.shape[-1]), np.uint8)
    program = _program(size)
    for start in range(0, len(images), _CHUNK):
        chunk = images[start : start + _CHUNK]
        # Every chunk is filled up to one shape, so that only one is compiled.
        missing = _CHUNK - len(chunk)
        full = np.concatenate([chunk, np.zeros((missing, *chunk.shape[1:]), np.uint8)])
        resized[start : start + _CHUNK] = program(full)[: len(chunk)]
    return resized


@functools.cache
def _program(size: int) -> Callable[[UInt8[Array, "n h w c"]], UInt8[Array, "n s s c"]]:
    def program(images: UInt8[Array, "n h w c"]) -> UInt8[Array, "n s s c"]:
        shape = (images.shape[0], size, size, images.shape[-1])
        light = images.astype(jnp.float32) / 255
        light = jax.image.resize(light, shape, method="cubic", antialias=True)
        return jnp.round(jnp.clip(light, 0, 1) * 255).astype(jnp.uint8)

    return jax.jit(program)
