"""Which models there are, by name."""

from typing import TYPE_CHECKING

from lib.registry import Registry

if TYPE_CHECKING:
    from lib.models.autoencoder import Autoencoder

MODELS: "Registry[type[Autoencoder]]" = Registry("model", "lib.models")
