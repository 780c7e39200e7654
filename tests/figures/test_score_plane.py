"""Scores against one another."""

import numpy as np
import pandas as pd
import pytest

from lib.figures import score_plane

RUNS = pd.DataFrame(
    {
        "model": ["qlae"] * 3 + ["vqvae"] * 3,
        "seed": [0, 1, 2] * 2,
        "infom": [0.8, 0.9, 0.7, 0.5, None, 0.6],
        "infoe": [0.5, 0.6, 0.7, 0.4, 0.3, 0.6],
        "psnr": [20.0, 21.0, 22.0, 23.0, 24.0, 25.0],
    }
)


def test_means_intervals_and_every_seed(read, draw):
    chart = score_plane(RUNS)
    spec, tables = read(chart)
    [means] = [table for table in tables if "x_low" in table[0]]
    [seeds] = [table for table in tables if "x_low" not in table[0]]
    assert [row["group"] for row in means] == ["QLAE", "VQ-VAE"]
    assert means[0]["y"] == 0.8
    # By hand: standard deviation 0.1, t = 4.303 with two degrees of freedom, over root 3.
    assert means[0]["y_high"] - 0.8 == pytest.approx(4.3027 * 0.1 / np.sqrt(3), abs=1e-3)
    assert means[1]["y"] == 0.55
    assert means[1]["seeds"] == 2
    assert len(seeds) == 5
    assert "Left out for an undefined score: 1 of 6 runs." in " ".join(spec["title"]["text"])
    assert "QLAE: InfoM 0.80, InfoE 0.60" in spec["description"]
    draw(chart)


def test_one_seed_has_no_interval(draw):
    chart = score_plane(RUNS[RUNS["seed"] == 0], "psnr")
    assert "PSNR 20.0 dB" in chart.to_dict()["description"]
    assert [layer["mark"]["type"] for layer in chart.to_dict()["layer"]] == ["point", "point"]
    assert chart.to_dict()["title"]["text"] == ["One seed each, so without intervals."]
    draw(chart)


def test_bad_frames_of_scores_are_refused():
    with pytest.raises(ValueError, match=r"columns \['infoe'\]"):
        score_plane(RUNS.drop(columns="infoe"))
    with pytest.raises(ValueError, match="a run with both infoe and infom, got none"):
        score_plane(RUNS.assign(infom=np.nan))
