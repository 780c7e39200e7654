"""Codes of the same images side by side."""

import re

import numpy as np
import pytest
import vl_convert

from lib.figures import code_strips

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
        svg = vl_convert.vegalite_to_svg(spec | {"width": width})
        assert float(re.search(r'<svg[^>]* width="([0-9.]+)"', svg)[1]) == width


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
