"""The inputs of a loss besides the images, and the losses of a model with what they train."""

from collections.abc import Callable
from typing import NamedTuple

import jax
from jaxtyping import Array, Float, Int, Key


class Step(NamedTuple):
    """A training step, as the terms of a loss may depend on it.

    Attributes:
        keys: a random key for each image, so that what is random about an image does not depend
            on the images beside it, nor on how many devices share them.
        taken: steps taken before this one.
    """

    keys: Key[Array, " n"]
    taken: Int[Array, ""]


class Objective(NamedTuple):
    """A loss and the parameters that are trained by it.

    Attributes:
        terms: `(images, step) -> terms`: the weighted terms of the loss by name, each a mean over
            the images; the loss is their sum.
        trains: names of the model's attributes whose parameters it trains; None for all.
        every: it is minimised in every step whose number, from 1 on, is a multiple of this.
    """

    terms: Callable[[Float[Array, "n height width channels"], Step], dict[str, jax.Array]]
    trains: tuple[str, ...] | None = None
    every: int = 1


def split_keys(keys: Key[Array, " n"], num: int = 2) -> tuple[jax.Array, ...]:
    """`num` new arrays of `n` keys from one."""
    return jax.vmap(lambda key: tuple(jax.random.split(key, num)))(keys)


def annealed(value: float, taken: Int[Array, ""], steps: int) -> float | Float[Array, ""]:
    """A weight that grows linearly from 0 to `value` over `steps` steps; `value` where 0 steps."""
    return value * jax.numpy.minimum(taken / steps, 1.0) if steps else value
