"""What a declared study is: a question, the grids of runs that answer it, and where to find it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from lib.benchmarks import BENCHMARKS
from lib.checks import check_choice
from lib.registry import Registry
from lib.runs import RecordedRun, RunConfig, records_folder, table
from lib.studies.study import Study


class StudyRun(NamedTuple):
    """A run of a declared study.

    Attributes:
        variant: its name in figures.
        config: what is run.
        keeps_model: whether the trained model is kept beside the record.
    """

    variant: str
    config: RunConfig
    keeps_model: bool


@dataclass(frozen=True)
class DeclaredStudy:
    """A question and the runs that answer it. Making it checks it and trains nothing.

    Attributes:
        name: of the study, and of its folder of records.
        title: for headings.
        question: that the runs answer.
        grids: of runs, each variants with the same seeds on one benchmark.
        comparisons: pairs of variants whose scores the study is there to compare.
        kept_seeds: the seeds whose trained models are kept beside their records.
        is_shown: whether the page of all results has it; a search for settings stands elsewhere.

    Raises:
        ValueError: a comparison of what is no variant, or one run under two names.
    """

    name: str
    title: str
    question: str
    grids: Sequence[Study]
    comparisons: Sequence[tuple[str, str]] = ()
    kept_seeds: Collection[int] = (0,)
    is_shown: bool = True

    def __post_init__(self):
        for name in (name for pair in self.comparisons for name in pair):
            check_choice("comparisons", name, self.variants)
        names = {run.config.identity: run.variant for run in self.runs}
        for grid in self.grids:
            for (name, _), config in grid.configs.items():
                if names[config.identity] != name:
                    raise ValueError(
                        f"study {self.name!r} has one run, {config.identity}, as {name!r} and as "
                        f"{names[config.identity]!r}; expected one name."
                    )

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of the variants of all grids."""
        return tuple(dict.fromkeys(name for grid in self.grids for name in grid.variants))

    @cached_property
    def runs(self) -> tuple[StudyRun, ...]:
        """Every run once, those of the first seeds first."""
        found = {
            config.identity: StudyRun(variant, config, seed in self.kept_seeds)
            for grid in self.grids
            for (variant, seed), config in grid.configs.items()
        }
        return tuple(sorted(found.values(), key=lambda run: run.config.seed))

    def recorded(
        self, records_dir: str | Path = "book/results", benchmark: str | None = None
    ) -> list[tuple[StudyRun, RecordedRun]]:
        """The runs that are recorded, each with its record, in the order of the declaration.

        Args:
            records_dir: folder of all studies' records.
            benchmark: name of the benchmark; None for all.
        """
        if benchmark is not None:
            check_choice("benchmark", benchmark, BENCHMARKS)
        order = self.variants
        runs = [run for run in self.runs if benchmark in (None, run.config.benchmark)]
        runs.sort(key=lambda run: order.index(run.variant))
        folder = records_folder(Path(records_dir) / self.name)
        pairs = ((run, RecordedRun.find(folder, run.config)) for run in runs)
        return [(run, recorded) for run, recorded in pairs if recorded]

    def table(self, records_dir: str | Path = "book/results") -> pd.DataFrame:
        """One row a recorded run: study, variant, every setting and score; see `lib.runs.table`.

        Args:
            records_dir: folder of all studies' records.
        """
        pairs = self.recorded(records_dir)
        rows = table(recorded.record for _, recorded in pairs)
        rows.insert(0, "study", self.name)
        rows.insert(1, "variant", [run.variant for run, _ in pairs])
        return rows


STUDIES: Registry[DeclaredStudy] = Registry("study", "lib.studies.declared")


def add_study(study: DeclaredStudy, module: str) -> None:
    """Make a study known by its name.

    Args:
        study: to add.
        module: `__name__` of the module that declares it.

    Raises:
        ValueError: another module has added a study of this name.
    """
    STUDIES.add(study.name, study, module)
