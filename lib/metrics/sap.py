"""Separated attribute predictability: how far one latent alone predicts each source."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from lib.metrics.learners import check_split, many_values_allowed, split_samples
from lib.metrics.mig import gaps_to_second
from lib.metrics.validation import check_samples, relabel


@dataclass(frozen=True, eq=False)
class SAP:
    """Separated attribute predictability and what it is made of.

    Attributes:
        score: the mean of `per_source`, in [0, 1].
        per_source: largest predictability of each source less its second largest.
        predictability: balanced accuracy of each source, held out, predicted from one latent; about
            1 / (number of values) for one that tells nothing, and 0 for one that is constant.
        learner: `thresholds` for continuous latents, `values` for discrete ones.
        held_out: share of the samples that are predicted.
        seed: of the division into samples to fit and to predict.
    """

    score: float
    per_source: Float[np.ndarray, " num_sources"]
    predictability: Float[np.ndarray, "num_sources num_latents"]
    learner: str
    held_out: float
    seed: int


def sap(
    sources: ArrayLike,
    latents: ArrayLike,
    *,
    discrete: bool | None = None,
    held_out: float = 0.5,
    seed: int = 0,
) -> SAP:
    """Score how much better the best latent predicts each source than the second best.

    Args:
        sources: integers, `(n, num_sources)`.
        latents: `(n, num_latents)`, integers (discrete) or floats (continuous).
        discrete: whether latents are discrete; None takes integers as discrete.
        held_out: share of the samples to predict, the others being fitted, strictly between 0 and
            1.
        seed: of the division of the samples, from 0 to 2^32 - 1.

    Returns:
        The gap in balanced accuracy. It reaches 1 only if one latent determines the source and all
        others are constant: one that tells nothing of a source with K values still predicts 1 / K.
        Of a single latent, the second largest is 0.

    Raises:
        TypeError: bad sources or latents, see `lib.metrics.infomec`; a seed that is not an integer.
        ValueError: bad sources or latents; `held_out` or seed out of range; a share that leaves no
            sample to fit.

    Source: Kumar, Sattigeri & Balakrishnan 2018, arXiv 1711.00848, section 3: thresholds on one
    latent predict a categorical source, by balanced accuracy; an inactive latent predicts 0.
    Differs: the K - 1 thresholds are found one after the other, each the best by Gini impurity with
    classes weighted to count equally (a decision tree with K leaves), on samples other than those
    predicted. A discrete latent has no order: each of its values predicts the source's likeliest
    value, classes weighted equally. Inactive means constant. Locatello et al. 2019, arXiv
    1811.12359, use a linear support vector machine, which separates K classes of one latent less
    well.

    Example:
        >>> import numpy as np
        >>> from lib.metrics import sap
        >>> sources = np.random.default_rng(0).integers(0, 4, (2000, 2))
        >>> scores = sap(sources, sources)
        >>> scores.predictability.round(1)  # 1 in 4 is right by chance
        array([[1. , 0.3],
               [0.3, 1. ]])
        >>> round(scores.score, 1)
        0.7
    """
    held_out, seed = check_split(held_out, seed)
    samples = check_samples(sources, latents, discrete)
    # Thresholds depend on the order of values alone, and so not on a latent's scale.
    places = relabel(samples.latents)
    fitted, predicted = split_samples(len(places), held_out, seed)
    predictability = np.zeros((samples.sources.shape[1], places.shape[1]))
    with many_values_allowed():
        for j, latent in enumerate(places.T):
            if latent.max() == 0:
                continue
            for i, source in enumerate(samples.sources.T):
                cells = latent if samples.discrete else _divide(latent, source, fitted)
                predictability[i, j] = _balanced_accuracy(cells, source, fitted, predicted)
    gaps = gaps_to_second(predictability)
    return SAP(
        score=float(gaps.mean()),
        per_source=gaps,
        predictability=predictability,
        learner="values" if samples.discrete else "thresholds",
        held_out=held_out,
        seed=seed,
    )


def _divide(
    latent: Int[np.ndarray, " n"], source: Int[np.ndarray, " n"], fitted: Int[np.ndarray, " m"]
) -> Int[np.ndarray, " n"]:
    """Between which thresholds each value lies."""
    from sklearn.tree import DecisionTreeClassifier  # slow to import

    tree = DecisionTreeClassifier(
        max_leaf_nodes=int(source.max()) + 1, class_weight="balanced", random_state=0
    )
    tree.fit(latent[fitted, None], source[fitted])
    return tree.apply(latent[:, None])


def _balanced_accuracy(
    cells: Int[np.ndarray, " n"],
    source: Int[np.ndarray, " n"],
    fitted: Int[np.ndarray, " m"],
    predicted: Int[np.ndarray, " k"],
) -> float:
    """Accuracy of each cell's likeliest value, averaged over the values of the source."""
    counts = np.zeros((cells.max() + 1, source.max() + 1))
    np.add.at(counts, (cells[fitted], source[fitted]), 1)
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    right = shares.argmax(axis=1)[cells[predicted]] == source[predicted]
    occurrences = np.bincount(source[predicted])
    hits = np.bincount(source[predicted], weights=right)
    return float((hits[occurrences > 0] / occurrences[occurrences > 0]).mean())
