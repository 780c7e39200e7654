"""beta-VAE: latents that are distributions, held close to a standard normal one."""

from types import MappingProxyType

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from lib.latents import GaussianLatent
from lib.models.autoencoder import Autoencoder
from lib.models.losses import binary_cross_entropy
from lib.models.step import Step, annealed


def kl_divergence(
    means: Float[Array, "n num_latents"], deviations: Float[Array, "n num_latents"]
) -> Float[Array, " n"]:
    """From a standard normal to independent normal latents, in nats: a sum over latents.

    Source: Kingma & Welling 2014, arXiv 1312.6114, appendix B.
    """
    each = (jnp.square(means) + jnp.square(deviations) - 1) / 2 - jnp.log(deviations)
    return jnp.sum(each, axis=1)


class BetaVAE(Autoencoder):
    """A variational autoencoder whose divergence from the prior is weighted by beta.

    The loss is the negative evidence lower bound a value of the image: the divergence, a sum over
    latents, is divided by the number of the image's values, as the reconstruction is a mean over
    them. Scores and reconstructions are those of the means.

    Hyperparameters:
        beta: weight of the divergence, at least 0.
        anneal_steps: steps over which the weight grows linearly from 0 to beta; 0 for none.

    Source: Higgins et al. 2017, ICLR; beta as in the baseline of Hsu et al. 2023,
        arXiv 2305.18378, on Shapes3D.
    """

    objective_settings = MappingProxyType({"beta": 3.0, "anneal_steps": 0})

    @classmethod
    def build_latent(cls, num_latents: int, *, rngs: nnx.Rngs) -> GaussianLatent:
        """Normal distributions."""
        return GaussianLatent()

    def terms(
        self, images: Float[Array, "n height width channels"], step: Step
    ) -> dict[str, Float[Array, ""]]:
        """Reconstruction of a sample, and divergence, weighted."""
        code = self.latent(self.encoder(images), step.keys)
        logits = self.decoder(code.decoder_input)
        beta = annealed(self.beta, step.taken, self.anneal_steps)
        divergence = jnp.mean(kl_divergence(code.continuous, code.deviations))
        return {
            "reconstruction": jnp.mean(binary_cross_entropy(logits, images)),
            "divergence": beta * divergence / images[0].size,
        }
