"""Finite scalar quantization: to an even grid that is given and not learned."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from lib.checks import check_integer
from lib.latents.code import Code, check_indices
from lib.latents.quantized import MAX_VALUES


class FiniteScalarLatent(nnx.Module):
    """Finite scalar quantization: each latent goes through a tanh and rounds to an even grid.

    The grid has `num_values` points from -1 to 1, the same for all latents; nothing of it is
    learned, so it needs no loss of its own.

    Args:
        num_latents: number of latents, at least 1.
        num_values: points of the grid, from 2 to `MAX_VALUES`.

    Raises:
        TypeError, ValueError: a number that is not an integer or is out of range.

    Source: Hsu et al. 2024, arXiv 2404.10282 (finite scalar latent quantization), after Mentzer
        et al. 2023, arXiv 2309.15505. Differs from the latter: an even number of points is
        rounded to without an offset, as the grid's ends are -1 and 1 for any number.

    Example:
        >>> import jax.numpy as jnp
        >>> from lib.latents import FiniteScalarLatent
        >>> FiniteScalarLatent(2, 5)(jnp.array([[0.1, -9.0]])).quantized
        Array([[ 0., -1.]], dtype=float32)
    """

    inputs_per_latent: ClassVar[int] = 1
    outputs_per_latent: ClassVar[int] = 1

    def __init__(self, num_latents: int, num_values: int):
        check_integer("num_latents", num_latents, minimum=1)
        check_integer("num_values", num_values, minimum=2, maximum=MAX_VALUES)
        self.num_latents = num_latents
        self.num_values = num_values

    def __call__(self, inputs: Float[Array, "n num_latents"]) -> Code:
        """Quantize `(n, num_latents)` inputs; `continuous` is their tanh.

        Going backward the gradient of `decoder_input` reaches the tanh unchanged
        (straight-through).
        """
        bounded = jnp.tanh(inputs)
        position = (bounded + 1) / 2 * (self.num_values - 1)  # from 0 to num_values - 1
        indices = jnp.round(position).astype(jnp.int32)
        quantized = self.look_up(indices)
        decoder_input = bounded + jax.lax.stop_gradient(quantized - bounded)
        return Code(bounded, decoder_input, quantized, indices)

    def look_up(self, indices: Int[Array, "n num_latents"]) -> Float[Array, "n num_latents"]:
        """The grid's values at `(n, num_latents)` indices, each from 0 to `num_values` - 1.

        Raises:
            ValueError: an index outside the grid, where indices are not traced.
        """
        check_indices(indices, self.num_values)
        return 2 * indices.astype(jnp.float32) / (self.num_values - 1) - 1

    def order(self, seen: np.ndarray) -> list[np.ndarray]:
        """For each latent, its indices by increasing value; `seen` does not matter."""
        del seen
        return [np.arange(self.num_values)] * self.num_latents
