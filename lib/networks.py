"""Encoders and decoders: the published convolutional pair, and a small pair of MLPs.

Every encoder maps images `(n, resolution, resolution, channels)` in [0, 1] to `(n, num_latents)`;
every decoder maps `(n, num_latents)` to image logits, whose sigmoid is the reconstruction.
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from lib.checks import check_choice, check_integer

NORM_EPSILON = 1e-6
LEAKY_SLOPE = 0.2
# Kernel sizes of the 12 convolutions; each of size 4 halves (or doubles) the side.
# Source: the authors' configuration of the image encoder and the style decoder.
KERNEL_SIZES = (3, 3, 4) * 4
INPUT_MAP_VALUE = 0.1

# Uniform in +-1/sqrt(fan_in), as the authors' layers (Equinox 0.10) start.
_kernel_init = nnx.initializers.variance_scaling(1 / 3, "fan_in", "uniform")


def _linear(in_features: int, out_features: int, rngs: nnx.Rngs) -> nnx.Linear:
    bound = 1 / math.sqrt(in_features)

    def bias_init(key, shape, dtype):
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return nnx.Linear(
        in_features, out_features, kernel_init=_kernel_init, bias_init=bias_init, rngs=rngs
    )


def instance_norm(maps: Float[Array, "n height width channels"]) -> Array:
    """Standardise each channel of each image over its pixels, without learnable parameters."""
    mean = jnp.mean(maps, axis=(1, 2), keepdims=True)
    variance = jnp.var(maps, axis=(1, 2), keepdims=True)
    return (maps - mean) * jax.lax.rsqrt(variance + NORM_EPSILON)


class TransposedConv(nnx.Module):
    """A convolution without bias that keeps the side (kernel 3) or doubles it (kernel 4).

    The kernel of size 4 acts as a convolution over the input dilated by 2, without a flip. Three
    quarters of that input are zeros; an output pixel reads only a 2x2 window of the real one, and
    which four taps of the kernel meet it depends on the parity of the pixel's row and column. So
    one 2x2 convolution computes all four parities as channels, and they are then interleaved.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: 3 or 4.
        rngs: of the initial kernel, `(kernel_size, kernel_size, in_channels, out_channels)`.

    Source: the authors' decoder blocks (golden values `style_decoder`).
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, *, rngs: nnx.Rngs):
        shape = (kernel_size, kernel_size, in_channels, out_channels)
        self.kernel = nnx.Param(_kernel_init(rngs.params(), shape, jnp.float32))

    def __call__(self, maps: Float[Array, "n height width channels"]) -> Array:
        """Maps `(n, height, width, in_channels)` to `out_channels`, the side kept or doubled."""
        kernel = self.kernel[...]
        size, _, in_channels, out_channels = kernel.shape
        if size == 3:
            return _convolve(maps, kernel, padding=1)
        # Axes of the kernel: tap and parity of the row, tap and parity of the column.
        taps = kernel.reshape(2, 2, 2, 2, in_channels, out_channels)
        by_parity = taps.transpose(0, 2, 4, 1, 3, 5).reshape(2, 2, in_channels, 4 * out_channels)
        parities = _convolve(maps, by_parity, padding=1)  # (n, height + 1, width + 1, 4 * out)
        n, height, width, _ = maps.shape
        parities = parities.reshape(n, height + 1, width + 1, 2, 2, out_channels)
        rows = [
            jnp.stack([parities[:, a : a + height, b : b + width, a, b] for b in (0, 1)], axis=3)
            for a in (0, 1)
        ]
        interleaved = jnp.stack(rows, axis=2)  # (n, height, 2, width, 2, out_channels)
        return interleaved.reshape(n, 2 * height, 2 * width, out_channels)


