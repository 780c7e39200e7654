"""Executing runs, and finding them again."""

import dataclasses
import json
import shutil
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from flax import nnx

from lib.benchmarks import Split, load
from lib.metrics import infomec, psnr
from lib.runs import (
    RunConfig,
    RunRecord,
    build_draw,
    build_model,
    execute,
    execute_seeds,
    held_out,
    provenance,
    reconstruct,
    score_grid,
    sweep,
    table,
)
from lib.runs.build import run_keys
from lib.runs.record import named_parameters
from lib.training.checkpoints import digest

CONFIG = RunConfig("shapes3d", "qlae", "smoke", seed=3, evaluation_images=300)


def _runs_in(folder):
    """Names of what a folder of runs holds, the locks aside."""
    return [path.name for path in folder.iterdir() if path.name != ".locks"]


@pytest.fixture(scope="module")
def runs_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def record(runs_dir):
    return execute(CONFIG, runs_dir)


def test_scores_are_those_of_the_saved_model(record):
    """The record's scores follow from its own parameters, images and protocol."""
    sources, images = held_out(CONFIG)
    latents, reconstructions = reconstruct(record.load_model(), images)
    result = infomec(sources, latents, protocol=CONFIG.protocol)
    assert np.issubdtype(latents.dtype, np.integer)
    assert record.scores["infom"] == pytest.approx(result.infom, abs=1e-12)
    assert record.scores["infoc"] == pytest.approx(result.infoc, abs=1e-12)
    assert record.scores["psnr"] == pytest.approx(psnr(images, reconstructions), abs=1e-4)
    np.testing.assert_allclose(record.nmi, result.nmi)
    assert record.num_images == len(images) == 300


def test_the_full_grid_is_scored_part_by_part(record, monkeypatch):
    # A grid of every 2,403rd image, which has every value of every source; two parts of it.
    benchmark = load(CONFIG.benchmark, resolution=CONFIG.resolution)
    index = np.arange(0, benchmark.grid.num_images, 2_403)
    grid = SimpleNamespace(
        num_images=len(index),
        varying=benchmark.grid.varying,
        sources=lambda part: benchmark.grid.sources(index[part]),
    )
    thinned = SimpleNamespace(grid=grid, images=benchmark.images)
    monkeypatch.setattr("lib.runs.scoring.load", lambda *_: thinned)
    monkeypatch.setattr("lib.runs.scoring._GRID_BATCH", 150)
    found = score_grid(record, protocol="hsu2023")
    sources = benchmark.grid.sources(index)
    latents, _ = reconstruct(record.load_model(), benchmark.images(sources))
    expected = infomec(sources[:, grid.varying], latents, protocol="hsu2023")
    np.testing.assert_allclose(found.nmi, expected.nmi)
    assert found.infoe == pytest.approx(expected.infoe)


def test_the_record_is_json_and_reads_back(record):
    values = json.loads((record.folder / "record.json").read_text())
    assert values["config"]["num_values"] == CONFIG.hyperparameters["num_values"]
    assert values["identity"] == CONFIG.identity
    assert RunRecord.read(record.folder) == record
    assert len(record.parameters_sha256) == 64
    assert digest(named_parameters(record.load_model())) == record.parameters_sha256


def test_a_finished_run_is_reused_and_says_so(record, runs_dir, capsys, monkeypatch):
    monkeypatch.setattr("lib.runs.execution.train", None)
    again = execute(RunConfig(**CONFIG.to_dict()), runs_dir)
    assert again == record
    said = capsys.readouterr().out
    for part in (CONFIG.identity, "seed 3", "60 steps", record.commit):
        assert part in said


