"""Studies: declared grids of runs, and what pages show of them."""

from lib.studies.comparisons import Comparisons
from lib.studies.declaration import STUDIES, DeclaredStudy, StudyRun, add_study
from lib.studies.likeness_page import LikenessPage
from lib.studies.live_models import live_models
from lib.studies.overview_page import OverviewPage
from lib.studies.results import Results
from lib.studies.results_page import ResultsPage
from lib.studies.seed_scores import SeedScores
from lib.studies.sources_page import SourcesPage
from lib.studies.study import SHORT, Study, Variant
from lib.studies.study_page import StudyPage
from lib.studies.trained import TrainedModels

__all__ = [
    "SHORT",
    "STUDIES",
    "Comparisons",
    "DeclaredStudy",
    "LikenessPage",
    "OverviewPage",
    "Results",
    "ResultsPage",
    "SeedScores",
    "SourcesPage",
    "Study",
    "StudyPage",
    "StudyRun",
    "TrainedModels",
    "Variant",
    "add_study",
    "live_models",
]
