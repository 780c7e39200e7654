"""A study's runs on Dask: skipped, shared, failing, hanging, lost. What is run are toys."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster

from lib.process import MachineShare, run_process
from lib.runs import RecordedRun, RunConfig
from lib.studies import STUDIES, DeclaredStudy, Study, Variant
from lib.studies.__main__ import main
from lib.studies.state import StudyState
from lib.studies.sweep import Cluster, _shares, run_study
from tests.child import ROOT, wait_until
from tests.studies.made_up import record

SETTINGS = {"steps": 5, "training_images": 100, "evaluation_images": 100}
STUDY = DeclaredStudy(
    name="toys",
    title="Toys",
    question="Does it run?",
    grids=[Study("shapes3d", {"plain": Variant("autoencoder")}, "smoke", 0, 4, settings=SETTINGS)],
    kept_seeds=(),
)


@pytest.fixture(scope="module")
def two_workers() -> Iterator[LocalCluster]:
    """Two processes that are workers of a scheduler, as on another machine."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "memory_limit": None}
    os.environ["PYTHONPATH"] = str(ROOT)
    with LocalCluster(dashboard_address="127.0.0.1:0", silence_logs=50, **options) as cluster:
        yield cluster


@pytest.fixture
def state(tmp_path, monkeypatch) -> StudyState:
    """Four runs that would each make a record at once."""
    monkeypatch.setattr("lib.studies.sweep._MODULE", "tests.studies.toy_run")
    state = StudyState(STUDY, tmp_path / "runs", tmp_path / "results")
    plan(state, "record", "record", "record", "record")
    return state


def plan(state: StudyState, *does: str) -> None:
    """Say what the run of each seed does."""
    told = {}
    for run, what in zip(state.runs, does, strict=True):
        file = RecordedRun(record(run.config), *2 * [np.zeros((1, 16, 16, 3), np.uint8)]).write(
            state.out_dir.parent
        )
        told[run.config.seed] = {"does": what, "file": file.name}
    (state.out_dir.parent / "plan.json").write_text(json.dumps(told))


def lines(state: StudyState, name: str) -> list[str]:
    file = state.out_dir.parent / name
    return file.read_text().split("\n")[:-1] if file.exists() else []


def is_there(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


def test_all_runs_are_made_once_and_those_with_a_record_are_skipped(two_workers, state, capsys):
    first = Path(RecordedRun.path_of(state.folder, state.runs[0].config))
    first.parent.mkdir(parents=True)
    first.write_bytes((state.out_dir.parent / first.name).read_bytes())
    assert run_study(state, Cluster(scheduler=two_workers.scheduler_address)) == 0
    assert sorted(lines(state, "made")) == ["1", "2", "3"]
    said = capsys.readouterr().out
    assert "1 of 4 runs are done." in said
    assert "[3/3] plain on shapes3d, seed" in said
    assert all(f"PSNR {20 + seed}.0 dB" in said for seed in (1, 2, 3))
    assert "dashboard: http://127.0.0.1:" in said.lower()
    assert state.left() == []
    assert run_study(state, Cluster(scheduler="tcp://127.0.0.1:1")) == 0  # nobody is asked
    table = STUDY.table(state.records_dir)
    assert table[["study", "variant", "seed"]].values.tolist() == [
        ["toys", "plain", seed] for seed in range(4)
    ]


def test_failures_are_noted_and_taken_back(two_workers, state, monkeypatch, capsys):
    """One raises, one hangs; neither is tried twice, and the others are made."""
    plan(state, "raise", "record", "hang", "record")
    cluster = Cluster(scheduler=two_workers.scheduler_address)
    monkeypatch.setitem(STUDIES._entries, "toys", STUDY)
    monkeypatch.setitem(STUDIES._modules, "toys", __name__)
    words = ["--out", str(state.out_dir), "--record", str(state.records_dir), "--limit-s", "8"]
    assert main(["run", "toys", *words, "--scheduler", cluster.scheduler]) == 1
    assert sorted(line.split()[0] for line in lines(state, "begun")) == ["0", "1", "2", "3"]
    told = "\n".join(state.told())
    assert "failed: plain on shapes3d, seed 0: RuntimeError: this run fails" in told
    assert "failed: plain on shapes3d, seed 2: no end within limit_s=8 seconds" in told
    assert "'seed': 2" in told
    assert ["all", "2", "2", "0"] in [line.split() for line in told.splitlines()]
    note = state.failure(state.runs[0])
    assert "Traceback" in note["said"]
    assert RunConfig(**note["config"]) == state.runs[0].config
    assert "hanging" in state.failure(state.runs[2])["said"]
    [hung] = [line.split()[1] for line in lines(state, "begun") if line[0] == "2"]
    assert not is_there(int(hung))

    plan(state, "record", "record", "record", "record")
    assert run_study(state, cluster) == 0
    assert "failed" not in "\n".join(state.told()).replace(" failed  missing", "")
    assert list((state.out_dir / "failed").iterdir()) == []
    assert "2 of 4 runs are done" in capsys.readouterr().out


def test_the_run_of_a_killed_worker_ends_and_another_goes_on_with_it(two_workers, state):
    plan(state, "wait", "wait", "record", "record")
    outcome = []
    cluster = Cluster(scheduler=two_workers.scheduler_address)
    study = threading.Thread(target=lambda: outcome.append(run_study(state, cluster)))
    study.start()
    wait_until(lambda: len(lines(state, "begun")) == 2, seconds=60)
    pids = dict(line.split() for line in lines(state, "begun"))
    with Client(two_workers) as client:
        workers = client.run(os.getpid).values()
    parents = {Path(f"/proc/{pid}/stat").read_text().split()[3]: pid for pid in pids.values()}
    worker = next(pid for pid in workers if str(pid) in parents)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not is_there(int(parents[str(worker)])), seconds=60)
    (state.out_dir.parent / "go").touch()
    study.join(60)
    assert outcome == [0]
    assert sorted(lines(state, "made")) == ["0", "1", "2", "3"]
    assert len(lines(state, "begun")) == 5


