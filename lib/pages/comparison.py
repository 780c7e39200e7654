"""Models beside one another on one benchmark: their runs, scores and pictures."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from lib import figures
from lib.benchmarks import BENCHMARKS
from lib.checks import check_integer
from lib.metrics import mean_interval
from lib.models import traversals
from lib.pages.benchmark import images_are
from lib.runs import (
    RecordedRun,
    RunConfig,
    RunRecord,
    compare,
    held_out,
    reconstruct,
    recorded_runs,
    sweep,
    table,
)

# Below this NMI no latent is said to know a source.
_HARDLY_KNOWN = 0.1
_TITLES = {
    "infom": "modularity, InfoM",
    "infoe": "explicitness, InfoE",
    "infoc": "compactness, InfoC",
    "psnr": "reconstruction, PSNR (dB)",
}


class ComparisonPage:
    """A model beside the plain autoencoder: the same images, networks, steps and seeds.

    Runs that are not there yet are made at construction.

    Args:
        benchmark: name of a benchmark.
        model: name of a model.
        profile: see `RunConfig`.
        seed: the first seed.
        num_seeds: how many seeds, from the first on.
        origin: of the images, see `RunConfig`.
        settings: further settings of the model's runs, but not of the autoencoder's.
        runs_dir: folder of runs.
        data_dir: folder of official files; None or "" for the default.

    Raises:
        TypeError, ValueError: a bad value; names the parameter.
        OSError: the runs or the official images cannot be read or written.
    """

    def __init__(
        self,
        benchmark: str,
        model: str = "qlae",
        profile: str = "laptop",
        seed: int = 0,
        num_seeds: int = 3,
        *,
        origin: str = "rendered",
        settings: Mapping[str, object] | None = None,
        runs_dir: str | Path = "runs",
        data_dir: str | Path | None = None,
    ):
        check_integer("seed", seed, minimum=0)
        check_integer("num_seeds", num_seeds, minimum=1)
        settings = {name: v for name, v in (settings or {}).items() if v is not None}
        if model == "autoencoder" and settings:
            name, value = next(iter(settings.items()))
            raise ValueError(
                f"{name}={value!r} is a setting of the model beside the plain autoencoder; with "
                "model='autoencoder' there is none, so expected None."
            )
        seeds = range(seed, seed + num_seeds)
        configs = [RunConfig(benchmark, "autoencoder", profile, s, origin=origin) for s in seeds]
        configs += [
            RunConfig(benchmark, model, profile, s, origin=origin, **settings) for s in seeds
        ]
        configs = list(dict.fromkeys(configs))
        self.benchmark, self.model, self.profile, self.origin = benchmark, model, profile, origin
        self.seeds = list(seeds)
        self.names = list(dict.fromkeys(config.model for config in configs))
        self._data_dir = data_dir or None
        grid = BENCHMARKS[benchmark].grid
        self.source_names = [grid.names[place] for place in grid.varying]
        self._sizes = [grid.sizes[place] for place in grid.varying]
        self.records: list[RunRecord] = sweep(configs, runs_dir, data_dir=self._data_dir)
        self.runs: pd.DataFrame = table(self.records)
        self.first = {r.config.model: r for r in self.records if r.config.seed == seed}

    def about(self) -> str:
        """Markdown: settings, seeds, seconds and identities of the runs."""
        config, record = self.records[-1].config, self.records[-1]
        values = config.hyperparameters.get("num_values")
        quantized = f"{values} code values a latent, " if values else ""
        seconds = ", ".join(
            f"{name} {self.runs.loc[self.runs['model'] == name, 'duration_s'].median():.0f} s"
            for name in self.names
        )
        identities = ", ".join(f"`{r.identity}`" for r in self.records)
        kept = f" from {config.training_images:,} kept ones" if config.training_images else ""
        return (
            f"`{config.model}`: {config.num_latents} latents, {quantized}weight decay "
            f"{config.weight_decay:g}. All: {config.steps:,} steps of {config.batch_size} images"
            f"{kept} at {config.resolution}×{config.resolution} pixels, {record.num_images:,} "
            f"others for scoring, seeds {self.seeds}; {images_are(self.origin).lower()}. A run "
            f"took {seconds} with scoring (median; the first also makes the images of all, and "
            f"compiles) on {record.device} at commit `{record.commit}`. Runs: {identities}."
        )

    def curves(self) -> alt.Chart | alt.LayerChart:
        """Chart: reconstruction loss during training, a line for each run."""
        titles = {f"{r.config.model}, seed {r.config.seed}": r for r in self.records}
        return figures.training_curves(
            {title: record.curves for title, record in titles.items()},
            "reconstruction",
            groups={title: record.config.model for title, record in titles.items()},
            quantity_title="binary cross-entropy (nats a value)",
            title=images_are(self.origin),
        )

    def scores(self) -> alt.LayerChart:
        """Chart: the three scores of each model over seeds."""
        subtitle = f"Mean and 95 % t-interval over seeds (ticks). {images_are(self.origin)}."
        return figures.score_intervals(self.runs, x="score", color="model", subtitle=subtitle)

    def score_table(self) -> str:
        """Markdown: means and intervals of the scores, and the differences paired by seed."""
        lines = [f"| score | {' | '.join(self.names)} |", "|---" * (len(self.names) + 1) + "|"]
        for score, title in _TITLES.items():
            cells = [self._interval(name, score) for name in self.names]
            lines.append(f"| {title} | {' | '.join(cells)} |")
        seeds = f"{images_are(self.origin)}; means over seeds {self.seeds} with 95 % t-intervals."
        differences = [
            f"- in {title}: {self.difference(score)}" for score, title in _TITLES.items()
        ]
        paired = f" Paired by seed, {self.model} against {self.names[0]} is:\n\n"
        lines.append(f"\n{seeds}{paired}" + ";\n".join(differences) + ".")
        if self.profile == "smoke":
            lines.append("\nIn the smoke profile these numbers prove that the page runs, no more.")
        return "\n".join(lines)

    def difference(self, score: str) -> str:
        """Words: the model's score less the autoencoder's, paired by seed."""
        if self.model == self.names[0]:
            return "the same runs"
        try:
            return str(compare(self.runs, score, "model", self.model, self.names[0]))
        except ValueError:
            return "undefined, as no seed has this score for both"

    def heatmap(self, name: str) -> alt.LayerChart:
        """Chart: NMI of sources and latents of a model, first seed."""
        record = self.first[name]
        return figures.nmi_heatmap(
            record.nmi, self.source_names, record.active, title=self._title(name), diagonal=True
        )

    def known_sources(self, order: Sequence[str] | None = None) -> alt.LayerChart:
        """Chart: how well the best latent of each model knows each source, and the ceiling.

        A latent with V values holds most of a source with more values when it groups them as
        evenly as it can.
        """
        rows = [
            {"source": source, "group": r.config.model, "seed": r.config.seed, "nmi": best}
            for r in self.records
            for source, best in zip(self.source_names, np.max(r.nmi, axis=1), strict=True)
        ]
        return figures.known_sources(
            pd.DataFrame(rows),
            order or self.source_names,
            self.ceilings,
            ceiling_title=f"ceiling of a latent of {self.model}",
            subtitle=f"Mean over seeds (point) and every seed (tick). {images_are(self.origin)}.",
        )

    @property
    def ceilings(self) -> dict[str, float]:
        """The largest NMI of each source with one quantized latent; empty for other models."""
        num_values = self.records[-1].config.hyperparameters.get("num_values")
        if not isinstance(num_values, int):
            return {}
        return {
            name: _ceiling(size, num_values)
            for name, size in zip(self.source_names, self._sizes, strict=True)
        }

    def best_known(self) -> pd.DataFrame:
        """A row for each source, a column for each model: mean over seeds of the largest NMI."""
        columns = {
            name: np.mean(
                [np.max(r.nmi, axis=1) for r in self.records if r.config.model == name], axis=0
            )
            for name in self.names
        }
        return pd.DataFrame(columns, index=self.source_names)

    def known_words(self, changes: Mapping[str, float]) -> str:
        """Words: whether sources that change images more are known better, by each model.

        Args:
            changes: for each source that varies, how much one step of it changes an image.
        """
        sentences = []
        size = [changes[name] for name in self.source_names]
        for name, known in self.best_known().items():
            is_flat = known.nunique() == 1
            order = "undefined" if is_flat else f"{spearmanr(size, known).statistic:.2f}"
            hardly = [f"`{source}`" for source, nmi in known.items() if nmi < _HARDLY_KNOWN]
            sentences.append(
                f"In `{name}`, the rank correlation over sources between the change that one step "
                f"makes and the NMI of the best latent is {order}"
                + (
                    f"; averaged over seeds, no latent has an NMI of {_HARDLY_KNOWN} with "
                    f"{', '.join(hardly)}."
                    if hardly
                    else f"; every source has a latent with an NMI of {_HARDLY_KNOWN} or more."
                )
            )
        bounds = [f"`{source}` {top:.2f}" for source, top in self.ceilings.items() if top < 1]
        if bounds:
            sentences.append(
                f"With {self.records[-1].config.hyperparameters['num_values']} code values, one "
                f"latent of `{self.model}` can reach at most: {', '.join(bounds)}."
            )
        return " ".join(sentences)

    def selectivity(self) -> str:
        """Words: the most and least selective latents and sources of the first seed."""
        sentences = []
        for name, record in self.first.items():
            nmi = np.array(record.nmi)
            share = nmi.max(axis=0) / np.maximum(nmi.sum(axis=0), 1e-9)
            if not any(record.active):
                sentences.append(f"In `{name}`, no latent is active.")
                continue
            share[~np.array(record.active)] = np.nan
            best, worst = np.nanargmax(share), np.nanargmin(share)
            known = nmi.max(axis=1)
            sentences.append(
                f"In `{name}`, the most selective active latent ({best}) holds "
                f"{share[best]:.0%} of its information about one source, "
                f"`{self.source_names[nmi[:, best].argmax()]}`; the least selective ({worst}) "
                f"{share[worst]:.0%}. The source that a single latent knows best is "
                f"`{self.source_names[known.argmax()]}` (NMI {known.max():.2f}), the one that "
                f"none knows well is `{self.source_names[known.argmin()]}` ({known.min():.2f})."
            )
        return " ".join(sentences)

    def reconstructions(self, num: int = 10) -> alt.Chart:
        """Chart: held-out images and what each model of the first seed makes of them."""
        chosen = self._chosen(num)
        seen = {name: self._seen[name][1][chosen] for name in self.first}
        return figures.reconstructions(self._images[chosen], seen, title=images_are(self.origin))

    def traversals(self, name: str) -> alt.Chart:
        """Chart: what each latent of a model draws when it moves alone, first seed."""
        record, latents = self.first[name], self._seen[name][0]
        pictures, _ = traversals(self._trained[name], self._images[self._chosen(10)[0]], latents)
        nmi = np.array(record.nmi)
        order = np.lexsort((-nmi.max(axis=0), nmi.argmax(axis=0)))
        labels = [f"{j}: {self.source_names[nmi[:, j].argmax()]}" for j in order]
        columns = [f"{v + 1}" for v in range(pictures.shape[1])]
        is_quantized = np.issubdtype(latents.dtype, np.integer)
        position = "position, from the 2 % to the 98 % quantile"
        kind = "rank of the code value" if is_quantized else position
        return figures.latent_traversals(
            pictures[order], labels, columns, value_title=kind, title=self._title(name)
        )

    def recorded(self, results_dir: str | Path) -> str:
        """HTML: this page's first runs and the recorded ones of the paper profile."""
        recorded = recorded_runs(results_dir, self.benchmark)
        shown = [
            ("this page", RecordedRun.of(record, self._data_dir)) for record in self.first.values()
        ]
        shown += [("recorded", run) for run in recorded]
        rows = figures.runs_table(
            (label, run.record, run.originals, run.reconstructions) for label, run in shown
        )
        if recorded:
            return rows
        return rows + ("<p>No run of this benchmark has been recorded on an accelerator yet.</p>")

    def verdict(self) -> str:
        """Words: what came of the comparison."""
        twin = (
            " A score on a twin says nothing about the published images."
            if self.origin == "rendered"
            else ""
        )
        sentence = (
            f"{images_are(self.origin)}, seeds {self.seeds}, profile {self.profile}: the "
            f"modularity of `{self.model}` against the plain autoencoder's is "
            f"**{self.difference('infom')}**, its explicitness {self.difference('infoe')}, its "
            f"compactness {self.difference('infoc')}, its reconstruction "
            f"**{self.difference('psnr')}**.{twin}"
        )
        smoke = " The profile is smoke, so this says nothing about the models."
        return sentence + (smoke if self.profile == "smoke" else "")

    @functools.cached_property
    def _images(self) -> np.ndarray:
        return held_out(self.records[0].config, self._data_dir)[1]

    @functools.cached_property
    def _trained(self) -> dict[str, object]:
        return {name: record.load_model() for name, record in self.first.items()}

    @functools.cached_property
    def _seen(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {name: reconstruct(model, self._images) for name, model in self._trained.items()}

    def _chosen(self, num: int) -> np.ndarray:
        return np.random.default_rng(0).choice(len(self._images), num, replace=False)

    def _interval(self, name: str, score: str) -> str:
        values = self.runs.loc[self.runs["model"] == name, score].dropna()
        if len(values) == 0:
            return "undefined"
        mean, half_width = mean_interval(values)
        text = f"{mean:.2f} ± {half_width:.2f}" if len(values) > 1 else f"{mean:.2f}"
        if len(values) < len(self.seeds):
            text += f" (defined in {len(values)} of {len(self.seeds)} seeds)"
        return text

    def _title(self, name: str) -> str:
        """Which model's figure it is, and of which images."""
        return f"{figures.model_label(name)}, {images_are(self.origin).lower()}"


def _ceiling(size: int, num_values: int) -> float:
    """The largest NMI of an even source with a latent of so many values."""
    if num_values >= size:
        return 1.0
    groups = [size // num_values + (rest < size % num_values) for rest in range(num_values)]
    shares = np.array(groups) / size
    return float(-(shares * np.log(shares)).sum() / np.log(size))
