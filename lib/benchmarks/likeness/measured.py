"""A twin measured beside reference tiles, and the record of it."""

import dataclasses
import datetime
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import UInt8

from lib.benchmarks.likeness.statistics import (
    ImageStatistics,
    image_statistics,
    mean_difference,
)
from lib.benchmarks.likeness.tiles import References
from lib.benchmarks.loading import load
from lib.benchmarks.twin import BENCHMARKS
from lib.files import write_text
from lib.source import changed, module_digests

NUM_RANDOM = 256
"""Images of the twin beside tiles whose sources are not known."""


@dataclasses.dataclass(frozen=True)
class Likeness:
    """How like its references a twin was when it was measured.

    Attributes:
        benchmark: name of the benchmark.
        files: names of the files of the references.
        num_tiles: how many reference tiles there were.
        sources_are: what the twin was drawn for: "known" or "guessed" sources of the tiles, or
            "random" ones.
        reference: of the tiles.
        twin: of the twin's images.
        differences: mean absolute difference of each tile and the twin's image, in grey levels;
            empty where the sources are not known.
        measured: the day, ISO 8601.
        modules: digests of the twin's code, by the path of each file.
    """

    benchmark: str
    files: str
    num_tiles: int
    sources_are: str
    reference: ImageStatistics
    twin: ImageStatistics
    differences: tuple[float, ...]
    measured: str
    modules: Mapping[str, str]

    @classmethod
    def from_dict(cls, entry: Mapping[str, object]) -> Self:
        """A likeness as it was kept, from what `dataclasses.asdict` makes of one."""
        sides = {name: ImageStatistics(**entry[name]) for name in ("reference", "twin")}
        return cls(**{**entry, **sides})

    @property
    def words(self) -> str:
        """What was set beside what, such as "53 tiles of FILE and the twin of the same sources"."""
        twin = {
            "known": "the twin's images of the same sources",
            "guessed": "the twin's images of the nearest sources that were found",
            "random": "images of the twin of random sources",
        }
        return f"{self.num_tiles} tiles of {self.files} and {twin[self.sources_are]}"

    def changed_modules(self) -> list[str]:
        """Files of the twin, or of what measures it, whose code has changed since then."""
        return changed(self.modules, _modules(self.benchmark))


def measure(
    references: References,
) -> tuple[Likeness, UInt8[np.ndarray, "n size size 3"]]:
    """Draw the twin for the sources of reference tiles and compare the statistics of both.

    Args:
        references: tiles; where their sources are not known, the twin's are random.

    Returns:
        The likeness, and an image of the twin for each tile.
    """
    benchmark = load(references.benchmark)
    sources = references.sources
    if sources is None:
        num = max(NUM_RANDOM, len(references.images))
        index = np.random.default_rng(0).integers(0, benchmark.grid.num_images, num)
        sources = benchmark.grid.sources(index)
    drawn = benchmark.images(sources)
    drawn = np.broadcast_to(drawn, (*drawn.shape[:3], 3))
    beside = drawn[: len(references.images)]
    likeness = Likeness(
        benchmark=references.benchmark,
        files=references.files,
        num_tiles=len(references.images),
        sources_are=references.sources_are,
        reference=image_statistics(references.images),
        twin=image_statistics(drawn),
        differences=(
            tuple(mean_difference(references.images, beside).tolist())
            if references.sources_are == "known"
            else ()
        ),
        measured=datetime.datetime.now(datetime.UTC).date().isoformat(),
        modules=_modules(references.benchmark),
    )
    return likeness, beside


def write_record(path: Path, found: Iterable[Likeness]) -> None:
    """Keep what was measured in a JSON file; what it says of other benchmarks stays."""
    kept = read_record(path) | {likeness.benchmark: likeness for likeness in found}
    entries = {name: dataclasses.asdict(kept[name]) for name in sorted(kept)}
    write_text(path, json.dumps(_rounded(entries), indent=1) + "\n")


def read_record(path: Path) -> dict[str, Likeness]:
    """What a JSON file says of each benchmark; nothing where there is no such file.

    Raises:
        ValueError: the file is no record of likenesses.
    """
    if not path.is_file():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {name: Likeness.from_dict(entry) for name, entry in entries.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is no record of likenesses ({error}); "
            "make it anew: python -m lib.benchmarks likeness FOLDER --record FILE"
        ) from error


def _modules(benchmark: str) -> dict[str, str]:
    return module_digests([BENCHMARKS.module(benchmark), "lib.benchmarks.likeness.measured"])


def _rounded(value: object) -> object:
    """Five digits of every number, which is more than any table shows."""
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value
