"""How tests read a chart: its specification, its data, and what Vega makes of it."""

import re
import warnings
from collections.abc import Callable

import altair as alt
import numpy as np
import pytest
import vl_convert

from lib.figures.theme import TEXT_PIXELS


@pytest.fixture
def read() -> Callable[[alt.Chart], tuple[dict, list[list[dict]]]]:
    """Return a chart's validated specification and its tables of data."""

    def read_chart(chart: alt.Chart) -> tuple[dict, list[list[dict]]]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            spec = chart.to_dict(validate=True)
        return spec, list(spec["datasets"].values())

    return read_chart


@pytest.fixture
def draw(capfd: pytest.CaptureFixture) -> Callable[[alt.Chart], str]:
    """Draw a chart with Vega in light and dark; return the SVG of the light one."""

    def draw_chart(chart: alt.Chart) -> str:
        spec = chart.to_dict()
        for theme in ("dark", None):
            svg = vl_convert.vegalite_to_svg(spec, theme=theme, show_warnings=True)
            assert "NaN" not in svg
            assert ": data:" not in svg  # a screen reader would spell it out
            sizes = re.findall(r'font-size="([0-9.]+)px"', svg)
            assert [size for size in sizes if float(size) < TEXT_PIXELS] == []
        # Outside a page there is no container, of which Vega-Lite warns; of all else too.
        lines = "".join(capfd.readouterr()).splitlines()
        assert [line for line in lines if "WARN" in line and "container" not in line] == []
        return svg

    return draw_chart


@pytest.fixture
def images() -> np.ndarray:
    """Images (2 rows, 3 columns, 4, 5, 3), all of them different."""
    return np.random.default_rng(0).integers(0, 256, (2, 3, 4, 5, 3), dtype=np.uint8)
