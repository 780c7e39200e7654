"""QLAE: the quantized-latent autoencoder."""

from types import MappingProxyType
from typing import Self

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from lib.checks import check_number
from lib.latents import QuantizedLatent
from lib.models.autoencoder import Autoencoder
from lib.models.losses import binary_cross_entropy, commitment_loss, quantization_loss


class QLAE(Autoencoder):
    """An autoencoder whose latents are quantized, each by its own scalar codebook.

    The other half of the method, a high weight decay, is the optimizer's:
    see `lib.training.build_optimizer`.

    Args:
        encoder: maps images to `(n, num_latents)`.
        decoder: maps `(n, num_latents)` to logits of images.
        latent: the codebooks.
        quantization_weight: of `quantization_loss`, at least 0.
        commitment_weight: of `commitment_loss`, at least 0.

    Source: Hsu et al. 2023, arXiv 2305.18378; weights 0.01 from the authors'
        configuration.
    """

    hyperparameters = MappingProxyType(
        {"num_values": 10, "quantization_weight": 0.01, "commitment_weight": 0.01}
    )

    def __init__(
        self,
        encoder: nnx.Module,
        decoder: nnx.Module,
        latent: QuantizedLatent,
        *,
        quantization_weight: float = hyperparameters["quantization_weight"],
        commitment_weight: float = hyperparameters["commitment_weight"],
    ):
        check_number("quantization_weight", quantization_weight, minimum=0)
        check_number("commitment_weight", commitment_weight, minimum=0)
        super().__init__(encoder, decoder, latent)
        self.quantization_weight = quantization_weight
        self.commitment_weight = commitment_weight

    @classmethod
    def build(
        cls,
        encoder: nnx.Module,
        decoder: nnx.Module,
        num_latents: int,
        *,
        num_values: int = hyperparameters["num_values"],
        rngs: nnx.Rngs,
        **weights: float,
    ) -> Self:
        """The model over given networks, with `num_values` code values a latent."""
        latent = QuantizedLatent(num_latents, num_values, rngs=rngs)
        return cls(encoder, decoder, latent, **weights)

    def terms(self, images: Float[Array, "n height width channels"]) -> dict[str, Float[Array, ""]]:
        """Reconstruction, quantization and commitment, weighted."""
        code, logits = self(images)
        quantization = quantization_loss(code.continuous, code.quantized)
        commitment = commitment_loss(code.continuous, code.quantized)
        return {
            "reconstruction": jnp.mean(binary_cross_entropy(logits, images)),
            "quantization": self.quantization_weight * jnp.mean(quantization),
            "commitment": self.commitment_weight * jnp.mean(commitment),
        }
