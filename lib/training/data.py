"""What a training step draws its images with."""

from collections.abc import Callable
from typing import NamedTuple

import jax


class Draw(NamedTuple):
    """Draws training images inside the compiled step, in two parts.

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
        """Draw `num` images."""
        return self.show(self.choose(key, num))
