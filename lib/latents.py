"""Latent spaces: what stands between an encoder and a decoder."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from lib.checks import check_integer


class Code(NamedTuple):
    """What a latent space makes of the encoder's output.

    Attributes:
        continuous: the encoder's output, `(n, num_latents)`.
        decoder_input: what the decoder reads, `(n, num_latents)`; gradients flow through it.
        quantized: the nearest code values, or None where nothing is quantized.
        indices: which code values they are, or None where nothing is quantized.
    """

    continuous: Float[Array, "n num_latents"]
    decoder_input: Float[Array, "n num_latents"]
    quantized: Float[Array, "n num_latents"] | None = None
    indices: Int[Array, "n num_latents"] | None = None

    @property
    def scored(self) -> Array:
        """The latents that metrics see: indices where there are any, else the continuous ones.

        Never `decoder_input`: a straight-through sum `x + (q - x)` rounds, so a latent of ten
        code values would show more than ten.
        """
        return self.continuous if self.indices is None else self.indices


class CodeValues(nnx.Param):
    """The learnable scalars of a codebook; weight decay never touches them."""


class ContinuousLatent(nnx.Module):
    """The latent space of a plain autoencoder: the encoder's output as it is."""

    def __call__(self, inputs: Float[Array, "n num_latents"]) -> Code:
        """Pass the inputs on, as a `Code` without indices."""
        return Code(continuous=inputs, decoder_input=inputs)


class QuantizedLatent(nnx.Module):
    """Latent quantization: each latent snaps to the nearest of its own few scalar code values.

    The combinations of `num_values` values in `num_latents` latents are the representable codes:
    `num_values ** num_latents` of them from only `num_values * num_latents` learnable numbers.

    Args:
        num_latents: number of latents, at least 1.
        num_values: code values of each latent, at least 2; they start evenly spaced in
            [-0.5, 0.5].
        rngs: taken as every NNX module takes it; the initial values are not random.

    Raises:
        TypeError, ValueError: a size that is not an integer or is too small.

    Source: Hsu et al. 2023, arXiv 2305.18378 (latent quantization); initial values
        from the authors' configuration.
    """

    def __init__(self, num_latents: int, num_values: int, *, rngs: nnx.Rngs):
        check_integer("num_latents", num_latents, minimum=1)
        check_integer("num_values", num_values, minimum=2)
        self.num_latents = num_latents
        self.num_values = num_values
        evenly_spaced = jnp.linspace(-0.5, 0.5, num_values, dtype=jnp.float32)
        self.values = CodeValues(jnp.tile(evenly_spaced, (num_latents, 1)))

    def __call__(self, inputs: Float[Array, "n num_latents"]) -> Code:
        """Quantize `(n, num_latents)` inputs.

        `decoder_input` equals `quantized` going forward; going backward its gradient reaches the
        inputs unchanged (straight-through) and never the code values.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.num_latents:
            raise ValueError(
                f"inputs has shape {inputs.shape}; expected (n, {self.num_latents}), "
                "one column a latent."
            )
        distances = jnp.abs(inputs[:, :, None] - self.values[...])  # (n, num_latents, num_values)
        indices = jnp.argmin(distances, axis=-1)
        quantized = self.look_up(indices)
        decoder_input = inputs + jax.lax.stop_gradient(quantized - inputs)
        return Code(inputs, decoder_input, quantized, indices)

    def look_up(self, indices: Int[Array, "n num_latents"]) -> Float[Array, "n num_latents"]:
        """The code values at `(n, num_latents)` indices."""
        # One-hot rather than a gather: its gradient is a sum in a fixed order, where a gather's
        # is a scatter, whose order, and so whose rounding, varies on an accelerator.
        chosen = jax.nn.one_hot(indices, self.num_values, dtype=self.values.dtype)
        return jnp.sum(chosen * self.values[...], axis=-1)
