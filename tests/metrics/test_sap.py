"""Separated attribute predictability against values worked out by hand and scikit-learn."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from lib.metrics.sap import sap

pytestmark = pytest.mark.filterwarnings("ignore::lib.metrics.QuantizedFloatsWarning")

RNG = np.random.default_rng(0)
BITS = np.tile([[0, 0], [0, 1], [1, 0], [1, 1]], (1_000, 1))
SOURCES = RNG.integers(0, 4, (1_000, 3))
NOISY = SOURCES[:, [0, 1, 2, 0, 1]] + RNG.normal(size=(1_000, 5))


@pytest.mark.parametrize("discrete", [True, False])
def test_by_hand(discrete):
    # Latents: the first source, and whether both sources are 1. The first predicts the first source
    # always and the second half the time. The second predicts 0 of either source always and 1 half
    # the time: balanced, 3/4. Gaps: 1 - 3/4 and 3/4 - 1/2. Of 2,000 held-out samples, 1,000 are 1,
    # so that shares have a standard deviation of 0.016 at most, and a balanced one of 0.011.
    latents = np.stack([BITS[:, 0], BITS.min(axis=1)], axis=1) * (1 if discrete else 1.0)
    result = sap(BITS, latents)
    np.testing.assert_allclose(result.predictability, [[1, 0.75], [0.5, 0.75]], atol=0.04)
    assert result.predictability[0, 0] == 1
    assert result.score == pytest.approx(0.25, abs=0.04)


def test_threshold_between_overlapping_values():
    # 0 is uniform on [0, 1], 1 on [1/2, 3/2]. The best threshold lies anywhere between 1/2 and 1
    # and is right for 3/4, balanced, even if 0 is nine times as frequent.
    source = (np.arange(10_000) % 10 == 0).astype(int)[:, None]
    latent = np.random.default_rng(1).random((10_000, 1)) + source / 2
    # 500 held-out samples are 1: standard deviation 0.02 at most, balanced 0.01.
    assert sap(source, latent).score == pytest.approx(0.75, abs=0.04)


def test_as_many_thresholds_as_needed():
    # Values 0, 1, 2 lie at 5, -5, 20: two thresholds, in an order that is not that of the values.
    source = SOURCES[:, :1] % 3
    assert sap(source, np.array([5.0, -5.0, 20.0])[source]).score == 1


def test_discrete_latents_have_no_order():
    # Odd or even: one threshold is right for about half, the values of the latent for all.
    latent = np.random.default_rng(1).integers(0, 10, (1_000, 1))
    assert sap(latent % 2, latent).score == 1
    assert sap(latent % 2, latent * 1.0).score < 0.65


@pytest.mark.parametrize("kind", [int, float])
@pytest.mark.parametrize(
    ("columns", "score"),
    [
        pytest.param([BITS[:, 0], BITS[:, 1]], 0.5, id="perfect, 1 less chance"),
        pytest.param([BITS[:, 1], BITS[:, 0]], 0.5, id="swapped"),
        pytest.param([BITS[:, 0]] * 2 + [BITS[:, 1]] * 2, 0, id="duplicated"),
        pytest.param([np.zeros(4_000)] * 2, 0, id="constant"),
        # Chance, 1/2, with each of the latents.
        pytest.param(np.random.default_rng(1).integers(0, 9, (2, 4_000)), 0, id="independent"),
    ],
)
def test_brackets(columns, score, kind):
    latents = np.stack(columns, axis=1).astype(kind)
    # The standard deviation of a balanced share of 2,000 is 0.011.
    assert sap(BITS, latents).score == pytest.approx(score, abs=0.04)


@pytest.mark.parametrize("kind", [int, float])
def test_one_if_all_others_are_constant(kind):
    source = BITS[:, :1]
    latents = np.column_stack([np.zeros(4_000), 1 - source[:, 0]]).astype(kind)
    assert sap(source, latents).score == 1
    assert sap(source, latents[:, 1:]).score == 1


def test_duplicates_are_exactly_zero():
    assert sap(SOURCES, NOISY[:, [0, 0, 1, 1, 2, 2]]).score == 0


def test_agrees_with_scikit_learn():
    # Whole numbers without gaps are their own ranks.
    latents = np.rint(NOISY - NOISY.min(axis=0)).clip(0, 5)
    result = sap(SOURCES, latents, held_out=0.4, seed=3)
    fitted, predicted = train_test_split(np.arange(1_000), test_size=0.4, random_state=3)
    for i, source in enumerate(SOURCES.T):
        for j, latent in enumerate(latents.T):
            tree = DecisionTreeClassifier(max_leaf_nodes=4, class_weight="balanced")
            guesses = tree.fit(latent[fitted, None], source[fitted]).predict(
                latent[predicted, None]
            )
            expected = balanced_accuracy_score(source[predicted], guesses)
            assert result.predictability[i, j] == pytest.approx(expected)


def test_invariances():
    continuous = sap(SOURCES, NOISY).score
    assert sap(SOURCES, NOISY[:, ::-1]).score == continuous
    assert sap(SOURCES, np.exp(NOISY)).score == continuous
    # Huge and tiny latents are beyond the float32 of scikit-learn's trees.
    assert sap(SOURCES, NOISY * [1e300, 1e-300, 1, 1, 1]).score == continuous
    indices = np.rint(NOISY * 2).astype(int)
    discrete = sap(SOURCES, indices).score
    relabelled = np.random.default_rng(1).permutation(60)[indices + 20]
    assert sap(SOURCES, relabelled).score == discrete


def test_choices_are_recorded():
    result = sap(SOURCES, NOISY, held_out=0.3, seed=5)
    assert (result.learner, result.held_out, result.seed) == ("thresholds", 0.3, 5)
    assert sap(SOURCES, SOURCES).learner == "values"
    assert sap(SOURCES, NOISY, held_out=0.3, seed=5).score == result.score
    assert sap(SOURCES, NOISY, held_out=0.3, seed=6).score != result.score


@pytest.mark.parametrize("held_out", [0, 1, 1.5, -0.1])
def test_bad_share(held_out):
    with pytest.raises(ValueError, match=f"held_out={held_out} is not allowed; expected 0 < held"):
        sap(SOURCES, NOISY, held_out=held_out)


def test_choices_that_scikit_learn_would_refuse():
    result = sap(SOURCES, NOISY, held_out=np.float32(0.5), seed=2**32 - 1)
    assert type(result.held_out) is float
    assert result.held_out == 0.5
    with pytest.raises(ValueError, match=r"seed=4294967296 is too large; .* <= 4294967295"):
        sap(SOURCES, NOISY, seed=2**32)
    with pytest.raises(ValueError, match=r"held_out=0\.9999 leaves none of the 1000 samples"):
        sap(SOURCES, NOISY, held_out=0.9999)


def test_as_many_values_as_samples_are_no_reason_to_warn():
    source = np.arange(60)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A value that was not fitted is not predicted.
        assert sap(source, source * 1.0).score == 0
