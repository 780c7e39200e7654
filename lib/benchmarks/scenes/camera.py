"""Pinhole cameras and antialiasing."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lib.benchmarks.scenes.tracer import Rays
from lib.benchmarks.scenes.vectors import Scalar, Vector

# An array or a pytree of arrays.
Arrays = TypeVar("Arrays")

UP = Vector(0.0, 0.0, 1.0)


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
            offset: (right, down) place inside the pixel, each in (0, 1).

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


def supersample(trace: Callable[[Float[Array, "2"]], Arrays], samples: int) -> Arrays:
    """The mean of what `trace` returns for `samples` x `samples` places inside the pixels.

    Args:
        trace: maps an offset inside the pixel, as in `Camera.rays`, to arrays.
        samples: places along each side of a pixel, at least 1.

    Returns:
        What `trace` returns, averaged.
    """
    steps = (jnp.arange(samples, dtype=jnp.float32) + 0.5) / samples
    offsets = jnp.stack(jnp.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    # A loop, so that the arrays of one pass stay in the processor's cache.
    start = jax.tree.map(
        lambda part: jnp.zeros(part.shape, part.dtype), jax.eval_shape(trace, offsets[0])
    )
    total, _ = jax.lax.scan(
        lambda sums, offset: (jax.tree.map(jnp.add, sums, trace(offset)), None), start, offsets
    )
    return jax.tree.map(lambda part: part / samples**2, total)
