"""How tests read a chart: its specification, its data, and what Vega makes of it."""

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import altair as alt
import numpy as np
import pytest
import vl_convert
from playwright.sync_api import Page

from lib.figures.theme import TEXT_PIXELS
from tools.browser import chromium, find_browser


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


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open a figure in a page of its own, where there is a Chromium."""
    if (browser := find_browser()) is None:
        pytest.skip("no Chromium on this machine: the figure is not opened")
    file = tmp_path / "page.html"
    with chromium(browser) as program:

        def open_figure(figure: str, **context: object) -> Page:
            file.write_text(f"<!doctype html><meta charset=utf-8>{figure}")
            page = program.new_context(**context).new_page()
            page.goto(file.as_uri())
            return page

        yield open_figure
