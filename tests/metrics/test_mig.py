"""The mutual information gap against values worked out by hand and scikit-learn's estimate."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from lib.metrics.discretization import discretize
from lib.metrics.mig import gaps_to_second, mig

pytestmark = pytest.mark.filterwarnings("ignore::lib.metrics.QuantizedFloatsWarning")

GRID = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
RNG = np.random.default_rng(0)
SOURCES = RNG.integers(0, 4, (2_000, 3))
NOISY = SOURCES[:, [0, 1, 2, 0, 1]] + RNG.normal(size=(2_000, 5))


def test_by_hand():
    # Latents: the first source, and whether both sources are 1. In bits, of entropies of 1:
    # I(first; first latent) = 1 and I(second; first latent) = 0; the second latent has entropy
    # H(1/4) = 0.8113, and half a bit once either source is known, so I = 0.3113 with both.
    # Gaps: 1 - 0.3113 and 0.3113 - 0, whose mean is 1/2.
    latents = np.stack([GRID[:, 0], GRID.min(axis=1)], axis=1)
    result = mig(GRID, latents)
    np.testing.assert_allclose(result.per_source, [0.6887, 0.3113], atol=1e-4)
    assert result.score == pytest.approx(0.5, abs=1e-12)
    assert mig(np.tile(GRID, (7, 1)), np.tile(latents, (7, 1))).score == pytest.approx(0.5)


def test_one_latent():
    # It determines the first source, and the second largest is 0; of the second it tells nothing.
    np.testing.assert_allclose(mig(GRID, GRID[:, :1]).per_source, [1, 0], atol=1e-12)


def test_gaps_by_hand():
    # The largest, wherever it is, less the next; equal ones have no gap; one alone is its own gap.
    np.testing.assert_array_equal(gaps_to_second(np.array([[1.0, 7, 4], [2, 2, 0]])), [3, 0])
    np.testing.assert_array_equal(gaps_to_second(np.array([[3.0], [0]])), [3, 0])


@pytest.mark.parametrize(
    ("latents", "score"),
    [
        pytest.param(GRID, 1, id="perfect"),
        pytest.param(GRID[:, ::-1] * 1.0, 1, id="swapped and continuous"),
        pytest.param(GRID[:, [0, 0, 1, 1]], 0, id="duplicated"),
        pytest.param(np.zeros((4, 2), int), 0, id="constant"),
        pytest.param(np.zeros((4, 2)), 0, id="constant and continuous"),
        pytest.param((GRID.sum(axis=1) % 2)[:, None], 0, id="independent of each source"),
    ],
)
def test_brackets(latents, score):
    assert mig(GRID, latents).score == pytest.approx(score, abs=1e-12)


@pytest.mark.parametrize("discretization", ["equal_width", "equal_count"])
def test_agrees_with_scikit_learn(discretization):
    result = mig(SOURCES, NOISY, discretization=discretization, num_bins=10)
    bins = discretize(NOISY, discretization, 10)
    for i, source in enumerate(SOURCES.T):
        information = [mutual_info_score(source, latent) for latent in bins.T]
        shares = np.sort(information) / mutual_info_score(source, source)
        assert result.per_source[i] == pytest.approx(shares[-1] - shares[-2])


def test_invariances():
    score = mig(SOURCES, NOISY).score
    assert mig(SOURCES, NOISY[:, ::-1]).score == pytest.approx(score, abs=1e-12)
    indices = discretize(NOISY, "equal_width", 20)
    # Bins of 20 make continuous latents the discrete ones of their bins.
    assert mig(SOURCES, indices).score == pytest.approx(score, abs=1e-12)
    relabelled = np.random.default_rng(1).permutation(20)[indices]
    assert mig(SOURCES, relabelled).score == pytest.approx(score, abs=1e-12)
    by_count = mig(SOURCES, NOISY, discretization="equal_count").score
    mapped = mig(SOURCES, np.exp(NOISY), discretization="equal_count").score
    assert mapped == pytest.approx(by_count, abs=1e-12)


def test_choices_are_recorded():
    binned = mig(SOURCES, NOISY, discretization="equal_count", num_bins=np.int64(7))
    assert (binned.discretization, binned.num_bins) == ("equal_count", 7)
    indices = mig(GRID, GRID)
    assert (indices.discretization, indices.num_bins) == (None, None)


def test_bad_input():
    with pytest.raises(ValueError, match="discretization='deciles' is unknown"):
        mig(GRID, GRID, discretization="deciles")
    with pytest.raises(ValueError, match="num_bins=1 is too small; expected an integer >= 2"):
        mig(GRID, GRID * 1.0, num_bins=1)
