"""What the chapters on models say, against the records that it is said of."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from lib.pages import FamilyPage, Variant, VariantScores

from lib.benchmarks import load
from lib.runs import RecordedRun

FEW = {"training_images": 200, "evaluation_images": 200}
VARIANTS = {
    "QLAE": Variant("qlae", FEW),
    "vectors": Variant("vqvae", FEW),
    "plain": Variant("autoencoder", FEW),
}


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> FamilyPage:
    return FamilyPage(
        "shapes3d",
        VARIANTS,
        "smoke",
        num_seeds=2,
        runs_dir=tmp_path_factory.mktemp("runs"),
    )


def test_every_variant_is_run_with_every_seed(page):
    assert page.runs["variant"].tolist() == ["QLAE"] * 2 + ["vectors"] * 2 + ["plain"] * 2
    assert page.runs["seed"].tolist() == [0, 1] * 3
    assert page.runs["model"].tolist() == ["qlae"] * 2 + ["vqvae"] * 2 + ["autoencoder"] * 2
    assert {record.config.training_images for record in page.records} == {200}
    assert page.first["vectors"] is page.records[2]


def test_a_variants_settings_come_before_those_of_all(page, tmp_path):
    variants = {"decayed": Variant("autoencoder", FEW | {"weight_decay": 0.5, "steps": 10})}
    other = FamilyPage("shapes3d", variants, "smoke", 0, 1, steps=20, runs_dir=tmp_path)
    config = other.records[0].config
    assert (config.steps, config.weight_decay) == (10, 0.5)
    assert "| decayed | `autoencoder` | none | 0.5 |" in other.about()


@pytest.mark.parametrize(
    ("benchmark", "model", "expected"),
    [
        ("shapes3d", "qlae", {"steps": 800, "learning_rate": 2e-3, "training_images": 20_000}),
        ("mpi3d", "qlae", {"steps": 800, "learning_rate": 2e-3, "training_images": 10_000}),
        ("shapes3d", "infowgan_gp", {"steps": 800, "learning_rate": 1e-3, "width": 96}),
    ],
)
def test_laptop_runs_are_no_longer_than_the_page_allows(monkeypatch, benchmark, model, expected):
    def made(configs, runs_dir):
        return [SimpleNamespace(config=config) for config in configs]

    monkeypatch.setattr("lib.pages.family.sweep", made)
    monkeypatch.setattr("lib.pages.variants.table", lambda records: pd.DataFrame(index=[0]))
    config = FamilyPage(benchmark, {"one": Variant(model)}, num_seeds=1).records[0].config
    assert {name: getattr(config, name) for name in expected} == expected
    assert (config.width, config.evaluation_images) == (96, 3000)


def test_tables_hold_means_and_intervals_of_the_records(page):
    table = page.score_table()
    row = next(line for line in table.splitlines() if line.startswith("| QLAE |"))
    psnr = [record.scores["psnr"] for record in page.records[:2]]
    # t = 12.706 with one degree of freedom.
    half = 12.7062 * abs(psnr[0] - psnr[1]) / 2
    assert f"{np.mean(psnr):.1f} ± {half:.1f}" in row
    assert "prove that the page runs, no more" in table
    gap = psnr[0] - page.records[4].scores["psnr"]
    gap = (gap + psnr[1] - page.records[5].scores["psnr"]) / 2
    assert f"{gap:+.1f}" in page.difference("QLAE", "plain", "psnr").replace("difference ", "") or (
        f"{abs(gap):.1f} dB" in page.difference("QLAE", "plain", "psnr")
    )
    assert page.ordering("QLAE", ["vectors", "plain"]).count("\n- against") == 1


@pytest.fixture
def scored(page, monkeypatch):
    """The page, with other modularities: two seeds of QLAE, of vectors, and of the plain model."""

    def give(*infom):
        monkeypatch.setattr(page, "runs", page.runs.assign(infom=infom))
        return page

    return give


def test_a_score_that_no_seed_has_is_undefined(scored):
    page = scored(0.9, 0.8, 0.5, 0.4, np.nan, np.nan)
    assert page.average("plain", "infom") == "undefined"
    assert page.difference("QLAE", "plain").startswith("undefined")
    assert page.verdict("QLAE", ["plain"]) == "it has no interval against that of plain"


def test_a_verdict_names_those_above_and_below_and_those_that_stay_open(scored):
    page = scored(0.9, 0.8, 0.51, 0.4, 0.2, 0.9)
    assert page.verdict("QLAE", ["vectors", "plain"]) == (
        "it is above that of vectors; it cannot be told apart from that of plain"
    )
    assert page.verdict("vectors", ["QLAE"]) == "it is below that of QLAE"
    with pytest.raises(ValueError, match="variant='qlea' is unknown; expected one of QLAE, vec"):
        page.verdict("QLAE", ["qlea"])


def test_one_seed_in_common_has_no_interval(scored):
    page = scored(0.9, 0.8, np.nan, 0.4, 0.2, 0.9)
    assert page.verdict("QLAE", ["vectors"]) == "it has no interval against that of vectors"


def test_where_no_run_has_a_score_there_are_words_and_no_chart(scored):
    assert scored(*[np.nan] * 6).plane().data == "No run has both of these scores."


def test_concentration_is_the_share_of_the_latent_that_moves_most(page, monkeypatch):
    """Of a code in which each source moves its own latent alone, all; of a mixed one, less."""
    images, length = page._walk
    assert len(images) == 6 * length
    place = np.repeat(np.arange(6), length)
    within = np.tile(np.arange(length), 6)
    modular, mixed = np.zeros((2, len(images), 12))
    modular[np.arange(len(images)), place] = within
    mixed[:, :2] = within[:, None]
    idle = modular.copy()
    idle[:, 11] = 1e-3 * np.random.default_rng(1).normal(size=len(images))
    fake = {"QLAE": modular, "vectors": modular, "plain": mixed, "idle": idle}
    latents = {name: np.random.default_rng(0).normal(size=(99, 12)) for name in fake}
    latents["idle"][:, 11] *= 1e-3
    model = SimpleNamespace(latent=SimpleNamespace(outputs_per_latent=1))
    vectors = SimpleNamespace(latent=SimpleNamespace(outputs_per_latent=16))
    models = dict.fromkeys(fake, model) | {"vectors": vectors}
    record = SimpleNamespace(active=[True] * 12)
    records = dict.fromkeys(fake, record) | {"idle": SimpleNamespace(active=[True] * 11 + [False])}
    monkeypatch.setattr(page, "variants", fake)
    monkeypatch.setattr(page, "first", records)
    monkeypatch.setitem(page.__dict__, "_latents", latents)
    monkeypatch.setitem(page.__dict__, "_seen", latents)
    monkeypatch.setitem(page.__dict__, "trained", models)
    monkeypatch.setattr(FamilyPage, "_coded", lambda self, name, images: fake[name])
    found = page.concentration()
    for name in ("QLAE", "vectors", "idle"):  # an inactive latent's jitter does not count
        np.testing.assert_allclose(found[name], 1.0)
    assert (found["plain"] < 0.6).all()
    assert "| `floor_hue` | 100% | 100% |" in page.concentration_table()


def test_in_each_block_of_the_walk_one_source_runs_from_its_first_to_its_last_value(page):
    images, length = page._walk
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
    latents = page._latents["QLAE"]
    latent = page.trained["QLAE"].latent
    np.testing.assert_allclose(page._seen["QLAE"], latent.look_up(jnp.asarray(latents)), atol=1e-6)
    np.testing.assert_array_equal(page._seen["vectors"], page._latents["vectors"])


def test_charts_show_every_variant(page):
    assert "QLAE" in page.plane().to_dict()["description"]
    for chart in (page.plane("psnr", "num_active"), page.intervals("psnr"), page.codes()):
        described = chart.to_dict()["description"]
        for name in VARIANTS:
            assert name in described
    assert "plain" in page.nmi_panels(["plain"]).to_dict()["description"]
    assert "vectors" in page.reconstructions(3).to_dict()["description"]
    for name in VARIANTS:
        assert page.traversals(name).to_dict()["description"].startswith("Grid of images, 12 by")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"benchmark": "shapes4d"}, "benchmark='shapes4d' is unknown"),
        ({"variants": {}}, "at least one model"),
        ({"variants": {"x": Variant("qale")}}, "model='qale' is unknown"),
        ({"num_seeds": 0}, "num_seeds=0"),
        ({"seed": -1}, "seed=-1"),
        ({"steps": 0}, "steps=0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        FamilyPage(**({"benchmark": "shapes3d", "variants": VARIANTS} | arguments))


def test_recorded_runs_are_named_after_what_differs_from_their_profile(page, tmp_path):
    for record in (*page.records[:2], page.records[4]):
        RecordedRun.of(record).write(tmp_path)
    scores = VariantScores.recorded(tmp_path, "shapes3d", ["qlae", "autoencoder"])
    told = "training images 200, evaluation images 200"
    assert scores.names == [f"autoencoder, {told}", f"QLAE, {told}"]
    assert (scores.seeds, scores.profile) == ([0, 1], "smoke")
    assert scores.average(f"QLAE, {told}", "psnr") == page.average("QLAE", "psnr")
    assert VariantScores.recorded(tmp_path, "shapes3d", ["qlae"]).names == [f"QLAE, {told}"]
    assert VariantScores.recorded(tmp_path, "mpi3d", ["qlae"]) is None
