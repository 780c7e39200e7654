"""Scores of representations and reconstructions, on plain arrays: no model, no JAX, no Flax."""

from lib.metrics.explicitness import Explicitness, explicitness
from lib.metrics.infomec import InfoMEC, compactness, infomec, modularity
from lib.metrics.intervals import Interval, mean_interval
from lib.metrics.mutual_information import nmi_matrix
from lib.metrics.protocol import HSU2023, PROTOCOLS, Protocol
from lib.metrics.reconstruction import psnr
from lib.metrics.validation import UndefinedScoreError, active_latents

__all__ = [
    "HSU2023",
    "PROTOCOLS",
    "Explicitness",
    "InfoMEC",
    "Interval",
    "Protocol",
    "UndefinedScoreError",
    "active_latents",
    "compactness",
    "explicitness",
    "infomec",
    "mean_interval",
    "modularity",
    "nmi_matrix",
    "psnr",
]
