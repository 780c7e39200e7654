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
    RunImages,
    RunRecord,
    build_model,
    execute,
    execute_seeds,
    reconstruct,
    score_again,
    score_grid,
    sweep,
    table,
)
from lib.runs.folders import RunFolders
from lib.runs.parameters import named_parameters, save_parameters
from lib.runs.score import _plain, score
from lib.runs.train import run_keys
from lib.scores import SCORES
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
    sources, images = RunImages.of(CONFIG).held_out
    latents, reconstructions = reconstruct(record.load_model(), images)
    result = infomec(sources, latents, protocol=CONFIG.scoring.protocol)
    assert np.issubdtype(latents.dtype, np.integer)
    assert record.scores["infom"] == pytest.approx(result.infom, abs=1e-12)
    assert record.scores["infoc"] == pytest.approx(result.infoc, abs=1e-12)
    assert record.scores["psnr"] == pytest.approx(psnr(images, reconstructions), abs=1e-4)
    np.testing.assert_allclose(record.scoring.nmi, result.nmi)
    assert record.scoring.num_images == len(images) == 300
    known = (result.nmi.max(axis=1) >= 0.1).sum()
    assert record.scores["sources_known"] == known
    mean = images.mean(axis=0, keepdims=True) / 255
    of_mean = psnr(images, np.broadcast_to(mean, images.shape))
    assert record.scores["collapsed"] == (record.scores["psnr"] <= of_mean)


def test_the_full_grid_is_scored_part_by_part(record, monkeypatch):
    # A grid of every 2,403rd image, which has every value of every source; two parts of it.
    benchmark = load(CONFIG.benchmark, resolution=CONFIG.data.resolution)
    index = np.arange(0, benchmark.grid.num_images, 2_403)
    grid = SimpleNamespace(
        num_images=len(index),
        varying=benchmark.grid.varying,
        sources=lambda part: benchmark.grid.sources(index[part]),
    )
    thinned = SimpleNamespace(grid=grid, images=benchmark.images)
    monkeypatch.setattr(RunRecord, "images", SimpleNamespace(benchmark=thinned))
    monkeypatch.setattr("lib.runs.score._GRID_BATCH", 150)
    found = score_grid(record, protocol="hsu2023")
    sources = benchmark.grid.sources(index)
    latents, _ = reconstruct(record.load_model(), benchmark.images(sources))
    expected = infomec(sources[:, grid.varying], latents, protocol="hsu2023")
    np.testing.assert_allclose(found.nmi, expected.nmi)
    assert found.infoe == pytest.approx(expected.infoe)


def test_the_record_is_json_and_reads_back(record):
    values = json.loads((record.folder / "training.json").read_text())
    assert values["config"]["num_values"] == CONFIG.hyperparameters.num_values
    assert RunRecord.read(record.folder) == record
    assert RunRecord.from_dict(json.loads(json.dumps(record.to_dict()))) == record
    assert len(record.parameters_sha256) == 64
    assert digest(named_parameters(record.load_model())) == record.parameters_sha256


def test_a_finished_run_is_reused_and_says_so(record, runs_dir, capsys, monkeypatch):
    monkeypatch.setattr("lib.runs.execution.train_together", None)
    again = execute(RunConfig(**CONFIG.to_dict()), runs_dir)
    assert again == record
    said = capsys.readouterr().out
    for part in (CONFIG.identity, "seed 3", "60 steps", record.training.commit):
        assert part in said


def test_a_run_trained_by_other_code_is_trained_again(record, tmp_path, capsys):
    folder = tmp_path / record.folder.name
    shutil.copytree(record.folder, folder)
    values = json.loads((folder / "training.json").read_text())
    values["training"]["code"]["lib/models/qlae.py"] = "another"
    (folder / "training.json").write_text(json.dumps(values))
    new = execute(CONFIG, tmp_path)
    assert new.training.code == record.training.code
    assert new.parameters_sha256 == record.parameters_sha256
    said = capsys.readouterr().out
    assert "was trained by other code (lib/models/qlae.py); making it again" in said
    assert _runs_in(tmp_path) == [new.folder.name]


def test_scores_of_other_code_are_made_again_and_nothing_is_trained(
    record, tmp_path, capsys, monkeypatch
):
    folder = tmp_path / record.folder.name
    shutil.copytree(record.folder, folder)
    file = folder / "scores-corrected.json"
    values = json.loads(file.read_text())
    values["code"]["infom"] = "another"
    values["scores"] |= {"infom": -1.0, "infoe": -1.0}
    file.write_text(json.dumps(values))
    monkeypatch.setattr("lib.runs.execution.train_together", None)
    new = execute(CONFIG, tmp_path)
    assert new.scores == record.scores
    assert new.training == record.training
    assert "infom new, or scored by other code; scoring it again" in capsys.readouterr().out


