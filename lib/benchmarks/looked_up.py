"""Renderers that look up what they have made once."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Generic, TypeVar

import jax
from jax.tree_util import Partial
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

# An array or a pytree of arrays.
Arrays = TypeVar("Arrays")


@dataclasses.dataclass(frozen=True)
class LookedUp(Generic[Arrays]):
    """A renderer, usable inside `jax.jit`, whose arrays are made when they are first needed.

    Args:
        make: makes the arrays; of megabytes, so that a renderer that is never used costs nothing.
        draw: draws (..., num_sources) source combinations from them.
    """

    make: Callable[[], Arrays]
    draw: Callable[[Arrays, Int[ArrayLike, "*n num_sources"]], Float[Array, "*n h w c"]]

    def __call__(self, sources: Int[ArrayLike, "*n num_sources"]) -> Float[Array, "*n h w c"]:
        """Draw source combinations; inside `jax.jit` the arrays are constants of the program."""
        return self.bound(sources)

    @functools.cached_property
    def bound(self) -> Partial:
        """The renderer with its arrays, which are arguments where it is passed as one."""
        # The first call may come while JAX traces; the arrays are data all the same. (Within
        # `jax.ensure_compile_time_eval` JAX 0.7 cannot compile a scan.)
        with jax.core.eval_context():
            return Partial(self.draw, self.make())
