"""Encoders and decoders: the published convolutional ones, and small MLPs.

Every encoder maps images `(n, resolution, resolution, channels)` in [0, 1] to `(n, num_outputs)`:
`features`, `(n, num_features)`, and a linear `head` on them. Every decoder maps `(n, num_inputs)`
to image logits, whose sigmoid is the reconstruction; its `activations` also tell what its layers
made of the latents on the way.
"""

from lib.networks.build import NETWORKS, build_networks, check_sizes
from lib.networks.conv_layers import Conv, TransposedConv
from lib.networks.convolutional import ConvEncoder, PlainDecoder, StyleDecoder
from lib.networks.dense import MLPDecoder, MLPEncoder, linear
from lib.networks.style_mlp import StyleMLPDecoder, StyleMLPEncoder

__all__ = [
    "NETWORKS",
    "Conv",
    "ConvEncoder",
    "MLPDecoder",
    "MLPEncoder",
    "PlainDecoder",
    "StyleDecoder",
    "StyleMLPDecoder",
    "StyleMLPEncoder",
    "TransposedConv",
    "build_networks",
    "check_sizes",
    "linear",
]
