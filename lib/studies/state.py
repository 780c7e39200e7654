"""How far a study is: which of its runs are recorded, which failed, and how long the rest takes."""

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from lib.checks import check_choice
from lib.files import write_text
from lib.process import Ended
from lib.runs import RecordedRun, RunConfig, RunRecord, read_records, records_folder
from lib.runs.train import training_code
from lib.source import changed
from lib.studies.declaration import DeclaredStudy, StudyRun


@dataclass(frozen=True)
class StudyState:
    """A study, or a part of it, in a folder of runs and one of records.

    Attributes:
        study: which one.
        out_dir: folder of runs, where notes of those that failed lie, too.
        records_dir: folder of all studies' records.
        benchmarks, seeds: of the runs that are meant; none for all.

    Raises:
        ValueError: a benchmark or a seed that the study does not have.
    """

    study: DeclaredStudy
    out_dir: Path
    records_dir: Path
    benchmarks: Collection[str] = ()
    seeds: Collection[int] = ()

    def __post_init__(self):
        own = [run.config for run in self.study.runs]
        for name in self.benchmarks:
            check_choice("benchmarks", name, dict.fromkeys(config.benchmark for config in own))
        for seed in self.seeds:
            check_choice("seeds", str(seed), dict.fromkeys(str(config.seed) for config in own))

    @cached_property
    def runs(self) -> tuple[StudyRun, ...]:
        """The runs that are meant."""
        return tuple(
            run
            for run in self.study.runs
            if run.config.benchmark in (self.benchmarks or [run.config.benchmark])
            and run.config.seed in (self.seeds or [run.config.seed])
        )

    @property
    def folder(self) -> Path:
        """The folder of the study's records."""
        return self.records_dir / self.study.name

    def recorded(self, run: StudyRun) -> RecordedRun | None:
        """The record of a run, with its model where that is to be kept; None where it is not."""
        return RecordedRun.find(self.folder, run.config, with_model=run.keeps_model)

    def left(self) -> list[StudyRun]:
        """The runs that are not recorded, in their order."""
        return [run for run in self.runs if not self.recorded(run)]

    def fail(self, run: StudyRun, ended: Ended) -> None:
        """Note that a run failed, and why."""
        file = self.failure_file(run)
        file.parent.mkdir(parents=True, exist_ok=True)
        note = {"variant": run.variant, "config": run.config.to_dict(), **ended._asdict()}
        write_text(file, json.dumps(note, indent=1) + "\n")

    def succeed(self, run: StudyRun) -> None:
        """Take back that a run failed."""
        self.failure_file(run).unlink(missing_ok=True)

    def failure(self, run: StudyRun) -> dict[str, Any] | None:
        """What was noted of a run that failed; None where it did not."""
        try:
            return json.loads(self.failure_file(run).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            return {"problem": f"{self.failure_file(run)} is damaged"}

    def told(self) -> list[str]:
        """Lines: how many runs of each variant are done, failed and missing; and each failure."""
        counts: dict[tuple[str, str], Counter[str]] = {}
        failures, num_others, others = [], 0, set()
        for run in self.runs:
            recorded, failure = self.recorded(run), self.failure(run)
            state = "done" if recorded else "failed" if failure else "missing"
            counts.setdefault((run.config.benchmark, run.variant), Counter())[state] += 1
            if recorded:
                then, now = recorded.record.training.code, training_code(run.config)
                num_others += bool(files := changed(then, now))
                others |= {*files}
            elif failure:
                failures.append(f"failed: {name_of(run)}: {failure['problem']}")
                failures.append(f"  {self.failure_file(run)}; {run.config.to_dict()}")
        rows = [("benchmark", "variant", "done", "failed", "missing")]
        for names, count in counts.items():
            rows.append((*names, *(str(count[state]) for state in rows[0][2:])))
        total = sum(counts.values(), Counter())
        rows.append(("all", "", *(str(total[state]) for state in rows[0][2:])))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                [f"{row[0]:<{widths[0]}}", f"{row[1]:<{widths[1]}}"]
                + [f"{cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True)]
            )
            for row in rows
        ]
        declared = {run.config.identity for run in self.study.runs}
        records = read_records(self.folder.glob("*.json"))
        foreign = sum(run.record.identity not in declared for run in records)
        if num_others:
            files = ", ".join(sorted(others))
            lines.append(
                f"{num_others} recorded runs were trained by code that has changed since "
                f"({files}). They count all the same, and each names its commit."
            )
        if foreign:
            lines.append(f"{foreign} records in {self.folder} are of no run that is declared now.")
        return [*lines, *failures]

    def estimate(self) -> str:
        """Words: how long the runs that are left take one after another, by records of like ones.

        Like is a run of the same model and networks on images of the same benchmark and size; how
        long it took is scaled to the number of steps.
        """
        left = self.left()
        if not left:
            return "nothing is left to be done"
        folders = [records_folder(self.records_dir)]
        folders += [path for path in folders[0].glob("*") if path.is_dir()]
        like: dict[tuple, list[RunRecord]] = {}
        for folder in folders:
            for run in read_records(folder.glob("*-*-????????????.json")):
                like.setdefault(_kind(run.record.config), []).append(run.record)
        known = [(run, like[_kind(run.config)]) for run in left if _kind(run.config) in like]
        if not known:
            return f"{len(left)} runs are left; how long they take is unknown"
        seconds = sum(median(_seconds(r, run.config) for r in found) for run, found in known)
        devices = sorted({r.training.device for _, found in known for r in found})
        unknown = len(left) - len(known)
        return (
            f"{len(left)} runs are left: about {duration(seconds)} one after another, as on "
            f"{', '.join(devices)}" + (f", and {unknown} of unknown length" if unknown else "")
        )

    def failure_file(self, run: StudyRun) -> Path:
        """Where it is noted that a run failed."""
        return RecordedRun.path_of(self.out_dir / "failed", run.config)


def name_of(run: StudyRun) -> str:
    """Which run it is, in words."""
    return f"{run.variant} on {run.config.benchmark}, seed {run.config.seed}"


def duration(seconds: float) -> str:
    """Such as "40 s", "12 min" or "3 h 20 min"."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 100 else f"{minutes} min"


def _kind(config: RunConfig) -> tuple:
    networks, data = config.networks, config.data
    sizes = (networks.network, networks.width, data.resolution, config.recipe.batch_size)
    return (config.benchmark, config.model, data.origin, *sizes)


def _seconds(record: RunRecord, config: RunConfig) -> float:
    training = record.training
    steps = record.config.recipe.steps
    a_step = (training.duration_s - training.compile_s) / steps
    return a_step * config.recipe.steps + training.compile_s + (record.scoring.duration_s or 0)
