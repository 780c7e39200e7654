"""What a page says of a twin beside the published images, official or recorded."""

import dataclasses

import pytest
from IPython.display import Markdown

from lib.benchmarks import BENCHMARKS, load
from lib.benchmarks.likeness import ImageStatistics, Likeness, write_record
from lib.source import module_digests
from lib.studies import LikenessPage


def rows_of(table: str) -> dict[str, list[str]]:
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return {row[0]: row[1:] for row in cells[2:]}


def statistics(**changes: object) -> ImageStatistics:
    return dataclasses.replace(
        ImageStatistics((1.0, 2.0, 3.0), 4.0, 0.5, 0.0, (9.0, 5.0)), **changes
    )


def test_official_images_are_compared_with_the_twins_of_the_same_sources(tmp_path):
    twin = load("dsprites", resolution=32)
    negative = dataclasses.replace(
        twin, origin="official", draw=lambda sources: 1 - twin.draw(sources)
    )
    page = LikenessPage(negative, tmp_path, num_images=6)
    rows = rows_of(page.table())
    # Black on white and white on black: the mean levels add up to 255, the contrast is one.
    official, drawn, _ = (float(cell) for cell in rows["mean level"])
    assert official + drawn == pytest.approx(255, abs=0.11)
    assert rows["contrast"][0] == rows["contrast"][1]
    assert (rows["black pixels"][0], rows["white pixels"][0]) == (
        rows["white pixels"][1],
        rows["black pixels"][1],
    )
    assert "6 random official images" in page.table()
    assert "grey levels apart on average" in page.table()
    assert "official images from" in page.chart().to_dict()["description"]


@pytest.fixture
def likeness() -> Likeness:
    return Likeness(
        benchmark="shapes3d",
        files="sheet.png",
        num_tiles=53,
        sources_are="known",
        reference=statistics(),
        twin=statistics(contrast=5.0),
        differences=(1.0, 3.0),
        measured="2030-01-02",
        modules=module_digests([BENCHMARKS.module("shapes3d"), "lib.benchmarks.likeness.measured"]),
    )


def test_a_twin_is_shown_as_it_was_recorded(likeness, tmp_path):
    write_record(tmp_path / "likeness.json", [likeness])
    page = LikenessPage(load("shapes3d"), tmp_path)
    table = page.table()
    assert rows_of(table)["contrast"] == ["4.0", "5.0", "+1.0"]
    assert "53 tiles of sheet.png and the twin's images of the same sources" in table
    assert "2.0 grey levels apart on average, at most 3.0" in table
    assert "changed since" not in table
    assert "reference tiles from 9 to 5" in page.chart().to_dict()["description"]


def test_a_twin_that_has_changed_since_is_said_so(likeness, tmp_path):
    old = {**likeness.modules, "lib/benchmarks/twins/shapes3d.py": "0" * 12}
    write_record(tmp_path / "likeness.json", [dataclasses.replace(likeness, modules=old)])
    table = LikenessPage(load("shapes3d"), tmp_path).table()
    assert "**The code has changed since** (1 files, the first" in table
    assert "`lib/benchmarks/twins/shapes3d.py`" in table


def test_where_nothing_was_recorded_the_page_says_how_to(likeness, tmp_path):
    write_record(tmp_path / "likeness.json", [likeness])
    page = LikenessPage(load("mpi3d"), tmp_path)
    assert "python -m lib.benchmarks likeness FOLDER --record" in page.table()
    assert isinstance(page.chart(), Markdown)


def test_the_sentence_of_where_the_twin_differs_ends_the_table(likeness, tmp_path):
    write_record(tmp_path / "likeness.json", [likeness])
    twin = load("shapes3d")
    publication = dataclasses.replace(twin.publication, twin_differs="It has no dust.")
    page = LikenessPage(dataclasses.replace(twin, publication=publication), tmp_path)
    assert page.table().endswith("**Where the twin still differs:** It has no dust.")
