"""The protocol of the training logs that the authors of InfoMEC kept."""

from dataclasses import replace

from lib.metrics.protocol import Activity, add_protocol
from lib.metrics.protocols.hsu2023 import HSU2023

HSU2023_TRAINING = replace(
    HSU2023,
    name="hsu2023-training",
    source="Hsu et al. 2023, arXiv 2305.18378; the scores in the authors' training logs",
    activity=Activity("range", discrete=0, discrete_share=1 / 8, continuous_share=1 / 8),
    num_neighbors=3,
    # The logs score logarithms of probabilities as they are.
    regression=replace(HSU2023.regression, one_hot=False, least_probability=0.0),
)
add_protocol(HSU2023_TRAINING, __name__)
