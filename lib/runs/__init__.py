"""Runs: configurations, their execution, and the records that are kept of them."""

from lib.runs.build import build_draw, build_model, held_out
from lib.runs.comparison import Difference, compare
from lib.runs.config import RunConfig
from lib.runs.execution import execute, execute_seeds, sweep
from lib.runs.profiles import PROFILES
from lib.runs.record import RunRecord
from lib.runs.recorded import RecordedRun, recorded_runs
from lib.runs.scoring import reconstruct, score_grid
from lib.runs.tables import table

__all__ = [
    "PROFILES",
    "Difference",
    "RecordedRun",
    "RunConfig",
    "RunRecord",
    "build_draw",
    "build_model",
    "compare",
    "execute",
    "execute_seeds",
    "held_out",
    "reconstruct",
    "recorded_runs",
    "score_grid",
    "sweep",
    "table",
]
