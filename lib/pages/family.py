"""Variants of models on the same images: their runs, scores, codes and pictures."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import altair as alt
import jax.numpy as jnp
import numpy as np
import pandas as pd

from lib import figures
from lib.benchmarks import BENCHMARKS, load
from lib.checks import check_choice, check_integer
from lib.figures.theme import MAX_ROWS
from lib.models import traversals
from lib.pages.benchmark import images_are
from lib.pages.variants import VariantScores
from lib.runs import RunConfig, RunRecord, held_out, reconstruct, sweep

# So many models do not get the laptop profile's long training: at most so much of everything, and
# a rate at which no trial run on seeds from 1000 on ended without an active latent.
SHORT: Mapping[str, float] = MappingProxyType(
    {
        "width": 96,
        "steps": 800,
        "learning_rate": 2e-3,
        "training_images": 20_000,
        "evaluation_images": 3_000,
    }
)
# The walk of the figure of codes: how many images a source gets, at most this many in all.
_WALK = 36
# A latent moves from dark to light between these quantiles over held-out images.
_QUANTILES = (0.02, 0.98)


class Variant(NamedTuple):
    """What is run under a name.

    Attributes:
        model: name of a model.
        settings: that differ from the profile's, see `lib.runs.RunConfig`.
    """

    model: str
    settings: Mapping[str, object] = MappingProxyType({})


class FamilyPage(VariantScores):
    """Variants of models with the same images, networks, steps and seeds.

    Runs that are not there yet are made at construction.

    Args:
        benchmark: name of a benchmark.
        variants: what is run, by the name it has in figures.
        profile: see `RunConfig`.
        seed: the first seed.
        num_seeds: how many seeds, from the first on; None for 3, and in the smoke profile for 1.
        steps: of all runs; None for what profile and bounds say.
        bounds: what no setting of a run exceeds in the laptop profile.
        runs_dir: folder of runs.

    Attributes:
        records: one a run, variant after variant.
        first: the record of the first seed of each variant.

    Raises:
        TypeError, ValueError: a bad value; names the parameter.
        OSError: the runs cannot be read or written.
    """

    def __init__(
        self,
        benchmark: str,
        variants: Mapping[str, Variant],
        profile: str = "laptop",
        seed: int = 0,
        num_seeds: int | None = None,
        *,
        steps: int | None = None,
        bounds: Mapping[str, float] = SHORT,
        runs_dir: str | Path = "runs",
    ):
        check_choice("benchmark", benchmark, BENCHMARKS)
        check_integer("seed", seed, minimum=0)
        num_seeds = (1 if profile == "smoke" else 3) if num_seeds is None else num_seeds
        check_integer("num_seeds", num_seeds, minimum=1)
        if not variants:
            raise ValueError("variants must name at least one model, got none.")
        seeds = range(seed, seed + num_seeds)
        self.benchmark, self.variants = benchmark, dict(variants)
        configs = {
            (name, s): RunConfig(
                benchmark,
                variant.model,
                profile,
                s,
                **{
                    **_bounded(RunConfig(benchmark, variant.model, profile), bounds, steps),
                    **variant.settings,
                },
            )
            for name, variant in self.variants.items()
            for s in seeds
        }
        self.records: list[RunRecord] = sweep(configs.values(), runs_dir)
        super().__init__(self.records, [name for name, _ in configs])
        self.first = {
            name: record
            for (name, s), record in zip(configs, self.records, strict=True)
            if s == seed
        }
        grid = BENCHMARKS[benchmark].grid
        self.source_names = [grid.names[place] for place in grid.varying]

    def about(self) -> str:
        """Markdown: what all runs share, what each variant is, and how long they took."""
        config, record = self.records[0].config, self.records[0]
        lines = ["| name | model | settings | weight decay | seconds a run |", "|---" * 5 + "|"]
        for name, variant in self.variants.items():
            own = self.first[name].config
            shown = {n: v for n, v in own.hyperparameters.items() if n != "dataset_size"}
            shown = ", ".join(f"{n} {_plain(v)}" for n, v in shown.items()) or "none"
            seconds = self._of(name)["duration_s"].median()
            lines.append(
                f"| {figures.model_label(name)} | `{variant.model}` | {shown} | "
                f"{own.weight_decay:g} | {seconds:.0f} |"
            )
        steps = sorted({r.config.steps for r in self.records})
        batches = sorted({r.config.batch_size for r in self.records})
        rates = sorted({r.config.learning_rate for r in self.records})
        kept = f" from {config.training_images:,} kept ones" if config.training_images else ""
        return (
            f"{' or '.join(f'{n:,}' for n in steps)} steps of "
            f"{' or '.join(map(str, batches))} images{kept} at "
            f"{config.resolution}×{config.resolution} pixels, learning rate "
            f"{' or '.join(f'{rate:g}' for rate in rates)}, {config.num_latents} latents; scored "
            f"on {record.num_images:,} other images by the protocol `{config.protocol}`; seeds "
            f"{self.seeds}; {images_are(config.origin).lower()} of `{self.benchmark}`. On "
            f"{record.device}, commit `{record.commit}`:\n\n" + "\n".join(lines)
        )

    def nmi_panels(self, names: Sequence[str] | None = None) -> alt.LayerChart:
        """Chart: NMI of sources and latents for variants, first seed."""
        chosen = {name: self.first[name] for name in names or self.variants}
        label = figures.model_label
        return figures.nmi_panels(
            {label(name): record.nmi for name, record in chosen.items()},
            self.source_names,
            {label(name): record.active for name, record in chosen.items()},
            diagonal=True,
        )

    def reconstructions(self, num: int = 8) -> alt.Chart:
        """Chart: held-out images and what each variant of the first seed makes of them."""
        chosen = np.random.default_rng(0).choice(len(self._held_out), num, replace=False)
        images = self._held_out[chosen]
        copies = {name: reconstruct(model, images)[1] for name, model in self.trained.items()}
        return figures.reconstructions(images, copies, title=self._images_are)

    def traversals(self, name: str, num_steps: int = 7) -> alt.Chart:
        """Chart: what each latent of a variant draws when it moves alone, first seed."""
        record, latents = self.first[name], self._latents[name]
        start = self._held_out[np.random.default_rng(0).integers(len(self._held_out))]
        pictures, _ = traversals(self.trained[name], start, latents, num_steps)
        order = self._order(record)
        best = np.array(record.nmi).argmax(axis=0)
        labels = [f"{j}: {self.source_names[best[j]]}" for j in order]
        columns = [f"{v + 1}" for v in range(pictures.shape[1])]
        is_quantized = np.issubdtype(latents.dtype, np.integer)
        kind = "position, 2 % to 98 % quantile"
        if is_quantized:
            kind = "rank of the code value" if self._has_order(name) else "rank by frequency"
        return figures.latent_traversals(
            pictures[order],
            labels,
            columns,
            value_title=kind,
            title=f"{figures.model_label(name)}, seed {self.seeds[0]}",
        )

    def codes(self, names: Sequence[str] | None = None) -> alt.LayerChart:
        """Chart: a walk through the sources and the codes that variants give it, first seed."""
        images, _ = self._walk
        codes = {}
        for name in names or self.variants:
            code = self._coded(name, images)
            low, high = np.quantile(self._seen[name], _QUANTILES, axis=0)
            scaled = np.clip((code - low) / np.where(high > low, high - low, 1), 0, 1)
            scaled[:, ~np.array(self.first[name].active)] = 0
            codes[name] = scaled[:, self._order(self.first[name])]
        return figures.code_strips(images, codes, self.source_names, subtitle=self._codes_are)

    def concentration(self) -> pd.DataFrame:
        """How far a change of one source stays in one latent, by source and variant, first seed.

        Along the walk of `codes`: of all that the active latents move within a source's block, each
        in its own standard deviations over held-out images, the share of the one that moves most;
        NaN where none moves. A vector has no distance from another, so there a move is any change.
        """
        images, length = self._walk
        columns = {}
        for name in self.variants:
            code = self._coded(name, images)[:, self.first[name].active]
            steps = np.abs(np.diff(code.reshape(-1, length, code.shape[1]), axis=1))
            if not self._has_order(name):
                steps = (steps > 0).astype(float)
            spread = self._seen[name][:, self.first[name].active].std(axis=0)
            moved = (steps / np.where(spread > 0, spread, np.inf)).sum(axis=1)
            total, most = moved.sum(axis=1), moved.max(axis=1, initial=0)
            columns[name] = np.where(total > 0, most / np.maximum(total, 1e-9), np.nan)
        return pd.DataFrame(columns, index=self.source_names)

    def concentration_table(self) -> str:
        """Markdown: `concentration` in numbers."""
        found = self.concentration()
        names = " | ".join(figures.model_label(name) for name in found)
        lines = [f"| only this changes | {names} |", "|---|" + "---:|" * found.shape[1]]
        for source, row in found.iterrows():
            cells = ["no move" if np.isnan(v) else f"{v:.0%}" for v in row]
            lines.append(f"| `{source}` | {' | '.join(cells)} |")
        return "\n".join(lines) + (
            f"\n\nSeed {self.seeds[0]}, along the walk above: of all that the active latents move "
            "while one source changes, the share of the latent that moves most. A high share with "
            "few sources that move at all is no merit."
        )

    @functools.cached_property
    def trained(self) -> dict[str, object]:
        """The trained model of each variant, first seed."""
        return {name: record.load_model() for name, record in self.first.items()}

    @property
    def _codes_are(self) -> str:
        return (
            "A row is a latent, dark where low, light where high; inactive ones are dark. "
            f"{self._images_are}."
        )

    @functools.cached_property
    def _held_out(self) -> np.ndarray:
        return held_out(self.records[0].config)[1]

    @functools.cached_property
    def _latents(self) -> dict[str, np.ndarray]:
        return {name: reconstruct(model, self._held_out)[0] for name, model in self.trained.items()}

    @functools.cached_property
    def _seen(self) -> dict[str, np.ndarray]:
        """The codes of held-out images, as numbers that can be subtracted where there are such."""
        return {name: self._numbers(name, latents) for name, latents in self._latents.items()}

    def _coded(self, name: str, images: np.ndarray) -> np.ndarray:
        return self._numbers(name, reconstruct(self.trained[name], images)[0])

    def _numbers(self, name: str, latents: np.ndarray) -> np.ndarray:
        """Code values for indices of scalars, whose order may not be that of the values."""
        if np.issubdtype(latents.dtype, np.integer) and self._has_order(name):
            latents = self.trained[name].latent.look_up(jnp.asarray(latents))
        return np.array(latents, float)

    def _has_order(self, name: str) -> bool:
        """Whether latents are numbers, and not vectors."""
        return self.trained[name].latent.outputs_per_latent == 1

    @functools.cached_property
    def _walk(self) -> tuple[np.ndarray, int]:
        """Images of a walk in which one source after another changes, and how many each gets."""
        grid = BENCHMARKS[self.benchmark].grid
        num_rows = sum(len(record.active) for record in self.first.values())
        length = max(2, min(_WALK, MAX_ROWS // num_rows) // len(grid.varying))
        # Each source stands at another share of its values, so that hues that stand still differ.
        count = len(grid.sizes)
        base = np.asarray(grid.sizes) * (2 * np.arange(count) + 1) // (2 * count)
        sources = np.tile(base, (len(grid.varying) * length, 1))
        for block, place in enumerate(grid.varying):
            values = np.linspace(0, grid.sizes[place] - 1, length).round().astype(int)
            sources[block * length : (block + 1) * length, place] = values
        config = self.records[0].config
        return load(self.benchmark, config.origin, config.resolution).images(sources), length

    def _order(self, record: RunRecord) -> np.ndarray:
        """Latents by the source they know best, then by how well."""
        nmi = np.array(record.nmi)
        return np.lexsort((-nmi.max(axis=0), nmi.argmax(axis=0)))


def _bounded(usual: RunConfig, bounds: Mapping[str, float], steps: int | None) -> dict[str, object]:
    """What the runs of a page change in those that the profile makes."""
    changes = {}
    if usual.profile == "laptop":
        changes = {name: min(getattr(usual, name), most) for name, most in bounds.items()}
    return changes if steps is None else changes | {"steps": steps}


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")
