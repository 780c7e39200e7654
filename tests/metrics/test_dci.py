"""DCI against values worked out by hand, scipy's entropy and scikit-learn's forest."""

import warnings

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn import ensemble
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from lib.metrics.dci import LEARNERS, dci

RNG = np.random.default_rng(0)
BITS = np.tile([[0, 0], [0, 1], [1, 0], [1, 1]], (250, 1))
SOURCES = RNG.integers(0, 3, (600, 3))
NOISY = SOURCES[:, [0, 1, 2, 0]] + RNG.normal(size=(600, 4))


@pytest.mark.parametrize("kind", [int, float])
@pytest.mark.parametrize("learner", LEARNERS)
def test_perfect(learner, kind):
    result = dci(BITS, BITS[:, ::-1].astype(kind), learner=learner)
    # Splits on the other source gain what the random choice of samples lets them, next to nothing.
    np.testing.assert_allclose(result.importances, [[0, 1], [1, 0]], atol=0.02)
    assert result.disentanglement == pytest.approx(1, abs=0.05)
    assert result.completeness == pytest.approx(1, abs=0.05)
    assert (result.informativeness, result.error) == (1, 0)


@pytest.mark.parametrize("learner", LEARNERS)
def test_one_latent_for_all_by_hand(learner):
    # Importances are (1, 0) for both sources: the latent is divided evenly, 1 - log 2 / log 2 = 0;
    # each source is in one latent, 1; the constant matters to nothing and has no weight.
    latents = np.column_stack([BITS @ [2, 1], np.zeros(1_000, int)])
    result = dci(BITS, latents, learner=learner)
    np.testing.assert_array_equal(result.importances, [[1, 0], [1, 0]])
    np.testing.assert_array_equal(result.disentanglement_per_latent, [0, np.nan])
    assert (result.disentanglement, result.completeness, result.informativeness) == (0, 1, 1)


def test_weights_by_hand():
    # The first latent is all of two sources, the second all of a third: 1 - log 2 / log 3 = 0.3691
    # and 1, with weights 2/3 and 1/3: 0.5794.
    result = dci(BITS[:, [0, 0, 1]], BITS)
    np.testing.assert_allclose(result.disentanglement_per_latent, [0.3691, 1], atol=0.05)
    assert result.disentanglement == pytest.approx(0.5794, abs=0.05)
    assert result.completeness == pytest.approx(1, abs=0.05)


def test_each_of_ten_sources_is_in_two_latents_of_twenty():
    # Boosted trees' importances have summed to -1e-17 where nothing was gained. Both copies of a
    # source share it evenly, give or take what the draws of samples leave: 1 - log 2 / log 20.
    sources = np.random.RandomState(0).randint(0, 10, (2_000, 10))
    result = dci(sources, np.hstack([sources, sources]), learner="boosted_trees", held_out=0.5)
    assert result.completeness == pytest.approx(1 - np.log(2) / np.log(20), abs=0.003)


class Rounding:
    """A learner whose importances are off by a rounding error, as scikit-learn's can be."""

    def __init__(self, **sizes):
        pass

    def fit(self, latents, source):
        first = latents[:, 0] == source
        self.feature_importances_ = np.array(
            [0.5, 0.5, -1e-17, 0.0, 2e-17] if first.all() else [-3e-18, 1e-16, 0.25, 0.75, 0.0]
        )

    def score(self, latents, source):
        return 1.0


@pytest.mark.parametrize("learner", LEARNERS)
def test_importances_of_rounding_are_none(monkeypatch, learner):
    monkeypatch.setattr(ensemble, LEARNERS[learner].classifier, Rounding)
    latents = np.column_stack([BITS, BITS, np.zeros(1_000, int)])
    result = dci(BITS, latents, learner=learner)
    np.testing.assert_array_equal(result.importances, [[0.5, 0.5, 0, 0, 0], [0, 0, 0.25, 0.75, 0]])
    # 1 - log 2 / log 5, and 1 - (0.25 log 4 + 0.75 log (4/3)) / log 5.
    np.testing.assert_allclose(result.completeness_per_source, [0.56932, 0.65060], atol=1e-5)
    np.testing.assert_array_equal(result.disentanglement_per_latent, [1, 1, 1, 1, np.nan])
    assert result.disentanglement == 1


def test_duplicated_latents_by_hand():
    # A forest divides a source evenly between both: 1 - log 2 / log 4 = 1/2; each is of one source.
    result = dci(BITS, BITS[:, [0, 0, 1, 1]], num_rounds=200)
    assert result.completeness == pytest.approx(0.5, abs=0.05)
    assert result.disentanglement == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("learner", LEARNERS)
def test_constant_latents(learner):
    # 3 of 4 samples hold a 1, and always predicting it is right that often.
    sources = np.column_stack([BITS.max(axis=1), BITS.max(axis=1)])
    result = dci(sources, np.zeros((1_000, 3)), learner=learner)
    assert (result.disentanglement, result.completeness) == (0, 0)
    assert np.isnan(result.disentanglement_per_latent).all()
    assert not result.importances.any()
    # 250 held-out samples: standard deviation 0.027.
    assert result.informativeness == pytest.approx(0.75, abs=0.09)


def test_permuted_samples():
    # Latents of other images: chance is 1/3, of which 150 held-out samples and 3 sources have a
    # standard deviation of 0.022; no latent matters more than another.
    result = dci(SOURCES, np.random.default_rng(1).permutation(NOISY))
    assert result.informativeness == pytest.approx(1 / 3, abs=0.08)
    assert result.disentanglement < 0.05
    assert result.completeness < 0.05


