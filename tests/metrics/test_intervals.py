"""Student-t intervals against tables."""

import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from lib.metrics import mean_interval, smallest_seen


def test_three_seeds():
    # Standard deviation 1, t(0.975; 2) = 4.3027 by the tables.
    mean, half_width = mean_interval([1, 2, 3])
    assert mean == 2
    assert half_width == pytest.approx(4.3027 / math.sqrt(3), abs=1e-4)


def test_confidence():
    # t(0.95; 2) = 2.9200 by the tables.
    assert mean_interval([1, 2, 3], 0.9).half_width == pytest.approx(2.92 / math.sqrt(3), abs=1e-4)


def test_interval_holds_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = [mean_interval(rng.normal(5, 2, size=4)) for _ in range(2_000)]
    share = np.mean([abs(mean - 5) <= half_width for mean, half_width in intervals])
    # Binomial with n = 2,000 and p = 0.95: standard deviation 0.005.
    assert share == pytest.approx(0.95, abs=0.02)


def test_one_seed_has_no_width():
    mean, half_width = mean_interval([0.8])
    assert mean == 0.8
    assert math.isnan(half_width)


@pytest.mark.parametrize("values", [[], [[1, 2]], [1, math.nan]])
def test_bad_values(values):
    with pytest.raises(ValueError, match=r"values=.* expected one or more finite numbers"):
        mean_interval(values)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_bad_confidence(confidence):
    with pytest.raises(ValueError, match=rf"confidence={confidence} is not allowed"):
        mean_interval([1, 2], confidence)


def test_smallest_seen_is_found_in_four_of_five_simulated_studies():
    """A study draws seven values about a mean that is that far from 0; its t-test counts."""
    rng = np.random.default_rng(0)
    unit = np.array([-1, -1, -1, 0, 1, 1, 1])  # standard deviation 1
    for level in (0.05, 0.05 / 6):
        effect = smallest_seen(unit, level=level)
        found = ttest_1samp(rng.normal(effect, 1, size=(20_000, 7)), 0, axis=1)
        # Binomial with n = 20,000 and p = 0.8: standard deviation 0.003.
        assert np.mean(found.pvalue < level) == pytest.approx(0.8, abs=0.01)


def test_smallest_seen_follows_the_table_and_the_spread():
    # A medium effect of half a standard deviation takes 34 pairs (G*Power 3.1, matched pairs,
    # two-sided 0.05, power 0.80), so 33 do not do.
    by_number = {n: np.random.default_rng(0).normal(size=n) for n in (10, 33, 34)}
    unit = {n: values / values.std(ddof=1) for n, values in by_number.items()}
    assert smallest_seen(unit[34]) < 0.5 < smallest_seen(unit[33])
    ten = unit[10]
    assert smallest_seen(3 * ten + 5) == pytest.approx(3 * smallest_seen(ten))
    assert math.isnan(smallest_seen([0.8]))
    with pytest.raises(ValueError, match="power=1 is not allowed"):
        smallest_seen([1, 2], power=1)
    for level, power in ((1e-6, 0.8), (0.5, 0.2), (0.2, 0.2)):
        with pytest.raises(ValueError, match=f"level={level} is out of range.* power={power}"):
            smallest_seen([1, 2], power, level)


def test_masked_values_are_not_averaged():
    with pytest.raises(ValueError, match="cannot be averaged"):
        mean_interval(np.ma.array([0.9, 0.8, 100], mask=[False, False, True]))