def test_another_protocol_scores_the_same_parameters(record, tmp_path, monkeypatch):
    shutil.copytree(record.folder, tmp_path / record.folder.name)
    monkeypatch.setattr("lib.runs.execution.train_together", None)
    other = execute(CONFIG.replace(protocol="hsu2023"), tmp_path)
    assert other.training == record.training
    assert other.scores["infom"] != record.scores["infom"]
    assert other.scores["psnr"] == record.scores["psnr"]
    # Each under its own protocol, and both are kept.
    assert execute(CONFIG, tmp_path).scores == record.scores
    [again] = score_again(tmp_path, ["hsu2023"])
    assert again.scores == other.scores
    assert again.scoring.started == other.scoring.started  # found, not made


def test_a_folder_of_another_name_is_scored_where_it_is(record, tmp_path):
    shutil.copytree(record.folder, tmp_path / "mine")
    [found] = score_again(tmp_path / "mine", "hsu2023")
    assert found.folder == tmp_path / "mine"
    assert (tmp_path / "mine" / "scores-hsu2023.json").is_file()


def test_a_run_that_cannot_be_read_is_named_and_left_out(record, tmp_path, capsys):
    shutil.copytree(record.folder, tmp_path / "whole")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "training.json").write_text("{")
    assert [found.folder.name for found in score_again(tmp_path)] == ["whole"]
    assert "damaged is left out" in capsys.readouterr().err


def test_an_unfinished_folder_of_finished_runs_is_forgotten(record, tmp_path, capsys):
    """It was begun by other code, but what it was to become is there, by the code as it is."""
    shutil.copytree(record.folder, tmp_path / record.folder.name)
    unfinished = tmp_path / f"{record.folder.name}.unfinished"
    unfinished.mkdir()
    note = {"runs": [record.folder.name], "code": {"lib/x.py": "another"}}
    (unfinished / "begun.json").write_text(json.dumps(note))
    assert execute(CONFIG, tmp_path) == record
    assert not unfinished.exists()
    assert "Reused run" in capsys.readouterr().out


def test_what_has_changed_is_remembered_over_several_interruptions(tmp_path):
    folders = RunFolders(tmp_path, [CONFIG])
    assert folders.begin([CONFIG]) == []
    [note] = tmp_path.glob("*.unfinished/begun.json")
    begun = json.loads(note.read_text())
    begun["code"]["lib/models/qlae.py"] = "another"
    note.write_text(json.dumps(begun))
    assert folders.changed_code() == ["lib/models/qlae.py"]
    for _ in range(2):
        assert folders.begin([CONFIG]) == ["lib/models/qlae.py"]
        assert folders.changed_code() == []


def test_a_run_on_other_official_images_is_not_found(record):
    for images, found in ((None, True), ("", True), ("of another conversion", False)):
        folders = RunFolders(record.folder.parent, [CONFIG], images)
        training, reason = folders.find_training(CONFIG)
        assert (training is not None, reason) == (found, "" if found else reason)
    assert reason == "was trained on other images"


def test_scores_are_numbers_that_json_can_hold():
    found = [_plain("x", v) for v in (np.float32(0.5), np.int64(3), np.bool_(True), np.inf, None)]
    assert found == [0.5, 3, True, None, None]
    assert [type(value) for value in found[:3]] == [float, int, bool]
    with pytest.raises(TypeError, match="score 'x' is a str; expected a number"):
        _plain("x", "much")


def test_a_score_that_fails_is_named(record, monkeypatch):
    def boom(_):
        raise RuntimeError("no idea.")

    monkeypatch.setitem(SCORES._entries, "psnr", dataclasses.replace(SCORES["psnr"], compute=boom))
    images = RunImages.of(CONFIG)
    with pytest.raises(ValueError, match=r"score 'psnr' failed: RuntimeError: no idea\. The"):
        score(CONFIG, record.load_model(), images, record.parameters_sha256)


