"""The protocol of the Tripod paper."""

from dataclasses import replace

from lib.metrics.protocol import Activity, add_protocol
from lib.metrics.protocols.hsu2023 import HSU2023

TRIPOD2024 = replace(
    HSU2023,
    name="tripod2024",
    source="Hsu et al. 2024, arXiv 2404.10282 (Tripod); the authors' implementation of InfoMEC",
    activity=Activity(
        "interquartile range", discrete=0.1, discrete_share=0, continuous_share=1 / 10
    ),
)
add_protocol(TRIPOD2024, __name__)