def test_two_sweeps_at_once_make_each_run_once(two_workers, state):
    plan(state, "wait", "record", "record", "record")
    outcome = []
    cluster = Cluster(scheduler=two_workers.scheduler_address)
    sweeps = [
        threading.Thread(target=lambda: outcome.append(run_study(state, cluster))) for _ in range(2)
    ]
    for sweep in sweeps:
        sweep.start()
    wait_until(lambda: lines(state, "begun"), seconds=60)
    (state.out_dir.parent / "go").touch()
    for sweep in sweeps:
        sweep.join(60)
    assert outcome == [0, 0]
    assert sorted(lines(state, "made")) == ["0", "1", "2", "3"]


def test_a_lost_scheduler_is_told_and_the_runs_end(state):
    plan(state, "wait", "wait", "wait", "wait")
    words = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    scheduler = subprocess.Popen([*words, "--port", "0", "--no-dashboard"], **quiet)
    address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
    words = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny"]
    worker = subprocess.Popen([*words, "--nthreads", "1", "--no-dashboard"], **quiet)
    try:
        killer = threading.Thread(
            target=lambda: (wait_until(lambda: lines(state, "begun"), seconds=60), scheduler.kill())
        )
        killer.start()
        with pytest.raises(ConnectionError, match=r"The scheduler is lost.*same command again"):
            run_study(state, Cluster(scheduler=address))
        worker.kill()
        [line] = lines(state, "begun")
        wait_until(lambda: not is_there(int(line.split()[1])), seconds=60)
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.communicate()
    assert len(state.left()) == 4


@pytest.mark.parametrize(
    ("devices", "workers", "expected"),
    [
        (("cpu", 1), 1, [([0, 1, 2, 3, 4], {})]),
        (("cpu", 1), 2, [([0, 2, 4], {}), ([1, 3], {})]),
        (("cpu", 1), None, [([0, 2, 4], {}), ([1, 3], {})]),
        (("cpu", 1), 6, [([n], {}) for n in (0, 1, 2, 3, 4, 0)]),
        (
            ("gpu", 2),
            None,
            [((), {"CUDA_VISIBLE_DEVICES": d, "HIP_VISIBLE_DEVICES": d}) for d in "35"],
        ),
        (("gpu", 2), 1, [((), {"CUDA_VISIBLE_DEVICES": "3", "HIP_VISIBLE_DEVICES": "3"})]),
        (("tpu", 8), None, [((), {})]),
    ],
)
def test_workers_share_the_cores_and_each_has_an_accelerator(
    devices, workers, expected, monkeypatch
):
    monkeypatch.setattr("lib.studies.sweep.local_devices", lambda: devices)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3, 4})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert [tuple(share) for share in _shares(workers)] == expected


@pytest.mark.parametrize(("kind", "workers", "most"), [("gpu", 3, 2), ("tpu", 2, 1)])
def test_an_accelerator_has_one_user(kind, workers, most, monkeypatch):
    monkeypatch.setattr("lib.studies.sweep.local_devices", lambda: (kind, 2))
    with pytest.raises(ValueError, match=f"workers={workers} .* one an accelerator, {most}"):
        _shares(workers)


def test_a_process_has_its_cores_and_variables(two_workers, tmp_path):
    module = "tests.studies.shows_its_place"
    core = min(os.sched_getaffinity(0))
    shares = [MachineShare([core], {"OWN_VARIABLE": "seen"})] * 2
    files = {"log": tmp_path / "log", "lock": tmp_path / "lock"}
    with Client(two_workers) as client:
        ended = client.submit(run_process, module, {}, **files, shares=shares).result(60)
    assert (ended.problem, ended.said) == ("", f"[{core}] seen")
