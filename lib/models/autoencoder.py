"""The plain autoencoder, and what every model of the book shares."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Self

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from lib.latents import Code, ContinuousLatent
from lib.models.losses import binary_cross_entropy
from lib.models.settings import check_settings
from lib.models.step import Objective, Step


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

    Another model is a subclass. It may name hyperparameters, make another latent space in
    `build_latent`, and return other terms of a loss in `terms`, or other `objectives`.

    Args:
        encoder: maps images to `(n, num_latents * latent.inputs_per_latent)`.
        decoder: maps `(n, num_latents * latent.outputs_per_latent)` to logits of images.
        latent: the space between them; `ContinuousLatent()` when None.
        rngs: of the initial parameters that a model has beside these three, if any.
        **settings: of the objective, by the names of `objective_settings`; they become attributes.

    Raises:
        TypeError: an unknown setting, or a value of the wrong kind.
        ValueError: a value out of range, such as a negative weight.

    Source: the autoencoder baseline of Hsu et al. 2023, arXiv 2305.18378.
    """

    # Hyperparameters with their published defaults: what `build_latent` takes, what the objective
    # reads, and both together.
    latent_settings: ClassVar[Mapping[str, object]] = MappingProxyType({})
    objective_settings: ClassVar[Mapping[str, object]] = MappingProxyType({})
    hyperparameters: ClassVar[Mapping[str, object]] = MappingProxyType({})
    # Whether a term ties the images of a batch together, so that no two devices may share one.
    needs_whole_batch: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object):
        super().__init_subclass__(**kwargs)
        cls.hyperparameters = MappingProxyType({**cls.latent_settings, **cls.objective_settings})

    def __init__(
        self,
        encoder: nnx.Module,
        decoder: nnx.Module,
        latent: nnx.Module | None = None,
        *,
        rngs: nnx.Rngs | None = None,
        **settings: object,
    ):
        del rngs
        check_settings(settings, self.objective_settings)
        for name, value in {**self.objective_settings, **settings}.items():
            setattr(self, name, value)
        self.encoder = encoder
        self.latent = ContinuousLatent() if latent is None else latent
        self.decoder = decoder

    @classmethod
    def build_latent(cls, num_latents: int, *, rngs: nnx.Rngs, **settings: object) -> nnx.Module:
        """The latent space, by the names of `latent_settings`."""
        return ContinuousLatent()

    @classmethod
    def build(
        cls,
        build_networks: Callable[..., tuple[nnx.Module, nnx.Module]],
        num_latents: int,
        *,
        rngs: nnx.Rngs,
        **hyperparameters: object,
    ) -> Self:
        """The model with its latent space and networks.

        Args:
            build_networks: `lib.networks.build_networks` with all arguments bound but the numbers
                of latents and `rngs`.
            num_latents: number of latents.
            rngs: of the initial parameters.
            **hyperparameters: that differ from the class's `hyperparameters`.

        Raises:
            TypeError, ValueError: an unknown hyperparameter or a bad value.
        """
        check_settings(hyperparameters, cls.hyperparameters)
        values = {**cls.hyperparameters, **hyperparameters}
        latent_settings = {name: values.pop(name) for name in cls.latent_settings}
        latent = cls.build_latent(num_latents, rngs=rngs, **latent_settings)
        networks = build_networks(
            num_latents=num_latents * latent.outputs_per_latent,
            encoder_outputs=num_latents * latent.inputs_per_latent,
            rngs=rngs,
        )
        return cls(*networks, latent, rngs=rngs, **values)

    @classmethod
    def check(
        cls, num_latents: int, *, steps: int, precision: str, **hyperparameters: object
    ) -> None:
        """Refuse what the model cannot be built or trained with; nothing is computed.

        Args:
            num_latents: number of latents.
            steps: training steps, a positive integer.
            precision: one of `lib.training.PRECISIONS`.
            **hyperparameters: that differ from the class's `hyperparameters`.

        Raises:
            TypeError, ValueError: an unknown hyperparameter or a bad value.
        """
        check_settings(hyperparameters, cls.hyperparameters)
        own = {**cls.hyperparameters, **hyperparameters}
        settings = {name: own[name] for name in cls.latent_settings}
        nnx.eval_shape(lambda: cls.build_latent(num_latents, rngs=nnx.Rngs(0), **settings))

    def __call__(self, images: Float[Array, "n height width channels"]) -> Output:
        """Encode and reconstruct images in [0, 1]."""
        code = self.latent(self.encoder(images))
        return Output(code, self.decoder(code.decoder_input))

    def decode(self, latents: Float[Array, "n num_inputs"]) -> Array:
        """Images in [0, 1] from latents as the decoder reads them."""
        return nnx.sigmoid(self.decoder(latents))

    def terms(
        self, images: Float[Array, "n height width channels"], step: Step
    ) -> dict[str, Float[Array, ""]]:
        """The weighted terms of the loss, by name; the loss is their sum.

        Args:
            images: in [0, 1].
            step: random keys of the images, and how far training is.
        """
        return {"reconstruction": jnp.mean(binary_cross_entropy(self(images).logits, images))}

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The losses and what they train; here `terms`, which trains everything."""
        return (Objective(self.terms),)