def _convolve(maps: Array, kernel: Array, padding: int) -> Array:
    return jax.lax.conv_general_dilated(
        maps,
        kernel,
        window_strides=(1, 1),
        padding=((padding, padding), (padding, padding)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


class ConvEncoder(nnx.Module):
    """The published image encoder: 12 convolutions, then two dense layers and a linear head.

    Each convolution is followed by an instance norm with scale and bias and a leaky ReLU; every
    third halves the side, so the side must be a multiple of 16.

    Args:
        resolution: side of the images in pixels, a multiple of 16.
        channels: colour channels of the images.
        num_latents: width of the output.
        widths: channels of the four groups of three convolutions.
        dense_width: width of the two dense layers.
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
        num_latents: int,
        *,
        widths: Sequence[int] = (32, 64, 128, 256),
        dense_width: int = 256,
        rngs: nnx.Rngs,
    ):
        side = _smallest_side(resolution)
        convs, norms = [], []
        previous = channels
        for i, kernel_size in enumerate(KERNEL_SIZES):
            width = widths[i // 3]
            convs.append(
                nnx.Conv(
                    previous,
                    width,
                    (kernel_size, kernel_size),
                    strides=2 if kernel_size == 4 else 1,
                    padding=1,
                    use_bias=False,
                    kernel_init=_kernel_init,
                    rngs=rngs,
                )
            )
            norms.append(
                nnx.InstanceNorm(width, epsilon=NORM_EPSILON, use_fast_variance=False, rngs=rngs)
            )
            previous = width
        self.convs = nnx.List(convs)
        self.norms = nnx.List(norms)
        flattened = side * side * previous
        self.dense = nnx.List(
            [_linear(flattened, dense_width, rngs), _linear(dense_width, dense_width, rngs)]
        )
        self.head = _linear(dense_width, num_latents, rngs)

    def features(self, images: Float[Array, "n height width channels"]) -> Array:
        """The `(n, dense_width)` features that the head reads."""
        maps = images
        for conv, norm in zip(self.convs, self.norms, strict=True):
            maps = nnx.leaky_relu(norm(conv(maps)), LEAKY_SLOPE)
        features = maps.reshape(maps.shape[0], -1)
        for layer in self.dense:
            features = nnx.relu(layer(features))
        return features

    def __call__(self, images: Float[Array, "n height width channels"]) -> Array:
        """Images to `(n, num_latents)`."""
        return self.head(self.features(images))


class StyleDecoder(nnx.Module):
    """The published style decoder: the latents only scale and shift maps grown from a constant.

    Two dense layers turn the latents into a style; in each of 12 blocks a transposed convolution,
    a leaky ReLU and an instance norm are followed by a scale and a bias per channel, both read
    from the style through a dense layer and a ReLU.

    Args:
        resolution: side of the images in pixels, a multiple of 16.
        channels: colour channels of the images.
        num_latents: width of the input.
        widths: channels of the four groups of three blocks, from the smallest map up.
        dense_width: width of the style.
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
        num_latents: int,
        *,
        widths: Sequence[int] = (256, 128, 64, 32),
        dense_width: int = 256,
        rngs: nnx.Rngs,
    ):
        side = _smallest_side(resolution)
        self.input_map = nnx.Param(jnp.full((side, side, widths[0]), INPUT_MAP_VALUE))
        self.dense = nnx.List(
            [_linear(num_latents, dense_width, rngs), _linear(dense_width, dense_width, rngs)]
        )
        convs, conditionings = [], []
        previous = widths[0]
        for i, kernel_size in enumerate(KERNEL_SIZES):
            width = widths[i // 3]
            convs.append(TransposedConv(previous, width, kernel_size, rngs=rngs))
            conditionings.append(_linear(dense_width, 2 * width, rngs))
            previous = width
        self.convs = nnx.List(convs)
        self.conditionings = nnx.List(conditionings)
        self.to_image = nnx.Conv(
            previous,
            channels,
            (3, 3),
            padding=1,
            use_bias=False,
            kernel_init=_kernel_init,
            rngs=rngs,
        )

    def __call__(self, latents: Float[Array, "n num_latents"]) -> Array:
        """Latents to logits `(n, resolution, resolution, channels)`."""
        style = latents
        for layer in self.dense:
            style = nnx.relu(layer(style))
        maps = jnp.broadcast_to(self.input_map[...], (latents.shape[0], *self.input_map.shape))
        for conv, conditioning in zip(self.convs, self.conditionings, strict=True):
            scale, bias = jnp.split(nnx.relu(conditioning(style))[:, None, None, :], 2, axis=-1)
            maps = instance_norm(nnx.leaky_relu(conv(maps), LEAKY_SLOPE))
            maps = maps * scale + bias
        return self.to_image(maps)


def _smallest_side(resolution: int) -> int:
    check_integer("resolution", resolution, minimum=16)
    if resolution % 16:
        raise ValueError(
            f"resolution={resolution} is not a multiple of 16; the convolutional networks halve "
            "the side four times."
        )
    return resolution // 16


class _MLP(nnx.Module):
    """Two hidden layers, each a dense layer, a layer norm and a ReLU; then a linear one."""

    def __init__(self, in_features: int, out_features: int, *, width: int, rngs: nnx.Rngs):
        self.hidden = nnx.List([_linear(in_features, width, rngs), _linear(width, width, rngs)])
        self.norms = nnx.List([nnx.LayerNorm(width, rngs=rngs) for _ in range(2)])
        self.head = _linear(width, out_features, rngs)

    def __call__(self, inputs: Float[Array, "n in_features"]) -> Array:
        for layer, norm in zip(self.hidden, self.norms, strict=True):
            inputs = nnx.relu(norm(layer(inputs)))
        return self.head(inputs)


class MLPEncoder(nnx.Module):
    """The small encoder of the laptop profile: an MLP on the flattened image.

    Args:
        resolution: side of the images in pixels.
        channels: colour channels of the images.
        num_latents: width of the output.
        width: width of the two hidden layers, each with a layer norm.
        rngs: of the initial parameters.
    """

    def __init__(
        self, resolution: int, channels: int, num_latents: int, *, width: int, rngs: nnx.Rngs
    ):
        self.mlp = _MLP(resolution**2 * channels, num_latents, width=width, rngs=rngs)

    def __call__(self, images: Float[Array, "n height width channels"]) -> Array:
        """Images to `(n, num_latents)`."""
        return self.mlp(images.reshape(images.shape[0], -1))


class MLPDecoder(nnx.Module):
    """The small decoder of the laptop profile: an MLP from the latents to every pixel's logit.

    Args:
        resolution: side of the images in pixels.
        channels: colour channels of the images.
        num_latents: width of the input.
        width: width of the two hidden layers, each with a layer norm.
        rngs: of the initial parameters.
    """

    def __init__(
        self, resolution: int, channels: int, num_latents: int, *, width: int, rngs: nnx.Rngs
    ):
        self.image_shape = (resolution, resolution, channels)
        self.mlp = _MLP(num_latents, math.prod(self.image_shape), width=width, rngs=rngs)

    def __call__(self, latents: Float[Array, "n num_latents"]) -> Array:
        """Latents to logits `(n, resolution, resolution, channels)`."""
        return self.mlp(latents).reshape(latents.shape[0], *self.image_shape)


NETWORKS = ("convolutional", "mlp")


def build_networks(
    network: str,
    *,
    resolution: int,
    channels: int,
    num_latents: int,
    width: int,
    rngs: nnx.Rngs,
) -> tuple[nnx.Module, nnx.Module]:
    """An encoder and its decoder.

    Args:
        network: "convolutional" (the published pair) or "mlp" (the laptop profile's).
        resolution: side of the images in pixels.
        channels: colour channels of the images.
        num_latents: latents between the two.
        width: of the hidden layers of the MLPs; of the widest maps and the dense layers of the
            convolutional pair, whose narrower maps have a half, a quarter and an eighth of it.
        rngs: of the initial parameters.

    Returns:
        The encoder and the decoder.

    Raises:
        ValueError: an unknown network, or a size that it cannot have.
    """
    check_sizes(network, resolution, width)
    sizes = (resolution, channels, num_latents)
    if network == "mlp":
        return (
            MLPEncoder(*sizes, width=width, rngs=rngs),
            MLPDecoder(*sizes, width=width, rngs=rngs),
        )
    widths = (width // 8, width // 4, width // 2, width)
    return (
        ConvEncoder(*sizes, widths=widths, dense_width=width, rngs=rngs),
        StyleDecoder(*sizes, widths=widths[::-1], dense_width=width, rngs=rngs),
    )


def check_sizes(network: str, resolution: int, width: int) -> None:
    """Require sizes that a pair of networks can have, see `build_networks`.

    Raises:
        TypeError: a size that is not an integer.
        ValueError: an unknown network; a size below 1; for "convolutional", a resolution that is
            not a multiple of 16 or is 16 itself, or a width that is not a multiple of 8.
    """
    check_choice("network", network, NETWORKS)
    check_integer("resolution", resolution, minimum=1)
    check_integer("width", width, minimum=1)
    if network != "convolutional":
        return
    if _smallest_side(resolution) == 1:
        raise ValueError(
            f"resolution={resolution} is too small for network='convolutional': its smallest maps "
            "would be single pixels, which an instance norm turns to zero; expected at least 32."
        )
    if width % 8:
        raise ValueError(
            f"width={width} is not a multiple of 8; the narrowest maps have an eighth of it."
        )
