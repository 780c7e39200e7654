"""The published convolutional encoder, its style decoder, and its plain decoder."""

from collections.abc import Sequence

import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from lib.checks import check_integer
from lib.networks.conv_layers import Conv, TransposedConv
from lib.networks.dense import linear
from lib.networks.norm_layers import NormThenLeakyReLU, scaled_norm

# Kernel sizes of the 12 convolutions; each of size 4 halves (or doubles) the side.
# Source: the authors' configuration of the image encoder and the style decoder.
KERNEL_SIZES = (3, 3, 4) * 4
INPUT_MAP_VALUE = 0.1
# The blocks after which the side doubles, but for the last.
_LAST_OF_SIDE = (2, 5, 8)


class ConvEncoder(nnx.Module):
    """The published image encoder: 12 convolutions, then two dense layers and a linear head.

    Each convolution is followed by an instance norm with scale and bias and a leaky ReLU; every
    third halves the side, so the side must be a multiple of 16.

    Args:
        resolution: side of the images in pixels, a multiple of 16.
        channels: colour channels of the images.
        num_outputs: width of the output.
        widths: channels of the four groups of three convolutions.
        dense_width: width of the two dense layers.
        dtype: of the arithmetic up to the features; parameters, statistics of the norms and the
            head are float32.
        rngs: of the initial parameters.

    Raises:
        ValueError: a resolution that is not a multiple of 16.

    Source: the authors' configuration `encoder_partial/image`; widths (32, 64, 128, 256), 256.
    Differs: images and maps are channels-last, so the dense layers read a map flattened in the
        order (height, width, channel).
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        num_outputs: int,
        *,
        widths: Sequence[int] = (32, 64, 128, 256),
        dense_width: int = 256,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        side = smallest_side(resolution)
        self.convs, self.norms = _blocks(Conv, channels, widths, dtype, rngs)
        flattened = side * side * widths[-1]
        self.dense = nnx.List(
            [
                linear(flattened, dense_width, rngs, dtype),
                linear(dense_width, dense_width, rngs, dtype),
            ]
        )
        self.num_features = dense_width
        self.head = linear(dense_width, num_outputs, rngs)

    def features(self, images: Float[Array, "n height width channels"]) -> Array:
        """The `(n, num_features)` features that the head reads."""
        maps = images
        for conv, norm in zip(self.convs, self.norms, strict=True):
            maps = norm(conv(maps))
        features = maps.reshape(maps.shape[0], -1)
        for layer in self.dense:
            features = nnx.relu(layer(features))
        return features

    def __call__(self, images: Float[Array, "n height width channels"]) -> Array:
        """Images to `(n, num_outputs)`."""
        return self.head(self.features(images))


class StyleDecoder(nnx.Module):
    """The published style decoder: the latents only scale and shift maps grown from a constant.

    Two dense layers turn the latents into a style; in each of 12 blocks a transposed convolution,
    a leaky ReLU and an instance norm are followed by a scale and a bias per channel, both read
    from the style through a dense layer and a ReLU.

    Args:
        resolution: side of the images in pixels, a multiple of 16.
        channels: colour channels of the images.
        num_inputs: width of the input.
        widths: channels of the four groups of three blocks, from the smallest map up.
        dense_width: width of the style.
        dtype: of the arithmetic; parameters, statistics of the norms and the logits are float32.
        rngs: of the initial parameters.

    Raises:
        ValueError: a resolution that is not a multiple of 16.

    Source: the authors' configuration `decoder_partial/style_image`; widths (256, 128, 64, 32),
        256. The design follows StyleGAN (Karras et al. 2019).
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        num_inputs: int,
        *,
        widths: Sequence[int] = (256, 128, 64, 32),
        dense_width: int = 256,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        side = smallest_side(resolution)
        self.input_map = nnx.Param(jnp.full((side, side, widths[0]), INPUT_MAP_VALUE, jnp.float32))
        self.dense = nnx.List(
            [
                linear(num_inputs, dense_width, rngs, dtype),
                linear(dense_width, dense_width, rngs, dtype),
            ]
        )
        convs, conditionings = [], []
        previous = widths[0]
        for i, kernel_size in enumerate(KERNEL_SIZES):
            width = widths[i // 3]
            convs.append(TransposedConv(previous, width, kernel_size, dtype=dtype, rngs=rngs))
            conditionings.append(linear(dense_width, 2 * width, rngs, dtype))
            previous = width
        self.convs = nnx.List(convs)
        self.conditionings = nnx.List(conditionings)
        self.to_image = Conv(previous, channels, 3, dtype=dtype, rngs=rngs)

    def activations(self, latents: Float[Array, "n num_inputs"]) -> tuple[list[Array], Array]:
        """The style and the maps of all sides but the last, and the logits.

        The maps are those after the first three groups of three blocks.
        """
        style = latents
        for layer in self.dense:
            style = nnx.relu(layer(style))
        # One map until the first style tells the images apart.
        maps = self.input_map[...][None]
        found = [style]
        for i, (conv, conditioning) in enumerate(zip(self.convs, self.conditionings, strict=True)):
            scale, bias = jnp.split(nnx.relu(conditioning(style)), 2, axis=-1)
            maps = scaled_norm(conv(maps), scale, bias, relu_first=True)
            if i in _LAST_OF_SIDE:
                found.append(maps)
        return found, self.to_image(maps).astype(jnp.float32)

    def __call__(self, latents: Float[Array, "n num_inputs"]) -> Array:
        """Latents to logits `(n, resolution, resolution, channels)`."""
        return self.activations(latents)[1]


class PlainDecoder(nnx.Module):
    """The published plain decoder: the latents grow into maps, without a style.

    Three dense layers with ReLUs, the last as wide as the smallest maps; 12 transposed
    convolutions, each followed by an instance norm with scale and bias and a leaky ReLU; and a
    1x1 convolution.

    Args:
        resolution: side of the images in pixels, a multiple of 16.
        channels: colour channels of the images.
        num_inputs: width of the input.
        widths: channels of the four groups of three transposed convolutions, from the smallest
            maps up.
        dense_width: width of the first two dense layers.
        first_width: channels of the smallest maps, which the third dense layer makes; the first
            of `widths` when None.
        dtype: of the arithmetic; parameters, statistics of the norms and the logits are float32.
        rngs: of the initial parameters.

    Raises:
        ValueError: a resolution that is not a multiple of 16.

    Source: the authors' configuration `decoder_partial/image`; widths (256, 128, 64, 32), 256.
    Differs: maps are channels-last, so the third dense layer's output is a map in the order
        (height, width, channel).
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        num_inputs: int,
        *,
        widths: Sequence[int] = (256, 128, 64, 32),
        dense_width: int = 256,
        first_width: int | None = None,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        side = smallest_side(resolution)
        first_width = widths[0] if first_width is None else first_width
        self.map_shape = (side, side, first_width)
        self.dense = nnx.List(
            [
                linear(num_inputs, dense_width, rngs, dtype),
                linear(dense_width, dense_width, rngs, dtype),
                linear(dense_width, side * side * first_width, rngs, dtype),
            ]
        )
        self.convs, self.norms = _blocks(TransposedConv, first_width, widths, dtype, rngs)
        self.to_image = Conv(widths[-1], channels, 1, dtype=dtype, rngs=rngs)

    def activations(self, latents: Float[Array, "n num_inputs"]) -> tuple[list[Array], Array]:
        """The second dense layer and the maps of all sides but the last, and the logits."""
        first, second, to_map = self.dense
        values = nnx.relu(second(nnx.relu(first(latents))))
        maps = nnx.relu(to_map(values)).reshape(-1, *self.map_shape)
        found = [values]
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            maps = norm(conv(maps))
            if i in _LAST_OF_SIDE:
                found.append(maps)
        return found, self.to_image(maps).astype(jnp.float32)

    def __call__(self, latents: Float[Array, "n num_inputs"]) -> Array:
        """Latents to logits `(n, resolution, resolution, channels)`."""
        return self.activations(latents)[1]


def _blocks(
    kind: type[Conv | TransposedConv],
    channels: int,
    widths: Sequence[int],
    dtype: DTypeLike,
    rngs: nnx.Rngs,
) -> tuple[nnx.List, nnx.List]:
    """12 convolutions and the norms and leaky ReLUs that follow them."""
    convs, norms = [], []
    for i, kernel_size in enumerate(KERNEL_SIZES):
        width = widths[i // 3]
        convs.append(kind(channels, width, kernel_size, dtype=dtype, rngs=rngs))
        norms.append(NormThenLeakyReLU(width, rngs=rngs))
        channels = width
    return nnx.List(convs), nnx.List(norms)


def smallest_side(resolution: int) -> int:
    """Side of the smallest maps, where `resolution` is a multiple of 16.

    Raises:
        TypeError, ValueError: it is not.
    """
    check_integer("resolution", resolution, minimum=16)
    if resolution % 16:
        raise ValueError(
            f"resolution={resolution} is not a multiple of 16; the convolutional networks halve "
            "the side four times."
        )
    return resolution // 16
