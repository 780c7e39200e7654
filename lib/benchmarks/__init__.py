"""Benchmarks: images with known sources."""

from lib.benchmarks.benchmark import Benchmark as Benchmark
from lib.benchmarks.grid import SourceGrid as SourceGrid
from lib.benchmarks.loading import ORIGINS as ORIGINS
from lib.benchmarks.loading import load as load
from lib.benchmarks.publication import OFFICIAL_RESOLUTION as OFFICIAL_RESOLUTION
from lib.benchmarks.publication import Publication as Publication
from lib.benchmarks.publication import PublishedFile as PublishedFile
from lib.benchmarks.sources import Source as Source
from lib.benchmarks.split import Split as Split
from lib.benchmarks.twin import BENCHMARKS as BENCHMARKS
from lib.benchmarks.twin import Twin as Twin
from lib.benchmarks.twin import add_twin as add_twin
from lib.benchmarks.visibility import Visibility as Visibility
from lib.benchmarks.visibility import source_overlap as source_overlap
from lib.benchmarks.visibility import source_visibility as source_visibility
