"""QLInfoWGAN-GP: InfoWGAN-GP with quantized latents."""

from collections.abc import Sequence
from types import MappingProxyType

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from lib.latents import Code, QuantizedLatent
from lib.models.infowgan_gp import InfoWGANGP
from lib.models.losses import commitment_loss, quantization_loss


class QLInfoWGANGP(InfoWGANGP):
    """An InfoWGAN-GP that samples its latents from learnable code values.

    The generator trains the code values: they are what it is given, and what the encoder is to
    recover.

    Hyperparameters:
        num_values: code values of each latent, one number or a list of one each.
        gradient_weight, latent_weight, critic_steps: see `InfoWGANGP`.
        quantization_weight: of `quantization_loss`, at least 0.
        commitment_weight: of `commitment_loss`, at least 0.

    Source: Hsu et al. 2023, arXiv 2305.18378; weights from the authors' configuration.
    """

    latent_settings = MappingProxyType({"num_values": 10})
    objective_settings = MappingProxyType(
        {
            **InfoWGANGP.objective_settings,
            "quantization_weight": 0.01,
            "commitment_weight": 0.01,
        }
    )

    @classmethod
    def build_latent(
        cls, num_latents: int, *, rngs: nnx.Rngs, num_values: int | Sequence[int]
    ) -> QuantizedLatent:
        """The codebooks."""
        return QuantizedLatent(num_latents, num_values, rngs=rngs)

    def latent_terms(
        self, code: Code, latents: Float[Array, "n num_latents"]
    ) -> dict[str, Float[Array, ""]]:
        """Latent loss, quantization and commitment, weighted."""
        quantization = quantization_loss(code.continuous, code.quantized)
        commitment = commitment_loss(code.continuous, code.quantized)
        return {
            **super().latent_terms(code, latents),
            "quantization": self.quantization_weight * jnp.mean(quantization),
            "commitment": self.commitment_weight * jnp.mean(commitment),
        }