def test_a_run_made_by_other_code_is_made_again(record, tmp_path, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(provenance, "code_digest", lambda: "other")
        old = execute(CONFIG, tmp_path)
    assert old.code == "other"
    new = execute(CONFIG, tmp_path)
    assert new.code == provenance.code_digest()
    assert new.parameters_sha256 == old.parameters_sha256 == record.parameters_sha256
    assert "made by other code" in capsys.readouterr().out
    assert _runs_in(tmp_path) == [new.folder.name]


@pytest.mark.parametrize("text", ["{", "[]", '{"code": "of an older layout"}'])
def test_a_record_of_another_layout_is_made_again(text, record, tmp_path):
    folder = tmp_path / record.folder.name
    folder.mkdir()
    (folder / "record.json").write_text(text)
    new = execute(CONFIG, tmp_path)
    assert new.parameters_sha256 == record.parameters_sha256
    assert _runs_in(tmp_path) == [folder.name]


def test_a_damaged_run_is_made_again(record, tmp_path, capsys):
    """A record that was edited, and one whose parameters are gone."""
    folder = tmp_path / record.folder.name
    shutil.copytree(record.folder, folder)
    text = (folder / "record.json").read_text()
    (folder / "record.json").write_text(text.replace('"steps": 60', '"steps": 61'))
    assert execute(CONFIG, tmp_path).config == CONFIG
    shutil.rmtree(folder / "parameters")
    execute(CONFIG, tmp_path).load_model()
    assert capsys.readouterr().out.count("is damaged; making it again") == 2


def test_a_finished_run_can_be_shared(record):
    """Readable for others as far as the umask lets new folders be, unlike a temporary folder."""
    (record.folder.parent / "plain").mkdir()
    plain = (record.folder.parent / "plain").stat().st_mode
    assert record.folder.stat().st_mode == plain


def test_initial_parameters_and_batches_share_no_key():
    keys = run_keys(3)
    rngs = nnx.Rngs(params=keys.parameters)
    used = [rngs.params() for _ in range(3)]
    used += [jax.random.fold_in(keys.batches, step) for step in range(3)]
    assert len({tuple(jax.random.key_data(key).tolist()) for key in used}) == 6


def test_damaged_parameters_are_noticed(record):
    with pytest.raises(ValueError, match="digest"):
        dataclasses.replace(record, parameters_sha256="0" * 64).load_model()


def test_training_never_sees_the_held_out_combinations():
    """Every kept training image is one of a combination that is not held out."""
    config = CONFIG.replace(training_images=200)
    benchmark = load("shapes3d", resolution=config.resolution)
    sources, _ = held_out(config)
    split = Split(benchmark.grid, config.evaluation_images, 0)
    np.testing.assert_array_equal(benchmark.grid.index(sources), split.held_out)
    kept = build_draw(config).show.args[0]
    assert kept.shape == (200, 16, 16, 3)
    # A bound on coincidence: neighbours differ, so an exact copy means the same combination.
    held = {image.tobytes() for image in held_out(config)[1]}
    assert sum(np.asarray(image).tobytes() in held for image in kept) == 0


def test_rendered_draw_gives_images_of_training_combinations():
    config = CONFIG.replace(training_images=0)
    draw = build_draw(config)
    images = jax.jit(lambda key: draw(key, 6))(jax.random.key(0))
    benchmark = load("shapes3d", resolution=config.resolution)
    split = Split(benchmark.grid, config.evaluation_images, 0)
    sources = np.asarray(split.sample_training(jax.random.key(0), 6))
    np.testing.assert_allclose(images * 255, benchmark.images(sources), atol=0.51)
    assert build_draw(config) is draw


def test_seeds_change_the_model_and_nothing_else_does(record):
    first, same, other = (build_model(CONFIG.replace(seed=seed)) for seed in (1, 1, 2))
    digests = [digest(named_parameters(model)) for model in (first, same, other)]
    assert digests[0] == digests[1] != digests[2]


def test_undefined_scores_are_recorded_with_the_reason(tmp_path):
    """One latent is too few for a compactness; the run is kept and says why."""
    record = execute(CONFIG.replace(num_latents=1, protocol="hsu2023"), tmp_path)
    assert record.scores["infom"] is None
    assert "active" in record.undefined
    assert record.scores["num_active"] == sum(record.active) <= 1
    assert np.shape(record.nmi) == (6, 1)
    assert record.scores["psnr"] > 0


def test_an_output_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"out_dir='.*file/runs' cannot be written"):
        execute(CONFIG, tmp_path / "file" / "runs")


def test_a_failure_after_the_training_does_not_train_again(tmp_path, monkeypatch, capsys):
    """Of two seeds the first is scored and the second fails; then all is there but the scores."""
    seeds, calls = [3, 4], []

    def fail_at_the_second(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError("No space left on device")
        return psnr(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("lib.runs.scoring.psnr", fail_at_the_second)
        with pytest.raises(OSError, match="No space left"):
            execute_seeds(CONFIG, seeds, tmp_path)
    assert len(_runs_in(tmp_path)) == 1
    records = execute_seeds(CONFIG, seeds, tmp_path)
    assert "going on from step 60 of 60" in capsys.readouterr().out
    assert [record.resumed_from for record in records] == [[60], [60]]
    assert len(_runs_in(tmp_path)) == 2


def test_seeds_go_on_together_also_when_one_was_made_alone_meanwhile(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("lib.runs.scoring.psnr", fail)
        with pytest.raises(OSError, match="No space left"):
            execute_seeds(CONFIG, [3, 4], tmp_path)
    execute(CONFIG, tmp_path)
    records = execute_seeds(CONFIG, [3, 4], tmp_path)
    assert [record.config.seed for record in records] == [3, 4]
    assert [record.resumed_from for record in records] == [[60], [60]]
    assert len(_runs_in(tmp_path)) == 2


@pytest.mark.parametrize("seeds", [[], [3, 4, 3]])
def test_bad_seeds(seeds, tmp_path):
    with pytest.raises(ValueError, match="must hold at least one seed, and each once"):
        execute_seeds(CONFIG, seeds, tmp_path)


def test_a_failed_run_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise FloatingPointError("the loss is nan")

    monkeypatch.setattr("lib.runs.execution.train", fail)
    with pytest.raises(FloatingPointError):
        execute(CONFIG, tmp_path)
    assert _runs_in(tmp_path) == []


def test_table_has_a_row_a_record(record, runs_dir):
    plain = RunConfig("shapes3d", "autoencoder", "smoke", evaluation_images=300)
    records = sweep([CONFIG, plain], runs_dir)
    runs = table(records)
    assert list(runs["model"]) == ["qlae", "autoencoder"]
    assert runs["infom"][0] == record.scores["infom"]
    assert runs["num_values"].isna().tolist() == [False, True]


def test_the_digest_covers_all_source_that_shapes_numbers(tmp_path, monkeypatch):
    """An edit of any part but figures and pages makes runs anew."""
    for part in ("latents/quantized.py", "models/qlae.py", "checks.py", "figures/x.py"):
        (tmp_path / part).parent.mkdir(exist_ok=True)
        (tmp_path / part).write_text("1")
        assert part.startswith("figures") or (provenance.LIBRARY / part).is_file()
    monkeypatch.setattr(provenance, "LIBRARY", tmp_path)
    before = provenance._digest_of_source()
    (tmp_path / "figures/x.py").write_text("2")
    assert provenance._digest_of_source() == before
    for part in ("latents/quantized.py", "models/qlae.py", "checks.py"):
        (tmp_path / part).write_text("2")
        after = provenance._digest_of_source()
        assert after != before
        before = after
