"""Studies from the command line: what it says, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
import pandas as pd
import pytest

from lib.studies import DeclaredStudy, Study, Variant
from lib.studies.__main__ import main
from lib.studies.declaration import STUDIES, add_study
from tests.child import ROOT, wait_until

# Of the two runs one fails at once, and one does not end before it is told to.
EXTENSION = """
from lib.studies import DeclaredStudy, Study, Variant, add_study

variants = {
    "diverging": Variant("autoencoder", {"learning_rate": 1e30, "steps": 5}),
    "long": Variant("qlae", {"steps": 50_000_000}),
}
settings = {"training_images": 100, "evaluation_images": 100}
grids = [Study("shapes3d", variants, "smoke", settings=settings)]
add_study(DeclaredStudy("two", "Two", "Why?", grids, [("long", "diverging")]), __name__)
"""
TOYS = "import lib.studies.sweep as s; s._MODULE = 'tests.studies.toy_run'"
MAIN = "import runpy; runpy.run_module('lib.studies', run_name='__main__')"


@contextmanager
def command(folder: Path, code: str) -> Iterator[subprocess.Popen]:
    """Run the study of the extension; the process is gone when the context ends."""
    (folder / "own.py").write_text(EXTENSION)
    places = ["--out", str(folder / "runs"), "--record", str(folder / "results")]
    process = subprocess.Popen(
        [sys.executable, "-c", code, "run", "two", "--workers", "1", *places],
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


def test_sigterm_leaves_a_run_that_can_go_on_and_a_failure_that_is_told(tmp_path):
    runs = tmp_path / "runs"
    with command(tmp_path, MAIN) as process:
        wait_until(lambda: list(runs.glob("*qlae*.unfinished/*/scalars.jsonl")), process)
        process.terminate()
        said, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM, errors
    assert re.search(r"\[1/2\] diverging on shapes3d, seed 0: failed after .* not finite", said)
    assert errors == "Stopping: runs write a checkpoint.\n"
    assert "it can go on from step" in next((runs / "logs").glob("*-qlae-*")).read_text()
    assert list(runs.glob("*-qlae-*.unfinished/checkpoints/[0-9]*"))
    [failure] = (runs / "failed").iterdir()
    note = json.loads(failure.read_text())
    assert note["problem"].startswith("FloatingPointError: autoencoder on shapes3d, seed 0: ")
    assert "Traceback" in note["said"]


def test_ctrl_c_comes_to_all_processes_and_ends_all(tmp_path):
    wait = {"does": "wait", "file": "x"}
    (tmp_path / "plan.json").write_text(json.dumps({"0": wait}))
    with command(tmp_path, f"{TOYS}; {MAIN}") as process:
        wait_until((tmp_path / "begun").exists, process)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGINT, errors
    assert "Interrupted; the same command goes on." in errors
    assert "Traceback" not in errors
    _, child = (tmp_path / "begun").read_text().split()
    wait_until(lambda: not Path(f"/proc/{child}").exists(), seconds=30)


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
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        assert main(["run", "toys", *words]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("Error: ")
    assert message in errors


def test_a_study_that_is_not_there_is_told_with_the_nearest(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["plan", "mian"])
    assert "NAME='mian' is unknown; expected one of " in (error := capsys.readouterr().err)
    assert "Did you mean main?" in error


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
