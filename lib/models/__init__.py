"""Models: a latent space, its networks and an objective each."""

from collections.abc import Mapping
from types import MappingProxyType

from lib.models.autoencoder import Autoencoder, Output
from lib.models.losses import binary_cross_entropy, commitment_loss, quantization_loss
from lib.models.qlae import QLAE
from lib.models.traversal import traversals

MODELS: Mapping[str, type[Autoencoder]] = MappingProxyType(
    {"autoencoder": Autoencoder, "qlae": QLAE}
)

__all__ = [
    "MODELS",
    "QLAE",
    "Autoencoder",
    "Output",
    "binary_cross_entropy",
    "commitment_loss",
    "quantization_loss",
    "traversals",
]
