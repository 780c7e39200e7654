"""This project's protocol: NMI corrected for chance, explicitness on held-out samples."""

from dataclasses import replace

from lib.metrics.protocol import Regression, add_protocol
from lib.metrics.protocols.hsu2023 import HSU2023

CORRECTED = replace(
    HSU2023,
    name="corrected",
    source=(
        "this project: adjusted for chance as by Vinh et al. 2010, JMLR 11; explicitness on "
        "held-out samples"
    ),
    chance=0.01,
    least_nmi=0.01,
    regression=Regression(
        one_hot=True,
        iterations=200,
        tolerance=1e-5,
        folds=5,
        penalties=tuple(10.0**-power for power in range(1, 10)),
        held_out=10_000,
    ),
)
add_protocol(CORRECTED, __name__)
