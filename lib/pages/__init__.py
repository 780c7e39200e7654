"""What the chapters on benchmarks share: runs and figures of one benchmark, put into words."""

from lib.pages.benchmark import SourcesPage
from lib.pages.comparison import ComparisonPage
from lib.pages.overview import OverviewPage

__all__ = ["ComparisonPage", "OverviewPage", "SourcesPage"]
