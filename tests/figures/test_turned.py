"""Figures whose slider turns a plane: what Vega places must be what NumPy finds."""

import numpy as np
import pytest
import vl_convert

from lib.figures import turned_codebooks, turned_scores
from lib.figures.turned_codebooks import _turned
from lib.metrics import infomec

POINTS = np.random.default_rng(0).uniform(-1, 1, (40, 2))
VALUES = np.array([-0.6, 0.1, 0.7])
ANGLES = (0, 45, 90)


def _nearest(points):
    return VALUES[np.abs(points[..., None] - VALUES).argmin(-1)]


def _codebooks():
    scalars = {angle: _nearest(_turned(POINTS, angle)) for angle in ANGLES}
    return turned_codebooks(POINTS, {"one\nvector": np.zeros((40, 2))}, scalars, "three\nvalues")


def test_codes_stand_where_they_are_found_at_the_angle_of_the_slider(draw):
    chart = _codebooks()
    svg = draw(chart)
    assert "three" in svg
    assert "turned" in svg
    # One dot for each code: of the scalars as they are and turned by 45 degrees, and two zeros.
    codes = [np.unique(_nearest(_turned(POINTS, angle)), axis=0) for angle in (0, 45)]
    assert svg.count('aria-roledescription="point"') == len(codes[0]) + len(codes[1]) + 2
    vega = vl_convert.vegalite_to_vega(chart.to_dict())
    assert [signal["value"] for signal in vega["signals"] if signal["name"] == "angle"] == [45]
    for angle in ANGLES:
        error = np.mean((_nearest(_turned(POINTS, angle)) - _turned(POINTS, angle)) ** 2)
        share = error / np.mean(_turned(POINTS, angle).var(axis=0))
        assert f"{share:.1%} at {angle}°" in chart.description
        assert f"Turned by 45°: scalars leave {share:.1%}" in svg or angle != 45


def test_points_that_are_turned_stay_on_their_circle():
    turned = _turned(POINTS, 30)
    np.testing.assert_allclose(np.hypot(*turned.T), np.hypot(*POINTS.T))
    np.testing.assert_allclose(_turned(np.array([[1.0, 0.0]]), 90), [[0, 1]], atol=1e-12)


def test_the_matrix_and_the_scores_are_those_of_each_angle(read, draw):
    generator = np.random.default_rng(0)
    sources = generator.integers(0, 4, (400, 3))
    latents = sources - 1.5 + generator.uniform(-0.5, 0.5, sources.shape)
    latents[0] = -1.9  # a first point outside the plane of the texts once hung the layout
    names, found = ["hue", "shape", "size"], {}
    for angle in ANGLES:
        turned = np.hstack([_turned(latents[:, :2], angle), latents[:, 2:]])
        found[angle] = infomec(sources, turned)
    chart = turned_scores(latents[:40, :2], sources[:40, 0], found, names)
    _, tables = read(chart)
    [cells] = [table for table in tables if "nmi" in table[0]]
    [bars] = [table for table in tables if "score" in table[0]]
    assert len(cells) == len(ANGLES) * 9
    for cell in cells:
        row = names.index(cell["source"])
        at = found[cell["angle"]]
        assert cell["nmi"] == pytest.approx(at.nmi[row, cell["latent"]], abs=1e-3)
    assert {(b["angle"], b["score"]): b["value"] for b in bars}[90, "InfoM"] == pytest.approx(
        found[90].infom, abs=1e-3
    )
    svg = draw(chart)
    assert f"{found[45].infoe:.2f}" in svg
    assert "hue" in svg