def test_only_trained_runs_can_be_scored_again(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no trained run"):
        score_again(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"code": "of an older layout"}'])
def test_a_record_of_another_layout_is_made_again(text, record, tmp_path):
    folder = tmp_path / record.folder.name
    folder.mkdir()
    (folder / "training.json").write_text(text)
    new = execute(CONFIG, tmp_path)
    assert new.parameters_sha256 == record.parameters_sha256
    assert _runs_in(tmp_path) == [folder.name]


def test_a_damaged_run_is_made_again(record, tmp_path, capsys):
    """A record that was edited, one whose parameters are gone, and damaged scores."""
    folder = tmp_path / record.folder.name
    shutil.copytree(record.folder, folder)
    text = (folder / "training.json").read_text()
    (folder / "training.json").write_text(text.replace('"steps": 60', '"steps": 61'))
    assert execute(CONFIG, tmp_path).config == CONFIG
    shutil.rmtree(folder / "parameters")
    execute(CONFIG, tmp_path).load_model()
    (folder / "scores-corrected.json").write_text("{")
    assert execute(CONFIG, tmp_path).scores == record.scores
    said = capsys.readouterr().out
    assert said.count("is damaged; making it again") == 2
    assert said.count("the scores are damaged; scoring it again") == 1


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
    other = dataclasses.replace(record.training, parameters_sha256="0" * 64)
    with pytest.raises(ValueError, match="digest"):
        dataclasses.replace(record, training=other).load_model()


def test_training_never_sees_the_held_out_combinations():
    """Every kept training image is one of a combination that is not held out."""
    config = CONFIG.replace(training_images=200)
    benchmark = load("shapes3d", resolution=config.data.resolution)
    sources, _ = RunImages.of(config).held_out
    split = Split(benchmark.grid, config.data.evaluation_images, 0)
    np.testing.assert_array_equal(benchmark.grid.index(sources), split.held_out)
    kept = RunImages.of(config).sampler.show.args[0]
    assert kept.shape == (200, 16, 16, 3)
    # A bound on coincidence: neighbours differ, so an exact copy means the same combination.
    held = {image.tobytes() for image in RunImages.of(config).held_out[1]}
    assert sum(np.asarray(image).tobytes() in held for image in kept) == 0


def test_a_rendered_sampler_gives_images_of_training_combinations():
    config = CONFIG.replace(training_images=0)
    sampler = RunImages.of(config).sampler
    images = jax.jit(lambda key: sampler(key, 6))(jax.random.key(0))
    benchmark = load("shapes3d", resolution=config.data.resolution)
    split = Split(benchmark.grid, config.data.evaluation_images, 0)
    sources = np.asarray(split.sample_training(jax.random.key(0), 6))
    np.testing.assert_allclose(images * 255, benchmark.images(sources), atol=0.51)
    assert RunImages.of(config).sampler is sampler


def test_seeds_change_the_model_and_nothing_else_does(record):
    first, same, other = (build_model(CONFIG.replace(seed=seed)) for seed in (1, 1, 2))
    digests = [digest(named_parameters(model)) for model in (first, same, other)]
    assert digests[0] == digests[1] != digests[2]


def test_undefined_scores_are_recorded_with_the_reason(tmp_path):
    """One latent is too few for a compactness; the run is kept and says why."""
    record = execute(CONFIG.replace(num_latents=1, protocol="hsu2023"), tmp_path)
    assert record.scores["infom"] is None
    assert "active" in record.scoring.undefined
    assert record.scores["num_active"] == sum(record.scoring.active) <= 1
    assert np.shape(record.scoring.nmi) == (6, 1)
    assert record.scores["psnr"] > 0


def test_an_output_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"out_dir='.*file/runs' cannot be written"):
        execute(CONFIG, tmp_path / "file" / "runs")


def test_a_failure_after_the_training_does_not_train_again(tmp_path, monkeypatch, capsys):
    """Of two seeds the first is saved and the second fails; then the last checkpoint serves."""
    seeds, calls = [3, 4], []

    def fail_at_the_second(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError("No space left on device")
        return save_parameters(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("lib.runs.execution.save_parameters", fail_at_the_second)
        with pytest.raises(OSError, match="No space left"):
            execute_seeds(CONFIG, seeds, tmp_path)
    assert len(_runs_in(tmp_path)) == 1
    records = execute_seeds(CONFIG, seeds, tmp_path)
    assert "going on from step 60 of 60" in capsys.readouterr().out
    assert [record.training.resumed_from for record in records] == [[60], [60]]
    assert len(_runs_in(tmp_path)) == 2


def _no_space(*_):
    raise OSError("No space left on device")


def test_a_failure_while_scoring_keeps_what_is_trained(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("lib.runs.execution.write_scoring", _no_space)
        with pytest.raises(OSError, match="No space left"):
            execute(CONFIG, tmp_path)
    monkeypatch.setattr("lib.runs.execution.train_together", None)
    assert execute(CONFIG, tmp_path).scores["psnr"] > 0


def test_seeds_go_on_together_also_when_one_was_made_alone_meanwhile(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("lib.runs.execution.save_parameters", _no_space)
        with pytest.raises(OSError, match="No space left"):
            execute_seeds(CONFIG, [3, 4], tmp_path)
    execute(CONFIG, tmp_path)
    records = execute_seeds(CONFIG, [3, 4], tmp_path)
    assert [record.config.seed for record in records] == [3, 4]
    assert [record.training.resumed_from for record in records] == [[60], [60]]
    assert len(_runs_in(tmp_path)) == 2


@pytest.mark.parametrize("seeds", [[], [3, 4, 3]])
def test_bad_seeds(seeds, tmp_path):
    with pytest.raises(ValueError, match="must hold at least one seed, and each once"):
        execute_seeds(CONFIG, seeds, tmp_path)


def test_a_failed_run_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise FloatingPointError("the loss is nan")

    monkeypatch.setattr("lib.runs.execution.train_together", fail)
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
