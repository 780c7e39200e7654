"""A trained decoder as a page carries it: weights rounded to integers, as finely as they matter."""

import base64
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float
from numpy.typing import ArrayLike
from scipy.fft import dctn, idctn

from lib.networks import MLPDecoder, StyleMLPDecoder
from lib.networks.norm_layers import LEAKY_SLOPE

# Of random latents, over which it is measured how strongly each unit speaks.
_SAMPLES = 1_000
# A weight is rounded away from 0 where this would bring it to the next integer: small numbers take
# fewer bytes.
_ROUND_UP = 0.3
# Of the mean variance of what a layer reads, so that no input is a sum of others.
_DAMPING = 0.01
_AXES = (1, 2, 3)  # height, width and channels of an image

PageDecoder = StyleMLPDecoder | MLPDecoder


class _Parts(NamedTuple):
    """What a decoder consists of.

    Attributes:
        constants: numbers that no latent moves, as float32: of an `MLPDecoder` scale and bias of
            each layer norm, of a `StyleMLPDecoder` the first block's normalised vector.
        layers: its dense layers in the order of their use, each with what it reads. An
            `MLPDecoder` has two hidden ones and the last. A `StyleMLPDecoder` has the two that make
            the style, the first block's conditioning, hidden layer and conditioning of the second
            block, and the last.
    """

    constants: list[np.ndarray]
    layers: list[tuple[nnx.Linear, Array]]


class _Layer(NamedTuple):
    """A dense layer whose weights are `integers * scales[:, None]`.

    The last one writes the amplitudes of an image's cosine waves, where few weights are large.
    """

    scales: Float[np.ndarray, " inputs"]
    bias: Float[np.ndarray, " outputs"]
    integers: Float[np.ndarray, "inputs outputs"]


class RoundedDecoder:
    """A decoder with the weights that a page has.

    Args:
        decoder: trained.
        positions: for each latent, the values that it can take.
        quantization_step: of the last layer's weights: its share in a logit, over the root mean
            square of what it reads. In a hidden layer it is this share of the standard deviation of
            the layer's outputs, over the root of the number of inputs that are not always 0.

    Attributes:
        network: the decoder with its weights rounded.
    """

    def __init__(
        self, decoder: PageDecoder, positions: Sequence[ArrayLike], quantization_step: float
    ):
        self.network = nnx.clone(decoder)
        # Random latents, over which it is measured what a layer reads.
        generator = np.random.default_rng(0)
        latents = np.stack([generator.choice(values, _SAMPLES) for values in positions], axis=1)
        latents = jnp.asarray(latents, jnp.float32)
        self._constants, layers = _parts(decoder, latents)
        self._layers = [
            self._round(number, layer, np.asarray(inputs), latents, quantization_step)
            for number, (layer, inputs) in enumerate(layers)
        ]

    def _round(
        self, number: int, exact: nnx.Linear, heard: np.ndarray, latents: Array, step: float
    ) -> _Layer:
        """Round a layer of the network; its earlier ones are rounded.

        The bias, which is not, takes what is changed on average, by them and here.
        """
        parts = _parts(self.network, latents).layers
        layer, inputs = parts[number][0], np.asarray(parts[number][1])
        kernel, bias = np.asarray(exact.kernel[...]), np.asarray(exact.bias[...])
        writes_image = number == len(parts) - 1
        if writes_image:
            scales, integers = _integers(_pictures(dctn, kernel, self.network), inputs, step)
            rounded = _pictures(idctn, integers * scales[:, None], self.network)
        else:
            step *= (heard @ kernel).std() / np.sqrt(max(heard.any(axis=0).sum(), 1))
            scales, integers = _integers(kernel, inputs, step)
            rounded = integers * scales[:, None]
        bias = bias + (heard @ kernel - inputs @ rounded).mean(axis=0)
        layer.kernel[...], layer.bias[...] = rounded, bias
        if writes_image:
            bias = _pictures(dctn, bias[None], self.network)[0]
        return _Layer(scales, bias, integers)

    def packed(self) -> dict[str, object]:
        """What `live_decoder.js` reads of it: its kind, sizes, and all numbers, as base64.

        The numbers are float32 first: the constants, then the scales and biases of each layer in
        the order of their use. The integers follow, interleaved by sign (0, -1, 1, -2 ...): the low
        bytes of all, then the high ones. All are compressed.
        """
        floats = [part for layer in self._layers for part in (layer.scales, layer.bias)]
        signed = np.concatenate([layer.integers.ravel() for layer in self._layers])
        codes = np.where(signed < 0, -2 * signed - 1, 2 * signed).astype("<u2")
        content = [part.astype("<f4").tobytes() for part in (*self._constants, *floats)]
        content += [part.astype(np.uint8).tobytes() for part in (codes & 255, codes >> 8)]
        return {
            "kind": type(self.network).__name__,
            "constants": [len(part) for part in self._constants],
            "layers": [layer.integers.shape for layer in self._layers],
            "weights": base64.b64encode(_compressed(b"".join(content))).decode("ascii"),
        }


