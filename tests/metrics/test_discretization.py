"""Bins against values worked out by hand and against `numpy.histogram`."""

import numpy as np
import pytest

from lib.metrics.discretization import METHODS, discretize

pytestmark = pytest.mark.filterwarnings("ignore::lib.metrics.QuantizedFloatsWarning")


def column(*values) -> np.ndarray:
    return np.array(values)[:, None]


def test_equal_width_by_hand():
    # Inner edges 1, 2, 3: an edge belongs to the bin above it, the largest value to the last bin.
    bins = discretize(column(0.0, 0.9, 1.0, 2.5, 3.0, 4.0), "equal_width", 4)
    assert bins[:, 0].tolist() == [0, 0, 1, 2, 3, 3]


def test_equal_count_by_hand():
    # Sorted: 0, 5 | 10, 1000.
    bins = discretize(column(10.0, 0.0, 1000.0, 5.0), "equal_count", 2)
    assert bins[:, 0].tolist() == [1, 0, 1, 0]


def test_equal_values_share_a_bin():
    # 0, 0, 0 and 3 of 4 samples are smaller: bins 0, 0, 0 and floor(3 * 4 / 4) = 3.
    assert discretize(column(1.0, 1.0, 1.0, 2.0), "equal_count", 4)[:, 0].tolist() == [0, 0, 0, 3]


def test_equal_width_agrees_with_histogram():
    latents = np.random.default_rng(0).normal(size=(1_000, 3))
    bins = discretize(latents, "equal_width", 20)
    for values, of_values in zip(latents.T, bins.T, strict=True):
        counts, _ = np.histogram(values, 20)
        assert np.bincount(of_values, minlength=20).tolist() == counts.tolist()


def test_equal_count_is_equal():
    latents = np.random.default_rng(0).normal(size=(1_000, 2))
    for of_values in discretize(latents, "equal_count", 20).T:
        # 1,000 / 20.
        assert np.bincount(of_values).tolist() == [50] * 20


def test_equal_count_of_an_increasing_map():
    latents = np.random.default_rng(0).normal(size=(997, 2)).round(2)
    before = discretize(latents, "equal_count", 20)
    np.testing.assert_array_equal(before, discretize(np.exp(latents), "equal_count", 20))


def test_equal_width_of_a_scaled_latent():
    latents = np.random.default_rng(0).normal(size=(500, 2))
    before = discretize(latents, "equal_width", 20)
    # A power of two: the edges are scaled without rounding.
    np.testing.assert_array_equal(before, discretize(latents * 8, "equal_width", 20))


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_latent_has_one_bin(method):
    assert not discretize(np.full((5, 1), 0.1), method, 20).any()


@pytest.mark.parametrize("method", METHODS)
def test_discrete_latents_are_not_binned(method):
    # More values than bins, in ascending order.
    assert discretize(column(5, 900, -1, 5), method, 2)[:, 0].tolist() == [1, 2, 0, 1]
    whole = discretize(column(5.0, 900.0, -1.0, 5.0), method, 2, discrete=True)
    assert whole[:, 0].tolist() == [1, 2, 0, 1]


@pytest.mark.parametrize("method", ["quantile", "", None])
def test_unknown_method(method):
    with pytest.raises(ValueError, match=f"method={method!r} is unknown; .*equal_width, equal"):
        discretize(column(0.0, 1.0), method, 20)


def test_a_method_that_is_an_array():
    with pytest.raises(ValueError, match=r"method=array\(.* is unknown; .*equal_width, equal"):
        discretize(column(0.0, 1.0), np.array(METHODS), 20)


@pytest.mark.parametrize("num_bins", [1, 0, -3])
def test_too_few_bins(num_bins):
    with pytest.raises(ValueError, match=f"num_bins={num_bins} is too small; .* >= 2"):
        discretize(column(0.0, 1.0), "equal_width", num_bins)


@pytest.mark.parametrize("num_bins", [2.0, True, None, "20"])
def test_num_bins_that_is_not_an_integer(num_bins):
    with pytest.raises(TypeError, match=f"num_bins={num_bins!r} is a .* an integer >= 2"):
        discretize(column(0.0, 1.0), "equal_width", num_bins)


def test_bad_latents():
    with pytest.raises(ValueError, match="latents hold 1 NaN or infinite values"):
        discretize(column(0.0, np.nan), "equal_width", 20)
