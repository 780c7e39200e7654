"""The runs of a study as charts, tables and words."""

from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import altair as alt
import pandas as pd
from IPython.display import Markdown

from lib import figures
from lib.benchmarks import BENCHMARKS
from lib.checks import check_choice
from lib.figures.theme import value_text
from lib.runs import RunRecord, recorded_runs, table
from lib.studies.comparisons import Comparisons
from lib.studies.known import KnownSources, selectivity
from lib.studies.seed_scores import SeedScores
from lib.studies.trained import TrainedModels
from lib.studies.words import SMOKE, images_are, is_collapsed


class Results:
    """Runs of named variants with the same seeds: what they score, know and draw.

    A collapsed run stands in no mean, interval or difference; it is counted and named instead.

    Args:
        records: one a run, on one benchmark and in one profile.
        names: the variant of each record.

    Attributes:
        records: as given.
        first: the record of the first seed of each variant.
        scores: tables and means of the scores.
        known: which sources the latents know, in the runs that did not collapse.
        source_names: the sources that vary, in the order of the rows of an NMI matrix.
        benchmark, profile, origin: of the runs.
    """

    def __init__(
        self,
        records: Sequence[RunRecord],
        names: Sequence[str],
    ):
        self.records = list(records)
        config = self.records[0].config
        self.benchmark, self.profile = config.benchmark, config.profile
        self.origin = config.data.origin
        runs = table(records)
        runs.insert(0, "variant", list(names))
        self.scores = SeedScores(runs.assign(collapsed=[is_collapsed(r) for r in records]))
        of = {
            name: sorted(
                (r for found, r in zip(names, records, strict=True) if found == name),
                key=lambda record: record.config.seed,
            )
            for name in self.scores.names
        }
        self.first: dict[str, RunRecord] = {name: found[0] for name, found in of.items()}
        self.known = KnownSources(
            self.benchmark,
            {name: [r for r in found if not is_collapsed(r)] for name, found in of.items()},
        )
        self.source_names = self.known.source_names

    def only(self, names: Collection[str]) -> Self | None:
        """The runs of some of the variants; None where there are none of them."""
        chosen = [
            (record, name)
            for record, name in zip(self.records, self.runs["variant"], strict=True)
            if name in names
        ]
        return type(self)(*zip(*chosen, strict=True)) if chosen else None

    @property
    def runs(self) -> pd.DataFrame:
        """One row a run: `variant`, settings and scores."""
        return self.scores.runs

    @property
    def images_are(self) -> str:
        """What the images are, for captions: the rendered twin or the official images."""
        return images_are(self.origin)

    @cached_property
    def trained(self) -> TrainedModels:
        """The trained models of the first seed, and what they draw."""
        return TrainedModels(self.first)

    def about(self) -> str:
        """Markdown: what all runs share, and what each variant is."""
        config = self.records[0].config
        lines = ["| name | model | its settings | weight decay |", "|---|---|---|---:|"]
        for name, first in self.first.items():
            own = first.config.hyperparameters
            told = ", ".join(
                f"`{setting}={value_text(value)}`"
                for setting, value in own.to_dict().items()
                if setting not in own.following()
            )
            lines.append(
                f"| {figures.model_label(name)} | `{first.config.model}` | {told or 'none'} | "
                f"{first.config.recipe.weight_decay:g} |"
            )
        data = config.data
        kept = (
            f", drawn from {data.training_images:,} that are kept" if data.training_images else ""
        )
        return (
            f"Each run takes {self._values('steps', ',')} steps of "
            f"{self._values('batch_size', '')} images of "
            f"{data.resolution}×{data.resolution} pixels{kept}, at a learning rate of "
            f"{self._values('learning_rate', 'g')}, with {config.networks.num_latents} latents. It "
            f"is scored on {self.records[0].scoring.num_images:,} other images by the protocol "
            f"`{config.scoring.protocol}`: {self.scores.seeds}, {self.images_are.lower()} of "
            f"`{self.benchmark}`.\n\n" + "\n".join(lines)
        )

    def curves(self) -> alt.LayerChart:
        """Chart: the reconstruction loss during training, a line for each run."""
        runs = {
            f"{figures.model_label(name)}, seed {record.config.seed}": (name, record)
            for name, record in zip(self.runs["variant"], self.records, strict=True)
        }
        return figures.training_curves(
            {run: record.training.curves for run, (_, record) in runs.items()},
            "reconstruction",
            groups={run: name for run, (name, _) in runs.items()},
            quantity_title="binary cross-entropy (nats a value)",
            title=self.images_are,
        )

    def plane(self, x: str = "infoe", y: str = "infom") -> alt.LayerChart | Markdown:
        """Chart: two scores of every run against one another; words where no run has both."""
        runs = self.scores.uncollapsed
        if runs[[x, y]].dropna().empty:
            return Markdown(f"No run has both of these scores.{self._left_out}")
        return figures.score_plane(
            runs,
            x,
            y,
            color="variant",
            subtitle=self._left_out.strip(),
        )

    def intervals(
        self, score: str | None = None, x: str | None = None, x_title: str | None = None
    ) -> alt.LayerChart | Markdown:
        """Chart: scores over seeds with their intervals; words where no run has one.

        Args:
            score: name of a score; None for all that are ratios.
            x: a setting along the horizontal axis, such as "num_values"; by default the variants
                or, for several scores, the scores with a colour for each variant.
            x_title: title of that axis; by default the setting's name.
        """
        runs = self.scores.uncollapsed
        names = [score] if score else figures.ratio_scores(runs.columns)
        names = [name for name in names if runs[name].notna().any()]
        if not names:
            return Markdown(f"No run has such a score.{self._left_out}")
        if score is None and x is None:
            axes = {"x": "score", "color": "variant"}
        else:
            axes = {"x": x or "variant", "x_title": x_title}
        return figures.score_intervals(
            runs, scores=names, subtitle=f"{self.images_are}.{self._left_out}", **axes
        )

    def nmi_panels(self, names: Sequence[str] | None = None) -> alt.LayerChart:
        """Chart: NMI of sources and latents of all or some variants, first seed."""
        for name in names or ():
            check_choice("variant", name, self.first)
        chosen = {
            figures.model_label(name) + (", collapsed" if is_collapsed(record) else ""): record
            for name, record in self.first.items()
            if names is None or name in names
        }
        of = {label: [record] for label, record in chosen.items()}
        return figures.nmi_panels(
            {label: record.scoring.nmi for label, record in chosen.items()},
            self.source_names,
            {label: record.scoring.active for label, record in chosen.items()},
            diagonal=True,
            ceilings=list(KnownSources(self.benchmark, of).ceilings.values()),
        )

    def known_sources(self, order: Sequence[str] | None = None) -> alt.LayerChart | Markdown:
        """Chart: how well the best latent of each variant knows each source, and the ceiling."""
        if self.scores.uncollapsed.empty:
            return Markdown(f"No run knows a source.{self._left_out}")
        return self.known.chart(order, f"{self.images_are}.{self._left_out}")

    def selectivity(self) -> str:
        """Words: the most and least selective latents and sources of the first seed."""
        return selectivity(self.first, self.source_names)

    def runs_table(self, results_dir: str | Path) -> str:
        """HTML: the runs of the first seed, and recorded ones of the same benchmark."""
        recorded = recorded_runs(results_dir, self.benchmark)
        shown = [("this page", run) for run in self.trained.recorded()]
        shown += [("recorded", run) for run in recorded]
        rows = figures.runs_table(
            (label, run.record, run.originals, run.reconstructions) for label, run in shown
        )
        if recorded:
            return rows
        return f"{rows}<p>No run of this benchmark has been recorded on an accelerator yet.</p>"

    def score_table(self) -> str:
        """Markdown: every score of each variant, and how many of its seeds collapsed."""
        smoke = f" {SMOKE}" if self.profile == "smoke" else ""
        return f"{self.scores.table()} {self.images_are}.{smoke}"

    def compared(self, pairs: Sequence[tuple[str, str]]) -> Comparisons:
        """All scores of pairs of variants, corrected together.

        Args:
            pairs: of names; the score of the second is subtracted. A variant and itself is none.
        """
        for name in (name for pair in pairs for name in pair):
            check_choice("variant", name, self.scores.names)
        chosen = [(one, other) for one, other in pairs if one != other]
        return Comparisons({BENCHMARKS[self.benchmark].title: self.scores}, chosen)

    @property
    def _left_out(self) -> str:
        return f" {self.scores.collapses}" if self.scores.runs["collapsed"].any() else ""

    def _values(self, name: str, style: str) -> str:
        """All values that a setting has in these runs."""
        return " or ".join(f"{value:{style}}" for value in sorted(set(self.runs[name].tolist())))
