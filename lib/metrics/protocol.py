"""What has to be fixed before a score is a number: the constants of a protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Protocol:
    """The constants that shape InfoMEC.

    Attributes:
        name: what a record calls it.
        active_range: a continuous latent is active when its range exceeds this share of the widest
            latent's range; a discrete one when it takes more than one value.
        num_neighbors: k of the nearest-neighbour estimator for continuous latents.
        tie_noise: standard deviation of the noise that parts equal values of a standardised
            continuous latent.
        regression_iterations: iterations of L-BFGS at which the logistic regression ends.
        regression_gradient_tolerance: it ends earlier once no entry of the gradient, summed over
            samples, exceeds this;
        regression_loss_tolerance: or once the relative decrease of the loss falls below this.

    Source: Hsu et al. 2023, arXiv 2305.18378, and the authors' published implementation
    of InfoMEC with the defaults of its scikit-learn 1.3 and SciPy.
    """

    name: str
    active_range: float
    num_neighbors: int
    tie_noise: float
    regression_iterations: int
    regression_gradient_tolerance: float
    regression_loss_tolerance: float


HSU2023 = Protocol(
    name="hsu2023",
    active_range=1 / 20,
    num_neighbors=10,
    tie_noise=1e-10,
    regression_iterations=100,
    regression_gradient_tolerance=1e-4,
    regression_loss_tolerance=2.220446049250313e-09,
)

PROTOCOLS: Mapping[str, Protocol] = MappingProxyType({HSU2023.name: HSU2023})


def find_protocol(name: str) -> Protocol:
    """Return the protocol of that name.

    Raises:
        ValueError: there is none.
    """
    if not isinstance(name, str) or name not in PROTOCOLS:
        raise ValueError(f"protocol={name!r} is unknown; expected one of {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]
