"""What pages say of a declared study: its conclusions, from records alone, and what is missing."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import altair as alt
import pandas as pd
from IPython.display import HTML, Markdown

from lib.benchmarks import BENCHMARKS
from lib.figures import model_label
from lib.scores import SCORES
from lib.studies.comparisons import Comparisons
from lib.studies.declaration import STUDIES
from lib.studies.live_models import live_models
from lib.studies.results import Results


class StudyPage:
    """Words, tables and charts of a declared study; no run is made.

    Args:
        name: of a study in `STUDIES`.
        results_dir: folder of the records of all studies.
        pairs: of variants that the page compares, the score of the second subtracted; by default
            those that the study is for.

    Attributes:
        study: as it is declared.
        pairs: as given.

    Raises:
        KeyError: no such study.
    """

    def __init__(
        self,
        name: str,
        results_dir: str | Path = "book/results",
        pairs: Sequence[tuple[str, str]] = (),
    ):
        self.study = STUDIES[name]
        self.pairs = list(pairs or self.study.comparisons)
        self._results_dir = results_dir

    @cached_property
    def results(self) -> dict[str, Results]:
        """The recorded runs on each benchmark that has any."""
        found = {}
        for name in dict.fromkeys(grid.benchmark for grid in self.study.grids):
            if pairs := self.study.recorded(self._results_dir, name):
                records = [recorded.record for _, recorded in pairs]
                found[name] = Results(records, [run.variant for run, _ in pairs])
        return found

    def counts(self) -> dict[tuple[str, str], tuple[int, int]]:
        """How many runs are recorded and how many declared, by benchmark and variant."""
        counts: dict[tuple[str, str], tuple[int, int]] = {}
        recorded = {run.config.identity for run, _ in self.study.recorded(self._results_dir)}
        for run in self.study.runs:
            key = run.config.benchmark, run.variant
            done, declared = counts.get(key, (0, 0))
            counts[key] = (done + (run.config.identity in recorded), declared + 1)
        return counts

    def runs(self) -> pd.DataFrame:
        """One row a recorded run, on all benchmarks."""
        return self.study.table(self._results_dir)

    def command(self, benchmark: str) -> str:
        """The command that makes the runs on a benchmark that are not recorded."""
        return f"python -m lib.studies run {self.study.name} --only {benchmark}"

    def missing(self, benchmark: str) -> str:
        """Words: which runs on a benchmark are not recorded, and how to make them; or none."""
        title, make = BENCHMARKS[benchmark].title, f"`{self.command(benchmark)}`"
        if benchmark not in {run.config.benchmark for run in self.study.runs}:
            return f"The study `{self.study.name}` is not about {title}."
        if benchmark not in self.results:
            return f"The study `{self.study.name}` has no runs on {title} yet; {make} makes them."
        told = [
            f"{model_label(variant)} {done} of {declared}"
            for (where, variant), (done, declared) in self.counts().items()
            if where == benchmark and done < declared
        ]
        if not told:
            return ""
        return f"Not all runs are recorded: {', '.join(told)}; {make} makes the rest."

    @cached_property
    def comparisons(self) -> Comparisons:
        """All scores of the pairs on all benchmarks that have runs, corrected together.

        So a difference has one p value on all pages with these pairs; a page that compares others
        corrects for its own.
        """
        scores = {BENCHMARKS[name].title: found.scores for name, found in self.results.items()}
        return Comparisons(scores, self.pairs)

    def compared(self, benchmark: str) -> Comparisons:
        """Those of `comparisons` on a benchmark that has runs."""
        return self.comparisons.only(BENCHMARKS[benchmark].title)

    def verdict(self, benchmark: str) -> str:
        """Markdown: how the InfoM of each pair differs, and what goes with it.

        Of more than two pairs, whose words would fill a page, it counts the clear differences, and
        has the scores as a table. Where no run is recorded, the words say how to make them.
        """
        results = self._shown(benchmark)
        if results is None:
            return self.missing(benchmark)
        compared, scores = self.compared(benchmark), results.scores
        if self._has_many_pairs:
            told = [compared.summary(), "", scores.table(), ""]
        else:
            told = [
                f"- {model_label(one)} against {model_label(other)}: InfoM "
                f"**{compared.words(one, other)}**; PSNR {compared.words(one, other, 'psnr')}."
                for one, other in self.pairs
                if {one, other} <= {*scores.names}
            ]
            means = [
                f"{model_label(name)} {scores.average(name, 'infom')} (sources known "
                f"{scores.average(name, 'sources_known')}, {SCORES['psnr'].title} "
                f"{scores.average(name, 'psnr')})"
                for name in scores.names
            ]
            told += [f"- {sentence}" for sentence in results.known.told()]
            told += ["", f"Mean InfoM over seeds, with 95 % t-intervals: {'; '.join(means)}."]
        protocol = results.records[0].config.scoring.protocol
        closing = [
            "" if self._has_many_pairs else scores.collapses,
            f"{results.images_are} of `{benchmark}`, study `{self.study.name}`, profile "
            f"{results.profile}, protocol `{protocol}`, {scores.seeds}.",
            "A score on a twin says nothing about the published images."
            if results.origin == "rendered"
            else "",
            self.missing(benchmark),
        ]
        return "\n".join([*told, " ".join(filter(None, closing))])

    def tables(self, benchmark: str) -> str:
        """Markdown: every difference of the pairs, and every score that the verdict leaves out."""
        results = self._shown(benchmark)
        if results is None:
            return "There are no numbers yet: no run is recorded."
        scores = [] if self._has_many_pairs else [results.score_table()]
        return "\n\n".join([*scores, self.compared(benchmark).table()])

    @property
    def _has_many_pairs(self) -> bool:
        return len(self.pairs) > 2

    def plane(
        self, benchmark: str, x: str = "infoe", names: Sequence[str] = ()
    ) -> alt.LayerChart | Markdown:
        """Chart: InfoM of every run against another score; a sentence where there are no runs.

        Args:
            benchmark: name of a benchmark.
            x: name of the other score.
            names: of the variants that are drawn; by default those of the pairs.
        """
        results = self._shown(benchmark, names)
        if results is None:
            return Markdown("There is no figure yet: no run is recorded.")
        return results.plane(x)

    def differences(self, benchmark: str, score: str = "infom") -> alt.LayerChart | Markdown:
        """Chart: how a score of each pair differs; a sentence where there are no runs.

        Args:
            benchmark: name of a benchmark.
            score: name of a score.
        """
        if self._shown(benchmark) is None:
            return Markdown("There is no figure yet: no run is recorded.")
        return self.compared(benchmark).chart(score)

    def live(
        self, benchmark: str, names: Sequence[str] = ("qlae", "autoencoder"), **options: float
    ) -> HTML | Markdown:
        """HTML: kept models that run in the page; a sentence where none is.

        Args:
            benchmark: name of a benchmark.
            names: of the variants, whose first seeds are shown.
            **options: of `live_models`.
        """
        first = self.results[benchmark].first if benchmark in self.results else {}
        chosen = {name: first[name] for name in names if name in first}
        kept = {name: record for name, record in chosen.items() if record.kept_model}
        if kept:
            return HTML(live_models(kept, **options))
        return Markdown("There is no figure yet: no trained model is kept.")

    def selectivity(self, benchmark: str, names: Sequence[str] = ("qlae", "autoencoder")) -> str:
        """Words: the most and least selective latents of the first seeds of variants."""
        results = self._shown(benchmark, names)
        return results.selectivity() if results else ""

    def _shown(self, benchmark: str, names: Sequence[str] = ()) -> Results | None:
        """The recorded runs of the variants of the page's pairs, or of those named."""
        chosen = names or {name for pair in self.pairs for name in pair}
        return self.results[benchmark].only(chosen) if benchmark in self.results else None
