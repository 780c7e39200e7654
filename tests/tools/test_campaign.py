"""A few minutes of a machine: killed, gone on with elsewhere, out of time, out of room."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from lib.runs import RecordedRun, RunConfig, execute
from lib.runs.folders import RunFolders
from lib.studies import STUDIES
from lib.studies.carried import NOTE_FILE
from tests.child import ROOT, wait_until
from tools.campaign import Campaign, main

CONFIG = RunConfig(
    "dsprites", "qlae", "smoke", steps=12_000, training_images=200, evaluation_images=100
)
EXTENSION = """
from lib.studies import DeclaredStudy, Study, Variant, add_study

settings = {"training_images": 200, "evaluation_images": 100}
for name, steps in {"short": 12_000, "long": 200_000}.items():
    variants = {"qlae": Variant("qlae", {"steps": steps})}
    grids = [Study("dsprites", variants, "smoke", settings=settings)]
    add_study(DeclaredStudy(name, name, "Why?", grids, kept_seeds=()), __name__)
"""


class Machine:
    """A place with runs and records of its own."""

    def __init__(self, folder: Path, to: Path):
        self.runs, self.records, self.to = folder / "runs", folder / "records", to
        folder.mkdir()
        self.extension = folder / "own.py"
        self.extension.write_text(EXTENSION)

    def words(self, minutes: float, study: str, *more: str) -> list[str]:
        places = ["--out", str(self.runs), "--record", str(self.records), "--to", str(self.to)]
        return [str(minutes), "--study", study, "--no-measuring", *places, *more]

    def start(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "tools.campaign", *words],
            cwd=ROOT,
            env=os.environ | {"LATENT_QUANTIZATION_EXTENSIONS": str(self.extension)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def reports(self) -> int:
        """How many reports the unfinished run has written."""
        found = list(self.runs.glob("*.unfinished/*/scalars.jsonl"))
        return found[0].read_text().count("\n") if found else 0

    def note(self) -> dict:
        return json.loads((self.to / NOTE_FILE).read_text())


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Machine:
    """One whose studies this process knows, too."""
    _ = list(STUDIES)
    for name in ("_entries", "_modules"):
        monkeypatch.setattr(STUDIES, name, dict(getattr(STUDIES, name)))
    machine = Machine(tmp_path / "one", tmp_path / "to")
    monkeypatch.setenv("LATENT_QUANTIZATION_EXTENSIONS", str(machine.extension))
    return machine


def test_killed_stopped_and_ended_on_another_machine_it_is_the_same_run(tmp_path):
    first, second = (Machine(tmp_path / name, tmp_path / "to") for name in ("one", "two"))
    process = first.start(*first.words(5, "short"))
    wait_until(lambda: first.reports() >= 2, process)
    runs = psutil.Process(process.pid).children()
    process.kill()
    process.communicate()
    assert psutil.wait_procs(runs, 60)[1] == []  # a run outlives it by a last checkpoint
    assert list(first.to.iterdir()) == []

    process = first.start(*first.words(5, "short"))
    before = first.reports()
    wait_until(lambda: first.reports() > before, process)  # long before its end
    process.terminate()
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 128 + signal.SIGTERM, said
    [step] = first.note()["unfinished"].values()
    assert f"0 records; qlae on dsprites, seed 0, at step {step:,} (" in said

    process = second.start(*second.words(5, "short", "--from", str(first.to)))
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    record = RecordedRun.find(second.records / "short", CONFIG).record
    whole = execute(CONFIG, tmp_path / "uninterrupted")
    assert record.parameters_sha256 == whole.parameters_sha256
    assert len(record.training.resumed_from) == 2
    assert record.training.resumed_from[-1] == step
    assert record.training.changed_code == []
    assert second.note()["unfinished"] == {}
    told = [campaign["recorded"] for campaign in second.note()["about"]["campaigns"]]
    assert told == [[], ["qlae on dsprites, seed 0"]]


def test_time_that_is_up_in_the_middle_of_a_call_leaves_a_checkpoint(machine, monkeypatch, capsys):
    """A call takes two seconds, and no checkpoint is due before the end."""

    class UntilItTrains(subprocess.Popen):
        """The time is up when the run has written two reports, however slow the machine is."""

        def wait(self, timeout: float | None = None) -> int:
            if timeout is not None and machine.reports() < 2:
                wait_until(lambda: machine.reports() >= 2, self)
                raise subprocess.TimeoutExpired(self.args, timeout)
            return super().wait(timeout)

    monkeypatch.setattr("lib.process.subprocess.Popen", UntilItTrains)
    left_s = property(lambda _: 99.0 if machine.reports() < 2 else -2.0)
    monkeypatch.setattr(Campaign, "left_s", left_s)
    assert main(machine.words(5, "long", "--checkpoint-s", "9999")) == 0
    assert "qlae on dsprites, seed 0: the time is up" in capsys.readouterr().out
    [step] = machine.note()["unfinished"].values()
    assert step > 0
    [campaign] = machine.note()["about"]["campaigns"]
    assert (campaign["recorded"], campaign["failed"], campaign["closing_s"]) == ([], [], 2.0)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("many", "MINUTES='many' is no time; expected a number of minutes above 0, such as 12"),
        ("0", "MINUTES='0' is no time; expected a number"),
        ("nan", "MINUTES='nan' is no time; expected a number"),
    ],
)
def test_minutes_that_are_none_end_with_status_2(word, message, capsys):
    with pytest.raises(SystemExit) as ended:
        main([word])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_a_folder_that_is_none_ends_with_one_line(tmp_path, capsys):
    places = ["--out", str(tmp_path / "runs"), "--record", str(tmp_path / "records")]
    assert main(["1", "--from", str(tmp_path / "nothing"), *places]) == 1
    assert capsys.readouterr().err.startswith(f"Error: {tmp_path / 'nothing'} has no carried.json")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_done(tmp_path, capsys):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    places = ["--out", str(tmp_path / "runs"), "--record", str(tmp_path / "records")]
    assert main(["1", "--to", str(taken), *places]) == 1
    said = capsys.readouterr()
    assert f"to='{taken}' cannot be written (File exists)" in said.err
    assert said.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_full_disk_is_told_in_one_line_and_nothing_is_half_written(machine, monkeypatch, capsys):
    def fill(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lib.files.os.fsync", fill)
    assert main(machine.words(0.01, "short")) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "could not be written to" in line
    assert "No space left on device" in line
    assert list(machine.to.iterdir()) == []


def test_what_was_begun_by_other_code_is_not_gone_on_with_unasked(machine, capsys):
    main(machine.words(0.01, "short"))  # finds the study
    [run] = STUDIES["short"].runs
    folders = RunFolders(machine.runs, [run.config])
    folders.begin([run.config])
    note = folders.checkpoints.parent / "begun.json"
    begun = json.loads(note.read_text())
    begun["code"]["lib/models/losses.py"] = "another"
    note.write_text(json.dumps(begun))
    assert main(machine.words(0.01, "short")) == 1
    message = "qlae on dsprites, seed 0 was begun by other code: lib/models/losses.py changed since"
    assert message in capsys.readouterr().err
    assert main(machine.words(0.01, "short", "--unfinished", "continue")) == 0


def test_processes_of_a_campaign_find_what_others_have_compiled(machine, monkeypatch):
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    monkeypatch.setattr(Campaign, "train", lambda *_, **__: 0)
    assert main(machine.words(0.01, "short")) == 0
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == str(machine.runs / "compiled")
