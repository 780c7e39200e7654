"""How like the published images the twin looks, on a page: measured there, or from the record."""

from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import altair as alt
import numpy as np
from IPython.display import Markdown

from lib import figures
from lib.benchmarks import Benchmark, load
from lib.benchmarks.likeness import (
    ImageStatistics,
    comparison_rows,
    image_statistics,
    mean_difference,
    read_record,
)
from lib.runs import records_folder

RECORD = "likeness.json"


class _Sides(NamedTuple):
    """What is set side by side."""

    reference: ImageStatistics
    twin: ImageStatistics
    differences: tuple[float, ...]
    reference_is: str
    words: str


class LikenessPage:
    """A chart and a table that set a twin beside the published images.

    Args:
        benchmark: where it is official, its images are compared with the twin's just now; else
            what was recorded beside reference tiles is shown.
        results_dir: folder of the record.
        num_images: how many random images the comparison with official ones takes.
    """

    def __init__(self, benchmark: Benchmark, results_dir: str | Path, num_images: int = 300):
        self.benchmark = benchmark
        self.results_dir = Path(results_dir)
        self.num_images = num_images

    @cached_property
    def _sides(self) -> _Sides | None:
        return self._recorded() if self.benchmark.origin == "rendered" else self._official()

    def _official(self) -> _Sides:
        grid = self.benchmark.grid
        index = np.random.default_rng(0).integers(0, grid.num_images, self.num_images)
        sources = grid.sources(index)
        twin = load(self.benchmark.name, resolution=self.benchmark.resolution)
        official, drawn = (b.images(sources) for b in (self.benchmark, twin))
        return _Sides(
            reference=image_statistics(official),
            twin=image_statistics(drawn),
            differences=tuple(mean_difference(official, drawn).tolist()),
            reference_is="official images",
            words=(
                f"{self.num_images} random official images and the twin's of the same sources, "
                "compared by this page."
            ),
        )

    def _recorded(self) -> _Sides | None:
        found = read_record(records_folder(self.results_dir) / RECORD).get(self.benchmark.name)
        if found is None:
            return None
        words = (
            f"{found.words[0].upper()}{found.words[1:]}, at 64×64 pixels, measured on "
            f"{found.measured}. The tiles are pictures of published images, made smaller or "
            "larger and packed since, so their finest detail is not the published one; they are "
            "not kept with the book."
        )
        if changed := found.changed_modules():
            words += (
                f" **The code has changed since** ({len(changed)} files, the first "
                f"`{changed[0]}`), so these are the numbers of an earlier twin."
            )
        return _Sides(found.reference, found.twin, found.differences, "reference tiles", words)

    def chart(self) -> alt.Chart | Markdown:
        """Chart: how strong detail of each size is in both."""
        if self._sides is None:
            return Markdown(self._missing)
        return figures.spectra(
            {
                self._sides.reference_is: self._sides.reference.spectrum,
                "rendered twin": self._sides.twin.spectrum,
            }
        )

    def table(self) -> str:
        """Markdown: colour, contrast and detail of both, and where the twin still differs."""
        if (sides := self._sides) is None:
            return self._missing
        rows = [f"| | {sides.reference_is} | twin | difference |", "|---|---:|---:|---:|"]
        rows += [f"| {' | '.join(row)} |" for row in comparison_rows(sides.reference, sides.twin)]
        text = "\n".join(rows) + (
            "\n\nIn grey levels of 255, and per cent of pixels. *Contrast*: standard deviation "
            "inside an image. *Black*, *white*: every channel below 8, or above 247. *Detail*: "
            f"amplitude by the number of cycles along a side. {sides.words}"
        )
        if sides.differences:
            text += (
                " An image of the twin and its original are "
                f"{np.mean(sides.differences):.1f} grey levels apart on average, at most "
                f"{max(sides.differences):.1f}."
            )
        publication = self.benchmark.publication
        if publication and publication.twin_differs:
            text += f"\n\n**Where the twin still differs:** {publication.twin_differs}"
        return text

    @property
    def _missing(self) -> str:
        return (
            "The twin has not been measured beside reference tiles: "
            f"`python -m lib.benchmarks likeness FOLDER --record {self.results_dir / RECORD}`."
        )
