"""Models: a latent space, its networks and an objective each."""

from collections.abc import Mapping
from types import MappingProxyType

from lib.models.autoencoder import Autoencoder, Output
from lib.models.beta_tcvae import BetaTCVAE, Decomposition, decompose_divergence
from lib.models.beta_vae import BetaVAE, kl_divergence
from lib.models.bioae import BioAE, activity_loss, nonnegativity_loss
from lib.models.infowgan_gp import InfoWGANGP, gradient_penalty, latent_loss
from lib.models.losses import binary_cross_entropy, commitment_loss, quantization_loss
from lib.models.qlae import QLAE
from lib.models.qlinfowgan_gp import QLInfoWGANGP
from lib.models.settings import check_settings
from lib.models.step import Objective, Step
from lib.models.traversal import traversals
from lib.models.tripod import Tripod, multi_information, normalized_hessian_penalty
from lib.models.vqvae import VQVAE

MODELS: Mapping[str, type[Autoencoder]] = MappingProxyType(
    {
        "autoencoder": Autoencoder,
        "beta_vae": BetaVAE,
        "beta_tcvae": BetaTCVAE,
        "bioae": BioAE,
        "vqvae": VQVAE,
        "qlae": QLAE,
        "infowgan_gp": InfoWGANGP,
        "qlinfowgan_gp": QLInfoWGANGP,
        "tripod": Tripod,
    }
)

__all__ = [
    "MODELS",
    "QLAE",
    "VQVAE",
    "Autoencoder",
    "BetaTCVAE",
    "BetaVAE",
    "BioAE",
    "Decomposition",
    "InfoWGANGP",
    "Objective",
    "Output",
    "QLInfoWGANGP",
    "Step",
    "Tripod",
    "activity_loss",
    "binary_cross_entropy",
    "check_settings",
    "commitment_loss",
    "decompose_divergence",
    "gradient_penalty",
    "kl_divergence",
    "latent_loss",
    "multi_information",
    "nonnegativity_loss",
    "normalized_hessian_penalty",
    "quantization_loss",
    "traversals",
]
