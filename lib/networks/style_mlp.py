"""A small pair of MLPs whose decoder is built like the published one: the latents are a style."""

import math

import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from lib.networks.convolutional import INPUT_MAP_VALUE
from lib.networks.dense import linear
from lib.networks.norm_layers import LEAKY_SLOPE


class StyleMLPEncoder(nnx.Module):
    """The encoder beside `StyleMLPDecoder`: an MLP, normalised in its first layer alone.

    The first hidden layer, which reads every pixel and is most of the cost, has half the width.

    Args:
        resolution: side of the images in pixels.
        channels: colour channels of the images.
        num_outputs: width of the output.
        width: of the second hidden layer.
        dtype: of the arithmetic of the hidden layers; parameters and the last layer are float32.
        rngs: of the initial parameters.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        num_outputs: int,
        *,
        width: int,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        narrow = -(-width // 2)
        self.first = linear(resolution**2 * channels, narrow, rngs, dtype)
        self.norm = nnx.LayerNorm(narrow, dtype=dtype, rngs=rngs)
        self.second = linear(narrow, width, rngs, dtype)
        self.num_features = width
        self.head = linear(width, num_outputs, rngs)

    def features(self, images: Float[Array, "n height width channels"]) -> Array:
        """The `(n, num_features)` features that the head reads."""
        hidden = nnx.relu(self.norm(self.first(images.reshape(images.shape[0], -1))))
        return nnx.relu(self.second(hidden))

    def __call__(self, images: Float[Array, "n height width channels"]) -> Array:
        """Images to `(n, num_outputs)`."""
        return self.head(self.features(images))


class StyleMLPDecoder(nnx.Module):
    """A small decoder for studies of weight decay: the style decoder with vectors in place of maps.

    Two dense layers turn the latents into a style; in each of two blocks a dense layer, a leaky
    ReLU and a norm without parameters are followed by a scale and a bias per unit, both read from
    the style through a dense layer and a ReLU. So the latents act only through weights that no
    norm follows, which weight decay can shrink.

    Args:
        resolution: side of the images in pixels.
        channels: colour channels of the images.
        num_inputs: width of the input.
        width: of all hidden layers.
        dtype: of the arithmetic of the hidden layers; parameters and the last layer are float32.
        rngs: of the initial parameters.

    Source: Hsu et al. 2023, arXiv 2305.18378, the authors' `decoder_partial/style_image`.
    Differs: two blocks of dense layers, where the published decoder has twelve of convolutions.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        num_inputs: int,
        *,
        width: int,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        self.image_shape = (resolution, resolution, channels)
        self.input_vector = nnx.Param(jnp.full(width, INPUT_MAP_VALUE, jnp.float32))
        self.dense = nnx.List(
            [linear(num_inputs, width, rngs, dtype), linear(width, width, rngs, dtype)]
        )
        self.hidden = nnx.List([linear(width, width, rngs, dtype) for _ in range(2)])
        self.conditionings = nnx.List([linear(width, 2 * width, rngs, dtype) for _ in range(2)])
        self.norm = nnx.LayerNorm(width, use_bias=False, use_scale=False, dtype=dtype, rngs=rngs)
        self.to_image = linear(width, math.prod(self.image_shape), rngs)

    def activations(self, latents: Float[Array, "n num_inputs"]) -> tuple[list[Array], Array]:
        """The style and the outputs of both blocks, and the logits."""
        style = latents
        for layer in self.dense:
            style = nnx.relu(layer(style))
        # One vector until the first style tells the images apart.
        values = self.input_vector[...][None]
        found = [style]
        for layer, conditioning in zip(self.hidden, self.conditionings, strict=True):
            scale, bias = jnp.split(nnx.relu(conditioning(style)), 2, axis=-1)
            values = self.norm(nnx.leaky_relu(layer(values), LEAKY_SLOPE)) * scale + bias
            found.append(values)
        return found, self.to_image(values).reshape(len(latents), *self.image_shape)

    def __call__(self, latents: Float[Array, "n num_inputs"]) -> Array:
        """Latents to logits `(n, resolution, resolution, channels)`."""
        return self.activations(latents)[1]
