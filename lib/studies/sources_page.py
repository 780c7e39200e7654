"""A benchmark on a page: its sources, what each of them changes, and how fast it is drawn."""

import functools
import itertools
import time
from collections.abc import Collection, Sequence

import altair as alt
import numpy as np
from IPython.display import HTML

from lib import figures
from lib.benchmarks import Benchmark, Visibility, load, source_overlap, source_visibility
from lib.studies.words import images_are

# Two sources that an explorer moves at once have all their values up to so many, else these few.
_ALL, _FEW = 8, 6


class SourcesPage:
    """Tables and figures of a benchmark's sources.

    Args:
        benchmark: whose sources.
        num_images: how many random images the measurements take.
        seed: of the draw of these images.
    """

    def __init__(self, benchmark: Benchmark, num_images: int = 100, seed: int = 0):
        self.benchmark = benchmark
        self.num_images = num_images
        self.seed = seed

    @property
    def images_are(self) -> str:
        """What the images are, for captions: the rendered twin or the official images."""
        return images_are(self.benchmark.origin)

    @functools.cached_property
    def visibility(self) -> list[Visibility]:
        """What one step of each source that varies changes in random images."""
        return source_visibility(self.benchmark, self.num_images, self.seed)

    @property
    def changes(self) -> dict[str, float]:
        """Median change of an image by one step of each source that varies, in grey levels."""
        return {seen.name: float(np.median(seen.change)) for seen in self.visibility}

    @property
    def by_change(self) -> list[str]:
        """Names of the sources that vary, from the one that changes images most."""
        return sorted(self.changes, key=lambda name: -self.changes[name])

    def sources_table(self) -> str:
        """Markdown: every source with its values and entropy."""
        grid = self.benchmark.grid
        rows = ["| source | values | bits | what it is | from … to |", "|---|---:|---:|---|---|"]
        for source, nats in zip(self.benchmark.sources, grid.entropies, strict=True):
            span = (
                ", ".join(source.labels)
                if len(source.labels) < 5
                else f"{source.labels[0]} … {source.labels[-1]} {source.unit}".strip()
            )
            rows.append(
                f"| `{source.name}` | {len(source.labels)} | {nats / np.log(2):.2f} | "
                f"{source.description} | {span} |"
            )
        return "\n".join(rows) + (
            f"\n\nTogether they make {grid.num_images:,} combinations, and as many images: "
            f"{grid.entropies.sum() / np.log(2):.1f} bits."
        )

    def explorer(
        self, base: Sequence[int], *pads: tuple[str, str], downwards: Collection[str] = ()
    ) -> HTML:
        """HTML: choose a source that varies, or two that belong together, and see the images.

        Args:
            base: a value for each source of the grid; the sources not chosen have theirs.
            pads: pairs of names of sources that can be moved at once, over a few values each. A
                source that has all of its values there is not listed once more.
            downwards: names of sources that move things down as they grow; their sliders go from
                the last value to the first, so that a pad moves things as it is moved.
        """
        grid = self.benchmark.grid
        whole = {
            name for pair in pads for name in pair if grid.sizes[grid.names.index(name)] <= _ALL
        }
        singles = [(grid.names[p],) for p in grid.varying if grid.names[p] not in whole]
        entries = [self._explored(base, names, downwards) for names in (*pads, *singles)]
        return HTML(figures.source_explorer(entries, title=self.images_are))

    def _explored(
        self, base: Sequence[int], names: Sequence[str], downwards: Collection[str]
    ) -> figures.Explored:
        grid = self.benchmark.grid
        places = [grid.names.index(name) for name in names]
        sizes = [grid.sizes[place] for place in places]
        shown_of = [size if len(names) == 1 or size <= _ALL else _FEW for size in sizes]
        values = [
            np.linspace(0, size - 1, count).round().astype(int)[:: -1 if name in downwards else 1]
            for name, size, count in zip(names, sizes, shown_of, strict=True)
        ]
        combined = np.stack(np.meshgrid(*values, indexing="ij"), axis=-1)
        varied = np.tile(np.asarray(base), (combined[..., 0].size, 1))
        varied[:, places] = combined.reshape(-1, len(places))
        images = self.benchmark.images(varied)
        sources = [self.benchmark.sources[place] for place in places]
        return figures.Explored(
            [figures.plain(name) for name in names],
            [
                [
                    f"{source.labels[value]} {source.unit}".strip()
                    + f" (value {value} of 0 to {size - 1})"
                    for value in shown
                ]
                for source, size, shown in zip(sources, sizes, values, strict=True)
            ],
            [
                int(np.abs(shown - base[place]).argmin())
                for place, shown in zip(places, values, strict=True)
            ],
            images.reshape(*combined.shape[:-1], *images.shape[1:]),
        )

    def random_sources(self, num: int) -> np.ndarray:
        """Source values of random combinations, (num, num_sources); the same ones at every call."""
        grid = self.benchmark.grid
        return grid.sources(np.random.default_rng(self.seed).integers(0, grid.num_images, num))

    def pictures(self, rows: int = 3, columns: int = 8) -> alt.Chart:
        """Chart: images of random sources; official ones each above the twin's of the same sources.

        The second is the check that files hold what they should: the order of the sources is right
        where both rows show the same things in the same places.
        """
        sources = self.random_sources(rows * columns)
        origins = {"rendered": self.benchmark}
        if self.benchmark.origin != "rendered":
            twin = load(self.benchmark.name, resolution=self.benchmark.resolution)
            origins = {self.benchmark.origin: self.benchmark, "rendered": twin}
        images = np.stack([b.images(sources) for b in origins.values()])
        # (origins, rows, columns, ...) to (rows, origins, columns, ...)
        images = images.reshape(len(origins), rows, columns, *images.shape[2:]).swapaxes(0, 1)
        return figures.image_grid(
            images.reshape(-1, columns, *images.shape[3:]),
            list(origins) * rows if len(origins) > 1 else None,
            subtitle=self.images_are if len(origins) == 1 else None,
            description=f"{rows * columns} images of random source combinations.",
        )

    def change_maps(self) -> alt.Chart:
        """Chart: where one step of each source acts, each map scaled to its own largest change."""
        maps = np.stack([seen.where / max(seen.where.max(), 1e-9) for seen in self.visibility])
        names = [figures.plain(seen.name) for seen in self.visibility]
        # Full rows only, since an empty place would be drawn as a bright one.
        columns = next((n for n in (4, 3) if len(maps) % n == 0), len(maps))
        rows = [", ".join(names[at : at + columns]) for at in range(0, len(names), columns)]
        is_one = len(rows) == 1
        order = f"In order: {rows[0]}" if is_one else "Beside each row: its sources in order"
        strongest = [f"{seen.where.max():.1f}" for seen in self.visibility]
        return figures.image_grid(
            maps.reshape(-1, columns, *maps.shape[1:], 1),
            None if is_one else rows,
            tooltips={
                "source": np.reshape(names, (-1, columns)),
                "brightest, in grey levels": np.reshape(strongest, (-1, columns)),
            },
            largest=120,
            subtitle=f"{order}. {self.images_are}.",
            description=(
                f"Where one step of each source changes the image, a map for each of "
                f"{', '.join(names)}."
            ),
        )

    def change_table(self) -> str:
        """Markdown: how much one step of each source changes the image."""
        rows = [
            "| one step of | smallest change | median change | pixels that change |",
            "|---|---:|---:|---:|",
        ]
        for seen in self.visibility:
            rows.append(
                f"| `{seen.name}` | {seen.change.min():.2f} | {np.median(seen.change):.2f} | "
                f"{seen.touched.mean():.1%} |"
            )
        size = self.benchmark.resolution
        return "\n".join(rows) + (
            f"\n\nMean absolute change of an image in grey levels of 255, smallest and median of "
            f"{self.num_images} random images (seed {self.seed}) at {size}×{size} pixels, and the "
            "share of pixels in which a channel moves by more than 8 grey levels. "
            f"{self.images_are}."
        )

    def overlap_table(self, num_pairs: int = 5) -> str:
        """Markdown: the pairs of sources whose steps change images most alike."""
        overlap = source_overlap(self.benchmark, self.num_images, self.seed)
        names = [seen.name for seen in self.visibility]
        pairs = sorted(itertools.combinations(range(len(names)), 2), key=lambda p: -overlap[p])
        rows = ["| two sources | how alike their steps are |", "|---|---:|"]
        rows += [
            f"| `{names[i]}`, `{names[j]}` | {overlap[i, j]:.2f} |" for i, j in pairs[:num_pairs]
        ]
        median = np.median([overlap[pair] for pair in pairs])
        return "\n".join(rows) + (
            f"\n\nSize of the cosine between the changes that one step of each makes in the same "
            f"image, mean over {self.num_images} random images (seed {self.seed}): 1 where one is "
            f"a multiple of the other, 0 where they touch different pixels. The median pair has "
            f"{median:.2f}. {self.images_are}."
        )

    def images_per_s(self, num: int = 256) -> float:
        """How many random images a second are drawn just now, compilation left out."""
        sources = self.random_sources(num)
        self.benchmark.images(sources)  # compiles
        clock = time.perf_counter()
        self.benchmark.images(sources)
        return num / (time.perf_counter() - clock)
