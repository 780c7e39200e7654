"""The plain autoencoder, and what every autoencoder of the book shares."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Self

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from lib.latents import Code, ContinuousLatent
from lib.models.losses import binary_cross_entropy


class Output(NamedTuple):
    """What an autoencoder makes of a batch of images.

    Attributes:
        code: the latents, see `lib.latents.Code`.
        logits: of the reconstructions, `(n, height, width, channels)`.
    """

    code: Code
    logits: Float[Array, "n height width channels"]

    @property
    def reconstructions(self) -> Array:
        """The reconstructed images in [0, 1]."""
        return nnx.sigmoid(self.logits)


class Autoencoder(nnx.Module):
    """Encoder, latent space and decoder, trained to reconstruct.

    Args:
        encoder: maps images to `(n, num_latents)`.
        decoder: maps `(n, num_latents)` to logits of images.
        latent: the space between them; `ContinuousLatent()` when None.

    Source: the autoencoder baseline of Hsu et al. 2023, arXiv 2305.18378.
    """

    # What a run may set beside the networks' sizes, with the published defaults.
    hyperparameters: ClassVar[Mapping[str, float]] = MappingProxyType({})

    def __init__(self, encoder: nnx.Module, decoder: nnx.Module, latent: nnx.Module | None = None):
        self.encoder = encoder
        self.latent = ContinuousLatent() if latent is None else latent
        self.decoder = decoder

    @classmethod
    def build(
        cls, encoder: nnx.Module, decoder: nnx.Module, num_latents: int, *, rngs: nnx.Rngs
    ) -> Self:
        """The model over given networks; takes the class's `hyperparameters` by keyword too."""
        return cls(encoder, decoder)

    def __call__(self, images: Float[Array, "n height width channels"]) -> Output:
        """Encode and reconstruct images in [0, 1]."""
        code = self.latent(self.encoder(images))
        return Output(code, self.decoder(code.decoder_input))

    def decode(self, latents: Float[Array, "n num_latents"]) -> Array:
        """Images in [0, 1] from latents as the decoder reads them."""
        return nnx.sigmoid(self.decoder(latents))

    def terms(self, images: Float[Array, "n height width channels"]) -> dict[str, Float[Array, ""]]:
        """The weighted terms of the loss, by name; the loss is their sum.

        A model that adds to the loss overrides this.
        """
        return {"reconstruction": jnp.mean(binary_cross_entropy(self(images).logits, images))}
