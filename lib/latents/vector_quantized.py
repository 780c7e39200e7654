"""Quantization of latents that are vectors, to one codebook for all."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from lib.checks import check_integer
from lib.latents.code import Code, Codebook, check_indices

# Which vector is nearest must not depend on a device's fast and coarse products.
_EXACT = jax.lax.Precision.HIGHEST
# Positions of a traversal: a codebook of hundreds of vectors has no order, and no page the room.
_SHOWN = 8


class VectorQuantizedLatent(nnx.Module):
    """The latent space of a VQ-VAE: each latent is the nearest vector of one shared codebook.

    Args:
        num_latents: number of latents, at least 1.
        num_vectors: vectors of the codebook, at least 2.
        vector_size: numbers of a vector, at least 1.
        rngs: of the initial vectors, uniform in +-sqrt(3 / vector_size).

    Attributes:
        vectors: the codebook, `(num_vectors, vector_size)`.

    Raises:
        TypeError, ValueError: a size that is not an integer or is too small.

    Source: van den Oord et al. 2017 (VQ-VAE), arXiv 1711.00937; sizes and initial values as in the
        baseline of Hsu et al. 2023, arXiv 2305.18378.
    """

    def __init__(
        self, num_latents: int, num_vectors: int = 512, vector_size: int = 64, *, rngs: nnx.Rngs
    ):
        check_integer("num_latents", num_latents, minimum=1)
        check_integer("num_vectors", num_vectors, minimum=2)
        check_integer("vector_size", vector_size, minimum=1)
        self.num_latents = num_latents
        self.num_vectors = num_vectors
        self.inputs_per_latent = self.outputs_per_latent = vector_size
        limit = math.sqrt(3 / vector_size)
        shape = (num_vectors, vector_size)
        self.vectors = Codebook(
            jax.random.uniform(rngs.params(), shape, jnp.float32, -limit, limit)
        )

    def __call__(self, inputs: Float[Array, "n num_inputs"]) -> Code:
        """Quantize `(n, num_latents * vector_size)` inputs, one vector after another.

        Gradients are those of `QuantizedLatent`: straight through to the inputs, never to the
        codebook.
        """
        vectors = self.vectors[...]
        parts = inputs.reshape(-1, self.num_latents, vectors.shape[1])
        # The squared distance, less the square of the input, which is the same for all vectors.
        products = jnp.matmul(parts, vectors.T, precision=_EXACT)
        distances = jnp.sum(jnp.square(vectors), axis=1) - 2 * products
        indices = jnp.argmin(distances, axis=-1)  # (n, num_latents)
        quantized = self.look_up(indices)
        decoder_input = inputs + jax.lax.stop_gradient(quantized - inputs)
        return Code(inputs, decoder_input, quantized, indices)

    def look_up(self, indices: Int[Array, "n num_latents"]) -> Float[Array, "n num_outputs"]:
        """The vectors at `(n, num_latents)` indices, one after another.

        Raises:
            ValueError: an index that the codebook does not have, where indices are not traced.
        """
        check_indices(indices, self.num_vectors)
        # For one-hot see `QuantizedLatent.look_up`.
        chosen = jax.nn.one_hot(indices, self.num_vectors, dtype=jnp.float32)
        return jnp.matmul(chosen, self.vectors[...], precision=_EXACT).reshape(len(indices), -1)

    def order(self, seen: np.ndarray) -> list[np.ndarray]:
        """For each latent, the indices that are most frequent in `seen`, the first of them first.

        Args:
            seen: `(n, num_latents)` indices of many images.
        """
        chosen = []
        for column in np.asarray(seen).T:
            values, counts = np.unique(column, return_counts=True)
            chosen.append(values[np.argsort(-counts, kind="stable")][:_SHOWN])
        return chosen
