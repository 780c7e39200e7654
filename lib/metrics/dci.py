"""Disentanglement, completeness and informativeness (DCI), from trees that predict the sources."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import entr

from lib.checks import check_choice, check_integer
from lib.metrics.learners import check_split, many_values_allowed, split_samples
from lib.metrics.validation import check_samples, name_columns, relabel

# Shares of importance that are nothing but the rounding of sums.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class _Learner:
    """A classifier in `sklearn.ensemble` and the size it has unless told otherwise."""

    classifier: str
    options: Mapping[str, object]
    num_rounds: int
    max_depth: int


LEARNERS = {
    # Every split chooses among all latents. With a few of them drawn at random, as scikit-learn
    # does by default, there are splits without an informative one: a perfect representation beside
    # latents of noise loses disentanglement.
    "forest": _Learner(
        "RandomForestClassifier",
        {"max_features": None, "min_samples_leaf": 20},
        num_rounds=20,
        max_depth=8,
    ),
    "boosted_trees": _Learner(
        "GradientBoostingClassifier", {"subsample": 0.5}, num_rounds=10, max_depth=3
    ),
}


@dataclass(frozen=True, eq=False)
class DCI:
    """Disentanglement, completeness and informativeness, and what they are made of.

    Attributes:
        disentanglement: the mean of `disentanglement_per_latent`, weighted by each latent's share
            of all importances, in [0, 1].
        completeness: the mean of `completeness_per_source`, in [0, 1].
        informativeness: the mean of `informativeness_per_source`, in [0, 1].
        error: 1 less `informativeness`, which is how the paper states it.
        disentanglement_per_latent: 1 if a latent matters to one source only, 0 if to all alike;
            NaN if to none.
        completeness_per_source: 1 if one latent only matters to a source, 0 if all do alike or none
            does.
        informativeness_per_source: share of held-out samples whose source is predicted.
        importances: of each latent in predicting each source; a row sums to 1, or to 0 if no
            latent matters.
        learner: a name in `LEARNERS`.
        num_rounds: trees of a forest, or rounds of boosting.
        max_depth: splits between a tree's root and a leaf, at most.
        held_out: share of the samples that are predicted.
        seed: of the division of the samples and of the learner.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    error: float
    disentanglement_per_latent: Float[np.ndarray, " num_latents"]
    completeness_per_source: Float[np.ndarray, " num_sources"]
    informativeness_per_source: Float[np.ndarray, " num_sources"]
    importances: Float[np.ndarray, "num_sources num_latents"]
    learner: str
    num_rounds: int
    max_depth: int
    held_out: float
    seed: int


