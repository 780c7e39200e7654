"""A trained decoder as a page carries it: weights rounded to integers, as finely as they matter."""

import base64
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.fft import dctn, idctn

from lib.networks import StyleMLPDecoder
from lib.networks.norm_layers import LEAKY_SLOPE

# Of random latents, over which it is measured how strongly each unit speaks.
_SAMPLES = 1_000
# The step of a hidden layer's integers: this share of what the layer says, over the root of the
# number of units that speak to it. And that of the last layer, in logits.
_SHARE, _LOGITS = 0.06, 0.055
# A weight is rounded away from 0 where it is this near to the next integer.
_ROUND_UP = 0.4
_AXES = (1, 2, 3)  # height, width and channels of an image


class _Layer(NamedTuple):
    """A dense layer whose weights are `integers * scales[:, None]`.

    The last one writes the amplitudes of an image's cosine waves, where few weights are large.
    """

    name: str
    scales: Float[np.ndarray, " inputs"]
    bias: Float[np.ndarray, " outputs"]
    integers: Float[np.ndarray, "inputs outputs"]

    @property
    def kernel(self) -> Float[np.ndarray, "inputs outputs"]:
        return self.integers * self.scales[:, None]


def packed(decoder: StyleMLPDecoder, positions: Sequence[ArrayLike]) -> dict[str, object]:
    """What `live_decoder.js` reads of a decoder: sizes, and all numbers compressed, as base64.

    The numbers are float32 first: what the first block says, which no latent moves, then the scales
    and biases of each layer in the order of their use. The integers follow, interleaved by sign
    (0, -1, 1, -2 ...): the low bytes of all, then the high ones.

    Args:
        decoder: trained.
        positions: for each latent, the values that it can take.
    """
    layers = _layers(decoder, positions)
    first = decoder.hidden[0](decoder.input_vector[...])
    floats = [np.asarray(decoder.norm(nnx.leaky_relu(first, LEAKY_SLOPE)))]
    floats += [part for layer in layers for part in (layer.scales, layer.bias)]
    signed = np.concatenate([layer.integers.ravel() for layer in layers])
    codes = np.where(signed < 0, -2 * signed - 1, 2 * signed).astype("<u2")
    content = [part.astype("<f4").tobytes() for part in floats]
    content += [(codes & 255).astype(np.uint8).tobytes(), (codes >> 8).astype(np.uint8).tobytes()]
    return {
        "width": len(floats[0]),
        "layers": [layer.integers.shape for layer in layers],
        "weights": base64.b64encode(zlib.compress(b"".join(content), 9)).decode("ascii"),
    }


def rounded(decoder: StyleMLPDecoder, positions: Sequence[ArrayLike]) -> StyleMLPDecoder:
    """The decoder with the weights that the page has; arguments as of `packed`."""
    copy = nnx.clone(decoder)
    *others, last = _layers(decoder, positions)
    own = _named(copy)
    for layer in others:
        own[layer.name].kernel[...] = layer.kernel
    own[last.name].kernel[...] = _pictures(idctn, last.kernel, decoder)
    return copy


def _layers(decoder: StyleMLPDecoder, positions: Sequence[ArrayLike]) -> list[_Layer]:
    """The layers in the order of their use, but for the first block's, which says one thing."""
    generator = np.random.default_rng(0)
    latents = np.stack([generator.choice(values, _SAMPLES) for values in positions], axis=1)
    latents = jnp.asarray(latents, jnp.float32)
    (style, *values), _ = decoder.activations(latents)
    heard = {"dense0": latents, "dense1": nnx.relu(decoder.dense[0](latents))}
    for block, before in enumerate([None, *values[:-1]]):
        heard |= {f"hidden{block}": before} if block else {}
        heard[f"conditioning{block}"] = style
    own = _named(decoder)
    layers = [_rounded(name, own[name], np.asarray(inputs)) for name, inputs in heard.items()]
    image = decoder.to_image
    bias = _pictures(dctn, np.asarray(image.bias[...])[None], decoder)[0]
    kernel = _pictures(dctn, np.asarray(image.kernel[...]), decoder)
    return [*layers, _integers("to_image", kernel, bias, np.asarray(values[-1]), _LOGITS)]


def _rounded(name: str, layer: nnx.Linear, inputs: np.ndarray) -> _Layer:
    kernel = np.asarray(layer.kernel[...])
    speaking = max(inputs.any(axis=0).sum(), 1)
    step = _SHARE * (inputs @ kernel).std() / np.sqrt(speaking)
    return _integers(name, kernel, np.asarray(layer.bias[...]), inputs, step)


def _integers(
    name: str, kernel: np.ndarray, bias: np.ndarray, inputs: np.ndarray, step: float
) -> _Layer:
    """A weight in steps that are the wider, the less its input speaks.

    Rounded towards 0, which takes fewer bytes and errs no more.
    """
    loudness = np.sqrt((inputs**2).mean(axis=0))
    scales = np.divide(step, loudness, out=np.zeros_like(loudness), where=loudness > 0)
    shares = np.divide(
        kernel, scales[:, None], out=np.zeros_like(kernel), where=scales[:, None] > 0
    )
    return _Layer(name, scales, bias, np.sign(shares) * np.floor(np.abs(shares) + _ROUND_UP))


def _named(decoder: StyleMLPDecoder) -> dict[str, nnx.Linear]:
    groups = {
        "dense": decoder.dense,
        "hidden": decoder.hidden,
        "conditioning": decoder.conditionings,
    }
    named = {f"{name}{at}": one for name, layers in groups.items() for at, one in enumerate(layers)}
    return named | {"to_image": decoder.to_image}


def _pictures(transform, rows: np.ndarray, decoder: StyleMLPDecoder) -> np.ndarray:
    """A cosine transform of rows that are images each."""
    return transform(rows.reshape(-1, *decoder.image_shape), axes=_AXES, norm="ortho").reshape(
        rows.shape
    )
