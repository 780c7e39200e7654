"""Differences over seeds, and how they read."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from lib.metrics import smallest_seen
from lib.runs import compare, corrected
from lib.scores import SCORES


def _runs(one, other):
    rows = [("qlae", seed, score) for seed, score in enumerate(one)]
    rows += [("autoencoder", seed, score) for seed, score in enumerate(other)]
    return pd.DataFrame(rows, columns=["model", "seed", "infom"])


def test_differences_are_paired_by_seed():
    """By hand: 0.2, 0.3 and 0.4; mean 0.3, standard deviation 0.1, t(2) = 4.3027."""
    runs = _runs([0.9, 0.6, 0.8], [0.7, 0.3, 0.4]).sample(frac=1, random_state=0)
    found = compare(runs, "infom", "model", "qlae", "autoencoder")
    assert found.mean == pytest.approx(0.3)
    assert found.interval[1] - found.mean == pytest.approx(4.3027 * 0.1 / 3**0.5, abs=1e-4)
    assert str(found) == "0.30 higher (95 % interval 0.05 to 0.55, 3 seeds)"


def test_words_follow_the_numbers():
    lower = compare(_runs([0.1, 0.1], [0.6, 0.61]), "infom", "model", "qlae", "autoencoder")
    assert str(lower).startswith("0.51 lower (95 % interval 0.44 to 0.57")
    unclear = compare(_runs([0.9, 0.1], [0.5, 0.5]), "infom", "model", "qlae", "autoencoder")
    assert str(unclear).startswith("not distinguishable (difference +0.00, 95 % interval -5.08 to")
    assert str(unclear).endswith("2 seeds; two seeds do not tell what would show)")
    single = compare(_runs([0.9], [0.5]), "infom", "model", "qlae", "autoencoder")
    assert str(single) == "0.40 higher (one seed, so no interval)"
    assert [found.is_clear for found in (lower, unclear, single)] == [True, False, False]


def test_a_rounded_nothing_has_no_minus():
    nearly = compare(_runs([0.5, 0.5], [0.501, 0.502]), "infom", "model", "qlae", "autoencoder")
    assert str(nearly).startswith("not distinguishable (difference +0.00")


def test_runs_without_a_score_are_left_out():
    found = compare(
        _runs([0.9, None, 0.8], [0.5, 0.5, 0.3]), "infom", "model", "qlae", "autoencoder"
    )
    assert found.num_seeds == 2


def test_decibels_have_their_unit():
    runs = _runs([24.0, 25.0], [26.0, 27.2]).rename(columns={"infom": "psnr"})
    assert str(compare(runs, "psnr", "model", "qlae", "autoencoder")).startswith("2.1 dB lower")


def test_runs_that_differ_in_more_are_refused():
    runs = pd.concat([_runs([0.9, 0.8], [0.5, 0.4]), _runs([0.7, 0.6], [0.3, 0.2])])
    with pytest.raises(ValueError, match="model='qlae' has several runs with one seed"):
        compare(runs, "infom", "model", "qlae", "autoencoder")


def test_settings_without_a_common_seed():
    with pytest.raises(ValueError, match="No seed has a score infom for both model='qlae'"):
        compare(_runs([], [0.5]), "infom", "model", "qlae", "autoencoder")


@pytest.mark.parametrize(
    ("score", "by", "message"),
    [
        ("infomm", "model", "score='infomm' is unknown; .* Did you mean infom?"),
        ("infom", "modl", "by='modl' is unknown; .* Did you mean model?"),
    ],
)
def test_a_column_that_is_not_there_is_named(score, by, message):
    with pytest.raises(ValueError, match=message):
        compare(_runs([0.9], [0.5]), score, by, "qlae", "autoencoder")


def _difference(values, score="infom"):
    """Of runs with these scores, against runs that score 0."""
    runs = _runs(values, [0.0] * len(values)).rename(columns={"infom": score})
    return compare(runs, score, "model", "qlae", "autoencoder")


def test_p_values_are_those_of_scipys_paired_test():
    one, other = [0.9, 0.6, 0.8, 0.75], [0.7, 0.65, 0.4, 0.5]
    found = compare(_runs(one, other), "infom", "model", "qlae", "autoencoder")
    assert found.p_value == pytest.approx(ttest_rel(one, other).pvalue)
    assert _difference([0.0, 0.0]).p_value == 1
    assert _difference([0.25, 0.25]).p_value == 0
    assert np.isnan(_difference([0.25]).p_value)


def test_a_bootstrap_interval_of_three_seeds_runs_from_the_smallest_to_the_largest():
    """Of 27 resamples of three, one holds the smallest value alone: 3.7 %, more than 2.5 %."""
    assert _difference([0.1, 0.2, 0.4]).bootstrap_interval == pytest.approx((0.1, 0.4))
    assert np.isnan(_difference([0.1]).bootstrap_interval).all()


def test_a_bootstrap_interval_of_many_values_is_that_of_the_normal_distribution():
    values = np.random.default_rng(1).normal(0.5, 0.1, 400)
    half = 1.96 * values.std() / 20
    found = _difference(values.tolist()).bootstrap_interval
    assert found == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def _with_p(p_value):
    """Two seeds whose paired test has this p value: 2/pi arctan(spread/mean), with one degree."""
    ratio = np.tan(np.pi * p_value / 2)
    return _difference([0.5 * (1 - ratio), 0.5 * (1 + ratio)])


def test_holms_correction_by_hand():
    """Four p values: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04, which cannot fall below 0.06."""
    raw = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}
    differences = {name: _with_p(p) for name, p in raw.items()}
    assert {n: d.p_value for n, d in differences.items()} == pytest.approx(raw)
    found = corrected(differences | {"one seed": _difference([0.5])})
    assert list(found) == [*raw, "one seed"]
    told = {name: found[name].p_value for name in raw}
    assert told == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert [found[name].is_clear for name in raw] == [True, False, False, True]
    assert {found[name].num_comparisons for name in raw} == {4}
    assert np.isnan(found["one seed"].p_value)
    assert corrected({"a": _with_p(0.7), "b": _with_p(0.8)})["a"].p_value == 1


def test_words_of_a_corrected_comparison_have_its_p_value():
    found = corrected({"clear": _with_p(0.01), "unclear": _with_p(0.04)})
    assert str(found["clear"]).endswith(", 2 seeds, p = 0.02 corrected for 2 comparisons)")
    assert str(found["unclear"]).startswith("0.50 higher")
    found = corrected({name: _with_p(0.04) for name in "abc"})["a"]
    low, high = found.interval
    assert low > 0  # the interval alone would call it clear
    assert str(found) == (
        f"not clear once corrected (difference +0.50, 95 % interval +{low:.2f} to +{high:.2f}, "
        "2 seeds, p = 0.12 corrected for 3 comparisons; two seeds do not tell what would show)"
    )
    assert found.smallest_seen > 1  # which InfoM cannot differ by
    assert found.smallest_seen > 2 * _with_p(0.04).smallest_seen  # a third of the level
    assert "p < 0.001 corrected" in str(corrected({"a": _with_p(1e-5), "b": _with_p(1)})["a"])


def test_what_would_have_been_seen_is_told_where_it_can_be():
    close, wide = _difference([0.1, -0.2, 0.3]), _difference([0.9, -0.9, 0.5])
    assert close.smallest_told == f"{smallest_seen([0.1, -0.2, 0.3]):.2f}"
    assert f"; a true {close.smallest_told} would show in 4 of 5 such sets" in str(close)
    assert wide.smallest_told == "none"
    assert "; no possible difference would show in 4 of 5 such sets of seeds)" in str(wide)
    assert _difference([20.0, -30.0, 5.0], "psnr").smallest_told.endswith(" dB")  # has no bound
    assert _difference([0.1, 0.2]).smallest_told == "unknown"


def test_a_score_in_decibels_has_one_digit_and_its_unit_in_every_number():
    text = str(_difference([1.0, -1.2, 0.1], "psnr"))
    assert text.startswith("not distinguishable (difference +0.0 dB, 95 % interval -2.8 dB to")
    assert re.search(r"; a true \d+\.\d dB would show in 4 of 5 such sets of seeds\)$", text)
    assert SCORES["psnr"].unit == "dB"