def dci(
    sources: ArrayLike,
    latents: ArrayLike,
    *,
    discrete: bool | None = None,
    learner: str = "forest",
    num_rounds: int | None = None,
    max_depth: int | None = None,
    held_out: float = 0.25,
    seed: int = 0,
) -> DCI:
    """Score latents by how much each matters to trees that predict the sources from all of them.

    Args:
        sources: integers, `(n, num_sources)`, at least two sources.
        latents: `(n, num_latents)`, integers (discrete) or floats (continuous). The trees see the
            order of each latent's values alone, that of discrete ones too.
        discrete: whether latents are discrete; None takes integers as discrete.
        learner: `forest`, a random forest, or `boosted_trees`, gradient boosting, which takes one
            tree a round and value of the source, each on half of the samples.
        num_rounds: trees of the forest, or rounds of boosting, at least 1; None takes 20, or 10.
        max_depth: splits between a tree's root and a leaf, at least 1; None takes 8, or 3.
        held_out: share of the samples to predict, the others being fitted, strictly between 0 and
            1.
        seed: of the division of the samples and of the learner, from 0 to 2^32 - 1.

    Returns:
        The three scores. They are comparable only between equal learners: deeper trees fit the
        noise of latents that do not matter, which lowers the first two.

    Raises:
        TypeError: bad sources or latents, see `lib.metrics.infomec`; sizes or a seed that are not
            integers.
        ValueError: bad sources or latents; a single source; an unknown learner; sizes, `held_out`
            or seed out of range; too few samples to fit, or to fit two values of a source.

    Source: Eastwood & Williams 2018, "A Framework for the Quantitative Evaluation of Disentangled
    Representations", section 2: 1 less the entropy of importances, with as many as can be as base
    of the logarithm; importances are the mean decrease of impurity.
    Differs: sources are categories, so informativeness is accuracy, where the paper takes the root
    mean square error of regressions; sizes of trees are fixed, not tuned to each source. Locatello
    et al. 2019, arXiv 1811.12359, use boosted trees of depth 3 with 100 rounds on all samples. If
    no latent matters, disentanglement is 0, as theirs.

    Example:
        >>> import numpy as np
        >>> from lib.metrics import dci
        >>> sources = np.random.default_rng(0).integers(0, 4, (2000, 2))
        >>> twice = np.hstack([sources, sources])  # two latents for each source
        >>> scores = dci(sources, twice)
        >>> round(scores.disentanglement, 1), round(scores.completeness, 1)
        (1.0, 0.5)
    """
    from sklearn import ensemble  # slow to import

    chosen, num_rounds, max_depth = _check_learner(learner, num_rounds, max_depth)
    held_out, seed = check_split(held_out, seed)
    samples = check_samples(sources, latents, discrete, only_order=True)
    if samples.sources.shape[1] < 2:
        raise ValueError(
            "sources hold 1 source; expected at least 2, between which a latent can be divided."
        )
    places = relabel(samples.latents)
    fitted, predicted = split_samples(len(places), held_out, seed)
    _check_fitted(samples.sources[fitted])

    def learn(source):
        model = getattr(ensemble, chosen.classifier)(
            n_estimators=num_rounds, max_depth=max_depth, random_state=seed, **chosen.options
        )
        model.fit(places[fitted], source[fitted])
        return model.feature_importances_, model.score(places[predicted], source[predicted])

    # Filters of warnings are the process's own: set here, not by each thread.
    with many_values_allowed(), ThreadPoolExecutor(os.cpu_count()) as pool:
        learned = list(pool.map(learn, samples.sources.T))
    importances = _without_rounding(np.array([of_latents for of_latents, _ in learned]))
    accuracies = np.array([accuracy for _, accuracy in learned])
    per_latent = _one_less_entropy(importances.T)
    per_source = _one_less_entropy(importances)
    weights = importances.sum(axis=0)
    if weights.any():
        weights /= weights.sum()
    return DCI(
        disentanglement=float(weights @ per_latent),
        completeness=float(per_source.mean()),
        informativeness=float(accuracies.mean()),
        error=float(1 - accuracies.mean()),
        disentanglement_per_latent=np.where(weights > 0, per_latent, np.nan),
        completeness_per_source=per_source,
        informativeness_per_source=accuracies,
        importances=importances,
        learner=learner,
        num_rounds=num_rounds,
        max_depth=max_depth,
        held_out=held_out,
        seed=seed,
    )


def _without_rounding(
    importances: Float[np.ndarray, "num_sources num_latents"],
) -> Float[np.ndarray, "num_sources num_latents"]:
    """Importances that are 0, and not slightly above or below it, where a latent does not matter.

    They are differences of impurities, which leave a rounding error where nothing is gained.
    """
    kept = np.where(importances > _ROUNDING, importances, 0.0)
    totals = kept.sum(axis=1, keepdims=True)
    return np.divide(kept, totals, out=kept, where=totals > 0)


def _one_less_entropy(
    importances: Float[np.ndarray, "rows columns"],
) -> Float[np.ndarray, " rows"]:
    """1 less the entropy of each row over its largest possible; 0 for a row of zeros."""
    totals = importances.sum(axis=1, keepdims=True)
    known = totals[:, 0] > 0
    num_columns = importances.shape[1]
    if num_columns == 1:
        return known.astype(float)
    shares = np.divide(
        importances, totals, out=np.full(importances.shape, 1 / num_columns), where=totals > 0
    )
    concentrations = 1 - entr(shares).sum(axis=1) / np.log(num_columns)
    return np.where(known, np.clip(concentrations, 0, 1), 0.0)


def _check_learner(
    learner: str, num_rounds: int | None, max_depth: int | None
) -> tuple[_Learner, int, int]:
    check_choice("learner", learner, LEARNERS)
    chosen = LEARNERS[learner]
    num_rounds = chosen.num_rounds if num_rounds is None else num_rounds
    max_depth = chosen.max_depth if max_depth is None else max_depth
    check_integer("num_rounds", num_rounds, minimum=1)
    check_integer("max_depth", max_depth, minimum=1)
    return chosen, int(num_rounds), int(max_depth)


def _check_fitted(sources: np.ndarray) -> None:
    constant = np.flatnonzero(sources.min(axis=0) == sources.max(axis=0))
    if constant.size:
        raise ValueError(
            f"sources hold a single value in {name_columns(constant)} of the {len(sources)} "
            "samples to fit; expected at least two values. Draw more samples, or hold out fewer."
        )
