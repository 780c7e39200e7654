"""InfoWGAN-GP: a generator whose images tell the latents that they were made from."""

from dataclasses import dataclass
from types import MappingProxyType

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from lib.latents import Code, UniformLatent
from lib.models.autoencoder import Autoencoder
from lib.models.objective import Objective, Step, split_keys
from lib.networks import linear
from lib.settings import Settings, integer, number

# The root's own gradient would be infinite where the critic's is 0, as behind dead ReLUs.
_NORM_FLOOR = 1e-12


def gradient_penalty(gradients: Float[Array, "n height width channels"]) -> Float[Array, " n"]:
    """How far the norm of the critic's gradient is from 1, squared.

    Args:
        gradients: of the critic's value with respect to images between real and made ones.

    Source: Gulrajani et al. 2017, arXiv 1704.00028, equation 3.
    """
    norms = jnp.sqrt(jnp.sum(jnp.square(gradients), axis=(1, 2, 3)) + _NORM_FLOOR)
    return jnp.square(norms - 1)


def latent_loss(
    recovered: Float[Array, "n num_latents"], sampled: Float[Array, "n num_latents"]
) -> Float[Array, " n"]:
    """How badly the encoder recovers sampled latents: a mean square over latents.

    Source: Chen et al. 2016, arXiv 1606.03657 (InfoGAN), equation 5, for normal latents of fixed
        variance, up to constants.
    """
    return jnp.mean(jnp.square(recovered - sampled), axis=1)


@dataclass(frozen=True, kw_only=True)
class InfoWGANGPSettings(Settings):
    """Hyperparameters of an InfoWGAN-GP.

    Attributes:
        gradient_weight: of `gradient_penalty`, at least 0.
        latent_weight: of `latent_loss`, at least 0.
        critic_steps: steps of encoder and critic for each step of the generator, at least 1.
    """

    gradient_weight: float = number(10.0)
    latent_weight: float = number(200.0)
    critic_steps: int = integer(5, minimum=1)


# What the authors' configuration files have in common for both GANs.
PUBLISHED_GAN = MappingProxyType(
    {"batch_size": 64, "learning_rate": 2e-4, "beta1": 0.0, "beta2": 0.9}
)
SMALL_GAN = MappingProxyType({**PUBLISHED_GAN, "learning_rate": 1e-3, "schedule": "constant"})


class InfoWGANGP(Autoencoder, name="infowgan_gp"):
    """A Wasserstein GAN with gradient penalty, whose critic also recovers the sampled latents.

    The generator is the decoder; the critic is a linear head on the encoder's features. So the
    trained model is used as an autoencoder, although it never learned to reconstruct.

    Source: Chen et al. 2016, arXiv 1606.03657, and Gulrajani et al. 2017, arXiv 1704.00028;
        weights as in the baseline of Hsu et al. 2023, arXiv 2305.18378.
    """

    label = "InfoWGAN-GP"
    description = "a GAN whose encoder recovers its continuous latents"
    color, marker = "#d8131b", "triangle-right"
    Settings = InfoWGANGPSettings
    recipes = MappingProxyType(
        {
            "laptop": {**SMALL_GAN, "weight_decay": 1e-4},
            "paper": {**PUBLISHED_GAN, "weight_decay": 1e-4},
        }
    )

    def __init__(
        self,
        encoder: nnx.Module,
        decoder: nnx.Module,
        latent: nnx.Module,
        *,
        rngs: nnx.Rngs,
        **settings: object,
    ):
        super().__init__(encoder, decoder, latent, **settings)
        self.critic = linear(encoder.num_features, 1, rngs)

    @classmethod
    def build_latent(
        cls, num_latents: int, settings: InfoWGANGPSettings, *, rngs: nnx.Rngs
    ) -> UniformLatent:
        """Continuous latents, sampled uniformly from [0, 1]."""
        return UniformLatent(num_latents)

    @classmethod
    def check(
        cls, num_latents: int, settings: InfoWGANGPSettings, *, steps: int, precision: str
    ) -> None:
        """As `Autoencoder.check`; the generator must make a step, too."""
        super().check(num_latents, settings, steps=steps, precision=precision)
        if steps < settings.critic_steps:
            raise ValueError(
                f"steps={steps} is too small; expected an integer >= critic_steps="
                f"{settings.critic_steps}, so that the generator makes a step."
            )

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The critic's and encoder's, and every few steps the generator's and code values'."""
        return (
            Objective(self.critic_terms, ("encoder", "critic")),
            Objective(
                self.generator_terms, ("decoder", "latent"), every=self.settings.critic_steps
            ),
        )

    def generate(
        self, keys: Key[Array, " n"]
    ) -> tuple[Float[Array, "n num_latents"], Float[Array, "n height width channels"]]:
        """Sampled latents and the images in [0, 1] that are made from them, one a random key."""
        latents = self.latent.sample(keys)
        return latents, self.decode(latents)

    def judge(
        self, images: Float[Array, "n height width channels"]
    ) -> tuple[Float[Array, " n"], Code]:
        """The critic's value of each image, higher for those it takes for real, and the code."""
        features = self.encoder.features(images)
        return self.critic(features)[:, 0], self.latent(self.encoder.head(features))

    def critic_terms(
        self, images: Float[Array, "n height width channels"], step: Step
    ) -> dict[str, Float[Array, ""]]:
        """The critic's loss: its value of generated minus real images, penalty, latent losses."""
        latent_keys, between_keys = split_keys(step.keys)
        latents, made = self.generate(latent_keys)
        share = jax.vmap(jax.random.uniform)(between_keys)[:, None, None, None]
        return self.critic_terms_between(images, latents, made, share)

    def critic_terms_between(
        self,
        images: Float[Array, "n height width channels"],
        latents: Float[Array, "n num_latents"],
        made: Float[Array, "n height width channels"],
        share: Float[Array, "n 1 1 1"],
    ) -> dict[str, Float[Array, ""]]:
        """`critic_terms` for given samples.

        Args:
            images: real, in [0, 1].
            latents: sampled ones.
            made: the images that are made from them.
            share: of the real image in the mixture at which the critic's gradient is taken.
        """
        value_of_made, code = self.judge(made)
        value_of_real, _ = self.judge(images)
        mixture = share * images + (1 - share) * made
        gradients = jax.grad(lambda between: jnp.sum(self.judge(between)[0]))(mixture)
        return {
            "critic": jnp.mean(value_of_made - value_of_real),
            "gradient_penalty": self.settings.gradient_weight
            * jnp.mean(gradient_penalty(gradients)),
            **self.latent_terms(code, latents),
        }

    def generator_terms(
        self, images: Float[Array, "n height width channels"], step: Step
    ) -> dict[str, Float[Array, ""]]:
        """The generator's loss: minus the critic's value of generated images, and latent losses."""
        latents, made = self.generate(step.keys)
        value, code = self.judge(made)
        terms = {f"generator_{n}": term for n, term in self.latent_terms(code, latents).items()}
        return {"generator": -jnp.mean(value), **terms}

    def latent_terms(
        self, code: Code, latents: Float[Array, "n num_latents"]
    ) -> dict[str, Float[Array, ""]]:
        """Weighted losses of how the code of generated images differs from the sampled latents."""
        loss = jnp.mean(latent_loss(code.decoder_input, latents))
        return {"latent": self.settings.latent_weight * loss}
