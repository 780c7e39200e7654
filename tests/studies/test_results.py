"""What the chapters on models say and draw, against the records that it is said of."""

from dataclasses import replace
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import spearmanr

from lib.benchmarks import load
from lib.metrics import psnr
from lib.models import MODELS
from lib.runs import RecordedRun, RunConfig, RunImages, RunRecord, reconstruct
from lib.studies import Results, Study, TrainedModels, Variant
from lib.studies.known import KnownSources, selectivity

FEW = {"training_images": 200, "evaluation_images": 200}
VARIANTS = {
    "QLAE": Variant("qlae"),
    "vectors": Variant("vqvae"),
    "plain": Variant("autoencoder"),
}
SOURCES = ["floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation"]


def marked(record: RunRecord, collapsed: bool) -> RunRecord:
    """The record, said to have collapsed or not, whatever so short a run came to."""
    scores = record.scores | {"collapsed": collapsed}
    return replace(record, scoring=replace(record.scoring, scores=scores))


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Results:
    study = Study("shapes3d", VARIANTS, "smoke", num_seeds=2, settings=FEW)
    run = study.run(tmp_path_factory.mktemp("runs"))
    return Results([marked(record, False) for record in run.records], run.runs["variant"].tolist())


@pytest.fixture
def collapsed(page) -> Results:
    """The same runs; the first of QLAE and both of vectors have collapsed."""
    records = [marked(record, place in (0, 2, 3)) for place, record in enumerate(page.records)]
    return Results(records, page.runs["variant"].tolist())


def rows_of(chart) -> list[dict]:
    return [row for table in chart.to_dict()["datasets"].values() for row in table]


def words_above(chart) -> str:
    text = chart.to_dict()["title"]["text"]
    return " ".join(text) if isinstance(text, list) else text["expr"]


def test_every_variant_is_run_with_every_seed(page):
    assert page.runs["variant"].tolist() == ["QLAE"] * 2 + ["vectors"] * 2 + ["plain"] * 2
    assert page.runs["seed"].tolist() == [0, 1] * 3
    assert page.runs["model"].tolist() == ["qlae"] * 2 + ["vqvae"] * 2 + ["autoencoder"] * 2
    assert {record.config.data.training_images for record in page.records} == {200}
    assert list(page.first.values()) == page.records[::2]
    assert page.source_names == SOURCES


def test_a_page_says_how_its_runs_were_made(page):
    text = page.about()
    assert "60 steps of 64 images of 16×16 pixels, drawn from 200 that are kept" in text
    assert (
        "scored on 200 other images by the protocol `corrected`: seeds 0, 1, rendered twin" in text
    )
    lines = text.splitlines()
    [row] = [line for line in lines if line.startswith("| QLAE |")]
    assert "| `qlae` | `num_values=5`," in row
    assert row.endswith("| 0.3 |")  # the profile's weight decay
    [row] = [line for line in lines if line.startswith("| plain |")]
    assert row == "| plain | `autoencoder` | none | 0 |"


def test_the_table_and_the_verdict_hold_what_the_records_do(page):
    ratios = [record.scores["psnr"] for record in page.records]
    [row] = [line for line in page.score_table().splitlines() if line.startswith("| QLAE |")]
    # t = 12.706 with one degree of freedom.
    half = 12.7062 * abs(ratios[0] - ratios[1]) / 2
    assert f"| {np.mean(ratios[:2]):.1f} ± {half:.1f} |" in row
    one, other = (record.scores["sources_known"] for record in page.records[:2])
    assert (f"| {one} each |" if one == other else f"| {one}/{other} |") in row
    assert "prove that the page runs, no more" in page.score_table()


def test_pairs_are_compared_in_every_score_that_is_no_count(page):
    pairs = [("QLAE", "vectors"), ("QLAE", "plain"), ("QLAE", "QLAE")]
    found = page.compared(pairs).differences["Shapes3D", ("QLAE", "plain"), "psnr"]
    ratios = [record.scores["psnr"] for record in page.records]
    assert found.values == pytest.approx(np.subtract(ratios[:2], ratios[4:]))
    assert {pair for _, pair, _ in page.compared(pairs).differences} == set(pairs[:2])
    with pytest.raises(ValueError, match="variant='qlea' is unknown; expected one of QLAE, vec"):
        page.compared([("QLAE", "qlea")])


def test_some_variants_alone(page):
    alone = page.only(["plain"])
    assert alone.records == page.records[4:]
    assert list(alone.first) == ["plain"]
    assert page.only(["nothing"]) is None


