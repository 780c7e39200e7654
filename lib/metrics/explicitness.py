"""Explicitness (InfoE): how well a linear model reads the sources off all latents together."""

import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike, DTypeLike
from threadpoolctl import threadpool_limits

from lib.metrics.mutual_information import entropy, standardize
from lib.metrics.protocol import Protocol, Regression, find_protocol
from lib.metrics.softmax_regression import Design, Fit, fit, whiten
from lib.metrics.validation import Samples, check_samples

_FOLD_SEED = 0
# A limit of iterations decides a score if the last ten still changed it by more.
_DECIDES = 1e-3


class IterationLimitWarning(UserWarning):
    """The number of iterations that a protocol allows decided a score."""


@dataclass(frozen=True, eq=False)
class Explicitness:
    """InfoE and the sources' scores that it is the mean of.

    Attributes:
        infoe: the mean of `per_source`.
        per_source: share of each source's entropy that the regression explains, at most 1. Under
            the published protocols it can be below 0 where classes are uneven: the fit weights them
            to count equally, the score does not.
        converged: per source, whether the regression ended before the protocol's last iteration.
            Classes that a linear model separates without error, or latents that nearly repeat each
            other, have no finite optimum nearby; ending early is then part of the score.
    """

    infoe: float
    per_source: Float[np.ndarray, " num_sources"]
    converged: tuple[bool, ...]


def explicitness(
    sources: ArrayLike,
    latents: ArrayLike,
    *,
    discrete: bool | None = None,
    protocol: str = "hsu2023",
) -> Explicitness:
    """Score how much of the sources a multinomial logistic regression on all latents explains.

    Args:
        sources: integers, `(n, num_sources)`.
        latents: `(n, num_latents)`; integers (discrete) enter one-hot where the protocol says so,
            all others standardised.
        discrete: whether latents are discrete; None takes integers as discrete.
        protocol: a name in `PROTOCOLS`.

    Returns:
        InfoE. The published protocols score the samples that were fitted. `corrected` scores
        samples that were held out, and never below 0, the score of a model that ignores the
        latents. Of nine penalties it takes the one that predicts the first fold best, which makes
        the score of that fold slightly too good. A class of a single sample is never held out.
        Continuous latents are made uncorrelated for the fit; a direction in them that is a
        millionth as wide as the widest counts as rounding.

    Raises:
        TypeError, ValueError: bad input, see `lib.metrics.infomec`.

    Warns:
        IterationLimitWarning: a regression ended at the protocol's last iteration while it still
            gained; another limit would have given another score.

    Source: Hsu et al. 2023, arXiv 2305.18378: predictive V-information (Xu et al. 2020, arXiv
    2002.10689), normalised by that of a regression on zeros. The published protocols weight classes
    to count equally in the fit, so the regression on zeros predicts them all alike, with
    cross-entropy log(number of values).
    Differs: a published fit ends once an iteration gains less than a ten-millionth of the entropy.
    In 560 random cases, among them heavy tails, rare classes and fits that the limit of iterations
    ended, that moved a source's score by at most 0.0009 from that of scikit-learn. `hsu2023` and
    `tripod2024` raise probabilities to 2.2e-16 before they score them, as the authors' functions
    do, so that an image costs at most 36 nats; `hsu2023-training` and `corrected` do not, and a few
    images that are predicted badly with confidence can decide their score.
    """
    constants = find_protocol(protocol)
    return explicitness_of_samples(check_samples(sources, latents, discrete), constants)


def explicitness_of_samples(samples: Samples, protocol: Protocol) -> Explicitness:
    """Score checked samples, see `explicitness`."""
    regression = protocol.regression
    if samples.discrete and regression.one_hot:
        build = cache(partial(Design.of_labels, samples.latents))
    else:
        values = standardize(samples.values)
        build = cache(partial(Design.of_values, whiten(values) if regression.folds else values))
    build(np.float32)  # by one thread, for all
    score = _score_held_out if regression.folds else _score_seen

    def score_source(labels):
        return score(build, labels, regression)

    # A source a thread; the products are small, and more threads wait longer than they multiply.
    longest_first = np.argsort(-samples.sources.max(axis=0), kind="stable")
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        scored = list(pool.map(score_source, samples.sources.T[longest_first]))
    scored = [scored[place] for place in np.argsort(longest_first)]
    _warn_of_limit([late_gain for _, _, late_gain in scored], protocol)
    explained = np.array([share for share, _, _ in scored])
    return Explicitness(
        float(explained.mean()), explained, tuple(converged for _, converged, _ in scored)
    )


