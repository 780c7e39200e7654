"""Networks with the parameters of golden files: channels first there, channels last here."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from flax import nnx

from lib.networks import ConvEncoder, PlainDecoder, StyleDecoder

CONV_WEIGHT = (2, 3, 1, 0)  # (out, in, height, width) to (height, width, in, out)

File = Mapping[str, np.ndarray]


def widths(file: File, pattern: str) -> list[int]:
    """Of the four groups of three convolutions, whose weights have names like `pattern`."""
    return [file[pattern.format(i)].shape[0] for i in range(0, 12, 3)]


def fill_linear(layer: nnx.Linear, file: File, path: str) -> None:
    """A dense layer."""
    layer.kernel[...] = file[f"{path}.weight"].T
    layer.bias[...] = file[f"{path}.bias"]


def _fill_blocks(network: ConvEncoder | PlainDecoder, file: File, path: str) -> None:
    for i in range(12):
        weight = file[f"{path}.layers[{i}].layers[0].weight"]
        network.convs[i].kernel[...] = weight.transpose(CONV_WEIGHT)
        network.norms[i].scale[...] = file[f"{path}.layers[{i}].layers[1].weight"]
        network.norms[i].bias[...] = file[f"{path}.layers[{i}].layers[1].bias"]


def fill_encoder(encoder: ConvEncoder, file: File, path: str) -> None:
    """The convolutional encoder, its parameters under `path`."""
    _fill_blocks(encoder, file, f"{path}.conv")
    for i in range(2):
        fill_linear(encoder.dense[i], file, f"{path}.dense.layers[{i}].layers[0]")
    fill_linear(encoder.head, file, f"{path}.head")
    # The file's first dense layer reads the map as (channel, height, width); ours channels-last.
    kernel, channels = encoder.dense[0].kernel, encoder.convs[-1].kernel.shape[-1]
    side = round((kernel.shape[0] / channels) ** 0.5)
    by_channel = kernel[...].reshape(channels, side, side, -1)
    kernel[...] = by_channel.transpose(1, 2, 0, 3).reshape(kernel.shape)


def fill_style_decoder(decoder: StyleDecoder, file: File, path: str) -> None:
    """The style decoder, its parameters under `path`."""
    decoder.input_map[...] = jnp.asarray(file[f"{path}.input_map"].transpose(1, 2, 0))
    for i in range(2):
        fill_linear(decoder.dense[i], file, f"{path}.dense.layers[{i}].layers[0]")
    for i in range(12):
        block = f"{path}.style_conv_transpose.blocks[{i}]"
        weight = file[f"{block}.forward_block.layers[0].weight"]
        decoder.convs[i].kernel[...] = weight.transpose(CONV_WEIGHT)
        fill_linear(decoder.conditionings[i], file, f"{block}.conditioning.layers[0]")
    decoder.to_image.kernel[...] = file[f"{path}.conv.layers[0].weight"].transpose(CONV_WEIGHT)


def fill_plain_decoder(decoder: PlainDecoder, file: File) -> None:
    """The plain decoder."""
    for i in range(2):
        fill_linear(decoder.dense[i], file, f"param.layers[0].layers[{i}].layers[0]")
    fill_linear(decoder.dense[2], file, "param.layers[1].layers[0]")
    # The file's third dense layer makes a map (channel, height, width); ours channels-last.
    height, width, channels = decoder.map_shape
    layer = decoder.dense[2]
    for values in (layer.kernel, layer.bias):
        by_channel = values[...].reshape(-1, channels, height, width)
        values[...] = by_channel.transpose(0, 2, 3, 1).reshape(values.shape)
    _fill_blocks(decoder, file, "param.layers[3]")
    decoder.to_image.kernel[...] = file["param.layers[4].layers[0].weight"].transpose(CONV_WEIGHT)
