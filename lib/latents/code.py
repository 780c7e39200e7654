"""What a latent space returns, and the kinds of parameters it may have."""

from typing import NamedTuple

from flax import nnx
from jaxtyping import Array, Float, Int


class Code(NamedTuple):
    """What a latent space makes of the encoder's output.

    Attributes:
        continuous: the latents before any quantization, `(n, num_latents)`; where latents are
            vectors, all their numbers, `(n, num_latents * vector_size)`.
        decoder_input: what the decoder reads, of the same shape; gradients flow through it.
        quantized: the nearest code values (or vectors), or None where nothing is quantized.
        indices: which code values (or vectors) they are, `(n, num_latents)`, or None.
        deviations: standard deviations of latents that are distributions, `(n, num_latents)`,
            of which `continuous` is then the means; otherwise None.
    """

    continuous: Float[Array, "n num_outputs"]
    decoder_input: Float[Array, "n num_outputs"]
    quantized: Float[Array, "n num_outputs"] | None = None
    indices: Int[Array, "n num_latents"] | None = None
    deviations: Float[Array, "n num_latents"] | None = None

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
