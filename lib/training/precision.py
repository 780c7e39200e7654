"""Precision policies: in which arithmetic the networks compute.

Under every policy parameters, optimizer state, code values, quantization, latents, logits and
losses are float32; a policy is about the products of matrices and convolutions between them.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

# Name of a policy -> the type in which the networks compute, see `lib.networks.build_networks`.
# "float32" is whole float32 everywhere. "tensorfloat32" lets a back end round the factors of a
# product (to 10 bits on NVIDIA's tensor cores, three passes of bfloat16 on a TPU); on a CPU it is
# float32. "bfloat16" also keeps the maps between the layers in bfloat16.
PRECISIONS: Mapping[str, DTypeLike] = MappingProxyType(
    {"float32": jnp.float32, "tensorfloat32": jnp.float32, "bfloat16": jnp.bfloat16}
)


def arithmetic(precision: str) -> AbstractContextManager:
    """The context in which a policy's programs are traced.

    Args:
        precision: one of `PRECISIONS`, whose names are JAX's own.
    """
    return jax.default_matmul_precision(precision)
