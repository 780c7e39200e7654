"""BioAE: an autoencoder whose latents should be nonnegative and quiet."""

from dataclasses import dataclass
from types import MappingProxyType

import jax.numpy as jnp
from jaxtyping import Array, Float

from lib.models.autoencoder import Autoencoder
from lib.models.losses import binary_cross_entropy
from lib.models.objective import Step
from lib.settings import Settings, number


def nonnegativity_loss(latents: Float[Array, "n num_latents"]) -> Float[Array, " n"]:
    """How far latents are below 0: the mean over latents of `max(-z, 0)`.

    Source: Whittington et al. 2023, arXiv 2210.01768 (nonnegativity).
    """
    return jnp.mean(jnp.maximum(-latents, 0), axis=1)


def activity_loss(latents: Float[Array, "n num_latents"]) -> Float[Array, " n"]:
    """How active latents are: the mean over latents of their squares.

    Source: Whittington et al. 2023, arXiv 2210.01768 (activity energy).
    """
    return jnp.mean(jnp.square(latents), axis=1)


@dataclass(frozen=True, kw_only=True)
class BioAESettings(Settings):
    """Hyperparameters of a BioAE.

    Attributes:
        nonnegativity_weight: of `nonnegativity_loss`, at least 0.
        activity_weight: of `activity_loss`, at least 0.
    """

    nonnegativity_weight: float = number(1.0)
    activity_weight: float = number(0.01)


class BioAE(Autoencoder, name="bioae"):
    """An autoencoder under biological constraints: few and positive activities, small weights.

    The third constraint, on the energy of the weights, is the optimizer's weight decay.

    Source: Whittington et al. 2023, arXiv 2210.01768; weights as in the baseline of Hsu et al.
        2023, arXiv 2305.18378. Differs from the former: losses are means over latents, and the
        energy of the weights is weight decay, decoupled from the loss.
    """

    label = "BioAE"
    description = "nonnegative, quiet latents"
    color, marker = "#7d8090", "cross"
    Settings = BioAESettings
    recipes = MappingProxyType(
        {
            "laptop": {"weight_decay": 1e-4},
            "paper": {"weight_decay": 1e-4},
            ("paper", "isaac3d"): {"activity_weight": 0.1},
        }
    )

    def terms(
        self, images: Float[Array, "n height width channels"], step: Step
    ) -> dict[str, Float[Array, ""]]:
        """Reconstruction, nonnegativity and activity, weighted."""
        code, logits = self(images)
        latents = code.continuous
        return {
            "reconstruction": jnp.mean(binary_cross_entropy(logits, images)),
            "nonnegativity": self.settings.nonnegativity_weight
            * jnp.mean(nonnegativity_loss(latents)),
            "activity": self.settings.activity_weight * jnp.mean(activity_loss(latents)),
        }
