"""What the benchmark chapters say of sources, against the images that it is said of."""

import dataclasses
import re

import numpy as np
import pytest

from lib.benchmarks import BENCHMARKS, load, source_visibility
from lib.studies import OverviewPage, SourcesPage


@pytest.fixture(scope="module")
def sources() -> SourcesPage:
    return SourcesPage(load("dsprites", resolution=32), num_images=8)


def test_the_table_of_sources_has_their_sizes_and_bits(sources):
    rows = sources.sources_table().splitlines()
    assert rows[2] == "| `color` | 1 | 0.00 | colour of the silhouette | white |"
    assert rows[6].startswith("| `position_x` | 32 | 5.00 | place from the left | 0.00 … 1.00")
    # 3 shapes, 6 scales, 40 orientations and 1,024 places: log2(737280) = 19.49.
    assert "737,280 combinations, and as many images: 19.5 bits" in rows[-1]


def test_the_table_of_changes_has_a_row_for_each_source_that_varies(sources):
    measured = source_visibility(load("dsprites", resolution=32), 8)
    rows = sources.change_table().splitlines()[2:7]
    for seen, row in zip(measured, rows, strict=True):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[0] == f"`{seen.name}`"
        assert float(cells[1]) == pytest.approx(seen.change.min(), abs=0.006)
        assert float(cells[2]) == pytest.approx(np.median(seen.change), abs=0.006)
    order = [sources.changes[name] for name in sources.by_change]
    assert order == sorted(order, reverse=True)


def test_charts_of_sources_show_all_of_them(sources):
    assert "24 images" in sources.pictures().to_dict()["description"]
    chart = sources.change_maps().to_dict()
    assert "shape, scale, orientation, position x, position y" in chart["description"]
    assert sources.overlap_table(2).count("| `") == 2


def test_the_explorer_has_every_source_and_pairs_over_a_few_of_their_values(sources):
    page = sources.explorer([0, 1, 2, 3, 4, 5], ("scale", "position_x")).data
    assert re.findall("<option>(.*?)</option>", page) == [
        "scale and position x",  # first, and scale not once more: all six values are there
        "shape",
        "orientation",
        "position x",
        "position y",
    ]
    ranges = re.findall('max="([0-9]+)" value="([0-9]+)"', page)
    # Of 32 positions 6 are shown, of which the second is next to the base's.
    assert ranges == [("5", "2"), ("5", "1"), ("2", "1"), ("39", "3"), ("31", "4"), ("31", "5")]
    assert page.count("<img") == 1 + 6 * 6 + 3 + 40 + 32 + 32
    assert re.findall("(?<=position y: )[^&<]*value 31 of 0 to 31", page)


def test_a_pad_moves_up_what_is_moved_up(sources):
    """The place of dSprites' shapes is counted from the top, so the first slider value is 31."""
    pad = ("position_x", "position_y")
    page = sources.explorer([0, 1, 2, 3, 31, 0], pad, downwards=["position_y"]).data
    ranges = re.findall('max="([0-9]+)" value="([0-9]+)"', page)
    assert ranges[:2] == [("5", "5"), ("5", "5")]
    top = re.search('data-at="0 5" data-said="([^"]*)"', page)[1]
    assert top.endswith("(value 0 of 0 to 31)")


def test_the_overview_sets_benchmarks_side_by_side(sources):
    overview = OverviewPage({"dsprites": sources})
    table = overview.table({"dsprites": 12_345.6})
    assert (
        "| [dSprites](dsprites) | 6 | 1, 3, 6, 40, 32, 32 | 737,280 | 19.5 | 12,346 /s |" in table
    )
    assert BENCHMARKS["dsprites"].publication.citation in overview.citations()
    rows = overview.changes()
    assert list(rows["source"]) == list(sources.changes)
    assert f"{rows['smallest'].min():.3f} grey levels" in overview.change_words()
    rows = overview.resolution_table().splitlines()
    assert rows[0] == "| source | 32×32 | 16×16 | not seen at 16×16 |"
    first = sources.visibility[0]
    at = [f"{v.change.min():.2f} / {np.median(v.change):.2f}" for v in (first, first.smaller[16])]
    assert rows[2] == f"| dSprites `shape` | {at[0]} | {at[1]} | – |"
    assert "every step can be seen" in overview.unseen_words()
    file = BENCHMARKS["dsprites"].published
    row = overview.official_table().splitlines()[2]
    assert row.startswith(f"| dSprites | `{file.file_name}` | {file.about_bytes / 1e6:.0f} MB |")
    assert "all labels" in row


def test_sources_that_cannot_be_seen_in_small_pictures_are_named(sources):
    page = SourcesPage(sources.benchmark, num_images=8)
    small = dataclasses.replace(page.visibility[1].smaller[16], touched=np.zeros(8))
    page.visibility[1] = dataclasses.replace(page.visibility[1], smaller={16: small})
    overview = OverviewPage({"dsprites": page})
    assert "those of `scale` of dSprites in 100% of the images" in overview.unseen_words()
    assert overview.resolution_table().splitlines()[3].endswith("| 100% |")


def test_where_a_twin_differs_is_said_in_its_sentence(sources):
    publication = dataclasses.replace(sources.benchmark.publication, twin_differs="It is flat.")
    benchmark = dataclasses.replace(sources.benchmark, publication=publication)
    overview = OverviewPage({"dsprites": SourcesPage(benchmark)})
    assert overview.differences() == "- **dSprites**: It is flat."
