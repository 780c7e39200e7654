"""The quality of reconstructions as a score of a run."""

from lib.metrics.evaluation import Evaluation
from lib.scores import Score, add_score


def psnr(evaluation: Evaluation) -> float:
    """Peak signal-to-noise ratio in dB, see `lib.metrics.psnr`."""
    return evaluation.psnr


add_score(Score(name="psnr", label="PSNR", compute=psnr, unit="dB", digits=1), __name__)
