"""Convolutions that keep, halve or double the side, written so that every back end is fast.

XLA's CPU back end multiplies matrices only for convolutions in one form: batch and channels
outermost and innermost, stride 1, no dilation. Others, and above all the gradients that JAX
derives, fall to plain loops inside a compiled loop of steps, tens of times slower. So on a CPU
strides and dilations become channels here, and the gradient is written out in that one form. On a
GPU each of them, and each gradient, is one call of cuDNN that takes the maps as they lie.
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from lib.networks.dense import kernel_init

# Pixels of maps that go into one product of matrices on a CPU.
_CHUNK_PIXELS = 4096


class _KernelLayer(nnx.Module):
    """A layer that has one square kernel and no bias.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: 3 or 4; of a `Conv` also 1.
        dtype: of the arithmetic; the kernel itself is float32.
        rngs: of the initial kernel, `(kernel_size, kernel_size, in_channels, out_channels)`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        self.dtype = dtype
        shape = (kernel_size, kernel_size, in_channels, out_channels)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, jnp.float32))

    def _cast(self, maps: Array) -> tuple[Array, Array]:
        """Maps and kernel in the type of the arithmetic."""
        return maps.astype(self.dtype), self.kernel[...].astype(self.dtype)


class Conv(_KernelLayer):
    """A convolution without bias: kernels 1 and 3 keep the side, kernel 4 halves it.

    For its arguments see `_KernelLayer`.

    Source: the authors' image encoder (golden values `encoder`).
    """

    def __call__(self, maps: Float[Array, "n height width channels"]) -> Array:
        """Maps `(n, height, width, in_channels)` to `out_channels`, the side kept or halved."""
        maps, kernel = self._cast(maps)
        size = len(kernel)
        return _halve(maps, kernel) if size == 4 else convolve(maps, kernel, size // 2)


class TransposedConv(_KernelLayer):
    """A transposed convolution without bias: kernel 3 keeps the side, kernel 4 doubles it.

    The kernel of size 4 acts as a convolution over the input dilated by 2, without a flip. For its
    arguments see `_KernelLayer`.

    Source: the authors' decoder blocks (golden values `style_decoder`).
    """

    def __call__(self, maps: Float[Array, "n height width channels"]) -> Array:
        """Maps `(n, height, width, in_channels)` to `out_channels`, the side kept or doubled."""
        maps, kernel = self._cast(maps)
        return _double(maps, kernel) if len(kernel) == 4 else convolve(maps, kernel, 1)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolve(
    maps: Float[Array, "n height width in_channels"],
    kernel: Float[Array, "size size in_channels out_channels"],
    padding: int,
) -> Array:
    """A convolution of stride 1 (a correlation: the kernel is not flipped).

    Args:
        maps: the input.
        kernel: square.
        padding: zeros on each side, at most `size - 1`.

    Returns:
        `(n, height + 2 * padding - size + 1, ..., out_channels)`.
    """
    return jax.lax.conv_general_dilated(
        maps,
        kernel,
        window_strides=(1, 1),
        padding=((padding, padding), (padding, padding)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def _forward(maps, kernel, padding):
    return convolve(maps, kernel, padding), (maps, kernel)


def _backward(padding, saved, cotangent):
    maps, kernel = saved
    flipped = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    to_maps = convolve(cotangent, flipped, kernel.shape[0] - 1 - padding)
    to_kernel = jax.lax.platform_dependent(
        maps,
        cotangent,
        cpu=partial(_kernel_gradient_by_products, padding=padding),
        default=partial(_kernel_gradient, padding=padding),
    )
    return to_maps, to_kernel


convolve.defvjp(_forward, _backward)


def _kernel_gradient(maps, cotangent, padding):
    """A convolution of the maps with the cotangent, the images of the batch as its channels."""
    return jax.lax.conv_general_dilated(
        maps,
        cotangent,
        window_strides=(1, 1),
        padding=((padding, padding), (padding, padding)),
        dimension_numbers=("CHWN", "IHWO", "HWNC"),
    )


def _kernel_gradient_by_products(maps, cotangent, padding):
    """Products of matrices: for each row of the kernel, all pixels under it with the cotangent.

    The batch goes through in chunks that fit the processor's cache.
    """
    n, height, width, out_channels = cotangent.shape
    in_channels = maps.shape[-1]
    chunk = math.gcd(n, max(1, _CHUNK_PIXELS // (height * width)))
    padded = jnp.pad(maps, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    size = padded.shape[1] - height + 1

    def add(total, pair):
        maps, cotangent = pair
        # Each pixel beside those to its right: (chunk, rows, width, size * in_channels).
        beside = jnp.concatenate([maps[:, :, b : b + width] for b in range(size)], axis=-1)
        wanted = cotangent.reshape(-1, out_channels)
        rows = [
            jnp.matmul(
                beside[:, a : a + height].reshape(-1, size * in_channels).T,
                wanted,
                preferred_element_type=jnp.float32,
            )
            for a in range(size)
        ]
        return total + jnp.stack(rows), None

    pairs = [values.reshape(n // chunk, chunk, *values.shape[1:]) for values in (padded, cotangent)]
    zeros = jnp.zeros((size, size * in_channels, out_channels), jnp.float32)
    total, _ = jax.lax.scan(add, zeros, tuple(pairs))
    return total.reshape(size, size, in_channels, out_channels).astype(maps.dtype)


def strided(maps, kernel):
    """A convolution of size 4 that halves the side, as one of XLA's."""
    return jax.lax.conv_general_dilated(
        maps,
        kernel,
        window_strides=(2, 2),
        padding=((1, 1), (1, 1)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def strided_by_blocks(maps, kernel):
    """The same as a step of 1 over blocks of 2x2 pixels, whose four colours are channels.

    So the kernel of size 4 is one of size 2 over blocks.
    """
    in_channels, out_channels = kernel.shape[2:]
    padded = jnp.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
    n, height, width, _ = padded.shape
    blocks = padded.reshape(n, height // 2, 2, width // 2, 2, in_channels)
    blocks = blocks.transpose(0, 1, 3, 2, 4, 5)
    blocks = blocks.reshape(n, height // 2, width // 2, 4 * in_channels)
    by_block = kernel.reshape(2, 2, 2, 2, in_channels, out_channels)
    by_block = by_block.transpose(0, 2, 1, 3, 4, 5)
    return convolve(blocks, by_block.reshape(2, 2, 4 * in_channels, out_channels), 0)


@jax.custom_vjp
def dilated(maps, kernel):
    """A convolution of size 4 over maps dilated by 2: what `strided` does to a gradient.

    cuDNN has this form, and XLA finds it only with a kernel that it has to turn round; without the
    barrier it would turn it round twice, and take a convolution over zeros.
    """
    n, height, width, _ = maps.shape
    turned = jax.lax.optimization_barrier(_turned(kernel))
    doubled = jax.ShapeDtypeStruct((n, 2 * height, 2 * width, kernel.shape[3]), maps.dtype)
    return jax.linear_transpose(lambda doubled: strided(doubled, turned), doubled)(maps)[0]


def _dilated_backward(saved, cotangent):
    maps, kernel = saved
    to_maps, pull = jax.vjp(strided, cotangent, _turned(kernel))
    return to_maps, _turned(pull(maps)[1])


dilated.defvjp(lambda maps, kernel: (dilated(maps, kernel), (maps, kernel)), _dilated_backward)


def _turned(kernel):
    """The kernel of the transposed convolution."""
    return kernel[::-1, ::-1].transpose(0, 1, 3, 2)


def dilated_by_parity(maps, kernel):
    """The same without the three quarters of the dilated maps that are zeros.

    An output pixel reads only a 2x2 window of the maps, and which four taps of the kernel meet it
    depends on the parity of the pixel's row and column. So one 2x2 convolution computes all four
    parities as channels, and they are then interleaved.
    """
    in_channels, out_channels = kernel.shape[2:]
    # Axes of the kernel: tap and parity of the row, tap and parity of the column.
    taps = kernel.reshape(2, 2, 2, 2, in_channels, out_channels)
    by_parity = taps.transpose(0, 2, 4, 1, 3, 5).reshape(2, 2, in_channels, 4 * out_channels)
    parities = convolve(maps, by_parity, 1)  # (n, height + 1, width + 1, 4 * out)
    n, height, width, _ = maps.shape
    parities = parities.reshape(n, height + 1, width + 1, 2, 2, out_channels)
    rows = [
        jnp.stack([parities[:, a : a + height, b : b + width, a, b] for b in (0, 1)], axis=3)
        for a in (0, 1)
    ]
    interleaved = jnp.stack(rows, axis=2)  # (n, height, 2, width, 2, out_channels)
    return interleaved.reshape(n, 2 * height, 2 * width, out_channels)


def _by_platform(cpu, default):
    """A function of maps and a kernel in its form for the platform, and the gradient of that."""

    @jax.custom_vjp
    def compute(maps, kernel):
        return jax.lax.platform_dependent(maps, kernel, cpu=cpu, default=default)

    def gradient(function):
        return lambda maps, kernel, cotangent: jax.vjp(function, maps, kernel)[1](cotangent)

    def forward(maps, kernel):
        return compute(maps, kernel), (maps, kernel)

    def backward(saved, cotangent):
        forms = {"cpu": gradient(cpu), "default": gradient(default)}
        return jax.lax.platform_dependent(*saved, cotangent, **forms)

    compute.defvjp(forward, backward)
    return compute


_halve = _by_platform(strided_by_blocks, strided)
_double = _by_platform(dilated_by_parity, dilated)
