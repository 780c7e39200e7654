"""Several processes make one run together, over the loopback."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lib.runs import RunConfig, RunRecord, build_model
from lib.runs.parameters import load_parameters
from tests.child import ROOT, wait_until
from tests.quick import quick_environment
from tests.simulated import simulated_devices

CONFIG = RunConfig(
    "dsprites", "qlae", "smoke", seed=5, steps=1500, training_images=200, evaluation_images=100
)
SETTINGS = ["steps=1500", "training_images=200", "evaluation_images=100"]


def _command(out_dir: Path, *words: str) -> list[str]:
    run = ["dsprites", "qlae", "--profile", "smoke", "--seeds", "5", "--set", *SETTINGS]
    return [sys.executable, "-m", "lib.runs", *run, "--out", str(out_dir), *words]


def _start(out_dir: Path, *words: str) -> list[subprocess.Popen]:
    """Two processes that are one run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = ["--distributed", "--coordinator", f"127.0.0.1:{port}", "--num-processes", "2"]
    return [
        subprocess.Popen(
            _command(out_dir, *cluster, "--process-id", str(i), *words),
            cwd=ROOT,
            env=quick_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for i in range(2)
    ]


def _finish(processes: list[subprocess.Popen]) -> list[str]:
    said = [process.communicate(timeout=180)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(said)
    return said


def _record(out_dir: Path) -> RunRecord:
    return RunRecord.read(out_dir / f"dsprites-qlae-{CONFIG.training_identity}")


def _parameters(record: RunRecord) -> np.ndarray:
    named = load_parameters(record.folder / "parameters", build_model(CONFIG))
    return np.concatenate([named[name].ravel() for name in sorted(named)])


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> RunRecord:
    """The run of one process with two simulated devices."""
    out_dir = tmp_path_factory.mktemp("alone")
    environment = simulated_devices(2, quick_environment())
    subprocess.run(_command(out_dir), cwd=ROOT, env=environment, check=True)
    return _record(out_dir)


def test_two_processes_equal_one_also_when_killed_and_started_again(alone, tmp_path):
    """Both are killed once there is a checkpoint; both start again, and one of them writes."""
    checkpoints = tmp_path / f"dsprites-qlae-{CONFIG.training_identity}.unfinished" / "checkpoints"
    processes = _start(tmp_path, "--checkpoint-s", "0")
    wait_until(
        lambda: any(path.name.isdigit() for path in checkpoints.glob("*")), *processes, seconds=120
    )
    for process in processes:
        process.kill()
        process.communicate()
    first, second = _finish(_start(tmp_path))
    assert re.search(r"seed 5: going on from step [\d,]+ of 1,500", first)
    assert "infom" in first
    assert "step" not in second  # neither progress nor results
    record = _record(tmp_path)
    assert tuple(r.training.device.split(" (")[0] for r in (alone, record)) == (
        "cpu x 2",
        "cpu x 2",
    )
    np.testing.assert_allclose(
        record.training.curves["loss"], alone.training.curves["loss"], atol=1e-5
    )
    np.testing.assert_allclose(_parameters(record), _parameters(alone), atol=1e-5)
    # Kept parameters are read by both, and scored under another protocol by one.
    scored, _ = _finish(_start(tmp_path, "--set", *SETTINGS, "protocol=hsu2023"))
    assert "infom" in scored
    other = RunRecord.read(record.folder, "hsu2023")
    assert other.training == record.training
    assert other.scores["psnr"] == record.scores["psnr"]


def test_a_signal_to_one_process_stops_both_after_a_checkpoint(tmp_path):
    processes = _start(tmp_path, "--checkpoint-s", "86400")

    def scalars() -> list[Path]:
        return [p for p in tmp_path.glob("*.unfinished/*/scalars.jsonl") if p.stat().st_size]

    wait_until(scalars, *processes, seconds=120)
    processes[1].send_signal(signal.SIGTERM)
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode != 0
    [checkpoint] = tmp_path.glob("*.unfinished/checkpoints/[0-9]*")
    assert 0 < int(checkpoint.name) < 1500
