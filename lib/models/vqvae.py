"""VQ-VAE: latents that are vectors of one shared codebook."""

from types import MappingProxyType

from flax import nnx

from lib.latents import VectorQuantizedLatent
from lib.models.qlae import QLAE


class VQVAE(QLAE):
    """An autoencoder whose latents are vectors, quantized by one codebook for all of them.

    Its terms are QLAE's, with means over all numbers of all vectors. A latent is scored by which
    vector it is.

    Hyperparameters:
        num_vectors: vectors of the codebook, at least 2.
        vector_size: numbers of a vector, at least 1.
        quantization_weight: of `quantization_loss`, at least 0.
        commitment_weight: of `commitment_loss`, at least 0.

    Source: van den Oord et al. 2017, arXiv 1711.00937, equation 3; sizes and weights as in the
        baseline of Hsu et al. 2023, arXiv 2305.18378. Differs from the former: a number of vectors
        for the whole image, and not one a place in a map.
    """

    latent_settings = MappingProxyType({"num_vectors": 512, "vector_size": 64})
    objective_settings = MappingProxyType({"quantization_weight": 1.0, "commitment_weight": 0.25})

    @classmethod
    def build_latent(
        cls, num_latents: int, *, rngs: nnx.Rngs, num_vectors: int, vector_size: int
    ) -> VectorQuantizedLatent:
        """The shared codebook."""
        return VectorQuantizedLatent(num_latents, num_vectors, vector_size, rngs=rngs)
