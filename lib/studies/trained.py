"""Trained models of a study and what they draw: reconstructions, traversals and codes."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import altair as alt
import jax.numpy as jnp
import numpy as np
import pandas as pd
from flax import nnx

from lib import figures
from lib.benchmarks import BENCHMARKS
from lib.checks import check_choice
from lib.figures.theme import MAX_ROWS
from lib.models import traversals
from lib.runs import RecordedRun, RunImages, RunRecord, reconstruct
from lib.studies.words import best_sources, images_are, is_collapsed, run_title
from lib.training import arithmetic

# The walk of the figure of codes: how many images a source gets, at most this many in all.
_WALK = 36
# A latent moves from dark to light between these quantiles over held-out images.
_QUANTILES = (0.02, 0.98)


class TrainedModels:
    """The trained model of one run of each variant, beside the same held-out images.

    Models are loaded, and images drawn or read, when they are first needed.

    Args:
        records: a run of each variant, by its name, with parameters beside it; all on the same
            images.
    """

    def __init__(self, records: Mapping[str, RunRecord]):
        self._records = dict(records)
        self._config = next(iter(records.values())).config
        grid = BENCHMARKS[self._config.benchmark].grid
        self._source_names = [grid.names[place] for place in grid.varying]

    @cached_property
    def images(self) -> RunImages:
        """The images of the runs."""
        return next(iter(self._records.values())).images

    @cached_property
    def models(self) -> dict[str, nnx.Module]:
        """The trained model of each variant."""
        return {name: record.load_model() for name, record in self._records.items()}

    def reconstructions(self, num: int = 10) -> alt.Chart:
        """Chart: held-out images and what each variant makes of them."""
        images = self._held_out[self._chosen(num)]
        copies = {
            figures.model_label(name)
            + (" (collapsed)" if is_collapsed(record) else ""): self._reconstruct(name, images)[1]
            for name, record in self._records.items()
        }
        return figures.reconstructions(images, copies, title=self._images_are)

    def traversals(self, name: str, num_steps: int = 7) -> alt.Chart:
        """Chart: what each latent of a variant draws when it alone moves.

        Args:
            name: of the variant.
            num_steps: positions of a latent without code values.
        """
        check_choice("variant", name, self._records)
        record, latents = self._records[name], self._latents[name]
        start = self._held_out[self._chosen(1)[0]]
        with arithmetic(record.config.recipe.precision):
            pictures, _ = traversals(self.models[name], start, latents, num_steps)
        order = self._order(name)
        best = best_sources(np.array(record.scoring.nmi), self._source_names)
        kind = "position, 2 % to 98 % quantile"
        if np.issubdtype(latents.dtype, np.integer):
            kind = "rank of the code value" if self._has_order(name) else "frequency rank"
        return figures.latent_traversals(
            pictures[order],
            [f"{j}: {figures.plain(best[j])}" for j in order],
            [f"{v + 1}" for v in range(pictures.shape[1])],
            value_title=kind,
            title=run_title(name, record),
        )

    def codes(self, names: Sequence[str] | None = None) -> alt.LayerChart:
        """Chart: a walk through the sources and the codes that variants give it."""
        images, _ = self._walk
        codes = {}
        for name in names or self._records:
            code = self._coded(name, images)
            low, high = np.quantile(self._seen[name], _QUANTILES, axis=0)
            scaled = np.clip((code - low) / np.where(high > low, high - low, 1), 0, 1)
            scaled[:, ~np.array(self._records[name].scoring.active)] = 0
            codes[name] = scaled[:, self._order(name)]
        return figures.code_strips(
            images,
            codes,
            self._source_names,
            subtitle="A row is a latent, dark where low, light where high; one that stays dark "
            "varies little here, or is inactive. "
            f"{self._images_are}.",
        )

    def concentration(self) -> pd.DataFrame:
        """How far a change of one source stays in one latent, by source and variant.

        Along the walk of `codes`: of all that the active latents move within a source's block, each
        in its own standard deviations over held-out images, the share of the one that moves most;
        NaN where none moves. A vector has no distance from another, so there a move is any change.
        """
        images, length = self._walk
        columns = {}
        for name, record in self._records.items():
            code = self._coded(name, images)[:, record.scoring.active]
            blocks = code.reshape(len(images) // length, length, code.shape[1])
            steps = np.abs(np.diff(blocks, axis=1))
            if not self._has_order(name):
                steps = (steps > 0).astype(float)
            spread = self._seen[name][:, record.scoring.active].std(axis=0)
            moved = (steps / np.where(spread > 0, spread, np.inf)).sum(axis=1)
            total, most = moved.sum(axis=1), moved.max(axis=1, initial=0)
            columns[name] = np.where(total > 0, most / np.maximum(total, 1e-9), np.nan)
        return pd.DataFrame(columns, index=self._source_names)

    def concentration_table(self) -> str:
        """Markdown: `concentration` in numbers."""
        found = self.concentration()
        names = " | ".join(figures.model_label(name) for name in found)
        lines = [f"| only this changes | {names} |", "|---|" + "---:|" * found.shape[1]]
        for source, row in found.iterrows():
            cells = ["no move" if np.isnan(v) else f"{v:.0%}" for v in row]
            lines.append(f"| `{source}` | {' | '.join(cells)} |")
        return "\n".join(lines) + (
            f"\n\nSeed {self._config.seed}, along the walk above: of all that the active latents "
            "move while one source changes, the share of the latent that moves most. A high share "
            "with few sources that move at all is no merit."
        )

    def recorded(self) -> list[RecordedRun]:
        """Each run with a few held-out images and what its model makes of them."""
        return [RecordedRun.of(record) for record in self._records.values()]

    @property
    def _images_are(self) -> str:
        return images_are(self._config.data.origin)

    @property
    def _held_out(self) -> np.ndarray:
        return self.images.held_out[1]

    def _chosen(self, num: int) -> np.ndarray:
        return np.random.default_rng(0).choice(len(self._held_out), num, replace=False)

    def _reconstruct(self, name: str, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with arithmetic(self._records[name].config.recipe.precision):
            return reconstruct(self.models[name], images)

    @cached_property
    def _latents(self) -> dict[str, np.ndarray]:
        return {name: self._reconstruct(name, self._held_out)[0] for name in self._records}

    @cached_property
    def _seen(self) -> dict[str, np.ndarray]:
        """The codes of held-out images, as numbers that can be subtracted where there are such."""
        return {name: self._numbers(name, latents) for name, latents in self._latents.items()}

    def _coded(self, name: str, images: np.ndarray) -> np.ndarray:
        return self._numbers(name, self._reconstruct(name, images)[0])

    def _numbers(self, name: str, latents: np.ndarray) -> np.ndarray:
        """Code values for indices of scalars, whose order may not be that of the values."""
        if np.issubdtype(latents.dtype, np.integer) and self._has_order(name):
            latents = self.models[name].latent.look_up(jnp.asarray(latents))
        return np.array(latents, float)

    def _has_order(self, name: str) -> bool:
        """Whether latents are numbers, and not vectors."""
        return self.models[name].latent.outputs_per_latent == 1

    @cached_property
    def _walk(self) -> tuple[np.ndarray, int]:
        """Images of a walk in which one source after another changes, and how many each gets."""
        grid = BENCHMARKS[self._config.benchmark].grid
        num_rows = sum(len(record.scoring.active) for record in self._records.values())
        length = max(2, min(_WALK, MAX_ROWS // num_rows) // len(grid.varying))
        # Each source stands at another share of its values, so that hues that stand still differ.
        count = len(grid.sizes)
        base = np.asarray(grid.sizes) * (2 * np.arange(count) + 1) // (2 * count)
        sources = np.tile(base, (len(grid.varying) * length, 1))
        for block, place in enumerate(grid.varying):
            values = np.linspace(0, grid.sizes[place] - 1, length).round().astype(int)
            sources[block * length : (block + 1) * length, place] = values
        return self.images.benchmark.images(sources), length

    def _order(self, name: str) -> np.ndarray:
        """Latents by the source they know best, then by how well."""
        nmi = np.array(self._records[name].scoring.nmi)
        return np.lexsort((-nmi.max(axis=0), nmi.argmax(axis=0)))
