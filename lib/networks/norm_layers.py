"""Instance norms with a leaky ReLU beside them, which go over the maps twice each way.

They are cheap arithmetic over large maps, so what they cost is memory that is read and written. Of
what JAX derives, XLA makes about eight passes each way. Here one pass takes all sums and one
writes the result, and of a block nothing but the maps that came in is kept for the gradient. The
barriers keep the two apart: otherwise XLA writes down what both compute, and reads it again.
"""

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

NORM_EPSILON = 1e-6
LEAKY_SLOPE = 0.2


class NormThenLeakyReLU(nnx.InstanceNorm):
    """An instance norm with a scale and a bias for each channel, and a leaky ReLU behind it.

    For its arguments see `nnx.InstanceNorm`. Parameters and statistics are float32.
    """

    def __call__(self, maps: Float[Array, "n height width channels"]) -> Array:
        """Maps of the same shape and type."""
        return scaled_norm(maps, self.scale[...][None], self.bias[...][None], relu_first=False)


def scaled_norm(
    maps: Float[Array, "n height width channels"],
    scale: Float[Array, "styles channels"],
    bias: Float[Array, "styles channels"],
    *,
    relu_first: bool,
) -> Array:
    """Standardise each channel of each image over its pixels, then scale it and add a bias.

    Args:
        maps: the input.
        scale, bias: for each image, or one for all of them.
        relu_first: whether a leaky ReLU comes before the norm; else it comes last.

    Returns:
        Maps in the type of the input; of one map and many styles, one for each style. All is
        computed in float32.
    """
    return _scaled_norm(maps, scale[:, None, None], bias[:, None, None], relu_first)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def _scaled_norm(maps, scale, bias, relu_first):
    return _forward(maps, scale, bias, relu_first)[0]


def _forward(maps, scale, bias, relu_first):
    # Sums of what lies above the first pixel, of which little cancels.
    shift = _values(maps[:, :1, :1], relu_first)
    above = _values(maps, relu_first) - shift
    mean, square = (total / _num_pixels(maps) for total in _sums(above, above))
    variance = jnp.maximum(square - jnp.square(mean), 0)
    statistics = shift + mean, jax.lax.rsqrt(variance + NORM_EPSILON)
    maps, (mean, inverse) = jax.lax.optimization_barrier((maps, statistics))
    scaled = (_values(maps, relu_first) - mean) * (inverse * scale) + bias
    out = _values(scaled, not relu_first).astype(maps.dtype)
    return out, (maps, mean, inverse, scale, bias)


def _backward(relu_first, saved, cotangent):
    maps, mean, inverse, scale, bias = saved
    factor = inverse * scale

    def centred_and_gradient(maps, cotangent):
        """The maps less their mean, and the gradient with respect to what has scale and bias."""
        centred = _values(maps, relu_first) - mean
        gradient = cotangent.astype(jnp.float32)
        if not relu_first:
            gradient *= _slope(centred * factor + bias)
        return centred, gradient

    maps, cotangent = jax.lax.optimization_barrier((maps, cotangent))
    centred, gradient = centred_and_gradient(maps, cotangent)
    sums = _sums(gradient, centred)
    maps, cotangent, sums = jax.lax.optimization_barrier((maps, cotangent, sums))
    to_bias, to_scale = sums[0], sums[1] * inverse
    centred, gradient = centred_and_gradient(maps, cotangent)
    means = to_bias / _num_pixels(maps), to_scale * inverse / _num_pixels(maps)
    to_maps = (gradient - means[0] - centred * means[1]) * factor
    if relu_first:
        to_maps *= _slope(maps)
    return _like(maps, to_maps), _like(scale, to_scale), _like(bias, to_bias)


_scaled_norm.defvjp(_forward, _backward)


@jax.custom_vjp
def _sums(one, other):
    """The sums over the pixels of `one` and of its product with `other`, in a single pass."""

    def add(totals, more):
        return totals[0] + more[0], totals[1] + more[1]

    totals = one, one * other
    for axis in (2, 1):  # first along rows, of which there are enough to keep a GPU busy
        totals = jax.lax.reduce(totals, (0.0, 0.0), add, (axis,))
    return tuple(total[:, None, None] for total in totals)


def _sums_backward(saved, cotangents):
    one, other = saved
    to_sum, to_product = cotangents
    return to_sum + to_product * other, to_product * one


_sums.defvjp(lambda one, other: (_sums(one, other), (one, other)), _sums_backward)


def _values(maps, has_relu):
    """In float32, behind a leaky ReLU where there is one."""
    values = maps.astype(jnp.float32)
    return jnp.maximum(values, LEAKY_SLOPE * values) if has_relu else values


def _slope(values):
    """The slope of the leaky ReLU there."""
    return jnp.where(values >= 0, 1.0, LEAKY_SLOPE)


def _num_pixels(maps):
    return maps.shape[1] * maps.shape[2]


def _like(argument, gradient):
    """A gradient in its argument's type, summed over the images where they share the argument."""
    if len(gradient) != len(argument):
        gradient = jnp.sum(gradient, 0, keepdims=True)
    return gradient.astype(argument.dtype)
