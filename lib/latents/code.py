"""What a latent space returns, and the kinds of parameters it may have."""

from typing import NamedTuple

import jax
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int


class Code(NamedTuple):
    """What a latent space makes of the encoder's output.

    Attributes:
        continuous: the latents before any quantization, `(n, num_latents)`; where latents are
            vectors, all their numbers, `(n, num_latents * vector_size)`.
        decoder_input: what the decoder reads, of the same shape; gradients flow through it.
        quantized: the nearest code values (or vectors), or None where nothing is quantized.
        indices: which code values (or vectors) they are, `(n, num_latents)`, or None.
        standard_deviations: of latents that are normal distributions, `(n, num_latents)`, of which
            `continuous` is then the means; otherwise None.
    """

    continuous: Float[Array, "n num_outputs"]
    decoder_input: Float[Array, "n num_outputs"]
    quantized: Float[Array, "n num_outputs"] | None = None
    indices: Int[Array, "n num_latents"] | None = None
    standard_deviations: Float[Array, "n num_latents"] | None = None

    @property
    def scored(self) -> Array:
        """The latents that metrics see: indices where there are any, else the continuous ones.

        Never `decoder_input`: a straight-through sum `x + (q - x)` rounds, so a latent of ten
        code values would show more than ten.
        """
        return self.continuous if self.indices is None else self.indices


class Codebook(nnx.Param):
    """What inputs are quantized to; weight decay and the clip never touch it."""


class CodeValues(Codebook):
    """The learnable scalars of codebooks, `(num_codebooks, num_values)`."""


def check_indices(indices: Int[Array, "n num_latents"], num_values: ArrayLike) -> None:
    """Require indices that a codebook has, where their values are known, as outside `jax.jit`.

    Args:
        indices: which code values (or vectors).
        num_values: how many there are, of all latents or of each.

    Raises:
        ValueError: an index below 0 or too large.
    """
    if isinstance(indices, jax.core.Tracer):
        return
    known, num_values = np.asarray(indices), np.asarray(num_values)
    if ((known < 0) | (known >= num_values)).any():
        fewer = ", less in latents of fewer values" if num_values.min() < num_values.max() else ""
        raise ValueError(
            f"indices go from {known.min()} to {known.max()}; expected integers from 0 to "
            f"{num_values.max() - 1}{fewer}."
        )
