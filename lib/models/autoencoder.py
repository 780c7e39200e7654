"""The plain autoencoder, and what every model of the book shares."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Self

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from lib.latents import Code, ContinuousLatent
from lib.models.losses import binary_cross_entropy
from lib.models.objective import Objective, Step
from lib.registry import Registry
from lib.settings import Settings

# The models by name.
MODELS: "Registry[type[Autoencoder]]" = Registry("model", "lib.models")

Recipes = Mapping[str | tuple[str, str], Mapping[str, object]]


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

    Another model is a subclass in a file of its own. It may have `Settings`, make another latent
    space in `build_latent`, and return other terms of a loss in `terms`, or other `objectives`.
    With a name, `class Mine(Autoencoder, name="mine")`, it is found by runs, figures and tables.

    Args:
        encoder: maps images to `(n, num_latents * latent.inputs_per_latent)`.
        decoder: maps `(n, num_latents * latent.outputs_per_latent)` to logits of images.
        latent: the space between them; `ContinuousLatent()` when None.
        rngs: of the initial parameters that a model has beside these three, if any.
        **settings: hyperparameters that differ from the defaults of `Settings`.

    Attributes:
        settings: all hyperparameters, an instance of the class's `Settings`.

    Raises:
        TypeError: an unknown hyperparameter, or a value of the wrong kind.
        ValueError: a value out of range, such as a negative weight.

    Source: the autoencoder baseline of Hsu et al. 2023, arXiv 2305.18378.
    """

    name: ClassVar[str] = "autoencoder"
    label: ClassVar[str] = "autoencoder"
    description: ClassVar[str] = "the plain one"
    # In figures: a CSS colour and a shape of Vega's; None for ones that no other model has.
    color: ClassVar[str | None] = "#d86a1a"
    marker: ClassVar[str | None] = "circle"
    # Settings of a run that differ from a profile's, by profile or by (profile, benchmark).
    recipes: ClassVar[Recipes] = MappingProxyType({})
    # Hyperparameters with their published defaults.
    Settings: ClassVar[type[Settings]] = Settings
    # Whether a term ties the images of a batch together, so that no two devices may share one.
    needs_whole_batch: ClassVar[bool] = False

    def __init_subclass__(cls, *, name: str | None = None, **kwargs: object):
        super().__init_subclass__(**kwargs)
        if name is None:
            return
        cls.name = name
        for attribute, default in _OF_NAMED_MODELS.items():
            if attribute not in vars(cls):
                setattr(cls, attribute, default)
        cls.label = cls.label or name
        MODELS.add(name, cls, cls.__module__)

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
        self.settings = self.Settings.of(**settings)
        self.encoder = encoder
        self.latent = ContinuousLatent() if latent is None else latent
        self.decoder = decoder

    @classmethod
    def build_latent(cls, num_latents: int, settings: Settings, *, rngs: nnx.Rngs) -> nnx.Module:
        """The latent space of so many latents, by the model's hyperparameters."""
        return ContinuousLatent()

    @classmethod
    def build(
        cls,
        build_networks: Callable[..., tuple[nnx.Module, nnx.Module]],
        num_latents: int,
        *,
        rngs: nnx.Rngs,
        **settings: object,
    ) -> Self:
        """The model with its latent space and networks.

        Args:
            build_networks: `lib.networks.build_networks` with all arguments bound but the numbers
                of latents and `rngs`.
            num_latents: number of latents.
            rngs: of the initial parameters.
            **settings: hyperparameters that differ from the defaults of `Settings`.

        Raises:
            TypeError, ValueError: an unknown hyperparameter or a bad value.
        """
        latent = cls.build_latent(num_latents, cls.Settings.of(**settings), rngs=rngs)
        networks = build_networks(
            num_latents=num_latents * latent.outputs_per_latent,
            encoder_outputs=num_latents * latent.inputs_per_latent,
            rngs=rngs,
        )
        return cls(*networks, latent, rngs=rngs, **settings)

    @classmethod
    def check(cls, num_latents: int, settings: Settings, *, steps: int, precision: str) -> None:
        """Refuse what the model cannot be built or trained with; nothing is computed.

        Args:
            num_latents: number of latents.
            settings: all hyperparameters.
            steps: training steps, a positive integer.
            precision: one of `lib.training.PRECISIONS`.

        Raises:
            TypeError, ValueError: they do not fit one another.
        """
        nnx.eval_shape(lambda: cls.build_latent(num_latents, settings, rngs=nnx.Rngs(0)))

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


# What a model that has a name does not take from the class it is derived from.
_OF_NAMED_MODELS = MappingProxyType(
    {"label": "", "description": "", "color": None, "marker": None, "recipes": MappingProxyType({})}
)
MODELS.add(Autoencoder.name, Autoencoder, __name__)
