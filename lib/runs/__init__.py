"""Runs: configurations, their execution, and the records that are kept of them."""

from lib.profiles import PROFILES
from lib.runs.comparison import Difference, compare, corrected, table
from lib.runs.config import RunConfig
from lib.runs.execution import ChangedCodeError, execute, execute_seeds, score_again, sweep
from lib.runs.images import RunImages
from lib.runs.kept import RecordedRun, read_records, recorded_runs, records_folder
from lib.runs.own import OwnModel
from lib.runs.record import RunRecord
from lib.runs.score import reconstruct, score_grid
from lib.runs.train import build_model

__all__ = [
    "PROFILES",
    "ChangedCodeError",
    "Difference",
    "OwnModel",
    "RecordedRun",
    "RunConfig",
    "RunImages",
    "RunRecord",
    "build_model",
    "compare",
    "corrected",
    "execute",
    "execute_seeds",
    "read_records",
    "reconstruct",
    "recorded_runs",
    "records_folder",
    "score_again",
    "score_grid",
    "sweep",
    "table",
]
