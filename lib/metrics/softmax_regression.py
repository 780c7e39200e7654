"""Multinomial logistic regression on latents: quick where the latents are one-hot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import DTypeLike
from scipy import sparse
from scipy.optimize import OptimizeResult, minimize

_ROWS_AT_ONCE = 16_384
_MOST_COMBINATIONS = 1_024
_LAST_ITERATIONS = 10
# Where features have spread 1, so small a gradient is the rounding of float32, and no way down.
_GRADIENT_OF_ROUNDING = 1e-6


class Design:
    """The features of a regression, `(n, num_features)`, as a product of sparse matrices.

    One-hot latents are kept as two matrices: the first says which combination of values each sample
    has in every group of a few latents, the second which values a combination consists of. Together
    they have far fewer entries to multiply than the one-hot matrix. The rows of the first are in
    blocks, so that intermediate results stay small.

    Attributes:
        num_samples: n.
        dtype: of the features, and of all products with them.
        scale: `(num_features,)`, the factors that give one-hot features spread 1. Parameters then
            are of one size, and a penalty on them is a penalty on what each latent contributes to
            the logits.
        mean: of each feature, `(num_features,)`.
        blocks: the rows of each block and its part of the first matrix.
    """

    def __init__(self, matrices: Sequence[np.ndarray | sparse.csr_array], mean, scale):
        rows, *self._others = matrices
        self._rows = rows
        starts = range(0, rows.shape[0], _ROWS_AT_ONCE)
        parts = [slice(start, start + _ROWS_AT_ONCE) for start in starts]
        self.blocks = [(part, rows[part]) for part in parts]
        self.num_samples = rows.shape[0]
        self.dtype = rows.dtype
        self.mean = mean
        self.scale = scale

    @classmethod
    def of_values(cls, values: Float[np.ndarray, "n num_latents"], dtype: DTypeLike) -> "Design":
        """Latents as they are."""
        num_features = values.shape[1]
        return cls([values.astype(dtype)], np.zeros(num_features), np.ones(num_features))

    @classmethod
    def of_labels(cls, labels: Int[np.ndarray, "n num_latents"], dtype: DTypeLike) -> "Design":
        """One-hot latents; the value of each latent is one of 0, 1, ..."""
        memberships, combinations = [], []
        for group in _groups(labels):
            radices = np.cumprod([1, *(group.max(axis=0)[:-1] + 1)])
            codes, membership = np.unique(group @ radices, return_inverse=True)
            memberships.append(membership)
            combinations.append(
                _one_hot(codes[:, None] // radices % (group.max(axis=0) + 1), dtype)
            )
        shares = np.concatenate([np.bincount(column) for column in labels.T]) / len(labels)
        matrices = [
            _one_hot(np.stack(memberships, axis=1), dtype),
            sparse.block_diag(combinations, format="csr", dtype=dtype),
        ]
        return cls(matrices, shares, 1 / np.sqrt(shares))

    @property
    def num_features(self) -> int:
        """Number of features."""
        return len(self.mean)

    def take(self, rows: Bool[np.ndarray, " n"]) -> "Design":
        """The same features of some of the samples."""
        return Design([self._rows[rows], *self._others], self.mean, self.scale)

    def expand(
        self, weights: Float[np.ndarray, "num_classes num_features"]
    ) -> Float[np.ndarray, "num_columns num_classes"]:
        """Weights of the columns of a block: `block @ expand(weights)` are the logits."""
        columns = np.ascontiguousarray(weights.T, dtype=self.dtype)
        return reduce(lambda right, left: left @ right, reversed(self._others), columns)

    def collect(
        self, sums: Float[np.ndarray, "num_columns num_classes"]
    ) -> Float[np.ndarray, "num_classes num_features"]:
        """The gradient of the weights, from the sum of `block.T @ residuals` over all blocks."""
        total = reduce(lambda right, left: left.T @ right, self._others, sums)
        return total.T.astype(np.float64)


def whiten(values: Float[np.ndarray, "n num_latents"]) -> Float[np.ndarray, "n num_latents"]:
    """Turn and scale latents so that they are uncorrelated and have spread 1.

    What a linear model can read stays the same, and a fit needs few steps to find it. A direction
    whose spread is below a millionth of the widest one's is rounding, and becomes 0.
    """
    centred = values - values.mean(axis=0)
    variances, directions = np.linalg.eigh(centred.T @ centred / len(values))
    varies = variances > 1e-12 * max(variances.max(), np.finfo(float).tiny)
    return centred @ np.where(varies, directions / np.sqrt(np.where(varies, variances, 1)), 0)


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted regression.

    Attributes:
        parameters: what to start the next fit from.
        weights: of the features, `(num_classes, num_features)`.
        intercepts: `(num_classes,)`.
        converged: whether it ended before the limit of iterations, because an iteration gained too
            little or because rounding hides any further gain.
        late_gain: by how much its last ten iterations lowered the loss.
    """

    parameters: Float[np.ndarray, " num_parameters"]
    weights: Float[np.ndarray, "num_classes num_features"]
    intercepts: Float[np.ndarray, " num_classes"]
    converged: bool
    late_gain: float

    def log_losses(self, design: Design, labels: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Cross-entropy of each sample in nats."""
        losses = np.empty(design.num_samples)
        columns = design.expand(self.weights)
        for rows, block in design.blocks:
            logits = np.ascontiguousarray((block @ columns).T)
            correct, total = _softmax(logits, self.intercepts, _places(logits, labels[rows]))
            losses[rows] = np.log(total, dtype=np.float64) - correct
        return losses


def fit(
    design: Design,
    labels: Int[np.ndarray, " n"],
    sample_weights: Float[np.ndarray, " n"],
    intercepts: Float[np.ndarray, " num_classes"],
    *,
    unit: float,
    scaled: bool,
    penalty: float,
    iterations: int,
    tolerance: float,
    start: Float[np.ndarray, " num_parameters"] | None = None,
) -> Fit:
    """Fit softmax regression by L-BFGS.

    Args:
        design: the features.
        labels: the class of each sample.
        sample_weights: how much each sample counts; they sum to 1.
        intercepts: added to those that are fitted, which start from 0.
        unit: nats in which the loss is measured.
        scaled: whether parameters are those of features of mean 0 and spread 1. Without a penalty
            the optimum is the same, and found in fewer iterations.
        penalty: half of it times the sum of squared parameters of features is added to the loss.
        iterations: the most that it takes.
        tolerance: it ends earlier once an iteration lowers the loss by less.
        start: parameters of an earlier fit; None starts from 0.
    """
    num_classes, num_features = len(intercepts), design.num_features
    exact_weights = sample_weights.astype(np.float64)
    sample_weights = sample_weights.astype(design.dtype)  # as everything that has a row a sample

    # One array for all blocks and iterations: to be given fresh memory takes as long as to fill it.
    scratch = np.empty(num_classes * min(_ROWS_AT_ONCE, len(labels)), dtype=design.dtype)

    def unpack(parameters):
        slopes, offsets = np.split(parameters.reshape(num_classes, -1), [num_features], axis=1)
        weights = slopes * design.scale if scaled else slopes
        shift = weights @ design.mean if scaled else 0.0
        return slopes, weights, intercepts + offsets[:, 0] - shift

    def loss_and_gradient(parameters):
        slopes, weights, offsets = unpack(parameters)
        loss, sums = 0.5 * penalty * np.vdot(slopes, slopes), np.zeros(num_classes)
        columns = design.expand(weights)
        collected = np.zeros_like(columns)
        for rows, block in design.blocks:
            product = block @ columns
            # (classes, samples), rows contiguous: sums over the few classes are fast that way.
            logits = scratch[: product.size].reshape(num_classes, -1)
            np.copyto(logits, product.T)
            places = _places(logits, labels[rows])
            correct, total = _softmax(logits, offsets, places)
            loss += np.vdot(exact_weights[rows], np.log(total) - correct) / unit
            logits *= sample_weights[rows] / total
            logits.reshape(-1)[places] -= sample_weights[rows]
            sums += logits.sum(axis=1, dtype=np.float64)
            np.copyto(product.T, logits)
            collected += block.T @ product
        gradient = np.empty((num_classes, num_features + 1))
        pulled = design.collect(collected)
        if scaled:
            pulled = (pulled - np.outer(sums, design.mean)) * design.scale
        gradient[:, :-1] = pulled / unit + penalty * slopes
        gradient[:, -1] = sums / unit
        return float(loss), gradient.ravel()

    losses = []

    def keep(intermediate_result: OptimizeResult):
        losses.append(float(intermediate_result.fun))

    if start is None:
        start = np.zeros(num_classes * (num_features + 1))
    result = minimize(
        loss_and_gradient,
        start,
        method="L-BFGS-B",
        jac=True,
        callback=keep,
        # The relative decrease of a loss below 1 is its absolute decrease.
        options={
            "maxiter": iterations,
            "ftol": tolerance,
            "gtol": _GRADIENT_OF_ROUNDING if scaled else 0.0,
        },
    )
    _, weights, offsets = unpack(result.x)
    converged = result.nit < iterations
    late_gain = 0.0 if converged else losses[-min(len(losses), _LAST_ITERATIONS + 1)] - losses[-1]
    return Fit(result.x, weights, offsets, converged, late_gain)


def _softmax(logits, intercepts, places) -> tuple[np.ndarray, np.ndarray]:
    """Turn logits into unnormalised probabilities in place; the correct logits, and the sums."""
    logits += intercepts.astype(logits.dtype)[:, None]
    logits -= logits.max(axis=0)
    correct = logits.reshape(-1)[places]
    np.exp(logits, out=logits)
    return correct, logits.sum(axis=0)


def _places(table: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Where the entry of each column at its label lies in the flat table."""
    return labels * table.shape[1] + np.arange(table.shape[1])


def _groups(labels: np.ndarray) -> Iterator[np.ndarray]:
    """Neighbouring latents, as many as have few combinations of values."""
    start = 0
    sizes = labels.max(axis=0) + 1
    for stop in range(1, len(sizes) + 1):
        if stop == len(sizes) or np.prod(sizes[start : stop + 1]) > _MOST_COMBINATIONS:
            yield labels[:, start:stop]
            start = stop


def _one_hot(labels: Int[np.ndarray, "n num_columns"], dtype: DTypeLike) -> sparse.csr_array:
    num_rows, num_columns = labels.shape
    ends = np.cumsum(labels.max(axis=0) + 1)
    positions = labels + np.concatenate([[0], ends[:-1]])
    row_starts = np.arange(num_rows + 1) * num_columns
    ones = np.ones(labels.size, dtype=dtype)
    return sparse.csr_array((ones, positions.ravel(), row_starts), shape=(num_rows, int(ends[-1])))
