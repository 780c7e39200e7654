"""Benchmarks: images with known sources."""

from lib.benchmarks.benchmark import Benchmark as Benchmark
from lib.benchmarks.grid import SourceGrid as SourceGrid
from lib.benchmarks.registry import BENCHMARKS as BENCHMARKS
from lib.benchmarks.registry import OFFICIAL_RESOLUTION as OFFICIAL_RESOLUTION
from lib.benchmarks.registry import ORIGINS as ORIGINS
from lib.benchmarks.registry import load as load
from lib.benchmarks.sources import Publication as Publication
from lib.benchmarks.sources import Source as Source
from lib.benchmarks.split import Split as Split
from lib.benchmarks.visibility import Visibility as Visibility
from lib.benchmarks.visibility import source_overlap as source_overlap
from lib.benchmarks.visibility import source_visibility as source_visibility