def reordered(decoder: PageDecoder, order: Sequence[int]) -> PageDecoder:
    """The decoder of latents in another order."""
    copy = nnx.clone(decoder)
    first, _ = _parts(copy, jnp.zeros((1, len(order)))).layers[0]
    first.kernel[...] = first.kernel[...][np.asarray(order)]
    return copy


def _compressed(content: bytes) -> bytes:
    # This strategy, for small numbers at random, takes 5 % fewer bytes than the usual one.
    packer = zlib.compressobj(9, strategy=zlib.Z_FILTERED)
    return packer.compress(content) + packer.flush()


def _parts(decoder: PageDecoder, latents: Array) -> _Parts:
    values, _ = decoder.activations(latents)
    if isinstance(decoder, MLPDecoder):
        mlp = decoder.mlp
        constants = [each for norm in mlp.norms for each in (norm.scale[...], norm.bias[...])]
        layers = zip([*mlp.hidden, mlp.head], [latents, *values], strict=True)
        return _Parts([np.asarray(each) for each in constants], list(layers))
    # The first block's layer says one thing, whatever the latents are.
    first = nnx.leaky_relu(decoder.hidden[0](decoder.input_vector[...]), LEAKY_SLOPE)
    style, *values = values
    layers = [(decoder.dense[0], latents), (decoder.dense[1], nnx.relu(decoder.dense[0](latents)))]
    for block, conditioning in enumerate(decoder.conditionings):
        layers += [(decoder.hidden[block], values[block - 1])] if block else []
        layers.append((conditioning, style))
    layers.append((decoder.to_image, values[-1]))
    return _Parts([np.asarray(decoder.norm(first))], layers)


def _integers(kernel: np.ndarray, inputs: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Steps that are the wider, the less an input speaks, and a kernel in whole steps.

    Input by input, loudest first, and what rounding changes is made up for as well as later inputs
    can, which vary together with it. Source: Frantar et al. 2022, GPTQ, arXiv 2210.17323.
    """
    loudness = np.sqrt((inputs**2).mean(axis=0))
    scales = np.divide(step, loudness, out=np.zeros_like(loudness), where=loudness > 0)
    integers = np.zeros_like(kernel)
    spread = np.atleast_2d(np.cov(inputs, rowvar=False, bias=True))
    order = np.argsort(-np.diag(spread), kind="stable")
    order = order[loudness[order] > 0]
    spread = spread[np.ix_(order, order)]
    damping = _DAMPING * np.trace(spread) / max(len(order), 1)
    spread += max(damping, 1e-30) * np.eye(len(order))  # where none varies, too
    passed_on = np.linalg.cholesky(np.linalg.inv(spread)).T
    left = kernel[order].astype(float)
    for row, (number, share) in enumerate(zip(order, passed_on, strict=True)):
        in_steps = left[row] / scales[number]
        integers[number] = np.sign(in_steps) * np.floor(np.abs(in_steps) + _ROUND_UP)
        lost = left[row] - integers[number] * scales[number]
        left[row + 1 :] -= np.outer(share[row + 1 :] / share[row], lost)
    return scales, integers


def _pictures(transform, rows: np.ndarray, decoder: PageDecoder) -> np.ndarray:
    """A cosine transform of rows that are images each."""
    return transform(rows.reshape(-1, *decoder.image_shape), axes=_AXES, norm="ortho").reshape(
        rows.shape
    )
