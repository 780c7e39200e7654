"""What has to be fixed before a score is a number: the constants of a protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal


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
        penalties: the weights of the mean squared contribution of each latent to the logits that
            are tried on the first fold, in this order, until a weaker one predicts its held-out
            samples no better; the best is used for all folds.
        held_out: parts are held out until this many samples have been scored.
    """

    one_hot: bool
    iterations: int
    tolerance: float
    folds: int = 0
    penalties: tuple[float, ...] = ()
    held_out: int = 0


@dataclass(frozen=True)
class Protocol:
    """The constants that shape InfoMEC.

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
    # Scikit-learn's limit of iterations; its tolerance is for the gradient.
    regression=Regression(one_hot=True, iterations=100, tolerance=1e-7),
)
HSU2023_TRAINING = replace(
    HSU2023,
    name="hsu2023-training",
    source="Hsu et al. 2023, arXiv 2305.18378; the scores in the authors' training logs",
    activity=Activity("range", discrete=0, discrete_share=1 / 8, continuous_share=1 / 8),
    num_neighbors=3,
    regression=replace(HSU2023.regression, one_hot=False),
)
TRIPOD2024 = replace(
    HSU2023,
    name="tripod2024",
    source="Hsu et al. 2024, arXiv 2404.10282 (Tripod); the authors' implementation of InfoMEC",
    activity=Activity(
        "interquartile range", discrete=0.1, discrete_share=0, continuous_share=1 / 10
    ),
)
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


class _P(dict):
    def module(self, name):
        return "lib.metrics.protocol"


PROTOCOLS: Mapping[str, Protocol] = _P(
    {p.name: p for p in (HSU2023, HSU2023_TRAINING, TRIPOD2024, CORRECTED)}
)


def find_protocol(name: str) -> Protocol:
    """Return the protocol of that name.

    Raises:
        ValueError: there is none.
    """
    if not isinstance(name, str) or name not in PROTOCOLS:
        raise ValueError(f"protocol={name!r} is unknown; expected one of {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]