def test_a_collapsed_run_is_named_wherever_it_stands_or_is_left_out(collapsed):
    told = "Collapsed: QLAE 1 of 2 (seed 0); vectors 2 of 2 (seeds 0, 1)."
    assert "| 1 of 2 (seed 0) |" in collapsed.score_table()
    for chart in (collapsed.plane(), collapsed.intervals("psnr"), collapsed.known_sources()):
        assert told in words_above(chart)
        assert "vectors" not in chart.to_dict()["description"]
    seeds = {
        (row["group"], row["seed"]) for row in rows_of(collapsed.known_sources()) if "seed" in row
    }
    assert seeds == {("QLAE", 1), ("plain", 0), ("plain", 1)}
    traversals = collapsed.trained.traversals("QLAE")
    assert "QLAE, seed 0, collapsed, rendered twin" in words_above(traversals)
    drawn = collapsed.trained.reconstructions(2).to_dict()["description"]
    assert "QLAE (collapsed) and vectors (collapsed) and plain." in drawn
    assert "vectors, collapsed: " in collapsed.nmi_panels(["vectors"]).to_dict()["description"]


def test_where_all_runs_collapsed_there_are_words_and_no_chart(page):
    none = Results([marked(page.records[0], True)], ["QLAE"])
    for shown in (none.plane(), none.intervals(), none.known_sources()):
        assert "Collapsed: QLAE 1 of 1 (seed 0)." in shown.data


def test_charts_of_scores_draw_every_run(page):
    points = [row for row in rows_of(page.plane("psnr", "num_active")) if "x_low" not in row]
    assert [row["x"] for row in points] == pytest.approx(page.runs["psnr"].tolist(), abs=1e-4)
    assert [row["y"] for row in points] == page.runs["num_active"].tolist()
    means = {row["x"]: row["mean"] for row in rows_of(page.intervals("psnr")) if "mean" in row}
    assert list(means) == list(VARIANTS)
    for name, rows in page.runs.groupby("variant"):
        assert means[name] == pytest.approx(rows["psnr"].mean(), abs=1e-4)
    ratios = {row["score"] for row in rows_of(page.intervals()) if "mean" in row}
    assert {"infoe", "infoc"} <= ratios <= {"infom", "infoe", "infoc"}
    by_values = page.intervals("psnr", x="num_values")
    assert {row["x"] for row in rows_of(by_values) if "mean" in row} >= {"5"}


def test_curves_are_those_of_the_records(page):
    lines = rows_of(page.curves())
    assert [line["run"] for line in lines][1:3] == ["QLAE, seed 1", "vectors, seed 0"]
    for line, record in zip(lines, page.records, strict=True):
        assert line["step"] == record.training.curves["step"]
        np.testing.assert_allclose(line["value"], record.training.curves["reconstruction"], 1e-4)


def test_matrices_are_those_of_the_first_seed(page):
    rows = [row for row in rows_of(page.nmi_panels(["plain"])) if "nmi" in row]
    found = {(row["source"], row["latent"]): row["nmi"] for row in rows}
    for i, j in np.ndindex(6, 12):
        expected = page.records[4].scoring.nmi[i][j]
        assert found[SOURCES[i], j] == pytest.approx(expected, abs=1e-4)
    panels = [row for row in rows_of(page.nmi_panels(["plain", "QLAE"])) if "nmi" in row]
    assert {row["representation"] for row in panels} == {"plain", "QLAE"}
    with pytest.raises(ValueError, match="variant='qlea' is unknown; expected one of QLAE"):
        page.nmi_panels(["qlea"])


def test_ceilings_are_those_of_a_few_values(page):
    # 10 hues in groups of 2; 15 orientations of 3; 8 scales in groups of 2, 2, 2, 1 and 1.
    assert page.known.ceilings["floor_hue"] == pytest.approx(np.log(5) / np.log(10))
    assert page.known.ceilings["orientation"] == pytest.approx(np.log(5) / np.log(15))
    assert page.known.ceilings["scale"] == pytest.approx(1 - 0.75 * np.log(2) / np.log(8))
    assert page.known.ceilings["shape"] == 1.0
    chart = page.nmi_panels(["QLAE", "plain"])
    labels = chart.to_dict()["layer"][0]["encoding"]["y"]["axis"]["labelExpr"]
    assert [labels.count(f"≤\N{NO-BREAK SPACE}{top}") for top in ("0.70", "0.59")] == [3, 1]
    assert "≤" not in page.nmi_panels(["plain"]).to_json(ensure_ascii=False)


