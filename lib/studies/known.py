"""Which sources the latents of each variant know, and how well they could."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from lib import figures
from lib.benchmarks import BENCHMARKS
from lib.metrics.evaluation import KNOWN_NMI
from lib.runs import RunRecord
from lib.studies.words import is_collapsed


class KnownSources:
    """The largest NMI that one latent has with each source, for variants of models.

    Args:
        benchmark: name of the benchmark.
        records: the runs of each variant, by its name; variants without runs are left out.

    Attributes:
        source_names: the sources that vary, in the order of the rows of an NMI matrix.
    """

    def __init__(self, benchmark: str, records: Mapping[str, Sequence[RunRecord]]):
        self._records = {name: runs for name, runs in records.items() if runs}
        grid = BENCHMARKS[benchmark].grid
        self.source_names = [grid.names[place] for place in grid.varying]
        self._sizes = [grid.sizes[place] for place in grid.varying]

    @property
    def num_values(self) -> int | None:
        """Most code values of a latent, where they are as many in all quantized variants."""
        first = [runs[0].config.hyperparameters for runs in self._records.values()]
        numbers = {int(np.max(own.num_values)) for own in first if hasattr(own, "num_values")}
        return numbers.pop() if len(numbers) == 1 else None

    @property
    def ceilings(self) -> dict[str, float]:
        """The largest NMI of each source with a latent of `num_values`; empty where that is None.

        A latent with fewer values than a source holds most of it when it groups the source's
        values as evenly as it can.
        """
        if self.num_values is None:
            return {}
        return {
            name: _ceiling(size, self.num_values)
            for name, size in zip(self.source_names, self._sizes, strict=True)
        }

    def best(self) -> pd.DataFrame:
        """A row for each source, a column for each variant: mean over seeds of the largest NMI."""
        columns = {
            name: np.mean([np.max(record.scoring.nmi, axis=1) for record in runs], axis=0)
            for name, runs in self._records.items()
        }
        return pd.DataFrame(columns, index=self.source_names)

    def told(self) -> list[str]:
        """A sentence for each variant: which sources it knows in every run, in some, in none."""
        sentences = []
        for name, runs in self._records.items():
            best = np.array([np.max(record.scoring.nmi, axis=1) for record in runs])
            counts = dict(zip(self.source_names, (best >= KNOWN_NMI).sum(axis=0), strict=True))
            every = [figures.plain(n) for n, count in counts.items() if count == len(runs)]
            some = [
                f"{figures.plain(n)} ({count} of {len(runs)})"
                for n, count in counts.items()
                if 0 < count < len(runs)
            ]
            never = [figures.plain(n) for n, count in counts.items() if count == 0]
            all_runs = f"all {len(runs)} runs" if len(runs) > 1 else "its one run"
            parts = [f"{', '.join(every) or 'no source'} in {all_runs}"]
            parts += [f"{', '.join(some)} in some"] * bool(some)
            parts += [f"{', '.join(never)} in none"] * bool(never)
            sentences.append(f"{figures.model_label(name)} knows {'; '.join(parts)}.")
        return sentences

    def chart(self, order: Sequence[str] | None = None, note: str = "") -> alt.LayerChart:
        """Chart: the best latent of each variant for each source, and the ceiling of few values.

        Args:
            order: the sources from the top row to the bottom; by default that of the benchmark.
            note: what the subtitle says at its end.
        """
        rows = [
            {"source": source, "group": name, "seed": record.config.seed, "nmi": best}
            for name, runs in self._records.items()
            for record in runs
            for source, best in zip(
                self.source_names, np.max(record.scoring.nmi, axis=1), strict=True
            )
        ]
        marks = "One seed each."
        if any(len(runs) > 1 for runs in self._records.values()):
            marks = "Mean over seeds (point) and every seed (tick)."
        return figures.known_sources(
            pd.DataFrame(rows),
            order or self.source_names,
            self.ceilings,
            ceiling_title=f"ceiling of a quantized latent of {self.num_values} values",
            subtitle=f"{marks} {note}".strip(),
        )

    def words(self, changes: Mapping[str, float]) -> str:
        """Words: whether sources that change images more are known better, by each variant.

        Args:
            changes: for each source that varies, how much one step of it changes an image.
        """
        if not self._records:
            return "All of these runs collapsed, so what their latents know is not compared."
        from scipy.stats import spearmanr  # here, as it takes half a second to import

        sentences = []
        size = [changes[name] for name in self.source_names]
        for name, known in self.best().items():
            is_flat = known.nunique() == 1
            order = "undefined" if is_flat else f"{spearmanr(size, known).statistic:.2f}"
            hardly = [f"`{source}`" for source, nmi in known.items() if nmi < KNOWN_NMI]
            sentences.append(
                f"In {figures.model_label(name)}, the rank correlation over sources between the "
                f"change that one step makes and the NMI of the best latent is {order}"
                + (
                    f"; averaged over seeds, no latent has an NMI of {KNOWN_NMI} with "
                    f"{', '.join(hardly)}."
                    if hardly
                    else f"; every source has a latent with an NMI of {KNOWN_NMI} or more."
                )
            )
        bounds = [f"`{source}` {top:.2f}" for source, top in self.ceilings.items() if top < 1]
        if bounds:
            sentences.append(
                f"With {self.num_values} code values, one latent can reach at most: "
                f"{', '.join(bounds)}."
            )
        return " ".join(sentences)


def selectivity(records: Mapping[str, RunRecord], source_names: Sequence[str]) -> str:
    """Words: the most and least selective latent of a run of each variant, and its sources.

    Args:
        records: a run of each variant, by its name.
        source_names: the sources, in the order of the rows of an NMI matrix.
    """
    sentences = []
    for name, record in records.items():
        label, nmi = figures.model_label(name), np.array(record.scoring.nmi)
        active = np.array(record.scoring.active)
        if is_collapsed(record) or not active.any():
            sentences.append(f"The run of {label} collapsed, so its latents are not compared.")
            continue
        share = np.where(active, nmi.max(axis=0) / np.maximum(nmi.sum(axis=0), 1e-9), np.nan)
        best, worst = np.nanargmax(share), np.nanargmin(share)
        known = nmi.max(axis=1)
        sentences.append(
            f"In {label}, the most selective active latent ({best}) holds {share[best]:.0%} of its "
            f"information about one source, `{source_names[nmi[:, best].argmax()]}`; the least "
            f"selective ({worst}) {share[worst]:.0%}. The source that a single latent knows best "
            f"is `{source_names[known.argmax()]}` (NMI {known.max():.2f}); known least "
            f"is `{source_names[known.argmin()]}` ({known.min():.2f})."
        )
    return " ".join(sentences)


def _ceiling(size: int, num_values: int) -> float:
    """The largest NMI of an evenly distributed source with a latent of so many values."""
    if num_values >= size:
        return 1.0
    groups = [size // num_values + (rest < size % num_values) for rest in range(num_values)]
    shares = np.array(groups) / size
    return float(-(shares * np.log(shares)).sum() / np.log(size))
