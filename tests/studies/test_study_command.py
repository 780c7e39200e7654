"""Studies from the command line: what it says, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from lib.runs import RecordedRun
from lib.studies import DeclaredStudy, Study, Variant
from lib.studies.__main__ import main
from lib.studies.declaration import STUDIES, add_study

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = """
from lib.studies import DeclaredStudy, Study, Variant, add_study

settings = {"steps": 5, "training_images": 100, "evaluation_images": 100}
variants = {
    "qlae": Variant("qlae"),
    "diverging": Variant("autoencoder", {"learning_rate": 1e30}),
}
grids = [Study("shapes3d", variants, "smoke", settings=settings)]
add_study(DeclaredStudy("two", "Two", "Does it run?", grids, [("qlae", "diverging")]), __name__)
"""
# Runs of many steps, of which none ends by itself before it is told to.
LONG = EXTENSION.replace('"steps": 5', '"steps": 50_000_000').replace("1e30", "1e-3")


@contextmanager
def command(folder: Path, *words: str, extension: str = EXTENSION) -> Iterator[subprocess.Popen]:
    """A command about the study of an extension file, which is there no longer than the context."""
    (folder / "own.py").write_text(extension)
    process = subprocess.Popen(
        [sys.executable, "-m", "lib.studies", *words, "--record", str(folder / "results")],
        cwd=ROOT,
        env=os.environ | {"LATENT_QUANTIZATION_EXTENSIONS": str(folder / "own.py")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_study_outside_the_library_runs_and_a_failure_is_no_success(tmp_path):
    words = ("run", "two", "--workers", "1", "--out", str(tmp_path / "runs"))
    with command(tmp_path, *words) as process:
        said, errors = process.communicate(timeout=300)
    assert process.returncode == 1, errors
    assert re.search(r"\[1/2\] qlae on shapes3d, seed 0: InfoM .*, PSNR \d+\.\d dB", said)
    assert re.search(r"failed: diverging on shapes3d, seed 0: FloatingPointError: .* step", said)
    [record] = (tmp_path / "results" / "two").glob("*.json")
    recorded = RecordedRun.read(record)
    assert recorded.record.kept_model == record.with_suffix(".npz")
    assert record.stat().st_size < 25_000
    with command(tmp_path, "table", "two") as process:
        table, _ = process.communicate(timeout=60)
    assert table.startswith("study,variant,benchmark,")
    assert "\ntwo,qlae,shapes3d," in table


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_runs_that_can_go_on(number, status, tmp_path):
    """Ctrl-C comes to all processes of the terminal, SIGTERM to one."""
    logs, end = tmp_path / "runs" / "logs", time.monotonic() + 200
    words = ("run", "two", "--workers", "1", "--out", str(tmp_path / "runs"))
    with command(tmp_path, *words, extension=LONG) as process:
        while not list((tmp_path / "runs").glob("*.unfinished/*/scalars.jsonl")):
            assert time.monotonic() < end
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == status, errors
    assert "Stopping: runs write a checkpoint." in errors
    assert "still runs" not in errors
    assert "Traceback" not in errors
    [log] = logs.iterdir()
    assert "it can go on from step" in log.read_text()
    assert list((tmp_path / "runs").glob("*.unfinished/checkpoints/[0-9]*"))
    assert not (tmp_path / "runs" / "failed").exists()


@pytest.fixture
def toys(monkeypatch) -> DeclaredStudy:
    _ = list(STUDIES)
    study = DeclaredStudy(
        "toys", "Toys", "Why?", [Study("shapes3d", {"plain": Variant("autoencoder")}, "smoke")]
    )
    monkeypatch.setattr(STUDIES, "_entries", dict(STUDIES._entries))
    monkeypatch.setattr(STUDIES, "_modules", dict(STUDIES._modules))
    add_study(study, __name__)
    return study


@pytest.mark.usefixtures("toys")
def test_what_is_planned_is_told_before_anything_is_there(tmp_path, capsys):
    places = ["--out", str(tmp_path / "runs"), "--record", str(tmp_path / "results")]
    assert main(["list"]) == 0
    assert re.search(r"^toys +1 runs +Toys$", capsys.readouterr().out, re.M)
    assert main(["plan", "toys", *places]) == 0
    said = capsys.readouterr().out
    assert "1 × plain on shapes3d, profile smoke" in said
    assert "0 of 1 runs are done; 1 runs are left; how long they take is unknown." in said
    assert main(["status", "toys", *places, "--only", "shapes3d", "--seeds", "0"]) == 0
    assert ["all", "0", "0", "1"] in [row.split() for row in capsys.readouterr().out.splitlines()]
    assert main(["table", "toys", *places[2:], "--csv", str(tmp_path / "rows.csv")]) == 0
    assert list(pd.read_csv(tmp_path / "rows.csv")) == ["study", "variant"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv"]


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "mpi3d"], "benchmarks='mpi3d' is unknown; expected one of shapes3d"),
        (["--seeds", "7"], "seeds='7' is unknown; expected one of 0"),
        (["--limit-s", "0"], "limit_s=0.0 is out of range"),
        (["--scheduler", "tcp://127.0.0.1:1"], "tcp://127.0.0.1:1"),
    ],
)
def test_what_cannot_be_done_ends_with_one_line(words, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    assert main(["run", "toys", *words]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("Error: ")
    assert message in errors


@pytest.mark.usefixtures("toys")
def test_without_dask_the_extra_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.chdir(tmp_path)
    assert main(["run", "toys"]) == 1
    assert "needs the extra `study`: pip install" in capsys.readouterr().err


def test_declared_studies_are_sound():
    assert {"main", "weight_decay", "family", "codebooks", "published_networks"} <= set(STUDIES)
    for name, study in STUDIES.items():
        assert study.name == name
        assert study.comparisons
        identities = [run.config.identity for run in study.runs]
        assert len(set(identities)) == len(identities)
        seeds = [run.config.seed for run in study.runs]
        assert seeds == sorted(seeds)  # a study that is stopped early has few seeds of everything


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"comparisons": [("plain", "qlae")]}, "comparisons='qlae' is unknown; .* plain"),
        (
            {"grids": [Study("shapes3d", dict.fromkeys("ab", Variant("qlae")), "smoke")]},
            "one run, [0-9a-f]{12}, as 'a' and as 'b'",
        ),
    ],
)
def test_a_study_that_contradicts_itself_is_refused(changes, message):
    grids = [Study("shapes3d", {"plain": Variant("autoencoder")}, "smoke")]
    given = {"name": "x", "title": "X", "question": "?", "grids": grids} | changes
    with pytest.raises(ValueError, match=message):
        DeclaredStudy(**given)
