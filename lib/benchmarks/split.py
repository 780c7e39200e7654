"""Source combinations held out from training."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Int, Key

from lib.benchmarks.grid import SourceGrid
from lib.checks import check_integer


@dataclasses.dataclass(frozen=True)
class Split:
    """A grid divided into held-out combinations and the rest, which is for training.

    Args:
        grid: the grid of sources.
        num_held_out: how many combinations are held out, at least 0; at least one is left.
        seed: of the random choice of the held-out combinations, at least 0.

    Raises:
        TypeError: `num_held_out` or `seed` is not an integer.
        ValueError: `num_held_out` or `seed` is out of range.

    Example:
        >>> from lib.benchmarks import Split, SourceGrid
        >>> split = Split(SourceGrid(("shape", "size"), (2, 3)), num_held_out=2)
        >>> split.held_out, split.num_training
        (array([3, 4], dtype=int32), 4)
    """

    grid: SourceGrid
    num_held_out: int
    seed: int = 0

    def __post_init__(self) -> None:
        check_integer("num_held_out", self.num_held_out, minimum=0)
        check_integer("seed", self.seed, minimum=0)
        if self.num_held_out >= self.grid.num_images:
            raise ValueError(
                f"num_held_out={self.num_held_out} leaves nothing to train on; "
                f"expected 0 to {self.grid.num_images - 1}."
            )

    @functools.cached_property
    def held_out(self) -> Int[np.ndarray, " num_held_out"]:
        """Sorted int32 indices of the held-out combinations, chosen without replacement."""
        generator = np.random.default_rng(self.seed)
        chosen = generator.choice(self.grid.num_images, self.num_held_out, replace=False)
        chosen = np.sort(chosen).astype(np.int32)
        chosen.setflags(write=False)
        return chosen

    @property
    def num_training(self) -> int:
        """Number of combinations that are not held out."""
        return self.grid.num_images - self.num_held_out

    def training_index(self, rank: Int[ArrayLike, "*n"]) -> Int[Array, "*n"]:
        """Indices of training combinations, which are counted from 0 in the order of the grid.

        Usable inside `jax.jit`. The range is not checked.

        Args:
            rank: integers in [0, num_training), 0 for the first training combination.

        Returns:
            Indices into the grid, increasing with `rank`.
        """
        # held_out[j] - j training combinations come before the j-th held-out one.
        rank = jnp.asarray(rank)
        before = jnp.asarray(self.held_out - np.arange(self.num_held_out, dtype=np.int32))
        return rank + jnp.searchsorted(before, rank, side="right").astype(rank.dtype)

    def sample_training(self, key: Key[Array, ""], num: int) -> Int[Array, "num num_sources"]:
        """Choose source combinations, uniformly among those not held out, with replacement.

        Usable inside `jax.jit`.

        Args:
            key: a JAX random key.
            num: how many combinations.

        Returns:
            (num, num_sources) int32.
        """
        rank = jax.random.randint(key, (num,), 0, self.num_training, dtype=jnp.int32)
        return self.grid.traced_sources(self.training_index(rank))
