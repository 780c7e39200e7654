"""Recorded runs: what `make record` keeps, and the table that a chapter makes of it."""

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest

from lib.figures import runs_table
from lib.runs import (
    OwnModel,
    RecordedRun,
    RunConfig,
    RunImages,
    execute,
    reconstruct,
    recorded_runs,
)
from lib.runs.__main__ import main
from lib.runs.once import record_once
from lib.runs.parameters import named_parameters
from lib.runs.score import score
from lib.scores import SCORES

WORDS = ["shapes3d", "qlae", "--profile", "smoke", "--seeds", "3", "4", "--together", "--set"]
WORDS += ["steps=400", "evaluation_images=300"]
CONFIG = RunConfig("shapes3d", "qlae", "smoke", seed=3, steps=400, evaluation_images=300)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder of runs and one of records, as the command line fills them."""
    runs, results = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("book") / "results"
    assert main([*WORDS, "--out", str(runs), "--record", str(results)]) == 0
    return runs, results


def test_the_command_makes_the_runs_that_execute_finds(folders, capsys):
    runs, _ = folders
    record = execute(CONFIG, runs)
    assert "Reused" in capsys.readouterr().out
    assert record.training.trained_with == [3, 4]
    assert main([*WORDS, "--out", str(runs)]) == 0  # all are there: the scores once more
    assert f"infom {record.scores['infom']:.4g}" in capsys.readouterr().out


def test_a_record_holds_the_run_and_what_its_model_draws(folders):
    runs, results = folders
    record = execute(CONFIG, runs)
    recorded = recorded_runs(results, "shapes3d")
    assert [run.record.config.seed for run in recorded] == [3, 4]
    training = dataclasses.replace(record.training, code_values=[])
    assert recorded[0].record == dataclasses.replace(record, training=training)
    _, images = RunImages.of(CONFIG).held_out
    chosen = np.linspace(0, len(images) - 1, 8, dtype=int)
    np.testing.assert_array_equal(recorded[0].originals, images[chosen])
    _, drawn = reconstruct(record.load_model(), images[chosen])
    np.testing.assert_allclose(recorded[0].reconstructions / 255, drawn, atol=0.5 / 255 + 1e-6)
    sizes = [path.stat().st_size for path in results.iterdir()]
    assert max(sizes) < 25_000
    values = json.loads(next(results.iterdir()).read_text())
    both = {"device", "commit", "versions", "code", "started"}
    assert {*both, "curves"} <= set(values["training"])
    assert {*both, "scores"} <= set(values["scoring"])


def test_gray_images_survive(folders, tmp_path):
    _, results = folders
    [run, _] = recorded_runs(results, "shapes3d")
    gray = RecordedRun(run.record, run.originals[..., :1], run.reconstructions[..., :1])
    again = RecordedRun.read(gray.write(tmp_path))
    np.testing.assert_array_equal(again.originals, gray.originals)


def test_records_of_other_benchmarks_and_no_folder(folders, tmp_path):
    _, results = folders
    assert recorded_runs(results, "mpi3d") == []
    assert recorded_runs(tmp_path / "none", "shapes3d") == []
    with pytest.raises(ValueError, match=r"benchmark='shapes' .* Did you mean shapes3d\?"):
        recorded_runs(results, "shapes")


def test_ctrl_c_ends_the_command_without_a_traceback(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("lib.runs.__main__.execute", interrupted)
    assert main(["shapes3d", "qlae", "--profile", "smoke", "--out", str(tmp_path)]) == 130


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[: len(text) // 2], "Unterminated|Expecting|delimiter"),
        (lambda _: '{"config": {}}', "images"),
        (lambda _: "[]", "cannot be interpreted"),
        (lambda text: text.replace('"schema":1', '"schema":7'), "its schema is 7, .* schema 1"),
        (lambda text: text.replace('"active":[', '"active":[true,'), "13 latents, not 12"),
        (lambda text: text.replace('"nmi":[[', '"nmi":[[0.5],['), "NMI has not 6 rows of 12"),
        (lambda text: text.replace('"step":[', '"step":[0,'), "curves have different lengths"),
        (lambda text: text.replace('"psnr":', '"snr":'), None),  # what it is good for, it still is
    ],
)
def test_what_is_no_record_is_told_and_left_out(change, message, folders, tmp_path):
    _, results = folders
    text = next(results.glob("*.json")).read_text()
    (tmp_path / "shapes3d-qlae-x.json").write_text(change(text))
    if message is None:
        assert len(recorded_runs(tmp_path, "shapes3d")) == 1
        return
    match = rf"(?s)Left out: .*shapes3d-qlae-x\.json is no recorded run .*({message})"
    with pytest.warns(RuntimeWarning, match=match):
        assert recorded_runs(tmp_path, "shapes3d") == []


def test_a_run_that_is_there_twice_is_told_and_counts_once(folders, tmp_path):
    _, results = folders
    shutil.copytree(results, tmp_path / "two")
    [first, _] = sorted((tmp_path / "two").glob("*.json"))
    shutil.copy(first, first.with_name("shapes3d-qlae-z.json"))
    with pytest.warns(RuntimeWarning, match=rf"z\.json is of the same run as .*{first.name}"):
        assert len(recorded_runs(tmp_path / "two", "shapes3d")) == 2


@pytest.mark.parametrize("kind", ["float16", "int8"])
def test_a_kept_model_gives_the_recorded_scores(kind, folders, tmp_path, monkeypatch):
    runs, _ = folders
    record = execute(CONFIG, runs)
    whole = sum(value.nbytes for value in named_parameters(record.load_model()).values())
    if kind == "int8":
        monkeypatch.setattr("lib.runs.kept._MOST_MODEL_BYTES", int(0.4 * whole))
    recorded = RecordedRun.of(record)
    file = recorded.write_model(tmp_path)
    again = RecordedRun.read(recorded.write(tmp_path)).record
    assert again.folder is None
    with np.load(file) as arrays:
        assert arrays["decoder.mlp.head.kernel"].dtype == kind
    assert file.stat().st_size < (0.55 if kind == "float16" else 0.3) * whole
    scoring = score(CONFIG, again.load_model(), RunImages.of(CONFIG), record.parameters_sha256)
    for name in ("infom", "infoe", "infoc"):
        assert scoring.scores[name] == pytest.approx(record.scores[name], abs=0.005)
    # A megabyte's price for a model of the workstation profile, kept as int8: 0.23 dB.
    bound = 0.005 if kind == "float16" else 0.3
    assert scoring.scores["psnr"] == pytest.approx(record.scores["psnr"], abs=bound)
    assert OwnModel.load(file).settings["channels"] == 3


def test_a_kept_model_of_another_run_or_damaged_is_refused(folders, tmp_path):
    runs, _ = folders
    recorded = RecordedRun.of(execute(CONFIG, runs))
    with pytest.raises(FileNotFoundError, match="were not kept"):
        RecordedRun.read(recorded.write(tmp_path)).record.load_model()
    file = recorded.write_model(tmp_path)
    other = RecordedRun.of(execute(CONFIG.replace(seed=4), runs)).write_model(tmp_path)
    other.replace(file)
    with pytest.raises(ValueError, match="holds the model of another run"):
        RecordedRun.read(recorded.write(tmp_path)).record.load_model()
    content = file.read_bytes()
    file.write_bytes(content[:-20])
    with pytest.raises(ValueError, match="holds no parameters that can be read"):
        RecordedRun.read(recorded.write(tmp_path)).record.load_model()


def test_a_run_is_recorded_once(folders, tmp_path, monkeypatch):
    runs, _ = folders
    first = record_once(CONFIG, runs, tmp_path, keeps_model=False)
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]
    record_once(CONFIG, runs, tmp_path, keeps_model=True)  # the model is wanted, too
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npz"]
    monkeypatch.setattr("lib.runs.once.execute", None)
    again = record_once(CONFIG, tmp_path / "no runs", tmp_path, keeps_model=True)
    assert again.record == first.record


def test_a_model_that_is_too_large_is_not_written(folders, tmp_path, monkeypatch):
    runs, _ = folders
    monkeypatch.setattr("lib.runs.kept._MOST_MODEL_BYTES", 1_000)
    with pytest.raises(ValueError, match="more than 1,000 bytes even as int8"):
        RecordedRun.of(execute(CONFIG, runs)).write_model(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_table_tells_where_a_run_comes_from(folders):
    _, results = folders
    [run, _] = recorded_runs(results, "shapes3d")
    table = runs_table([("recorded <", run.record, run.originals, run.reconstructions)])
    for part in (
        run.record.training.device,
        run.record.training.commit,
        run.record.identity,
        "seed 3",
        "400 steps",
    ):
        assert part in table
    assert "recorded &lt;" in table
    assert table.count("<td>") == len(SCORES)
    assert f"<td>{run.record.scores['psnr']:.1f}</td>" in table


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["shapes3d", "qale"], "model='qale' is unknown; expected one of autoencoder, .*qlae"),
        (["shapes4d", "qlae"], "benchmark='shapes4d' is unknown"),
        (["shapes3d", "qlae", "--set", "steps"], "expected words such as seed=3, got .steps."),
        (["shapes3d", "qlae", "--set", "steps=0"], "steps=0 is too small"),
        (["shapes3d", "qlae", "--set", "setps=9"], "setps=9 is no setting .*Did you mean steps"),
        (["shapes3d", "qlae", "--seeds", "-1"], "seed=-1 is too small"),
    ],
)
def test_bad_words_end_the_command_before_anything_runs(words, message, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert re.search(message, capsys.readouterr().err)


def test_a_run_that_fails_ends_with_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["shapes3d", "qlae", "--profile", "smoke", "--out", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err.startswith("Error: ")
