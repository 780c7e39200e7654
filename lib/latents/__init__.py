"""Latent spaces: what stands between an encoder and a decoder.

Each is called on the encoder's output, `(n, num_latents * inputs_per_latent)`, and returns a
`Code`, whose `decoder_input` is `(n, num_latents * outputs_per_latent)`.
"""

from lib.latents.code import Code, Codebook, CodeValues
from lib.latents.continuous import ContinuousLatent, GaussianLatent, UniformLatent
from lib.latents.finite_scalar import FiniteScalarLatent
from lib.latents.quantized import (
    MAX_VALUES,
    GlobalQuantizedLatent,
    QuantizedLatent,
    check_num_values,
)
from lib.latents.vector_quantized import VectorQuantizedLatent

__all__ = [
    "MAX_VALUES",
    "Code",
    "CodeValues",
    "Codebook",
    "ContinuousLatent",
    "FiniteScalarLatent",
    "GaussianLatent",
    "GlobalQuantizedLatent",
    "QuantizedLatent",
    "UniformLatent",
    "VectorQuantizedLatent",
    "check_num_values",
]
