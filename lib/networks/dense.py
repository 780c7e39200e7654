"""Dense layers as the authors' start, and the small MLPs of runs on CPUs."""

import math
from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Float


def kernel_init(key: jax.Array, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Uniform in +-1/sqrt(inputs of an output), as the authors' layers (Equinox 0.10) start."""
    bound = 1 / math.sqrt(math.prod(shape[:-1]))
    # Drawn flat: the same numbers, and for a kernel of four axes XLA compiles it in half the time.
    return jax.random.uniform(key, (math.prod(shape),), dtype, -bound, bound).reshape(shape)


def linear(
    in_features: int, out_features: int, rngs: nnx.Rngs, dtype: DTypeLike = jnp.float32
) -> nnx.Linear:
    """A dense layer, kernel and bias uniform in +-1/sqrt(in_features).

    It computes in `dtype`; kernel and bias are float32.
    """
    return nnx.Linear(
        in_features,
        out_features,
        dtype=dtype,
        kernel_init=kernel_init,
        bias_init=_bias_init(1 / math.sqrt(in_features)),
        rngs=rngs,
    )


@cache
def _bias_init(bound: float) -> Callable:
    """One function for each bound: Flax 0.12.0 has it in the graph that a program is found by."""

    def bias_init(key, shape, dtype):
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return bias_init


class _MLP(nnx.Module):
    """Two hidden layers, each a dense layer, a layer norm and a ReLU; then a linear one."""

    def __init__(
        self, in_features: int, out_features: int, *, width: int, dtype: DTypeLike, rngs: nnx.Rngs
    ):
        self.hidden = nnx.List(
            [linear(in_features, width, rngs, dtype), linear(width, width, rngs, dtype)]
        )
        self.norms = nnx.List([nnx.LayerNorm(width, dtype=dtype, rngs=rngs) for _ in range(2)])
        self.head = linear(width, out_features, rngs)

    def activations(self, inputs: Float[Array, "n in_features"]) -> list[Array]:
        """The outputs of the two hidden layers, each `(n, width)`."""
        found = []
        for layer, norm in zip(self.hidden, self.norms, strict=True):
            inputs = nnx.relu(norm(layer(inputs)))
            found.append(inputs)
        return found


class MLPEncoder(nnx.Module):
    """The small encoder of runs on CPUs: an MLP on the flattened image.

    Args:
        resolution: side of the images in pixels.
        channels: colour channels of the images.
        num_outputs: width of the output.
        width: width of the two hidden layers, each with a layer norm.
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
        self.mlp = _MLP(resolution**2 * channels, num_outputs, width=width, dtype=dtype, rngs=rngs)
        self.num_features = width

    def features(self, images: Float[Array, "n height width channels"]) -> Array:
        """The `(n, num_features)` features that the last layer reads."""
        return self.mlp.activations(images.reshape(images.shape[0], -1))[-1]

    def head(self, features: Float[Array, "n num_features"]) -> Array:
        """The last layer: features to `(n, num_outputs)`."""
        return self.mlp.head(features)

    def __call__(self, images: Float[Array, "n height width channels"]) -> Array:
        """Images to `(n, num_outputs)`."""
        return self.head(self.features(images))


class MLPDecoder(nnx.Module):
    """The small decoder of runs on CPUs: an MLP from the latents to every pixel's logit.

    Args:
        resolution: side of the images in pixels.
        channels: colour channels of the images.
        num_inputs: width of the input.
        width: width of the two hidden layers, each with a layer norm.
        dtype: of the arithmetic of the hidden layers; parameters and the last layer are float32.
        rngs: of the initial parameters.
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
        values = math.prod(self.image_shape)
        self.mlp = _MLP(num_inputs, values, width=width, dtype=dtype, rngs=rngs)

    def activations(self, latents: Float[Array, "n num_inputs"]) -> tuple[list[Array], Array]:
        """Activations of the hidden layers, and logits `(n, resolution, resolution, channels)`."""
        hidden = self.mlp.activations(latents)
        return hidden, self.mlp.head(hidden[-1]).reshape(latents.shape[0], *self.image_shape)

    def __call__(self, latents: Float[Array, "n num_inputs"]) -> Array:
        """Latents to logits `(n, resolution, resolution, channels)`."""
        return self.activations(latents)[1]
