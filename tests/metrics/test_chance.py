"""The correction for chance: by hand, against scikit-learn, and against drawing at random."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import hypergeom
from sklearn.metrics import mutual_info_score
from sklearn.metrics.cluster import expected_mutual_information

from lib.metrics import nmi_matrix
from lib.metrics.chance import (
    chance_limit_of_counts,
    chance_limit_of_neighbors,
    expected_information,
)


def test_expected_information_by_hand():
    # Two values, once each, in both: whichever way they are paired, log 2.
    assert expected_information(np.array([1, 1]), np.array([1, 1])) == pytest.approx(np.log(2))
    # Two values, twice each: of the six ways to pair, two determine and four tell nothing.
    assert expected_information(np.array([2, 2]), np.array([2, 2])) == pytest.approx(np.log(2) / 3)
    # A constant tells nothing.
    assert expected_information(np.array([3, 5]), np.array([8])) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_expected_information_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    source = rng.choice(9, 700, p=rng.dirichlet(np.full(9, 0.5)))
    latent = rng.choice(40, 700, p=rng.dirichlet(np.full(40, 0.3)))
    source, latent = (np.unique(x, return_inverse=True)[1] for x in (source, latent))
    table = np.zeros((source.max() + 1, latent.max() + 1), dtype=np.int64)
    np.add.at(table, (source, latent), 1)
    expected = expected_mutual_information(csr_matrix(table), 700)
    found = expected_information(np.bincount(source), np.bincount(latent))
    assert found == pytest.approx(expected, rel=1e-9)


def test_expected_information_of_many_samples_is_the_first_order_bias():
    counts = np.full(10, 48_000)
    expected = 9 * 9 / (2 * 480_000)
    assert expected_information(counts, counts) == pytest.approx(expected, rel=1e-3)


def estimates_of_independent(sizes, num_samples, num_draws=400):
    rng = np.random.default_rng(1)
    source, latent = (
        rng.choice(size, num_samples, p=rng.dirichlet(np.full(size, 2.0))) for size in sizes
    )
    source, latent = (np.unique(x, return_inverse=True)[1] for x in (source, latent))
    draws = [mutual_info_score(source, rng.permutation(latent)) for _ in range(num_draws)]
    return np.bincount(source), np.bincount(latent), np.array(draws)


@pytest.mark.parametrize("sizes", [(4, 3), (10, 10), (10, 64), (40, 40)])
def test_limit_of_counts_is_exceeded_as_rarely_as_it_says(sizes):
    source_counts, latent_counts, draws = estimates_of_independent(sizes, 1_000)
    expected = expected_information(source_counts, latent_counts)
    # The mean is exact; four standard errors of 400 draws.
    assert abs(draws.mean() - expected) < 4 * draws.std() / 20
    limit = chance_limit_of_counts(source_counts, latent_counts, expected, 0.05)
    # 5 % of 400 are 20, give or take 4.4; sparse tables exceed it more rarely.
    assert np.sum(draws > limit) <= 20 + 4 * 4.4


def test_limit_of_counts_where_all_cells_are_full_is_that_of_chi_squared():
    # Nine degrees of freedom; 16.919 of any table is their 95 % quantile.
    counts = np.full(4, 100_000)
    expected = expected_information(counts, counts)
    limit = chance_limit_of_counts(counts, counts, expected, 0.05)
    assert 2 * 400_000 * limit == pytest.approx(16.919, rel=1e-3)


def test_limit_of_a_rare_cell_bounds_its_exact_tail():
    # Four samples of 2,000 in both: whether two or more coincide is hypergeometric.
    counts = np.array([4, 1_996])
    tail = hypergeom.sf(np.arange(4), 2_000, 4, 4)

    def information(coincide):
        table = np.array([[coincide, 4 - coincide], [4 - coincide, 1_992 + coincide]])
        return mutual_info_score(None, None, contingency=table)

    expected = expected_information(counts, counts)
    for coincide, probability in enumerate(tail[:3]):
        limit = chance_limit_of_counts(counts, counts, expected, probability)
        assert information(coincide) <= limit


def binary(share):
    return lambda rng, size: (rng.random(size) < share).astype(int)


def geometric(rng, size):
    return np.minimum(rng.geometric(0.3, size=size), 15)


def even(rng, size):
    return rng.integers(6, size=size)


@pytest.mark.parametrize(
    ("draw", "num_samples"),
    [
        (binary(0.005), 2_000),
        (binary(0.02), 500),
        (binary(0.1), 500),
        (geometric, 500),
        (even, 500),
    ],
)
@pytest.mark.parametrize("discrete", [True, False])
def test_chance_is_left_in_no_more_matrices_than_the_protocol_says(draw, num_samples, discrete):
    rng, left, num_matrices = np.random.default_rng(0), 0, 100
    for _ in range(num_matrices):
        sources = draw(rng, (num_samples, 3))
        sources[:2] = [[0], [1]]  # no source is constant
        size = (num_samples, 4)
        latents = draw(rng, size) if discrete else rng.normal(size=size)
        left += nmi_matrix(sources, latents, protocol="corrected").any()
    # One in a hundred; more than four have a probability below 0.004.
    assert left <= 4


@pytest.mark.parametrize("num_neighbors", [3, 10])
@pytest.mark.parametrize("num_values", [2, 15])
def test_limit_of_neighbors_has_the_spread_of_the_estimate(num_neighbors, num_values):
    # k of the protocols is 3 or 10; the published estimate is cut off at 0, so of a normal
    # distribution around 0 the upper half is left: its mean square is half of the variance.
    rng = np.random.default_rng(num_values)
    sources = np.stack([rng.integers(num_values, size=1_000) for _ in range(2)], axis=1)
    protocol = {3: "hsu2023-training", 10: "hsu2023"}[num_neighbors]
    latents = rng.normal(size=(1_000, 150))
    entropies = [np.log(num_values)] * 2
    nats = nmi_matrix(sources, latents, protocol=protocol) * np.array(entropies)[:, None]
    spread = np.sqrt(2 * np.mean(nats**2))
    one_sigma = chance_limit_of_neighbors(
        np.bincount(sources[:, 0]), num_neighbors, probability=0.15866
    )
    assert one_sigma == pytest.approx(spread, rel=0.2)


def test_corrected_nmi_of_a_noisy_copy_does_not_depend_on_the_number_of_samples():
    # A copy of ten values that is replaced by chance half of the time: with p = 0.55 for the right
    # value and 0.05 for the nine others, NMI = 1 + (0.55 log 0.55 + 9 * 0.05 log 0.05) / log 10.
    truth = 1 + (0.55 * np.log(0.55) + 0.45 * np.log(0.05)) / np.log(10)
    rng = np.random.default_rng(0)
    error = {}
    for protocol in ("hsu2023", "corrected"):
        found = []
        for _ in range(20):
            sources = rng.integers(10, size=(500, 2))
            replaced = rng.random((500, 2)) < 0.5
            latents = np.where(replaced, rng.integers(10, size=(500, 2)), sources)
            found.append(np.diag(nmi_matrix(sources, latents, protocol=protocol)).mean())
        error[protocol] = np.mean(found) - truth
    assert error["hsu2023"] > 0.03
    assert abs(error["corrected"]) < error["hsu2023"] / 1.5
