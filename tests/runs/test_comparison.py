"""Differences over seeds, and how they read."""

import pandas as pd
import pytest

from lib.runs import compare


def _runs(one, other):
    rows = [("qlae", seed, score) for seed, score in enumerate(one)]
    rows += [("autoencoder", seed, score) for seed, score in enumerate(other)]
    return pd.DataFrame(rows, columns=["model", "seed", "infom"])


def test_differences_are_paired_by_seed():
    """By hand: 0.2, 0.3 and 0.4; mean 0.3, standard deviation 0.1, t(2) = 4.3027."""
    runs = _runs([0.9, 0.6, 0.8], [0.7, 0.3, 0.4]).sample(frac=1, random_state=0)
    found = compare(runs, "infom", "model", "qlae", "autoencoder")
    assert found.mean == pytest.approx(0.3)
    assert found.high - found.mean == pytest.approx(4.3027 * 0.1 / 3**0.5, abs=1e-4)
    assert str(found) == "0.30 higher (95 % interval 0.05 to 0.55, 3 seeds)"


def test_words_follow_the_numbers():
    lower = compare(_runs([0.1, 0.1], [0.6, 0.61]), "infom", "model", "qlae", "autoencoder")
    assert str(lower).startswith("0.51 lower (95 % interval 0.44 to 0.57")
    unclear = compare(_runs([0.9, 0.1], [0.5, 0.5]), "infom", "model", "qlae", "autoencoder")
    assert str(unclear).startswith("not distinguishable (difference +0.00, 95 % interval -5.08 to")
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