def test_the_ceiling_of_latents_of_several_sizes_is_that_of_the_largest(page):
    config = RunConfig("shapes3d", "qlae", "smoke", num_values=[2] * 6 + [5] * 6)
    known = KnownSources("shapes3d", {"QLAE": [replace(page.records[0], config=config)]})
    assert known.ceilings == page.known.ceilings
    best = page.known.best()
    of_seeds = [np.max(record.scoring.nmi[1]) for record in page.records[:2]]
    assert best.loc["wall_hue", "QLAE"] == pytest.approx(np.mean(of_seeds))
    changes = dict.fromkeys(SOURCES, 1.0) | {"shape": 2.0, "scale": 3.0}
    words = page.known.words(changes)
    assert "With 5 code values, one latent can reach at most: `floor_hue` 0.70" in words
    order = spearmanr([changes[name] for name in SOURCES], best["plain"]).statistic
    told = "In plain, the rank correlation over sources between the change that one step makes and"
    assert f"{told} the NMI of the best latent is {order:.2f}" in words


def test_the_sources_known_in_every_run_in_some_and_in_none_are_named(page):
    """The rows of the matrices are the sources; two runs."""
    best = [[0.9, 0.5, 0.1, 0.09, 0.0, 0.0], [0.9, 0.05, 0.2, 0.0, 0.3, 0.0]]
    runs = [
        replace(record, scoring=replace(record.scoring, nmi=np.outer(row, [1, 0.5]).tolist()))
        for record, row in zip(page.records, best, strict=False)
    ]
    known = KnownSources("shapes3d", {"qlae": runs, "no decay": runs[1:]}).told()
    assert known == [
        "QLAE knows floor hue, object hue in all 2 runs; wall hue (1 of 2), shape (1 of 2) in "
        "some; scale, orientation in none.",
        "no decay knows floor hue, object hue, shape in its one run; wall hue, scale, orientation "
        "in none.",
    ]


def test_the_most_selective_latent_is_told_with_its_share(page):
    nmi, active = (np.array(getattr(page.records[4].scoring, n)) for n in ("nmi", "active"))
    share = (nmi.max(axis=0) / nmi.sum(axis=0))[active]
    [told] = [text for text in page.selectivity().split("In ") if text.startswith("plain")]
    assert f"holds {share.max():.0%} of its information" in told
    assert f"{share.min():.0%}. The source that" in told
    assert f"`{SOURCES[nmi.max(axis=1).argmax()]}` (NMI {nmi.max():.2f})" in told
    dead = selectivity({"plain": marked(page.first["plain"], True)}, SOURCES)
    assert dead == "The run of plain collapsed, so its latents are not compared."


def test_reconstructions_are_what_the_models_make_of_held_out_images(page):
    images = RunImages.of(page.records[0].config).held_out[1]
    chosen = images[np.random.default_rng(0).choice(200, 3, replace=False)]
    described = page.trained.reconstructions(3).to_dict()["description"]
    for name, record in page.first.items():
        made = reconstruct(record.load_model(), chosen)[1]
        assert f"{name} {psnr(chosen, made):.1f} dB" in described


def test_that_all_runs_collapsed_is_said():
    told = KnownSources("shapes3d", {"plain": []}).words({})
    assert told == "All of these runs collapsed, so what their latents know is not compared."


def test_traversals_stand_by_source_and_run_through_the_values(page):
    charts = {name: page.trained.traversals(name) for name in VARIANTS}
    for name, chart in charts.items():
        rows = [row for row in rows_of(chart) if "row_label" in row]
        labels = list(dict.fromkeys(row["row_label"] for row in rows))
        nmi = np.array(page.first[name].scoring.nmi)
        best, known = nmi.argmax(axis=0), nmi.max(axis=0) >= 0.1
        latents = [int(label.split(":")[0]) for label in labels]
        assert sorted(latents) == list(range(12))
        names = [SOURCES[best[j]].replace("_", " ") if known[j] else "no source" for j in latents]
        assert [label.split(": ")[1] for label in labels] == names
        assert np.all(np.diff(best[latents]) >= 0)
    kinds = {name: chart.to_dict()["description"] for name, chart in charts.items()}
    assert "rank of the code values: 1, 2, 3, 4, 5." in kinds["QLAE"]
    assert "frequency ranks: 1" in kinds["vectors"]
    assert "position, 2 % to 98 % quantiles: 1, 2, 3, 4, 5, 6, 7." in kinds["plain"]


