"""Pinhole cameras, antialiasing and blur."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lib.benchmarks.scene.tracer import Rays
from lib.benchmarks.scene.vectors import Scalar, Vector

# An array or a pytree of arrays.
Arrays = TypeVar("Arrays")

UP = Vector(0.0, 0.0, 1.0)
# Small pictures get more rays a pixel: as many in all as a picture of this size has pixels.
RAYS_ALONG_SIDE = 64
# Images traced at a time on a CPU, where the arrays of more do not fit into the cache.
IMAGES_AT_A_TIME = 16


class Camera(NamedTuple):
    """A pinhole camera held upright, with a square picture.

    `position` and `target` may hold one camera an image: components of shape (...).
    `field_of_view` is the angle between the lower and upper edge of the picture, in radians.
    """

    position: Vector
    target: Vector
    field_of_view: Scalar

    def forward(self) -> Vector:
        """Unit vector from the position to the target."""
        return (self.target - self.position).unit()

    def rays(self, resolution: int, offset: Float[Array, "2"]) -> Rays:
        """One ray a pixel, of shape (..., resolution, resolution): rows from the top.

        Args:
            resolution: pixels along each side.
            offset: (right, down) place, in (0, 1) inside the pixel.

        Returns:
            Rays with directions of length 1.
        """
        forward = self.forward()
        right = forward.cross(UP).unit()
        down = forward.cross(right)
        reach = jnp.tan(0.5 * self.field_of_view)
        pixels = jnp.arange(resolution, dtype=jnp.float32)
        across = reach * (2.0 * (pixels + offset[0]) / resolution - 1.0)
        downward = reach * (2.0 * (pixels + offset[1]) / resolution - 1.0)[:, None]
        forward, right, down, origin = jax.tree.map(
            lambda part: jnp.asarray(part)[..., None, None],
            (forward, right, down, self.position),
        )
        return Rays(origin, (forward + right * across + down * downward).unit())


def samples_along_side(resolution: int, rays: int = RAYS_ALONG_SIDE) -> int:
    """Rays along each side of a pixel, at least 2; so many that a picture has at least `rays`."""
    return max(2, rays // resolution)


def in_batches(draw: Callable[..., Float[Array, "n h w c"]]) -> Callable:
    """Have images traced a few at a time on a CPU, which is twice as fast, and at once elsewhere.

    Args:
        draw: draws source combinations, (n, num_sources), its last argument, each by itself.

    Returns:
        A function of the same arguments that draws (..., num_sources) source combinations, with
        the same result.
    """

    def few(bound: tuple, sources: Int[Array, "n num_sources"]) -> Float[Array, "n h w c"]:
        return jax.lax.map(
            lambda combination: draw(*bound, combination[None])[0],
            sources,
            batch_size=IMAGES_AT_A_TIME,
        )

    def draw_all(*given: Arrays) -> Float[Array, "*n h w c"]:
        *bound, sources = given
        sources = jnp.asarray(sources)
        flat = sources.reshape(-1, sources.shape[-1])
        if len(flat) <= IMAGES_AT_A_TIME:
            pictures = draw(*bound, flat)
        else:
            pictures = jax.lax.platform_dependent(
                tuple(bound), flat, cpu=few, default=lambda bound, flat: draw(*bound, flat)
            )
        return pictures.reshape(*sources.shape[:-1], *pictures.shape[1:])

    # Compiled as a whole where nothing around it is.
    return jax.jit(draw_all)


def supersample(
    trace: Callable[[Float[Array, "2"]], Arrays], samples: int, width: float = 1.0
) -> Arrays:
    """The mean of what `trace` returns for `samples` x `samples` places inside the pixels.

    Args:
        trace: maps an offset inside the pixel, as in `Camera.rays`, to arrays.
        samples: places along each side of a pixel, at least 1.
        width: side of the square around a pixel's centre that the places are spread over, in
            pixels; above 1 it blurs the picture, as a lens does out of focus.

    Returns:
        What `trace` returns, averaged.
    """
    steps = 0.5 + width * ((jnp.arange(samples, dtype=jnp.float32) + 0.5) / samples - 0.5)
    offsets = jnp.stack(jnp.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    # A loop, so that the arrays of one pass stay in the processor's cache.
    start = jax.tree.map(
        lambda part: jnp.zeros(part.shape, part.dtype), jax.eval_shape(trace, offsets[0])
    )
    total, _ = jax.lax.scan(
        lambda sums, offset: (jax.tree.map(jnp.add, sums, trace(offset)), None), start, offsets
    )
    return jax.tree.map(lambda part: part / samples**2, total)
