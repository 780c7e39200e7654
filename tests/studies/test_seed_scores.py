"""Means and intervals over seeds, and what is said of collapsed runs."""

import json

import numpy as np
import pandas as pd
import pytest

from lib.studies import SeedScores
from tests.child import output_of
from tests.studies.made_up import T1, scores


def test_a_mean_has_its_interval_with_the_digits_of_its_score():
    psnr = [20.0, 21.0, 25.0, 25.5, 18.0, 18.0]
    found = scores([0.9, 0.8, 0.5, 0.4, 0.2, 0.9], psnr=psnr, num_active=[12, 11, 8, 8, 1, 0])
    assert found.average("QLAE", "infom") == f"0.85 ± {T1 * 0.05:.2f}"
    assert found.average("QLAE", "psnr") == f"20.5 ± {T1 * 0.5:.1f}"
    assert found.average("vectors", "num_active") == "8 each"
    rows = found.table().splitlines()
    assert rows[0].startswith("| | InfoM |")
    assert rows[0].endswith("| collapsed seeds |")
    cells = dict(zip(rows[0].split(" | "), rows[2].split(" | "), strict=True))
    assert cells["PSNR (dB)"] == f"20.5 ± {T1 * 0.5:.1f}"
    assert cells["active latents"] == "12/<wbr>11"
    assert rows[2].endswith("| none |")


@pytest.mark.parametrize(
    ("seeds", "told"), [([3], "seed 3"), ([0, 1, 2], "seeds 0, 1, 2"), (range(5), "seeds 0 to 4")]
)
def test_seeds_are_told_briefly(seeds, told):
    assert (
        SeedScores(pd.DataFrame({"variant": "a", "seed": seeds, "collapsed": False})).seeds == told
    )


def test_of_many_seeds_it_is_told_how_many_have_a_count():
    counts = {
        "variant": "a",
        "seed": range(12),
        "collapsed": False,
        "num_active": [6] * 9 + [5] * 3,
    }
    assert SeedScores(pd.DataFrame(counts)).average("a", "num_active") == "6 in 9 runs, 5 in 3 runs"


def test_a_collapsed_run_is_in_no_mean_and_is_named():
    found = scores(
        [0.9, 0.8, 0.5, np.nan, 0.2, 1.0],
        collapsed=[False, False, False, True, True, True],
        psnr=[20.0, 21.0, 25.0, 9.0, 9.0, 9.0],
        sources_known=[5, 5, 4, 0, 0, 1],
    )
    assert found.average("vectors", "psnr") == "25.0 (1 collapsed)"
    assert found.average("plain", "infom") == "collapsed"
    assert found.average("vectors", "sources_known") == "4/0"
    assert found.collapses == "Collapsed: vectors 1 of 2 (seed 4); plain 2 of 2 (seeds 3, 4)."
    assert "| 1 of 2 (seed 4) |" in found.table()


def test_one_seed_has_no_mean():
    runs = scores([0.9, 0.8, 0.5, 0.4, 0.2, 0.9]).runs
    assert "Means over seeds 3, 4 with 95 % t-intervals" in SeedScores(runs).table()
    table = SeedScores(runs[runs["seed"] == 3]).table()
    assert table.endswith("Scores of seed 3 alone, so without intervals.")


def test_a_score_that_no_seed_has_is_undefined():
    found = scores([0.9, np.nan, 0.5, 0.4, np.nan, np.nan])
    assert found.average("plain", "infom") == "undefined"
    assert found.average("QLAE", "infom") == "0.90 (1 undefined)"


def test_a_table_without_seeds_is_refused():
    with pytest.raises(ValueError, match=r"frame must have the columns \['seed', 'collapsed'\]"):
        SeedScores(pd.DataFrame({"variant": ["a"], "infom": [0.5]}))


TOY = """
from lib.scores import Score, add_score

def reach(evaluation):
    return float(evaluation.latents.max())

score = Score(name="reach", label="reach of latents", compute=reach, unit="steps", digits=3)
add_score(score, __name__)
"""
SHOW = """
import json
import pandas as pd
from lib import figures
from lib.studies import Comparisons, SeedScores

runs = pd.DataFrame({"variant": ["qlae"] * 2 + ["mine"] * 2, "seed": [0, 1] * 2})
runs = runs.assign(collapsed=False, infom=0.5, reach=[2.0, 2.5, 1.0, 1.25])
scores = SeedScores(runs)
chart = figures.score_intervals(runs, "variant", "reach").to_dict()
plane = figures.score_plane(runs, "reach", "infom", color="variant").to_dict()
axes = [chart["layer"][0]["encoding"]["y"]["title"], plane["layer"][0]["encoding"]["x"]["title"]]
compared = Comparisons({"twin": scores}, [("qlae", "mine")])
words = [scores.table(), compared.words("qlae", "mine", "reach"), plane["description"]]
print(json.dumps([axes, *words]))
"""


def test_a_score_that_a_user_adds_is_in_tables_and_figures_with_its_label_and_digits(tmp_path):
    (tmp_path / "reach.py").write_text(TOY)
    axes, table, difference, described = json.loads(output_of("-c", SHOW, extensions=tmp_path))
    assert axes == ["reach of latents (steps)"] * 2
    head, _, row = table.splitlines()[:3]
    assert head == "| | InfoM | reach of latents (steps) | collapsed seeds |"
    assert row == f"| QLAE | 0.50 ± 0.00 | 2.250 ± {T1 * 0.25:.3f} | none |"
    # 1.0 and 1.25, so 1.125 with a half-width of 12.706 x 0.125.
    assert difference.startswith("not distinguishable (difference +1.125 steps, 95 % interval")
    assert "QLAE: InfoM 0.50, reach of latents 2.250 steps" in described
