"""Scores against one another, and codes of the same images side by side."""

import numpy as np
import pandas as pd
import pytest
import vl_convert

from lib.figures import code_strips, score_plane

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
    assert "PSNR 20.00" in chart.to_dict()["description"]
    assert [layer["mark"]["type"] for layer in chart.to_dict()["layer"]] == ["point", "point"]
    draw(chart)


def test_bad_frames_of_scores_are_refused():
    with pytest.raises(ValueError, match=r"columns \['infoe'\]"):
        score_plane(RUNS.drop(columns="infoe"))
    with pytest.raises(ValueError, match="a run with both infoe and infom, got none"):
        score_plane(RUNS.assign(infom=np.nan))


IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)


def test_a_cell_for_each_latent_and_image(read, draw):
    codes = {"qlae": np.linspace(0, 1, 18).reshape(6, 3), "bioae": np.zeros((6, 2))}
    chart = code_strips(IMAGES, codes, ["hue", "shape"])
    spec, tables = read(chart)
    [cells] = [table for table in tables if "latent" in table[0]]
    assert len(cells) == 6 * 3 + 6 * 2
    found = {(c["model"], c["image"], c["latent"]): c for c in cells}
    assert found["QLAE", 5, 2]["value"] == 1.0
    assert found["QLAE", 2, 0]["changes"] == "hue"
    assert found["QLAE", 3, 0]["changes"] == "shape"
    # A gap parts the blocks, and no two cells overlap.
    step = found["QLAE", 3, 0]["left"] - found["QLAE", 2, 0]["left"]
    assert step > found["QLAE", 2, 0]["left"] - found["QLAE", 1, 0]["left"]
    assert found["BioAE", 0, 0]["top"] > found["QLAE", 0, 2]["bottom"]
    assert "hue, shape" in spec["description"]
    assert draw(chart).count("<image") == 6
    for width in range(300, 800, 20):  # Vega would shrink a chart that is wider than its place
        vl_convert.vegalite_to_svg(spec | {"width": width})


@pytest.mark.parametrize(
    ("codes", "blocks", "message"),
    [
        ({}, ["hue"], "at least one model"),
        ({"qlae": np.zeros((6, 2))}, ["a", "b", "c", "d"], "4 blocks of 6 images"),
        ({"qlae": np.zeros((5, 2))}, ["hue"], r"must be \(6, num_latents\)"),
        ({"qlae": np.full((6, 2), 1.5)}, ["hue"], r"in \[0, 1\]"),
        ({"qlae": np.zeros((6, 900))}, ["hue"], "at most 5000 cells, got 5400"),
    ],
)
def test_bad_codes_are_refused(codes, blocks, message):
    with pytest.raises(ValueError, match=message):
        code_strips(IMAGES, codes, blocks)
