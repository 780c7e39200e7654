"""What chapters share: runs of several models on a benchmark, their figures, put into words."""

from lib.pages.benchmark import SourcesPage
from lib.pages.comparison import ComparisonPage
from lib.pages.family import SHORT, FamilyPage, Variant
from lib.pages.overview import OverviewPage
from lib.pages.variants import VariantScores

__all__ = [
    "SHORT",
    "ComparisonPage",
    "FamilyPage",
    "OverviewPage",
    "SourcesPage",
    "Variant",
    "VariantScores",
]
