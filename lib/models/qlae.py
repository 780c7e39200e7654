"""QLAE: the quantized-latent autoencoder, and its ablations."""

from collections.abc import Sequence
from types import MappingProxyType

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from lib.latents import GlobalQuantizedLatent, QuantizedLatent
from lib.models.autoencoder import Autoencoder
from lib.models.losses import binary_cross_entropy, commitment_loss, quantization_loss
from lib.models.step import Step


class QLAE(Autoencoder):
    """An autoencoder whose latents are quantized, each by its own scalar codebook.

    The other half of the method, a high weight decay, is the optimizer's:
    see `lib.training.build_optimizer`.

    Hyperparameters:
        num_values: code values of each latent, one number or a list of one each.
        learn_values: False keeps the code values where they start (an ablation).
        global_values: True gives all latents one codebook (an ablation).
        quantization_weight: of `quantization_loss`, at least 0.
        commitment_weight: of `commitment_loss`, at least 0.

    Source: Hsu et al. 2023, arXiv 2305.18378; weights 0.01 from the authors'
        configuration.
    """

    latent_settings = MappingProxyType(
        {"num_values": 10, "learn_values": True, "global_values": False}
    )
    objective_settings = MappingProxyType({"quantization_weight": 0.01, "commitment_weight": 0.01})

    @classmethod
    def build_latent(
        cls,
        num_latents: int,
        *,
        rngs: nnx.Rngs,
        num_values: int | Sequence[int],
        learn_values: bool,
        global_values: bool,
    ) -> QuantizedLatent:
        """The codebooks."""
        kind = GlobalQuantizedLatent if global_values else QuantizedLatent
        return kind(num_latents, num_values, learn_values=learn_values, rngs=rngs)

    def terms(
        self, images: Float[Array, "n height width channels"], step: Step
    ) -> dict[str, Float[Array, ""]]:
        """Reconstruction, quantization and commitment, weighted."""
        code, logits = self(images)
        quantization = quantization_loss(code.continuous, code.quantized)
        commitment = commitment_loss(code.continuous, code.quantized)
        return {
            "reconstruction": jnp.mean(binary_cross_entropy(logits, images)),
            "quantization": self.quantization_weight * jnp.mean(quantization),
            "commitment": self.commitment_weight * jnp.mean(commitment),
        }