@pytest.mark.parametrize("learner", LEARNERS)
def test_scores_are_entropies_of_importances(learner):
    result = dci(SOURCES, NOISY, learner=learner)
    shares = result.importances / result.importances.sum(axis=0)
    per_latent = 1 - entropy(shares, base=3, axis=0)
    per_source = 1 - entropy(result.importances, base=4, axis=1)
    np.testing.assert_allclose(result.disentanglement_per_latent, per_latent, atol=1e-12)
    np.testing.assert_allclose(result.completeness_per_source, per_source, atol=1e-12)
    weighted = np.average(per_latent, weights=result.importances.sum(axis=0))
    assert result.disentanglement == pytest.approx(weighted)
    assert result.completeness == pytest.approx(per_source.mean())


def test_agrees_with_scikit_learn():
    indices = np.rint(NOISY).clip(-1, 3).astype(int) + 1
    result = dci(SOURCES, indices, num_rounds=7, max_depth=3, held_out=0.4, seed=5)
    fitted, predicted = train_test_split(np.arange(600), test_size=0.4, random_state=5)
    for i, source in enumerate(SOURCES.T):
        forest = RandomForestClassifier(
            7, max_depth=3, max_features=None, min_samples_leaf=20, random_state=5
        )
        forest.fit(indices[fitted], source[fitted])
        right = forest.predict(indices[predicted]) == source[predicted]
        np.testing.assert_allclose(result.importances[i], forest.feature_importances_)
        assert result.informativeness_per_source[i] == pytest.approx(right.mean())


@pytest.mark.parametrize("learner", LEARNERS)
def test_invariances(learner):
    result = dci(SOURCES, NOISY, learner=learner)
    # Trees see the order of values alone; these are beyond the float32 of scikit-learn's trees.
    mapped = dci(SOURCES, np.exp(NOISY) * [1e300, 1e-300, 1, 1], learner=learner)
    np.testing.assert_array_equal(mapped.importances, result.importances)
    # Another order of the latents draws other trees, and the scores differ as between seeds.
    turned = dci(SOURCES, NOISY[:, ::-1], learner=learner)
    np.testing.assert_allclose(turned.importances[:, ::-1], result.importances, atol=0.05)


def test_relabelled_indices_change_little():
    # Trees can single out each of 5 values in whatever order.
    indices = np.rint(NOISY).clip(-1, 3).astype(int) + 1
    before = dci(SOURCES, indices)
    after = dci(SOURCES, np.array([3, 0, 4, 1, 2])[indices])
    np.testing.assert_allclose(after.importances, before.importances, atol=0.15)


@pytest.mark.parametrize("learner", LEARNERS)
def test_the_seed_decides(learner):
    first, again, other = [
        dci(SOURCES, NOISY, learner=learner, num_rounds=5, seed=seed) for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(first.importances, again.importances)
    assert first.informativeness == again.informativeness
    assert (first.importances != other.importances).any()


def test_choices_are_recorded():
    result = dci(SOURCES, NOISY, learner="boosted_trees", num_rounds=2, max_depth=1, seed=3)
    assert (result.learner, result.num_rounds, result.max_depth) == ("boosted_trees", 2, 1)
    assert (result.held_out, result.seed) == (0.25, 3)
    default = dci(BITS, BITS)
    size = LEARNERS["forest"]
    assert (default.num_rounds, default.max_depth) == (size.num_rounds, size.max_depth)


@pytest.mark.parametrize("learner", ["lasso", "", None])
def test_unknown_learner(learner):
    with pytest.raises(ValueError, match=f"learner={learner!r} is unknown; .*forest, boosted_tree"):
        dci(SOURCES, NOISY, learner=learner)


@pytest.mark.parametrize("name", ["num_rounds", "max_depth"])
def test_bad_sizes(name):
    with pytest.raises(ValueError, match=f"{name}=0 is too small; expected an integer >= 1"):
        dci(SOURCES, NOISY, **{name: 0})
    with pytest.raises(TypeError, match=rf"{name}=2\.0 is a float; expected an integer >= 1"):
        dci(SOURCES, NOISY, **{name: 2.0})


def test_bad_shares_of_held_out_samples():
    with pytest.raises(ValueError, match="held_out=1 is not allowed"):
        dci(SOURCES, NOISY, held_out=1)
    with pytest.raises(ValueError, match=r"single value in columns \[0, 1\] of the 1 samples"):
        dci(BITS[[0, 3]], BITS[[0, 3]], held_out=0.5)


@pytest.mark.parametrize("learner", LEARNERS)
def test_latents_of_noise_beside_a_perfect_representation_change_nothing(learner):
    rng = np.random.default_rng(0)
    sources = rng.integers(5, size=(2_000, 3))
    latents = np.concatenate([sources + 0.0, rng.normal(size=(2_000, 5))], axis=1)
    result = dci(sources, latents, learner=learner)
    assert result.disentanglement > 0.95
    assert result.completeness > 0.95


def test_choices_that_scikit_learn_would_refuse():
    result = dci(SOURCES, NOISY, held_out=np.float32(0.5), seed=2**32 - 1)
    assert type(result.held_out) is float
    assert result.held_out == 0.5
    with pytest.raises(ValueError, match=r"seed=4294967296 is too large; .* <= 4294967295"):
        dci(SOURCES, NOISY, seed=2**32)
    with pytest.raises(ValueError, match=r"held_out=0\.9999 leaves none of the 600 samples"):
        dci(SOURCES, NOISY, held_out=0.9999)


@pytest.mark.parametrize("learner", LEARNERS)
def test_as_many_values_as_samples_are_no_reason_to_warn(learner):
    sources = np.column_stack([np.arange(60), np.arange(60) % 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A value that was not fitted is not predicted.
        assert dci(sources, sources, learner=learner).informativeness_per_source[0] == 0
