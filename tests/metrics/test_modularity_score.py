"""The modularity score against values worked out by hand and scikit-learn's estimate."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from lib.metrics.discretization import discretize
from lib.metrics.modularity_score import modularity_score
from lib.metrics.validation import UndefinedScoreError

pytestmark = pytest.mark.filterwarnings("ignore::lib.metrics.QuantizedFloatsWarning")

# Every combination of sources of 4, 2 and 2 values: 2, 1 and 1 bits.
GRID = np.stack(np.unravel_index(np.arange(16), (4, 2, 2)), axis=1)
RNG = np.random.default_rng(0)
SOURCES = RNG.integers(0, 4, (2_000, 3))
NOISY = SOURCES @ RNG.normal(size=(3, 5)) + RNG.normal(size=(2_000, 5))


def test_by_hand():
    first, second, third = GRID.T
    latents = np.stack([third, 2 * first + second, 2 * second + third], axis=1)
    # Bits about each source: (0, 0, 1), (2, 1, 0), (0, 1, 1). Deviations from the template:
    # 0 / (1 * 2), 1 / (4 * 2), 1 / (1 * 2).
    result = modularity_score(GRID, latents)
    np.testing.assert_allclose(result.per_latent, [1, 0.875, 0.5], atol=1e-12)
    assert result.score == pytest.approx((1 + 0.875 + 0.5) / 3)
    bits = [[0, 2, 0], [0, 1, 1], [1, 0, 1]]
    np.testing.assert_allclose(result.information / np.log(2), bits, atol=1e-12)


def test_a_latent_without_information_is_left_out():
    latents = np.column_stack([GRID[:, 0], np.zeros(16, int), np.full(16, 3)])
    result = modularity_score(GRID, latents)
    assert result.informative.tolist() == [True, False, False]
    assert result.score == pytest.approx(1)
    np.testing.assert_array_equal(np.isnan(result.per_latent), ~result.informative)
    # As Locatello et al. count it: 1 of 3 latents is modular.
    assert result.score * result.informative.mean() == pytest.approx(1 / 3)


@pytest.mark.parametrize("latents", [np.zeros((16, 2)), (GRID.sum(axis=1) % 2)[:, None]])
def test_no_latent_with_information(latents):
    # A constant; the parity, of which no source alone tells (16 rows hold each equally often).
    sources = GRID % 2
    with pytest.raises(UndefinedScoreError, match="latents have 0 informative of") as caught:
        modularity_score(sources, latents)
    assert not caught.value.active.any()
    np.testing.assert_allclose(caught.value.nmi, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("sources", "latents", "score"),
    [
        pytest.param(GRID, GRID, 1, id="perfect"),
        pytest.param(GRID, GRID[:, ::-1] * 1.0, 1, id="swapped and continuous"),
        # One source a latent, however many latents a source.
        pytest.param(GRID, GRID[:, [0, 0, 1, 2]], 1, id="duplicated"),
        # The latent tells both sources, each of one bit.
        pytest.param(GRID[:4, 1:], GRID[:4, 1:] @ [[2], [1]], 0, id="one latent for all"),
    ],
)
def test_brackets(sources, latents, score):
    assert modularity_score(sources, latents).score == pytest.approx(score)


@pytest.mark.parametrize("discretization", ["equal_width", "equal_count"])
def test_agrees_with_scikit_learn(discretization):
    result = modularity_score(SOURCES, NOISY, discretization=discretization, num_bins=10)
    for j, latent in enumerate(discretize(NOISY, discretization, 10).T):
        information = np.sort([mutual_info_score(source, latent) for source in SOURCES.T])
        deviation = (information[:-1] ** 2).sum() / (2 * information[-1] ** 2)
        assert result.per_latent[j] == pytest.approx(1 - deviation)


def test_invariances():
    score = modularity_score(SOURCES, NOISY).score
    assert modularity_score(SOURCES, NOISY[:, ::-1]).score == pytest.approx(score)
    assert modularity_score(SOURCES[:, ::-1], NOISY).score == pytest.approx(score)
    indices = discretize(NOISY, "equal_width", 20)
    relabelled = np.random.default_rng(1).permutation(20)[indices]
    assert modularity_score(SOURCES, relabelled).score == pytest.approx(score)
    by_count = modularity_score(SOURCES, NOISY, discretization="equal_count").score
    mapped = modularity_score(SOURCES, np.exp(NOISY), discretization="equal_count").score
    assert mapped == pytest.approx(by_count)


def test_choices_are_recorded():
    binned = modularity_score(SOURCES, NOISY, discretization="equal_count", num_bins=7)
    assert (binned.discretization, binned.num_bins) == ("equal_count", 7)
    indices = modularity_score(GRID, GRID)
    assert (indices.discretization, indices.num_bins) == (None, None)


def test_bad_input():
    with pytest.raises(ValueError, match="discretization='deciles' is unknown"):
        modularity_score(GRID, GRID, discretization="deciles")
    with pytest.raises(TypeError, match=r"num_bins=2\.5 is a float; expected an integer >= 2"):
        modularity_score(GRID, GRID * 1.0, num_bins=2.5)
