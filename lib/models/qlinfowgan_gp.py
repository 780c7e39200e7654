"""QLInfoWGAN-GP: InfoWGAN-GP with quantized latents."""

from dataclasses import dataclass
from types import MappingProxyType

from flax import nnx
from jaxtyping import Array, Float

from lib.latents import Code, QuantizedLatent
from lib.models.infowgan_gp import PUBLISHED_GAN, SMALL_GAN, InfoWGANGP, InfoWGANGPSettings
from lib.models.qlae import codebook_terms, num_values_setting
from lib.settings import number


@dataclass(frozen=True, kw_only=True)
class QLInfoWGANGPSettings(InfoWGANGPSettings):
    """Hyperparameters of a QLInfoWGAN-GP.

    Attributes:
        num_values: code values of each latent, one number or a list of one each.
        gradient_weight, latent_weight, critic_steps: see `InfoWGANGPSettings`.
        quantization_weight: of `quantization_loss`, at least 0.
        commitment_weight: of `commitment_loss`, at least 0.
    """

    num_values: int | tuple[int, ...] = num_values_setting(10)
    quantization_weight: float = number(0.01)
    commitment_weight: float = number(0.01)


class QLInfoWGANGP(InfoWGANGP, name="qlinfowgan_gp"):
    """An InfoWGAN-GP that samples its latents from learnable code values.

    The generator trains the code values: they are what it is given, and what the encoder is to
    recover.

    Source: Hsu et al. 2023, arXiv 2305.18378; weights from the authors' configuration.
    """

    label = "QLInfoWGAN-GP"
    description = "a GAN whose encoder recovers its quantized latents"
    color, marker = "#4a52ff", "triangle-left"
    Settings = QLInfoWGANGPSettings
    recipes = MappingProxyType(
        {
            "laptop": {**SMALL_GAN, "weight_decay": 1e-3},
            "paper": {**PUBLISHED_GAN, "weight_decay": 1e-3},
            ("paper", "falcor3d"): {"weight_decay": 1e-4},
        }
    )

    @classmethod
    def build_latent(
        cls, num_latents: int, settings: QLInfoWGANGPSettings, *, rngs: nnx.Rngs
    ) -> QuantizedLatent:
        """The codebooks."""
        return QuantizedLatent(num_latents, settings.num_values, rngs=rngs)

    def latent_terms(
        self, code: Code, latents: Float[Array, "n num_latents"]
    ) -> dict[str, Float[Array, ""]]:
        """Latent loss, quantization and commitment, weighted."""
        return super().latent_terms(code, latents) | codebook_terms(code, self.settings)
