"""Encoders and decoders: the published convolutional pair, and a small pair of MLPs.

Every encoder maps images `(n, resolution, resolution, channels)` in [0, 1] to `(n, num_latents)`;
every decoder maps `(n, num_latents)` to image logits, whose sigmoid is the reconstruction.
"""

from lib.networks.build import NETWORKS, build_networks, check_sizes
from lib.networks.convolution import Conv, TransposedConv
from lib.networks.convolutional import ConvEncoder, StyleDecoder
from lib.networks.dense import MLPDecoder, MLPEncoder

__all__ = [
    "NETWORKS",
    "Conv",
    "ConvEncoder",
    "MLPDecoder",
    "MLPEncoder",
    "StyleDecoder",
    "TransposedConv",
    "build_networks",
    "check_sizes",
]