def test_concentration_is_the_share_of_the_latent_that_moves_most(page, monkeypatch):
    """Of a code in which each source moves its own latent alone, all; of a mixed one, less."""
    trained = TrainedModels(page.first)
    images, length = trained._walk
    assert len(images) == 6 * length
    place = np.repeat(np.arange(6), length)
    within = np.tile(np.arange(length), 6)
    modular, mixed = np.zeros((2, len(images), 12))
    modular[np.arange(len(images)), place] = within
    mixed[:, :2] = within[:, None]
    idle = modular.copy()
    idle[:, 11] = 1e-3 * np.random.default_rng(1).normal(size=len(images))
    fake = {"QLAE": modular, "vectors": modular, "plain": mixed, "idle": idle, "dead": idle}
    latents = {name: np.random.default_rng(0).normal(size=(99, 12)) for name in fake}
    latents["idle"][:, 11] *= 1e-3
    scalars = SimpleNamespace(latent=SimpleNamespace(outputs_per_latent=1))
    vectors = SimpleNamespace(latent=SimpleNamespace(outputs_per_latent=16))

    def record(active):
        return SimpleNamespace(scoring=SimpleNamespace(active=active))

    records = dict.fromkeys(fake, record([True] * 12)) | {"idle": record([True] * 11 + [False])}
    records["dead"] = record([False] * 12)  # a collapsed run has no active latent
    monkeypatch.setattr(trained, "_records", records)
    monkeypatch.setitem(trained.__dict__, "_seen", latents)
    monkeypatch.setitem(
        trained.__dict__, "models", dict.fromkeys(fake, scalars) | {"vectors": vectors}
    )
    monkeypatch.setattr(TrainedModels, "_coded", lambda self, name, images: fake[name])
    found = trained.concentration()
    for name in ("QLAE", "vectors", "idle"):  # an inactive latent's jitter does not count
        np.testing.assert_allclose(found[name], 1.0)
    assert (found["plain"] < 0.6).all()
    assert found["dead"].isna().all()
    assert "| `floor_hue` | 100% | 100% |" in (table := trained.concentration_table())
    assert table.count("| no move |") == 6


def test_in_each_block_of_the_walk_one_source_runs_from_its_first_to_its_last_value(page):
    images, length = page.trained._walk
    twin = load("shapes3d", resolution=16)
    base = np.array([0, 2, 4, 4, 3, 13])
    for place, size in enumerate(twin.grid.sizes):
        for step, value in ((0, 0), (length - 1, size - 1)):
            sources = base.copy()
            sources[place] = value
            expected = twin.images(sources[None])[0]
            np.testing.assert_array_equal(images[place * length + step], expected)


def test_codes_are_values_and_not_indices_where_there_are_values(page):
    """Learned values may cross, so that a larger index is a smaller value."""
    trained = page.trained
    latents, latent = trained._latents["QLAE"], trained.models["QLAE"].latent
    expected = latent.look_up(jnp.asarray(latents))
    np.testing.assert_allclose(trained._seen["QLAE"], expected, atol=1e-6)
    np.testing.assert_array_equal(trained._seen["vectors"], trained._latents["vectors"])


def test_codes_of_inactive_latents_are_dark(page):
    cells = [row for row in rows_of(page.trained.codes()) if "latent" in row]
    assert {row["model"] for row in cells} == set(VARIANTS)
    for name, record in page.first.items():
        nmi, active = np.array(record.scoring.nmi), np.array(record.scoring.active)
        order = np.lexsort((-nmi.max(axis=0), nmi.argmax(axis=0)))
        lit = {row["latent"] for row in cells if row["model"] == name and row["value"] > 0}
        assert lit <= {place for place, latent in enumerate(order) if active[latent]}
    assert any(row["value"] == 1 for row in cells)


def test_runs_of_the_page_stand_beside_recorded_ones(page, tmp_path):
    alone = page.runs_table(tmp_path)
    assert "No run of this benchmark has been recorded" in alone
    assert alone.count("<img") == 3
    RecordedRun.of(page.records[1]).write(tmp_path)
    table = page.runs_table(tmp_path)
    assert "has been recorded" not in table
    rows = table.split('<th scope="row"')[1:]
    assert len(rows) == 4
    for row, record in zip(rows, [*page.records[::2], page.records[1]], strict=True):
        assert f"<td>{record.scores['psnr']:.1f}</td>" in row
        assert f"<td>{'yes' if record.scores['collapsed'] else 'no'}</td>" in row
        assert f"run <code>{record.identity}</code>" in row
        assert MODELS[record.config.model].label in row
