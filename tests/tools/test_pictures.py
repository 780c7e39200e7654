"""Each chart of a page has a picture and its numbers as CSV."""

import csv
import io
import re

import altair as alt
import nbformat
import numpy as np
import pandas as pd
import pytest

from lib import figures
from lib.chapters import BookError
from tools.browser import find_browser
from tools.check_pictures import check_pictures
from tools.pictures import WIDTH, add_pictures, chart_of, picture, tables

RUNS = pd.DataFrame(
    {
        "model": ["qlae", "qlae", "autoencoder", "autoencoder"],
        "seed": [0, 1, 0, 1],
        "infom": [0.7, 0.9, 0.25, 0.35],
    }
)


def shown(chart: alt.Chart) -> str:
    """The HTML that a notebook keeps of a chart."""
    return chart._repr_mimebundle_()["text/html"]


def read(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table)))


def test_a_chart_is_read_from_what_the_notebook_keeps():
    chart = figures.score_intervals(RUNS, "score", ["infom"], color="model", title="})({ a trap")
    spec = chart_of(shown(chart))
    assert spec == chart.to_dict()


def test_numbers_are_those_of_the_marks_under_the_names_of_the_tooltips():
    chart = figures.score_intervals(RUNS, "score", ["infom"], color="model")
    means, seeds = map(read, tables(chart.to_dict()))
    assert {row["model"]: float(row["mean"]) for row in means} == {"QLAE": 0.8, "autoencoder": 0.3}
    assert [row["runs"] for row in means] == ["2", "2"]
    # By hand: the t quantile of one degree of freedom, 12.706, times 0.1 / sqrt(2) of deviation
    # over sqrt(2) runs.
    assert float(means[0]["95 % to"]) == pytest.approx(0.8 + 12.706 * 0.1, abs=1e-3)
    found = {(row["model"], row["seed"]): float(row["value"]) for row in seeds}
    labels = {"qlae": "QLAE", "autoencoder": "autoencoder"}
    assert found == {(labels[row.model], str(row.seed)): row.infom for row in RUNS.itertuples()}


def test_a_line_that_is_kept_as_lists_has_a_row_for_each_point():
    curves = {"first": {"step": [1, 2, 3], "loss": [0.5, 0.4, 0.3]}}
    [table] = tables(figures.training_curves(curves).to_dict())
    assert [list(row.values()) for row in read(table)] == [
        ["first", "1", "0.5"],
        ["first", "2", "0.4"],
        ["first", "3", "0.3"],
    ]


def test_images_are_left_out_and_what_is_said_of_them_stays():
    images = np.zeros((1, 2, 4, 4, 3), np.uint8)
    chart = figures.image_grid(images, tooltips={"PSNR": [["1 dB", "2 dB"]]})
    [table] = tables(chart.to_dict())
    assert table == "PSNR\n1 dB\n2 dB\n"


def test_cells_of_a_matrix_come_without_where_they_are_drawn():
    nmi = {"QLAE": [[0.25, 0.5], [0.75, 1.0]]}
    [table] = tables(figures.nmi_panels(nmi, ["hue", "shape"]).to_dict())
    rows = read(table)
    assert list(rows[0]) == ["representation", "source", "latent", "NMI", "state"]
    assert [float(row["NMI"]) for row in rows] == [0.25, 0.5, 0.75, 1.0]


def test_a_chart_without_tooltips_gives_all_its_numbers():
    frame = pd.DataFrame({"x": [1, 2], "y": [0.5, None]})
    [table] = tables(alt.Chart(frame).mark_point().encode(x="x", y="y").to_dict())
    assert table == "x,y\n1,0.5\n2,\n"


def test_a_picture_is_on_white_as_wide_as_a_page_and_its_text_can_be_read():
    svg = picture(figures.score_intervals(RUNS, "score", ["infom"], color="model").to_dict())
    assert f'width="{WIDTH}"' in svg
    assert '<rect width="640" height="' in svg
    assert 'fill="white"' in svg
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', svg)]
    assert sizes
    assert min(sizes) >= 13


def test_a_notebook_gets_the_files_and_the_picture_under_each_chart(tmp_path):
    chart = figures.score_intervals(RUNS, "score", ["infom"], color="model", description='"A" < B')
    cell = nbformat.v4.new_code_cell("chart")
    cell.outputs = [
        nbformat.v4.new_output("display_data", {"text/html": shown(chart)}),
        nbformat.v4.new_output("display_data", {"text/html": "<p>no chart</p>"}),
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), cell])
    add_pictures(notebook, "chapter", tmp_path)
    names = ["chapter-1.svg", "chapter-1-1.csv", "chapter-1-2.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    page = cell.outputs[0].data["text/html"]
    assert page.startswith(shown(chart)[:20])
    assert 'alt="&quot;A&quot; &lt; B"' in page
    assert re.findall(r'href="figures/([^"]*)"', page) == names
    assert re.findall(r"download>(.*?)<", page) == ["SVG", "CSV 1", "CSV 2"]
    assert re.findall(r'src="figures/([^"]*)"', page) == names[:1]
    assert cell.outputs[1].data["text/html"] == "<p>no chart</p>"


def test_a_chart_that_cannot_be_drawn_names_its_chapter(tmp_path):
    cell = nbformat.v4.new_code_cell("chart")
    broken = '<div id="altair-viz-1"></div><script>(function(){})({"mark": "nothing"}, {})</script>'
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": broken})]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    with pytest.raises(BookError, match="chart 1 of chapter 'chapter'"):
        add_pictures(notebook, "chapter", tmp_path)


@pytest.mark.site
def test_no_word_is_cut_in_a_font_that_is_a_tenth_wider_than_the_one_it_is_laid_out_with(tmp_path):
    browser = find_browser()
    if browser is None:
        pytest.skip("no Chromium on this machine: the picture is not opened")
    names = ["lighting_intensity", "camera"]
    drawn = picture(figures.nmi_heatmap([[0.5], [0.5]], names, ceilings=[0.75, 0.75]).to_dict())
    for name, size in (("sound", 13 * 1.1), ("cut", 13 * 2)):
        wider = drawn.replace('font-size="13px"', f'font-size="{size}px"')
        assert wider != drawn
        (tmp_path / f"{name}.svg").write_text(wider)
    found = check_pictures(sorted(tmp_path.glob("*.svg")), browser)
    assert len(found) == 1
    assert found[0].startswith("cut.svg: the edge cuts ")
    assert "'lightingintensity" in found[0]  # two lines
