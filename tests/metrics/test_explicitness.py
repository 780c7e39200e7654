"""InfoE against scikit-learn and closed forms."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from lib.metrics import explicitness


def expected_share(features, source) -> float:
    """The same regression by scikit-learn, whose tolerance is for the mean over samples."""
    model = LogisticRegression(
        C=np.inf, class_weight="balanced", tol=1e-4 / len(source), max_iter=100
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explained = log_loss(source, model.fit(features, source).predict_proba(features))
        zeros = np.zeros(features.shape)
        null = log_loss(source, model.fit(zeros, source).predict_proba(zeros))
    return 1 - explained / null


@pytest.fixture
def sources():
    # Uneven classes, so that weighting them equally matters, and one source of two values.
    rng = np.random.default_rng(0)
    probabilities = [0.5, 0.2, 0.2, 0.1]
    return np.stack([rng.choice(4, 800, p=probabilities), rng.integers(0, 2, 800)], axis=1)


@pytest.fixture
def latents(sources):
    rng = np.random.default_rng(1)
    return sources @ rng.normal(size=(2, 5)) + rng.normal(size=(800, 5))


def test_continuous_agrees_with_scikit_learn(sources, latents):
    features = StandardScaler().fit_transform(latents)
    expected = [expected_share(features, source) for source in sources.T]
    np.testing.assert_allclose(explicitness(sources, latents).per_source, expected, atol=1e-4)


def test_a_fit_that_the_limit_ends_agrees_with_scikit_learn():
    # Of sixty seeds, one of those at which float32 throughout would be off by 0.0008.
    rng = np.random.default_rng(49)
    first, second = rng.integers(10, size=(2, 3_000))

    def noisy(values):
        forgets = rng.random(len(values)) < 0.3
        return np.where(forgets, rng.integers(values.max() + 1, size=len(values)), values)

    latents = np.stack(
        [noisy(first), rng.integers(300, size=len(first)), noisy(12 * first + second)], axis=1
    )
    found = explicitness(second[:, None], latents)
    assert found.converged == (False,)
    one_hot = OneHotEncoder().fit_transform(latents)
    assert found.infoe == pytest.approx(expected_share(one_hot, second), abs=1e-4)


@pytest.mark.parametrize("num_latents", [1, 4, 5])
def test_discrete_agrees_with_scikit_learn(sources, latents, num_latents):
    indices = np.digitize(latents, [-1, 0, 1])[:, :num_latents]
    features = OneHotEncoder().fit_transform(indices)
    expected = [expected_share(features, source) for source in sources.T]
    np.testing.assert_allclose(explicitness(sources, indices).per_source, expected, atol=1e-4)


def outliers(rng):
    sources = rng.integers(0, 10, (4_000, 2))
    latents = sources + 0.1 * rng.normal(size=sources.shape)
    latents[:8] = 9 - latents[:8]
    return sources, latents


def heavy_tailed(rng):
    sources = rng.integers(0, 5, (2_000, 2))
    return sources, sources + 0.2 * rng.standard_cauchy(sources.shape)


def separable(rng):
    sources = rng.integers(0, 6, (1_000, 2))
    return sources, sources[:, ::-1] + rng.uniform(-0.2, 0.2, sources.shape)


def separable_indices(rng):
    sources = rng.integers(0, 6, (1_000, 2))
    return sources, 5 - sources[:, ::-1]


def class_of_five(rng):
    sources = rng.integers(0, 4, (1_000, 2))
    sources[sources[:, 0] == 3, 0] = 2
    sources[:5, 0] = 3
    latents = sources + 0.3 * rng.normal(size=sources.shape)
    latents[:2] = 0.0
    return sources, latents


def class_of_five_indices(rng):
    sources, latents = class_of_five(rng)
    return sources, np.rint(2 * latents).astype(int)


def wrong_indices(rng):
    sources = rng.integers(0, 8, (2_000, 2))
    latents = sources.copy()
    latents[:6] = 7 - latents[:6]
    return sources, latents


# Computed with scikit-learn 1.3.2 and NumPy 1.26.4, the authors' own stack, as their functions do.
# hsu2023 and tripod2024: LogisticRegression(penalty=None, class_weight="balanced", tol=1e-4,
# max_iter=100, multi_class="multinomial") on OneHotEncoder or StandardScaler, log_loss of
# predict_proba, and 1 less its ratio to that of zeros. hsu2023-training: the same on StandardScaler
# alone, with the mean of predict_log_proba of the right class in place of log_loss.
AUTHORS = [
    # draw, seed, hsu2023, hsu2023-training
    (outliers, 1, (0.93586, 0.94431), (0.87379, 0.87255)),
    (heavy_tailed, 2, (0.07643, 0.09492), (0.05130, 0.06357)),
    (separable, 3, (1, 1), (1, 1)),
    (separable_indices, 3, (1, 1), (1, 1)),
    (class_of_five, 4, (0.43753, 0.82799), (0.43753, 0.82532)),
    (class_of_five_indices, 4, (0.80768, 0.82268), (0.41795, 0.78271)),
    (wrong_indices, 5, (0.99347, 0.99347), (0.87180, 0.88748)),
]


@pytest.mark.filterwarnings("ignore::lib.metrics.IterationLimitWarning")
@pytest.mark.parametrize(("draw", "seed", "published", "training"), AUTHORS)
def test_published_protocols_agree_with_the_authors_functions(draw, seed, published, training):
    sources, latents = draw(np.random.default_rng(seed))
    expected = {"hsu2023": published, "tripod2024": published, "hsu2023-training": training}
    for protocol, values in expected.items():
        found = explicitness(sources, latents, protocol=protocol)
        np.testing.assert_allclose(found.per_source, values, atol=2e-4)
    if latents.dtype.kind == "f":
        # Their stack clips probabilities of float32 latents as those of float64.
        found = explicitness(sources, latents.astype(np.float32))
        np.testing.assert_allclose(found.per_source, published, atol=2e-4)


def test_linear_model_reads_a_sum_but_not_a_product():
    bits = np.tile([[0, 0], [0, 1], [1, 0], [1, 1]], (50, 1))
    exclusive_or = bits[:, 0] ^ bits[:, 1]
    result = explicitness(np.stack([bits[:, 0], exclusive_or], axis=1), bits)
    np.testing.assert_allclose(result.per_source, [1, 0], atol=1e-4)
    assert result.infoe == pytest.approx(0.5, abs=1e-4)


def test_without_information_the_uneven_classes_score_zero(sources):
    # Equally weighted classes and a constant latent: cross-entropy log 4 and log 2, as on zeros.
    result = explicitness(sources, np.zeros((len(sources), 1), dtype=int))
    np.testing.assert_allclose(result.per_source, 0, atol=1e-6)  # in float32
    assert result.converged == (True, True)


def test_corrected_reads_a_source_along_a_narrow_direction():
    # What a linear model can read does not depend on how narrow the direction is.
    rng = np.random.default_rng(0)
    sources = rng.integers(4, size=(2_000, 2))
    noise = rng.normal(size=(2_000, 2))
    latents = np.hstack([noise, noise + 1e-4 * sources])
    result = explicitness(sources, latents, protocol="corrected")
    np.testing.assert_allclose(result.per_source, 1, atol=0.01)
    assert all(result.converged)
