"""What the benchmark chapters say, against the records and images that it is said of."""

import re

import numpy as np
import pytest
from lib.pages import ComparisonPage, OverviewPage, SourcesPage

from lib.benchmarks import BENCHMARKS, load, source_visibility


@pytest.fixture(scope="module")
def sources() -> SourcesPage:
    return SourcesPage(load("dsprites", resolution=32), num_images=8)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> ComparisonPage:
    return ComparisonPage(
        "dsprites", profile="smoke", num_seeds=1, runs_dir=tmp_path_factory.mktemp("runs")
    )


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
    explorer = sources.explorer([0, 1, 2, 3, 4, 5]).to_dict()
    assert "values: shape (3), scale (6)" in explorer["description"]
    assert [param["value"] for param in explorer["params"] if "bind" in param] == ["shape", 1]
    assert "24 images" in sources.pictures().to_dict()["description"]
    chart = sources.change_maps().to_dict()
    assert "shape, scale, orientation, position_x, position_y" in chart["description"]
    assert sources.overlap_table(2).count("| `") == 2


def test_a_page_says_what_its_records_hold(models):
    assert models.names == ["autoencoder", "qlae"]
    text = models.score_table()
    for record in models.records:
        assert f"{record.scores['psnr']:.2f}" in text
        assert f"`{record.identity}`" in models.about()
    assert "prove that the page runs, no more" in text
    assert models.verdict().startswith("Rendered twin, seeds [0], profile smoke: the modularity")
    gap = models.records[1].scores["infom"] - models.records[0].scores["infom"]
    assert f"{abs(gap):.2f} {'higher' if gap > 0 else 'lower'} (one seed" in models.verdict()


def test_ceilings_are_those_of_a_few_values(models):
    assert models.source_names == ["shape", "scale", "orientation", "position_x", "position_y"]
    assert models.ceilings["shape"] == 1.0
    # 32 places in groups of 7, 7, 6, 6 and 6; 6 scales in groups of 2, 1, 1, 1 and 1.
    groups = np.array([7, 7, 6, 6, 6]) / 32
    position = -(groups * np.log(groups)).sum() / np.log(32)
    assert models.ceilings["position_x"] == pytest.approx(position)
    assert models.ceilings["scale"] == pytest.approx(1 - np.log(2) / 3 / np.log(6))
    changes = dict.fromkeys(models.source_names, 1.0) | {"shape": 2.0}
    words = models.known_words(changes)
    assert "With 5 code values, one latent of `qlae` can reach at most: `scale` 0.87" in words
    best = models.best_known()
    assert best.loc["scale", "qlae"] == pytest.approx(np.max(models.records[1].nmi[1]))


def test_charts_of_models_can_be_made(models, tmp_path):
    for chart in (
        models.curves(),
        models.scores(),
        models.known_sources(),
        models.heatmap("qlae"),
        models.reconstructions(3),
        models.traversals("autoencoder"),
        models.traversals("qlae"),
    ):
        assert chart.to_dict()["description"]
    assert "No run of this benchmark has been recorded" in models.recorded(tmp_path)
    assert models.recorded(tmp_path).count("<img") == 2
    for name in models.names:
        assert re.search(
            rf"In `{name}`, (no latent is active|the most selective)", models.selectivity()
        )


def test_the_autoencoder_beside_itself_is_one_run(tmp_path):
    page = ComparisonPage("dsprites", "autoencoder", "smoke", num_seeds=1, runs_dir=tmp_path)
    assert len(page.records) == 1
    assert page.ceilings == {}
    assert page.difference("infom") == "the same runs"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"seed": -1}, ValueError, "seed=-1 is too small"),
        ({"num_seeds": 0}, ValueError, "num_seeds=0 is too small"),
        ({"model": "qlea"}, ValueError, "model='qlea' is unknown"),
        ({"benchmark": "shapes2d"}, ValueError, "benchmark='shapes2d' is unknown"),
        ({"origin": "drawn"}, ValueError, "origin='drawn' is unknown"),
        ({"settings": {"num_values": 1}}, ValueError, "num_values=1 is too small"),
        (
            {"model": "autoencoder", "settings": {"weight_decay": 0.1, "num_values": None}},
            ValueError,
            "weight_decay=0.1 is a setting of the model beside the plain autoencoder",
        ),
        ({"origin": "official", "settings": {"resolution": 65}}, ValueError, "resolution=65"),
    ],
)
def test_bad_values_are_named(arguments, error, message, tmp_path):
    with pytest.raises(error, match=message):
        ComparisonPage(
            **({"benchmark": "dsprites", "profile": "smoke", "runs_dir": tmp_path} | arguments)
        )
    assert list(tmp_path.iterdir()) == []


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
    assert "all labels" in overview.official_table()
