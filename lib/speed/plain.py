"""The convolutions by their definition: the reference for tests and for measurements of speed.

No model is trained with them; `lib.networks.conv_layers` computes the same function faster.
"""

import jax
from flax import nnx
from jaxtyping import Array, Float

from lib.networks.conv_layers import Conv, TransposedConv


class PlainConv(nnx.Module):
    """What a `Conv` or a `TransposedConv` computes, as a single convolution of XLA's.

    A kernel of size 4 takes steps of 2 over the pixels in a `Conv`, and goes over an input with
    zeros between its pixels in a `TransposedConv`; JAX derives the gradients.

    Args:
        layer: the layer, whose kernel is shared.
    """

    def __init__(self, layer: Conv | TransposedConv):
        self.dtype = layer.dtype
        self.kernel = layer.kernel
        self.is_transposed = isinstance(layer, TransposedConv)

    def __call__(self, maps: Float[Array, "n height width channels"]) -> Array:
        """Maps `(n, height, width, in_channels)` to `out_channels`, with the layer's side."""
        kernel = self.kernel[...].astype(self.dtype)
        factor = 2 if kernel.shape[0] == 4 else 1
        padding = kernel.shape[0] // 2
        if factor == 2 and not self.is_transposed:
            padding = 1
        return jax.lax.conv_general_dilated(
            maps.astype(self.dtype),
            kernel,
            window_strides=(1, 1) if self.is_transposed else (factor, factor),
            padding=((padding, padding), (padding, padding)),
            lhs_dilation=(factor, factor) if self.is_transposed else (1, 1),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )


def plain_copy(model: nnx.Module) -> nnx.Module:
    """A copy of a model or network whose convolutions are `PlainConv`.

    Args:
        model: left as it is. A model without convolutions is copied all the same.

    Returns:
        The copy; its parameters have the same values and the same paths.
    """
    copy = nnx.clone(model)
    for _, module in list(nnx.iter_modules(copy)):
        if isinstance(module, nnx.List):
            layers = list(enumerate(module))
            replace = module.__setitem__
        else:
            layers = list(vars(module).items())
            replace = module.__setattr__
        for name, layer in layers:
            if isinstance(layer, Conv | TransposedConv):
                replace(name, PlainConv(layer))
    return copy
