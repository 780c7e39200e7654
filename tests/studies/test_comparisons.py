"""Comparisons of a page: paired by seed, corrected together, collapsed runs left out."""

import numpy as np
import pytest

from lib.runs import compare
from lib.studies import Comparisons, SeedScores
from tests.studies.made_up import T1, scores

PAIRS = [("QLAE", "vectors"), ("QLAE", "plain")]


def test_differences_are_paired_by_seed_and_corrected_for_all_of_the_page():
    """QLAE less vectors is 0.39 and 0.40; the other p value is far larger, so twice the first."""
    runs = scores([0.9, 0.8, 0.51, 0.4, 0.2, 0.9])
    found = Comparisons({"twin": runs}, PAIRS).differences["twin", PAIRS[0], "infom"]
    raw = compare(runs.runs, "infom", "variant", *PAIRS[0])
    assert sorted(found.values) == pytest.approx([0.39, 0.4])
    assert found.p_value == pytest.approx(2 * raw.p_value)
    assert found.num_comparisons == 2
    alone = Comparisons({"twin": runs}, PAIRS[:1])
    assert alone.differences["twin", PAIRS[0], "infom"].p_value == raw.p_value
    two = Comparisons({"twin": runs, "other": runs}, PAIRS)
    assert two.differences["other", PAIRS[0], "infom"].num_comparisons == 4


def test_all_scores_that_are_no_counts_are_compared_unless_some_are_named():
    runs = scores([0.9] * 6, psnr=[20.0, 21.0] * 3, sources_known=[6] * 6)
    found = Comparisons({"twin": runs}, PAIRS[:1]).differences
    assert [score for _, _, score in found] == ["infom", "psnr"]
    named = Comparisons({"twin": runs}, PAIRS[:1], ["psnr"]).differences
    assert [score for _, _, score in named] == ["psnr"]


def test_a_table_of_one_seed_has_no_columns_of_dashes():
    alone = SeedScores(scores([0.9, 0.8, 0.5, 0.4, 0.2, 0.9]).runs.query("seed == 3"))
    table = Comparisons({"twin": alone}, PAIRS).table()
    assert table.splitlines()[0] == "|  | difference |"
    assert "| QLAE less vectors: InfoM | +0.40 |" in table
    assert table.endswith("Of one seed, so there are no intervals.")
    assert "bootstrap" not in table


def test_collapsed_and_undefined_runs_are_in_no_difference():
    collapsed = [False, False, False, True, True, True]
    psnr = [20.0, 21.0, 25.0, 9.0, 9.0, 9.0]
    runs = scores([0.9, 0.8, 0.5, 0.1, 0.2, 1.0], collapsed, psnr=psnr)
    found = Comparisons({"twin": runs}, PAIRS)
    assert found.words("QLAE", "vectors") == "0.40 higher (one seed, so no interval)"
    assert found.words("QLAE", "vectors", "psnr").startswith("5.0 dB lower (one seed")
    assert found.words("QLAE", "plain").startswith("undefined")
    undefined = Comparisons({"twin": scores([0.9, np.nan, 0.5, 0.4, np.nan, 0.1])}, PAIRS)
    assert undefined.words("QLAE", "vectors") == "0.40 higher (one seed, so no interval)"
    assert undefined.words("QLAE", "plain").startswith("undefined")


def test_the_summary_counts_what_is_clear_and_which_way():
    """QLAE less vectors is clear, less plain is not; turned round it is below zero."""
    runs = scores([0.9, 0.8, 0.51, 0.4, 0.2, 0.9])
    assert Comparisons({"twin": runs}, PAIRS).summary() == (
        "Of 2 differences in InfoM, 1 is clearly above zero and none clearly below, once "
        "corrected for 2 comparisons."
    )
    both = [PAIRS[0], PAIRS[0][::-1], ("QLAE", "other")]
    assert Comparisons({"twin": runs}, both).summary() == (
        "Of 2 differences in InfoM, 1 is clearly above zero and 1 clearly below, once corrected "
        "for 2 comparisons. 1 could not be tested, for want of pairs of runs."
    )
    alike = Comparisons({"twin": scores([0.9, 0.8, 0.85, 0.9, 0.8, 0.9])}, PAIRS)
    assert alike.summary().startswith(
        "Of 2 differences in InfoM, none is clearly above or below zero, once corrected"
    )


def test_one_seed_of_each_pair_tests_nothing():
    alone = SeedScores(scores([0.9, 0.8, 0.5, 0.4, 0.2, 0.9]).runs.query("seed == 3"))
    assert Comparisons({"twin": alone}, PAIRS).summary() == (
        "No difference in InfoM could be tested, for want of pairs of runs."
    )


def test_the_chart_has_a_row_for_each_pair_with_the_other_score_in_words():
    runs = scores([0.9, 0.8, 0.51, 0.4, 0.2, 0.9], psnr=[20.0, 21.0, 22.0, 24.0, 1.0, 30.0]).runs
    names = {"QLAE": "qlae, long, decay 1", "vectors": "qlae, long", "plain": "qlae, long, decay 0"}
    runs = SeedScores(runs.assign(variant=runs["variant"].map(names)))
    pairs = [(names["QLAE"], names["plain"]), (names["QLAE"], names["vectors"])]
    spec = Comparisons({"twin": runs}, pairs).chart().to_dict()
    texts = [row["text"] for rows in spec["datasets"].values() for row in rows if "text" in row]
    assert texts == [
        "QLAE, long: decay 1 less decay 0",
        "QLAE: long, decay 1 less long",
        "PSNR +5.0 dB, 2 seeds",
        "PSNR -2.5 dB, 2 seeds",
    ]
    assert "QLAE, long: decay 1 less decay 0: +0.30" in spec["description"]
    none = Comparisons({"twin": runs}, [(names["QLAE"], "other")]).chart()
    assert "no figure yet" in none.data


def test_the_table_has_both_intervals_the_p_value_and_the_power():
    runs = scores([0.9, 0.8, 0.51, 0.4, 0.2, 0.9], psnr=[20.0, 21.0, 22.0, 24.0, 1.0, 30.0])
    found = Comparisons({"one": runs, "two": runs}, PAIRS[:1])
    lines = found.table().replace("\u00a0", " ").splitlines()
    half = T1 * 0.005
    difference = found.differences["one", PAIRS[0], "infom"]
    assert lines[2].startswith(
        f"| one, QLAE less vectors: InfoM | **+{difference.mean:.2f}** | "
        f"+{0.395 - half:.2f} to +{0.395 + half:.2f} | +0.39 to +0.40 | {difference.p_value:.3g} "
    )
    assert lines[2].endswith("| 2 | unknown |")
    assert lines[3].startswith("| one, QLAE less vectors: PSNR | -2.5 dB | ")
    assert "corrected (Holm) for 4 comparisons together" in found.table()
    single = Comparisons({"one": scores([0.9, 0.8, 0.51, 0.4, 0.2, 0.9])}, PAIRS[:1]).table()
    assert "paired t-test; the intervals" in single
    alone = Comparisons(
        {"one": scores([0.9, 0.8, 0.5, 0.1, 0.2, 0.9], [False] * 3 + [True] + [False] * 2)}, PAIRS
    )
    assert "| QLAE less vectors: InfoM | +0.40 | – | – | – | 1 | – |" in alone.table()
