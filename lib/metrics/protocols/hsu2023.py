"""The protocol of the paper that proposed InfoMEC."""

import sys

from lib.metrics.protocol import Activity, Protocol, Regression, add_protocol

HSU2023 = Protocol(
    name="hsu2023",
    source=(
        "Hsu et al. 2023, arXiv 2305.18378; the authors' standalone implementation of InfoMEC, "
        "with scikit-learn 1.3"
    ),
    activity=Activity("range", discrete=0, discrete_share=0, continuous_share=1 / 20),
    num_neighbors=10,
    tie_noise=1e-10,
    chance=None,
    least_nmi=0.0,
    regression=Regression(
        one_hot=True,
        iterations=100,  # scikit-learn's default
        tolerance=1e-7,  # of the loss; scikit-learn's is of the gradient
        least_probability=sys.float_info.epsilon,  # of `sklearn.metrics.log_loss`
    ),
)
add_protocol(HSU2023, __name__)
