"""VQ-VAE: latents that are vectors of one shared codebook."""

from dataclasses import dataclass
from types import MappingProxyType

from flax import nnx

from lib.latents import VectorQuantizedLatent
from lib.models.qlae import QLAE
from lib.settings import Settings, integer, number


@dataclass(frozen=True, kw_only=True)
class VQVAESettings(Settings):
    """Hyperparameters of a VQ-VAE.

    Attributes:
        num_vectors: vectors of the codebook, at least 2.
        vector_size: numbers of a vector, at least 1.
        quantization_weight: of `quantization_loss`, at least 0.
        commitment_weight: of `commitment_loss`, at least 0.
    """

    num_vectors: int = integer(512, minimum=2)
    vector_size: int = integer(64, minimum=1)
    quantization_weight: float = number(1.0)
    commitment_weight: float = number(0.25)


class VQVAE(QLAE, name="vqvae"):
    """An autoencoder whose latents are vectors, quantized by one codebook for all of them.

    Its terms are QLAE's, with means over all numbers of all vectors. A latent is scored by which
    vector it is.

    Source: van den Oord et al. 2017, arXiv 1711.00937, equation 3; sizes and weights as in the
        baseline of Hsu et al. 2023, arXiv 2305.18378. Differs from the former: a number of vectors
        for the whole image, and not one a place in a map.
    """

    label = "VQ-VAE"
    description = "vectors of one shared codebook"
    color, marker = "#8f539f", "triangle-down"
    Settings = VQVAESettings
    recipes = MappingProxyType(
        {
            # With the published 512 vectors, the plug-in estimate of mutual information would be
            # biased by a third of a source on a few thousand images. At the larger learning rate
            # of the profile, one of three trial runs had no active latent.
            "laptop": {
                "num_vectors": 64,
                "vector_size": 16,
                "weight_decay": 0.01,
                "learning_rate": 2e-3,
            },
            "paper": {"weight_decay": 0.01},
        }
    )

    @classmethod
    def build_latent(
        cls, num_latents: int, settings: VQVAESettings, *, rngs: nnx.Rngs
    ) -> VectorQuantizedLatent:
        """The shared codebook."""
        sizes = settings.num_vectors, settings.vector_size
        return VectorQuantizedLatent(num_latents, *sizes, rngs=rngs)
