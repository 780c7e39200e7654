"""What has to be fixed before a score is a number: the constants of a protocol."""

from dataclasses import dataclass
from typing import Literal

from lib.checks import check_choice
from lib.registry import Registry


@dataclass(frozen=True)
class Activity:
    """When a latent varies enough to be scored.

    Attributes:
        spread: how variation is measured: the whole range of a latent, or that between its first
            and third quartile.
        discrete: a discrete latent is active when its spread exceeds this, in units of its values;
        discrete_share: and this share of the widest latent's spread.
        continuous_share: a continuous latent is active when its spread exceeds this share of the
            widest latent's.
    """

    spread: Literal["range", "interquartile range"]
    discrete: float
    discrete_share: float
    continuous_share: float


@dataclass(frozen=True)
class Regression:
    """The multinomial logistic regression behind InfoE.

    Attributes:
        one_hot: whether discrete latents enter one-hot; otherwise as numbers, standardised like
            continuous ones.
        iterations: of L-BFGS, at which one fit ends.
        tolerance: a fit ends earlier once an iteration gains less than this share of the source's
            entropy.
        folds: parts of the samples that are held out in turn, and what is explained is a share of
            the entropy of the source's values. 0 scores the samples that the regression was fitted
            to, without penalty and with classes weighted to count equally, and what is explained
            is a share of log(number of classes).
        least_probability: what a probability is raised to before it is scored. Without a limit, a
            few samples that are predicted badly can decide the score.
        penalties: the weights of the mean squared contribution of each latent to the logits that
            are tried on the first fold, in this order, until a weaker one predicts its held-out
            samples no better; the best is used for all folds.
        held_out: parts are held out until this many samples have been scored.
    """

    one_hot: bool
    iterations: int
    tolerance: float
    folds: int = 0
    least_probability: float = 0.0
    penalties: tuple[float, ...] = ()
    held_out: int = 0


@dataclass(frozen=True)
class Protocol:
    """The constants that shape InfoMEC; a file of its own describes one and adds it.

    Attributes:
        name: what a record calls it.
        source: where it is published.
        activity: which latents count.
        num_neighbors: k of the nearest-neighbour estimator for continuous latents.
        tie_noise: standard deviation of the noise that parts equal values of a standardised
            continuous latent.
        chance: None takes mutual information as it is estimated. Otherwise it is corrected for
            chance, and this is the probability that anywhere in a matrix of independent sources
            and latents an NMI other than 0 is left.
        least_nmi: an active latent has at least this NMI with some source.
        regression: how explicitness is measured.

    Example:
        >>> from lib.metrics import PROTOCOLS
        >>> list(PROTOCOLS)
        ['hsu2023', 'corrected', 'hsu2023-training', 'tripod2024']
        >>> PROTOCOLS["corrected"].least_nmi
        0.01
    """

    name: str
    source: str
    activity: Activity
    num_neighbors: int
    tie_noise: float
    chance: float | None
    least_nmi: float
    regression: Regression

    @property
    def is_corrected(self) -> bool:
        """Whether estimates are corrected for what chance alone would show."""
        return self.chance is not None


PROTOCOLS: Registry[Protocol] = Registry("protocol", "lib.metrics.protocols")


def add_protocol(protocol: Protocol, module: str) -> None:
    """Make a protocol known by its name wherever one is chosen.

    Args:
        protocol: to add.
        module: `__name__` of the module that describes it.

    Raises:
        ValueError: another module has added a protocol of this name.
    """
    PROTOCOLS.add(protocol.name, protocol, module)


def find_protocol(name: str) -> Protocol:
    """Return the protocol of that name.

    Raises:
        ValueError: there is none.
    """
    check_choice("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
