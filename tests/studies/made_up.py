"""Runs with made-up scores, of which nothing else is known."""

import numpy as np
import pandas as pd

from lib.benchmarks import BENCHMARKS
from lib.runs import RunConfig, RunRecord
from lib.runs.record import ScoringRecord, TrainingRecord
from lib.studies import SeedScores

# t = 12.706 with one degree of freedom: any table of Student's distribution.
T1 = 12.7062


def scores(infom, collapsed=(False,) * 6, **more) -> SeedScores:
    """Two seeds of QLAE, of vectors and of the plain model."""
    variants = ["QLAE"] * 2 + ["vectors"] * 2 + ["plain"] * 2
    runs = {"variant": variants, "seed": [3, 4] * 3, "infom": infom, "collapsed": collapsed}
    return SeedScores(pd.DataFrame(runs | more))


def record(config: RunConfig, infom: float = 0.5, collapsed: bool = False) -> RunRecord:
    """A run with these scores, of which nothing else is known."""
    made = {"device": "none", "versions": {}, "commit": "none", "code": {}}
    made |= {"started": "2026-01-01T00:00:00", "duration_s": 1.0, "parameters_sha256": "0"}
    scores = {"infom": infom, "infoe": 0.9, "infoc": 0.5, "psnr": 20.0 + config.seed}
    scores |= {"sources_known": 5, "num_active": 12, "collapsed": collapsed}
    training = TrainingRecord(
        **made,
        curves={"step": [1], "reconstruction": [0.5]},
        code_values=[],
        images_per_s=1.0,
        compile_s=1.0,
        resumed_from=[],
        changed_code=[],
        trained_with=[config.seed],
        images_sha256="",
    )
    num_sources = len(BENCHMARKS[config.benchmark].grid.varying)
    num_latents = config.networks.num_latents
    scoring = ScoringRecord(
        **made,
        scores=scores,
        undefined="",
        nmi=np.full((num_sources, num_latents), 0.5).tolist(),
        active=[True] * num_latents,
        num_images=100,
    )
    return RunRecord(config=config, training=training, scoring=scoring)
