"""Benchmarks: images with known sources."""

from lib.benchmarks.benchmark import Benchmark
from lib.benchmarks.grid import SourceGrid
from lib.benchmarks.loading import ORIGINS, load
from lib.benchmarks.publication import OFFICIAL_RESOLUTION, Publication, PublishedFile
from lib.benchmarks.sources import Source
from lib.benchmarks.split import Split
from lib.benchmarks.twin import BENCHMARKS, Twin, add_twin
from lib.benchmarks.visibility import Visibility, source_overlap, source_visibility

__all__ = [
    "BENCHMARKS",
    "OFFICIAL_RESOLUTION",
    "ORIGINS",
    "Benchmark",
    "Publication",
    "PublishedFile",
    "Source",
    "SourceGrid",
    "Split",
    "Twin",
    "Visibility",
    "add_twin",
    "load",
    "source_overlap",
    "source_visibility",
]
