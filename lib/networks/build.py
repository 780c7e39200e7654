"""Pairs of an encoder and its decoder, by name."""

import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike

from lib.checks import check_choice, check_integer
from lib.networks.convolutional import (
    ConvEncoder,
    PlainDecoder,
    StyleDecoder,
    smallest_side,
)
from lib.networks.dense import MLPDecoder, MLPEncoder
from lib.networks.style_mlp import StyleMLPDecoder, StyleMLPEncoder

NETWORKS = ("convolutional", "convolutional-plain", "mlp", "style-mlp")
_DENSE = {"mlp": (MLPEncoder, MLPDecoder), "style-mlp": (StyleMLPEncoder, StyleMLPDecoder)}


def build_networks(
    network: str,
    *,
    resolution: int,
    channels: int,
    num_latents: int,
    encoder_outputs: int | None = None,
    width: int,
    dtype: DTypeLike = jnp.float32,
    rngs: nnx.Rngs,
) -> tuple[nnx.Module, nnx.Module]:
    """An encoder and its decoder.

    Args:
        network: "convolutional" (the published pair, with the style decoder),
            "convolutional-plain" (with the plain decoder), "mlp" (small, with layer norms) or
            "style-mlp" (small, with a decoder that takes the latents as a style).
        resolution: side of the images in pixels.
        channels: colour channels of the images.
        num_latents: numbers that the decoder reads.
        encoder_outputs: numbers that the encoder gives; as many when None.
        width: of the hidden layers of the MLPs; of the widest maps and the dense layers of the
            convolutional pairs, whose narrower maps have a half, a quarter and an eighth of it.
        dtype: of the arithmetic; parameters, latents and logits are float32 whatever it is.
        rngs: of the initial parameters.

    Returns:
        The encoder and the decoder.

    Raises:
        ValueError: an unknown network, or a size that it cannot have.
    """
    check_sizes(network, resolution, width)
    image = (resolution, channels)
    outputs = num_latents if encoder_outputs is None else encoder_outputs
    kind = {"dtype": dtype, "rngs": rngs}
    if network in _DENSE:
        encoder, decoder = _DENSE[network]
        return (
            encoder(*image, outputs, width=width, **kind),
            decoder(*image, num_latents, width=width, **kind),
        )
    widths = (width // 8, width // 4, width // 2, width)
    encoder = ConvEncoder(*image, outputs, widths=widths, dense_width=width, **kind)
    decoder = PlainDecoder if network == "convolutional-plain" else StyleDecoder
    return encoder, decoder(*image, num_latents, widths=widths[::-1], dense_width=width, **kind)


def check_sizes(network: str, resolution: int, width: int) -> None:
    """Require sizes that a pair of networks can have, see `build_networks`.

    Raises:
        TypeError: a size that is not an integer.
        ValueError: an unknown network; a size below 1; for a convolutional one, a resolution that
            is not a multiple of 16 or is 16 itself, or a width that is not a multiple of 8.
    """
    check_choice("network", network, NETWORKS)
    check_integer("resolution", resolution, minimum=1)
    check_integer("width", width, minimum=1)
    if network in _DENSE:
        return
    if smallest_side(resolution) == 1:
        raise ValueError(
            f"resolution={resolution} is too small for network={network!r}: its smallest maps "
            "would be single pixels, which an instance norm turns to zero; expected at least 32."
        )
    if width % 8:
        raise ValueError(
            f"width={width} is not a multiple of 8; the narrowest maps have an eighth of it."
        )
