"""Scores of named variants of models, as charts, tables and words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import altair as alt
import pandas as pd
from IPython.display import Markdown

from lib import figures
from lib.checks import check_choice
from lib.figures.scores import SCORE_LABELS
from lib.metrics import mean_interval
from lib.pages.benchmark import images_are
from lib.runs import Difference, RunConfig, RunRecord, compare, recorded_runs, table

_SCORES = ("infom", "infoe", "infoc", "psnr")


class VariantScores:
    """Scores of variants that were run with the same seeds.

    Args:
        records: one a run, on one benchmark and in one profile.
        names: the variant of each record.

    Attributes:
        runs: one row a run: `variant`, settings and scores.
        names: of the variants, in the order given.
        seeds: of the runs.
        profile: of the runs.
    """

    def __init__(self, records: Sequence[RunRecord], names: Sequence[str]):
        self.runs: pd.DataFrame = table(records)
        self.runs.insert(0, "variant", list(names))
        self.names = list(dict.fromkeys(names))
        self.seeds = sorted({record.config.seed for record in records})
        self.profile = records[0].config.profile
        self._images_are = images_are(records[0].config.origin)

    @classmethod
    def recorded(cls, folder: str | Path, benchmark: str, models: Sequence[str]) -> Self | None:
        """Of the recorded runs of models in a folder; None where it holds none on this benchmark.

        A variant is named after its model and the settings that differ from its profile's.
        """
        records = [run.record for run in recorded_runs(folder, benchmark)]
        records = [record for record in records if record.config.model in models]
        return cls(records, [_name(record.config) for record in records]) if records else None

    def plane(self, x: str = "infoe", y: str = "infom") -> alt.LayerChart | Markdown:
        """Chart: two scores of every run against one another; words where no run has both."""
        if self.runs[[x, y]].dropna().empty:
            return Markdown("No run has both of these scores.")
        return figures.score_plane(self.runs, x, y, color="variant")

    def intervals(self, score: str, x_title: str = "variant") -> alt.LayerChart:
        """Chart: one score of every variant over seeds."""
        return figures.score_intervals(self.runs, "variant", score, x_title=x_title)

    def score_table(self) -> str:
        """Markdown: means of the scores over seeds with 95 % t-intervals."""
        titles = " | ".join(SCORE_LABELS[score] for score in (*_SCORES, "num_active"))
        lines = [f"| | {titles} |", "|---|" + "---:|" * (len(_SCORES) + 1)]
        for name in self.names:
            cells = [self.average(name, score) for score in _SCORES]
            active = "/".join(str(n) for n in self._of(name)["num_active"])
            lines.append(f"| {figures.model_label(name)} | {' | '.join(cells)} | {active} |")
        smoke = "\n\nIn the smoke profile these numbers prove that the page runs, no more."
        return (
            "\n".join(lines)
            + f"\n\nMeans over seeds {self.seeds} with 95 % t-intervals; in the last column the "
            f"active latents of each seed. {self._images_are}."
            + (smoke if self.profile == "smoke" else "")
        )

    def average(self, name: str, score: str) -> str:
        """Words: mean of a score over a variant's seeds, and half the width of its interval."""
        values = self._of(name)[score].dropna()
        places = 1 if score == "psnr" else 2
        if values.empty:
            return "undefined"
        mean, half_width = mean_interval(values)
        width = f" ± {half_width:.{places}f}" if len(values) > 1 else ""
        missing = len(self.seeds) - len(values)
        return f"{mean:.{places}f}{width}" + (f" ({missing} undefined)" if missing else "")

    def difference(self, one: str, other: str, score: str = "infom") -> str:
        """Words: the score of one variant less that of another, paired by seed."""
        found = self._compare(one, other, score)
        return "undefined, as no seed has this score for both" if found is None else str(found)

    def verdict(self, one: str, others: Sequence[str], score: str = "infom") -> str:
        """Words: above which of the others a variant's score is, below which, and where it is open.

        By 95 % intervals of differences paired by seed.
        """
        groups: dict[str, list[str]] = {}
        for other in others:
            found = self._compare(one, other, score)
            if found is None or found.num_seeds < 2:
                way = "has no interval against"
            elif not found.is_clear:
                way = "cannot be told apart from"
            else:
                way = "is above" if found.mean > 0 else "is below"
            groups.setdefault(way, []).append(figures.model_label(other))
        return "; ".join(f"it {way} that of {', '.join(found)}" for way, found in groups.items())

    def ordering(self, one: str, others: Sequence[str], score: str = "infom") -> str:
        """Markdown list: one variant's score against each of others, in words with numbers."""
        return "\n".join(
            f"- against {figures.model_label(other)}: {self.difference(one, other, score)}"
            for other in others
        )

    def _of(self, name: str) -> pd.DataFrame:
        return self.runs[self.runs["variant"] == name]

    def _compare(self, one: str, other: str, score: str) -> Difference | None:
        for name in (one, other):
            check_choice("variant", name, self.names)
        try:
            return compare(self.runs, score, "variant", one, other)
        except ValueError:
            return None


def _name(config: RunConfig) -> str:
    """The model, with the settings that differ from its profile's."""
    usual = RunConfig(config.benchmark, config.model, config.profile, config.seed).to_dict()
    own = {name: v for name, v in config.to_dict().items() if v != usual[name]}
    if not own:
        return config.model
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in own.items())
    return f"{figures.model_label(config.model)}, {told}"
