"""Runs that are killed, stopped, failing or shared, in processes of their own."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import time
from pathlib import Path

import jax
import pytest

from lib.runs import ChangedCodeError, RunConfig, RunImages, RunRecord, execute
from lib.training import CheckpointMismatchError
from tests.forked import PROCESSES

CONFIG = RunConfig(
    "dsprites", "qlae", "smoke", seed=5, steps=4000, training_images=200, evaluation_images=100
)
NUM_KILLS = 20


def _run(out_dir: Path, log: Path) -> None:
    _share_compiled_programs(out_dir)
    with log.open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    execute(CONFIG, out_dir, checkpoint_s=0)


def _share_compiled_programs(out_dir: Path) -> None:
    """Only the first child compiles; the others are there to be killed."""
    jax.config.update("jax_compilation_cache_dir", str(out_dir.parent / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def _start(out_dir: Path) -> multiprocessing.Process:
    process = PROCESSES.Process(target=_run, args=(out_dir, out_dir.with_suffix(".log")))
    process.start()
    return process


def _finish(out_dir: Path) -> RunRecord:
    process = _start(out_dir)
    process.join(120)
    assert process.exitcode == 0, out_dir.with_suffix(".log").read_text()
    return RunRecord.read(_folder(out_dir))


def _folder(out_dir: Path) -> Path:
    return out_dir / f"dsprites-qlae-{CONFIG.training_identity}"


def _unfinished(out_dir: Path) -> Path:
    return out_dir / f"dsprites-qlae-{CONFIG.training_identity}.unfinished"


def _wait_until(condition, process, seconds: float = 300) -> None:
    """Wait for a condition, for the end of a process, or at most so long."""
    end = time.monotonic() + seconds
    while not condition() and process.is_alive() and time.monotonic() < end:
        time.sleep(0.001)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> RunRecord:
    return _finish(tmp_path_factory.mktemp("uninterrupted"))


def test_killed_at_random_moments_the_parameters_are_the_same_bits(uninterrupted, tmp_path):
    """SIGKILL at 20 moments: after a random time, or while a checkpoint is being written."""
    chance = random.Random(0)
    checkpoints = _unfinished(tmp_path) / "checkpoints"
    kills, while_writing, hashes = 0, 0, []

    def written():
        return {path.name for path in checkpoints.glob("*") if path.name.isdigit()}

    def is_writing():
        return any("tmp" in path.name for path in checkpoints.glob("*"))

    while kills < NUM_KILLS:
        process = _start(tmp_path)
        if kills % 4:  # else the moment may come before the first step
            before = written()
            _wait_until(lambda before=before: written() - before, process)
        if kills % 2:
            _wait_until(is_writing, process)
            while_writing += is_writing()
        else:
            _wait_until(lambda: False, process, chance.uniform(0, 2))
        kills += process.is_alive()
        process.kill()
        process.join()
        if _folder(tmp_path).is_dir():  # it came to its end; the next one begins anew
            hashes.append(RunRecord.read(_folder(tmp_path)).parameters_sha256)
            shutil.rmtree(_folder(tmp_path))
    record = _finish(tmp_path)
    log = tmp_path.with_suffix(".log").read_text()
    assert while_writing >= 3
    assert log.count("going on from step") >= NUM_KILLS / 2
    assert {*hashes, record.parameters_sha256} == {uninterrupted.parameters_sha256}
    assert record.training.curves == uninterrupted.training.curves
    assert record.training.code_values == uninterrupted.training.code_values
    assert record.scores == uninterrupted.scores
    lines = (_folder(tmp_path) / "scalars.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == record.training.curves["step"]
    assert [path.name for path in tmp_path.iterdir() if path.name != ".locks"] == [
        _folder(tmp_path).name
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_heeded_after_a_checkpoint(number, uninterrupted, tmp_path):
    """No checkpoint is due for a day, so the one that is found was written on the signal."""
    scalars = _unfinished(tmp_path) / _folder(tmp_path).name / "scalars.jsonl"
    process = PROCESSES.Process(target=_run_without_checkpoints, args=(tmp_path,))
    process.start()
    _wait_until(lambda: scalars.is_file() and scalars.read_text().count("\n") >= 5, process)
    os.kill(process.pid, number)
    process.join(60)
    assert process.exitcode == (-signal.SIGTERM if number == signal.SIGTERM else 1)
    [checkpoint] = (_unfinished(tmp_path) / "checkpoints").iterdir()
    record = _finish(tmp_path)
    assert record.training.resumed_from == [int(checkpoint.name)]
    assert record.parameters_sha256 == uninterrupted.parameters_sha256
    assert record.training.duration_s > 0


def _run_without_checkpoints(out_dir: Path) -> None:
    _share_compiled_programs(out_dir)
    execute(CONFIG, out_dir, checkpoint_s=86_400)


def test_a_second_process_waits_and_reuses(uninterrupted, tmp_path):
    first, second = _start(tmp_path), _start(tmp_path)
    for process in (first, second):
        process.join(120)
        assert process.exitcode == 0
    log = tmp_path.with_suffix(".log").read_text()
    assert log.count("Waiting for another process: it makes") == 1
    assert log.count("Reused run") == 1
    record = RunRecord.read(_folder(tmp_path))
    assert record.parameters_sha256 == uninterrupted.parameters_sha256


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> Path:
    """The folder of a run that was killed after its first checkpoint."""
    out_dir = tmp_path_factory.mktemp("killed")
    checkpoints = _unfinished(out_dir) / "checkpoints"
    process = _start(out_dir)
    _wait_until(lambda: any(path.name.isdigit() for path in checkpoints.glob("*")), process)
    process.kill()
    process.join()
    assert any(path.name.isdigit() for path in checkpoints.iterdir())
    return out_dir


@pytest.fixture
def checkpoints(killed, tmp_path) -> Path:
    """The folder of the checkpoints in a copy of that run in `tmp_path`."""
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    return _unfinished(tmp_path) / "checkpoints"


@pytest.mark.usefixtures("checkpoints")
def test_an_unfinished_run_of_other_code_offers_both_ways(tmp_path, capsys):
    """It names what changed, and goes on or begins anew as it is told."""
    note = _unfinished(tmp_path) / "begun.json"
    begun = json.loads(note.read_text())
    begun["code"]["lib/models/losses.py"] = "another"
    note.write_text(json.dumps(begun))
    shutil.copytree(tmp_path, tmp_path.with_name("other"))
    with pytest.raises(ChangedCodeError, match=r"lib/models/losses\.py changed since.*restart"):
        execute(CONFIG, tmp_path)
    assert json.loads(note.read_text()) == begun

    gone_on = execute(CONFIG, tmp_path, unfinished="continue")
    assert gone_on.training.resumed_from
    assert gone_on.training.changed_code == ["lib/models/losses.py"]
    assert "although lib/models/losses.py changed" in capsys.readouterr().out
    anew = execute(CONFIG, tmp_path.with_name("other"), unfinished="restart")
    assert (anew.training.resumed_from, anew.training.changed_code) == ([], [])
    assert anew.parameters_sha256 == gone_on.parameters_sha256  # the code is the same in truth


def test_an_unfinished_run_of_another_configuration_is_refused(checkpoints, tmp_path):
    """Its folder was renamed to that of this run."""
    other = CONFIG.replace(learning_rate=0.003)
    moved = tmp_path / f"dsprites-qlae-{other.training_identity}.unfinished"
    checkpoints.parent.rename(moved)
    with pytest.raises(CheckpointMismatchError, match=r"learning_rate is 0\.002 there and 0\.003"):
        execute(other, tmp_path)
    assert any((moved / "checkpoints").glob("[0-9]*"))


def test_a_loss_that_is_not_finite_keeps_the_last_checkpoint(checkpoints, tmp_path, monkeypatch):
    last = max(int(path.name) for path in checkpoints.glob("[0-9]*") if path.name.isdigit())

    images = RunImages.of(CONFIG)  # the one that the run finds, too
    good = images.sampler
    bad = good._replace(show=jax.tree_util.Partial(_show_nothing, good.show))
    monkeypatch.setitem(vars(images), "sampler", bad)
    with pytest.raises(FloatingPointError, match=f"seed 5: .* not finite at step {last + 1} of"):
        execute(CONFIG, tmp_path)
    assert (checkpoints / str(last)).is_dir()


def _show_nothing(show, chosen):
    return show(chosen) * float("nan")
