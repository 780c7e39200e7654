"""NMI against scikit-learn and closed forms."""

import numpy as np
import pytest
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_classif
from sklearn.metrics import mutual_info_score

from lib.metrics import nmi_matrix

pytestmark = pytest.mark.filterwarnings("ignore::lib.metrics.QuantizedFloatsWarning")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_discrete_agrees_with_scikit_learn(rng):
    sources = rng.integers(0, 7, (300, 3))
    latents = (sources @ rng.integers(0, 3, (3, 5)) + rng.integers(0, 2, (300, 5))) % 11
    expected = [
        [mutual_info_score(s, z) / mutual_info_score(s, s) for z in latents.T] for s in sources.T
    ]
    np.testing.assert_allclose(nmi_matrix(sources, latents), expected, rtol=0, atol=1e-12)


def test_matrix_is_sources_by_latents_and_normalised_by_the_source():
    # A latent with 4 equal values; a source that tells only its half. I = log 2 = H(source), while
    # the other source tells the latent whole: I = log 4.
    latent = np.array([0, 1, 2, 3] * 5)
    sources = np.stack([latent // 2, latent], axis=1)
    np.testing.assert_allclose(nmi_matrix(sources, latent[:, None]), [[1], [1]], atol=1e-12)
    np.testing.assert_allclose(nmi_matrix(sources, latent[:, None] // 2), [[1], [0.5]], atol=1e-12)


def noisy_copies(rng, num_samples, num_values) -> tuple[np.ndarray, np.ndarray]:
    sources = rng.integers(0, num_values, (num_samples, 2))
    return sources, sources @ [[1, 0, 0.5], [0, 0, 0.5]] + rng.normal(size=(num_samples, 3))


def test_continuous_agrees_with_scikit_learn(rng):
    sources, latents = noisy_copies(rng, 3_000, 12)
    information = [
        mutual_info_classif(latents, s, discrete_features=False, n_neighbors=10, random_state=0)
        for s in sources.T
    ]
    entropies = [[mutual_info_score(s, s)] for s in sources.T]
    expected = np.array(information) / entropies
    np.testing.assert_allclose(nmi_matrix(sources, latents), expected, rtol=0, atol=1e-6)


def test_labels_with_few_members_follow_the_definition(rng):
    # With 40 samples of 12 values no label has k + 1 = 11 members and some occur once. No test by
    # scikit-learn: for few members it rounds distances more coarsely than it compares them.
    sources, latents = noisy_copies(rng, 40, 12)
    assert set(np.bincount(sources[:, 0])) >= {1, 5}

    def by_definition(source, latent):
        source, latent = (a[np.bincount(source)[source] > 1] for a in (source, latent))
        distances = np.abs(latent[:, None] - latent)
        terms = []
        for own, label in zip(distances, source, strict=True):
            members = np.sort(own[source == label])
            k = min(10, len(members) - 1)
            closer = np.count_nonzero(own < members[k])
            terms.append(digamma(k) - digamma(len(members)) - digamma(closer))
        return max(0, digamma(len(source)) + np.mean(terms))

    expected = [
        [by_definition(s, z) / mutual_info_score(s, s) for z in latents.T] for s in sources.T
    ]
    np.testing.assert_allclose(nmi_matrix(sources, latents), expected, rtol=0, atol=1e-12)


def test_continuous_approaches_the_information_of_a_gaussian_channel(rng):
    # Two equally likely values at -2 and 2 with unit noise: the entropy of the mixture, integrated
    # numerically, less the entropy of the noise.
    grid = np.linspace(-12, 12, 200_001)
    normal = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    mixture = (np.interp(grid - 2, grid, normal) + np.interp(grid + 2, grid, normal)) / 2
    step = grid[1] - grid[0]
    entropy = -(mixture * np.log(mixture)).sum() * step
    expected = (entropy - np.log(2 * np.pi * np.e) / 2) / np.log(2)
    source = rng.integers(0, 2, 20_000)
    latent = (4 * source - 2) + rng.normal(size=20_000)
    estimate = nmi_matrix(source[:, None], latent[:, None])
    np.testing.assert_allclose(estimate, [[expected]], atol=0.01)


def test_tied_floats_tell_as_much_as_their_indices(rng):
    source = rng.integers(0, 4, (2_000, 1))
    np.testing.assert_allclose(nmi_matrix(source, source / 3), [[1]], atol=0.01)


def test_constant_float_latent_tells_nothing(rng):
    # 0.1 is not a binary fraction: its mean over many samples need not be 0.1 again.
    source = rng.integers(0, 4, (1_000, 1))
    np.testing.assert_array_equal(nmi_matrix(source, np.full((1_000, 1), 0.1)), [[0]])


def test_source_without_repeated_values_has_no_neighbors():
    with pytest.raises(ValueError, match="no value occurs twice"):
        nmi_matrix(np.arange(20)[:, None], np.linspace(0, 1, 20)[:, None])