def _score_seen(
    build: Callable[[DTypeLike], Design], labels: Int[np.ndarray, " n"], regression: Regression
) -> tuple[float, bool, float]:
    """Share explained of the samples that were fitted, whether it converged, its last gain."""
    counts = np.bincount(labels)
    weights = 1 / counts[labels]
    unit = np.log(len(counts))
    limit = regression.iterations
    # A fit of scaled features finds the same optimum sooner. It counts where the published fit has
    # the time to get there, which takes about as many times more iterations as the scales differ.
    # Where it has not, what float32 rounds away would add up along its way.
    for scaled, dtype in ((True, np.float32), (False, np.float64)):
        design = build(dtype)
        fitted = fit(
            design,
            labels,
            weights / weights.sum(),
            np.zeros(len(counts)),
            unit=unit,
            scaled=scaled,
            penalty=0.0,
            iterations=int(limit * design.scale.min() / design.scale.max()) if scaled else limit,
            tolerance=regression.tolerance,
        )
        if fitted.converged:
            break
    losses = fitted.log_losses(design, labels)
    if regression.least_probability:
        losses = np.minimum(losses, -np.log(regression.least_probability))
    share = 1 - losses.mean() / unit
    return float(share), fitted.converged, fitted.late_gain


@dataclass
class _Fold:
    """Samples to fit and samples to score, and the regression so far."""

    design: Design
    labels: Int[np.ndarray, " n_fitted"]
    held_out: Design
    held_out_labels: Int[np.ndarray, " n_scored"]
    intercepts: Float[np.ndarray, " num_classes"]
    fitted: Fit | None = None

    def null_loss(self) -> float:
        """Summed cross-entropy of the held-out samples under a model that ignores the latents."""
        return -float(self.intercepts[self.held_out_labels].sum())

    def refit(self, penalty: float, unit: float, regression: Regression) -> float:
        """Fit on with another penalty, and return the held-out samples' summed cross-entropy."""
        num_fitted = len(self.labels)
        self.fitted = fit(
            self.design,
            self.labels,
            np.full(num_fitted, 1 / num_fitted),
            self.intercepts,
            unit=unit,
            scaled=True,
            penalty=penalty,
            iterations=regression.iterations,
            tolerance=regression.tolerance,
            start=self.fitted and self.fitted.parameters,
        )
        return float(self.fitted.log_losses(self.held_out, self.held_out_labels).sum())


def _score_held_out(
    build: Callable[[DTypeLike], Design], labels: Int[np.ndarray, " n"], regression: Regression
) -> tuple[float, bool, float]:
    """Share explained of samples that were not fitted, whether it converged, its last gain."""
    first, *others = _folds(build(np.float32), labels, regression)
    unit = entropy(np.bincount(labels))
    chosen, least, fits = None, first.null_loss(), []
    for penalty in regression.penalties:
        loss = first.refit(penalty, unit, regression)
        if loss >= (1 - regression.tolerance) * least:
            break
        chosen, least, fits = penalty, loss, [first.fitted]
    if chosen is None:
        return 0.0, True, 0.0
    null = first.null_loss()
    for fold in others:
        # The optimum is the same from wherever a fit starts; from here it is near.
        fold.fitted = fits[0]
        least += fold.refit(chosen, unit, regression)
        null += fold.null_loss()
        fits.append(fold.fitted)
    late_gain = max(fitted.late_gain for fitted in fits)
    return max(0.0, 1 - least / null), all(fitted.converged for fitted in fits), late_gain


def _folds(design: Design, labels: Int[np.ndarray, " n"], regression: Regression) -> list[_Fold]:
    """Divide samples so that every class is spread evenly over the folds."""
    num_samples = len(labels)
    counts = np.bincount(labels)
    if counts.max() < 2:
        raise ValueError(
            "sources hold a column in which no value occurs twice; expected repeated values, one "
            "to fit and one to hold out."
        )
    shuffled = np.random.default_rng(_FOLD_SEED).permutation(num_samples)
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    place = np.empty(num_samples, dtype=int)
    place[by_class] = np.arange(num_samples) % regression.folds
    place[counts[labels] == 1] = -1
    folds, num_scored = [], 0
    for index in range(regression.folds):
        out = place == index
        if num_scored >= regression.held_out or not out.any():
            continue
        num_scored += int(out.sum())
        seen = np.bincount(labels[~out], minlength=len(counts))
        folds.append(
            _Fold(
                design.take(~out),
                labels[~out],
                design.take(out),
                labels[out],
                np.log(seen / seen.sum()),
            )
        )
    return folds


def _warn_of_limit(late_gains: list[float], protocol: Protocol) -> None:
    limited = [i for i, gain in enumerate(late_gains) if gain > _DECIDES]
    if limited:
        remedy = (
            "Drop latents that nearly repeat others, or score more samples."
            if protocol.is_corrected
            else "That is the score as the protocol defines it; protocol='corrected' fits until "
            "little is gained."
        )
        warnings.warn(
            f"InfoE of protocol {protocol.name!r} is decided by its limit of "
            f"{protocol.regression.iterations} iterations: for the sources in columns {limited} "
            f"the last ten still gained up to {max(late_gains):.3f}. {remedy}",
            IterationLimitWarning,
            stacklevel=4,
        )
