"""beta-VAE: latents that are distributions, held close to a standard normal one."""

from dataclasses import dataclass
from types import MappingProxyType

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from lib.latents import GaussianLatent
from lib.models.autoencoder import Autoencoder
from lib.models.losses import binary_cross_entropy
from lib.models.objective import Step, annealed
from lib.settings import Settings, integer, number


def kl_divergence(
    means: Float[Array, "n num_latents"], standard_deviations: Float[Array, "n num_latents"]
) -> Float[Array, " n"]:
    """From a standard normal to independent normal latents, in nats: a sum over latents.

    Source: Kingma & Welling 2014, arXiv 1312.6114, appendix B.
    """
    squares = jnp.square(means) + jnp.square(standard_deviations)
    return jnp.sum((squares - 1) / 2 - jnp.log(standard_deviations), axis=1)


@dataclass(frozen=True, kw_only=True)
class BetaVAESettings(Settings):
    """Hyperparameters of a beta-VAE.

    Attributes:
        beta: weight of the divergence, at least 0.
        anneal_steps: steps over which the weight grows linearly from 0 to beta; 0 for none.
    """

    beta: float = number(3.0)
    anneal_steps: int = integer(0, minimum=0)


class BetaVAE(Autoencoder, name="beta_vae"):
    """A variational autoencoder whose divergence from the prior is weighted by beta.

    The loss is the negative evidence lower bound a value of the image: the divergence, a sum over
    latents, is divided by the number of the image's values, as the reconstruction is a mean over
    them. Scores and reconstructions are those of the means.

    Source: Higgins et al. 2017, ICLR; beta as in the baseline of Hsu et al. 2023,
        arXiv 2305.18378, on Shapes3D.
    """

    label = "β-VAE"
    description = "variational: weights the divergence from the prior"
    color, marker = "#22a06e", "triangle-up"
    Settings = BetaVAESettings
    recipes = MappingProxyType(
        {
            # A mean over the values of an image of 16x16 pixels has 16 times fewer of them than the
            # published 64x64, so the weight of what is divided by their number is 16 times smaller.
            "laptop": {"beta": 3 / 16},
            "workstation": {"beta": 3 / 4},
            ("paper", "mpi3d"): {"beta": 0.1},
            ("paper", "falcor3d"): {"beta": 10.0},
            ("paper", "isaac3d"): {"beta": 0.3},
        }
    )

    @classmethod
    def build_latent(
        cls, num_latents: int, settings: BetaVAESettings, *, rngs: nnx.Rngs
    ) -> GaussianLatent:
        """Normal distributions."""
        return GaussianLatent()

    def terms(
        self, images: Float[Array, "n height width channels"], step: Step
    ) -> dict[str, Float[Array, ""]]:
        """Reconstruction of a sample, and divergence, weighted."""
        code = self.latent(self.encoder(images), step.keys)
        logits = self.decoder(code.decoder_input)
        beta = annealed(self.settings.beta, step.taken, self.settings.anneal_steps)
        divergence = jnp.mean(kl_divergence(code.continuous, code.standard_deviations))
        return {
            "reconstruction": jnp.mean(binary_cross_entropy(logits, images)),
            "divergence": beta * divergence / images[0].size,
        }
