"""Explicitness (InfoE): how well a linear model reads the sources off all latents together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from lib.metrics.mutual_information import standardize
from lib.metrics.protocol import Protocol, find_protocol
from lib.metrics.validation import Samples, check_samples

_LATENTS_IN_GROUP = 3


@dataclass(frozen=True, eq=False)
class Explicitness:
    """InfoE and what it is the mean of.

    Attributes:
        infoe: the mean of `per_source`.
        per_source: share of each source's entropy that the regression explains, at most 1.
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
        latents: `(n, num_latents)`; integers (discrete) enter one-hot, floats (continuous)
            standardised.
        discrete: whether latents are discrete; None takes integers as discrete.
        protocol: a name in `PROTOCOLS`.

    Returns:
        InfoE. It is scored on the samples that the regression saw, as published.

    Raises:
        TypeError, ValueError: bad input, see `lib.metrics.infomec`.

    Source: Hsu et al. 2023, arXiv 2305.18378: predictive V-information, normalised by
    that of a regression on zeros. Classes are weighted to count equally in the fit, so the
    regression on zeros predicts them all alike, with cross-entropy log(number of values).
    """
    constants = find_protocol(protocol)
    return explicitness_of_samples(check_samples(sources, latents, discrete), constants)


def explicitness_of_samples(samples: Samples, protocol: Protocol) -> Explicitness:
    """Score checked samples, see `explicitness`."""
    if samples.discrete:
        factors = _factored_one_hot(samples.latents)
    else:
        factors = [standardize(samples.latents)]
    explained, converged = [], []
    # The products are small: more threads wait for each other longer than they multiply.
    with threadpool_limits(1, user_api="blas"):
        for source in samples.sources.T:
            cross_entropy, ended = _fit(factors, source, protocol)
            explained.append(1 - cross_entropy / np.log(source.max() + 1))
            converged.append(ended)
    return Explicitness(float(np.mean(explained)), np.array(explained), tuple(converged))


def _one_hot(labels: Int[np.ndarray, "n num_columns"]) -> sparse.csr_array:
    num_rows, num_columns = labels.shape
    ends = np.cumsum(labels.max(axis=0) + 1)
    positions = labels + np.concatenate([[0], ends[:-1]])
    row_starts = np.arange(num_rows + 1) * num_columns
    shape = (num_rows, int(ends[-1]))
    return sparse.csr_array((np.ones(labels.size), positions.ravel(), row_starts), shape=shape)


def _factored_one_hot(latents: Int[np.ndarray, "n num_latents"]) -> list[sparse.csr_array]:
    """Return two matrices whose product is the one-hot of all latents.

    The first says which combination of values each sample has in every group of a few latents, the
    second which values a combination consists of. Together they have far fewer entries to multiply.
    """
    memberships, combinations = [], []
    for start in range(0, latents.shape[1], _LATENTS_IN_GROUP):
        group = latents[:, start : start + _LATENTS_IN_GROUP]
        radices = np.cumprod([1, *(group.max(axis=0)[:-1] + 1)])
        _, first, membership = np.unique(group @ radices, return_index=True, return_inverse=True)
        memberships.append(membership)
        combinations.append(_one_hot(group[first]))
    return [_one_hot(np.stack(memberships, axis=1)), sparse.block_diag(combinations, format="csr")]


def _fit(
    factors: Sequence[np.ndarray | sparse.csr_array],
    labels: Int[np.ndarray, " n"],
    protocol: Protocol,
) -> tuple[float, bool]:
    """Fit softmax regression with intercepts, from zeros, and return (cross-entropy, converged).

    The features `(n, num_features)` come as matrices of which they are the product.
    The loss that is minimised is summed over samples and weights classes equally; the
    cross-entropy is the unweighted mean, in nats.
    """
    num_samples, num_features = len(labels), factors[-1].shape[1]
    counts = np.bincount(labels)
    num_classes = len(counts)
    weights = (num_samples / (num_classes * counts))[labels]
    taken = (labels, np.arange(num_samples))
    transposed = [factor.T for factor in factors]

    def shifted_logits(parameters):
        slopes, intercepts = np.split(parameters.reshape(num_classes, -1), [num_features], axis=1)
        # (classes, samples), rows contiguous: reductions over the few classes are fast that way.
        logits = np.ascontiguousarray(_apply(reversed(factors), slopes.T).T)
        logits += intercepts
        logits -= logits.max(axis=0)
        return logits

    def loss_and_gradient(parameters):
        logits = shifted_logits(parameters)
        correct = logits[taken]
        probabilities = np.exp(logits, out=logits)
        total = probabilities.sum(axis=0)
        loss = weights @ (np.log(total) - correct)
        residuals = np.multiply(probabilities, weights / total, out=probabilities)
        residuals[taken] -= weights
        gradient = np.empty((num_classes, num_features + 1))
        gradient[:, :-1] = _apply(transposed, residuals.T).T
        gradient[:, -1] = residuals.sum(axis=1)
        return loss, gradient.ravel()

    result = minimize(
        loss_and_gradient,
        np.zeros(num_classes * (num_features + 1)),
        method="L-BFGS-B",
        jac=True,
        options={
            "maxiter": protocol.regression_iterations,
            "gtol": protocol.regression_gradient_tolerance,
            "ftol": protocol.regression_loss_tolerance,
        },
    )
    logits = shifted_logits(result.x)
    cross_entropy = np.mean(np.log(np.exp(logits).sum(axis=0)) - logits[taken])
    return float(cross_entropy), bool(result.success)


def _apply(factors: Iterable[np.ndarray | sparse.sparray], values: np.ndarray) -> np.ndarray:
    for factor in factors:
        values = factor @ values
    return values
