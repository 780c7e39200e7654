"""beta-TCVAE: a variational autoencoder whose latents should be independent of one another."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from lib.models.beta_vae import BetaVAE, BetaVAESettings
from lib.models.losses import binary_cross_entropy
from lib.models.objective import Step, annealed
from lib.settings import integer, number


class Decomposition(NamedTuple):
    """The three parts of the divergence from a standard normal, in nats, each `(n,)`.

    Attributes:
        mutual_information: between an image and its latents.
        total_correlation: between the latents.
        dimension_wise_kl: of each latent's marginal from the prior, summed over latents.
    """

    mutual_information: Float[Array, " n"]
    total_correlation: Float[Array, " n"]
    dimension_wise_kl: Float[Array, " n"]


def decompose_divergence(
    means: Float[Array, "n num_latents"],
    standard_deviations: Float[Array, "n num_latents"],
    samples: Float[Array, "n num_latents"],
    dataset_size: int,
) -> Decomposition:
    """The divergence of a batch in three parts, estimated by minibatch-weighted sampling.

    `log q(z)` of a sample is estimated as `logsumexp_j log q(z | x_j) - log(n * dataset_size)`
    over the batch, and each latent's marginal likewise. So `dataset_size` shifts the parts by
    constants and has no gradient; all parts of a batch sum to its divergence, as sampled.

    Args:
        means: of the latents of each image.
        standard_deviations: of the latents of each image, above 0.
        samples: one of the latents of each image.
        dataset_size: number of images of the whole training set.

    Source: Chen et al. 2018, arXiv 1802.04942, equations 2 and 3.
    """
    # (n, n, num_latents)
    from_each = norm.logpdf(samples[:, None], means[None], standard_deviations[None])
    constant = jnp.log(len(samples)) + jnp.log(dataset_size)
    given_own = jnp.sum(norm.logpdf(samples, means, standard_deviations), axis=1)
    joint = logsumexp(jnp.sum(from_each, axis=2), axis=1) - constant
    marginals = jnp.sum(logsumexp(from_each, axis=1) - constant, axis=1)
    prior = jnp.sum(norm.logpdf(samples), axis=1)
    return Decomposition(given_own - joint, joint - marginals, marginals - prior)


@dataclass(frozen=True, kw_only=True)
class BetaTCVAESettings(BetaVAESettings):
    """Hyperparameters of a beta-TCVAE.

    Attributes:
        beta: weight of the total correlation, at least 0.
        anneal_steps: steps over which it grows linearly from 0 to beta; 0 for none.
        information_weight: of the mutual information, at least 0; alpha of the source.
        marginal_weight: of the dimension-wise divergence, at least 0; gamma of the source.
        dataset_size: images of the training set, at least 1; in a run, those that it trains on.
    """

    information_weight: float = number(1.0)
    marginal_weight: float = number(1.0)
    dataset_size: int = integer(480_000, minimum=1, follows="num_training_images")


class BetaTCVAE(BetaVAE, name="beta_tcvae"):
    """A variational autoencoder that weights the total correlation of its latents by beta.

    Source: Chen et al. 2018, arXiv 1802.04942, equation 4; weights as in the baseline of Hsu et al.
        2023, arXiv 2305.18378, on Shapes3D.
    """

    label = "β-TCVAE"
    description = "variational: weights the total correlation of its latents"
    color, marker = "#58755f", "diamond"
    Settings = BetaTCVAESettings
    recipes = MappingProxyType(
        {
            # As of `BetaVAE`.
            "laptop": {"beta": 3 / 16, "information_weight": 1 / 16, "marginal_weight": 1 / 16},
            "workstation": {"beta": 3 / 4, "information_weight": 1 / 4, "marginal_weight": 1 / 4},
            ("paper", "mpi3d"): {"beta": 0.3},
            ("paper", "isaac3d"): {"beta": 1.0},
        }
    )
    needs_whole_batch = True

    def terms(
        self, images: Float[Array, "n height width channels"], step: Step
    ) -> dict[str, Float[Array, ""]]:
        """Reconstruction of a sample, and the three parts of the divergence, weighted."""
        code = self.latent(self.encoder(images), step.keys)
        logits, settings = self.decoder(code.decoder_input), self.settings
        parts = decompose_divergence(
            code.continuous, code.standard_deviations, code.decoder_input, settings.dataset_size
        )
        information, correlation, marginal = (jnp.mean(part) / images[0].size for part in parts)
        beta = annealed(settings.beta, step.taken, settings.anneal_steps)
        return {
            "reconstruction": jnp.mean(binary_cross_entropy(logits, images)),
            "mutual_information": settings.information_weight * information,
            "total_correlation": beta * correlation,
            "dimension_wise_kl": settings.marginal_weight * marginal,
        }
