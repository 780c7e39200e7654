"""Student-t intervals against tables."""

import math

import numpy as np
import pytest

from lib.metrics import mean_interval


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
