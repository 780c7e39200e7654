"""Recorded runs: what `make record` keeps, and the table that a chapter makes of it."""

import json
import re

import numpy as np
import pytest

from lib.figures import runs_table
from lib.runs import (
    RecordedRun,
    RunConfig,
    RunImages,
    execute,
    reconstruct,
    recorded_runs,
)
from lib.runs.__main__ import main
from lib.scores import SCORES

WORDS = ["shapes3d", "qlae", "--profile", "smoke", "--seeds", "3", "4", "--together", "--set"]
WORDS += ["steps=20", "evaluation_images=300"]
CONFIG = RunConfig("shapes3d", "qlae", "smoke", seed=3, steps=20, evaluation_images=300)


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
    assert recorded[0].record == record
    _, images = RunImages.of(CONFIG).held_out
    chosen = np.linspace(0, len(images) - 1, 8, dtype=int)
    np.testing.assert_array_equal(recorded[0].originals, images[chosen])
    _, drawn = reconstruct(record.load_model(), images[chosen])
    np.testing.assert_allclose(recorded[0].reconstructions / 255, drawn, atol=0.5 / 255 + 1e-6)
    sizes = [path.stat().st_size for path in results.iterdir()]
    assert max(sizes) < 64_000
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


@pytest.mark.parametrize("text", ["{", '{"config": {}}', "[]"])
def test_a_file_that_is_no_record_is_named(text, tmp_path):
    (tmp_path / "shapes3d-x.json").write_text(text)
    with pytest.raises(ValueError, match=r"shapes3d-x.json is no recorded run .*make record"):
        recorded_runs(tmp_path, "shapes3d")


def test_the_table_tells_where_a_run_comes_from(folders):
    _, results = folders
    [run, _] = recorded_runs(results, "shapes3d")
    table = runs_table([("recorded <", run.record, run.originals, run.reconstructions)])
    for part in (
        run.record.training.device,
        run.record.training.commit,
        run.record.identity,
        "seed 3",
        "20 steps",
    ):
        assert part in table
    assert "recorded &lt;" in table
    assert table.count("<td>") == 3 + len(SCORES)
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
