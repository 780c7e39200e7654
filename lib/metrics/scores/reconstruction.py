"""The quality of reconstructions as a score of a run."""

from lib.metrics.evaluation import Evaluation
from lib.scores import Score, add_score


def psnr(evaluation: Evaluation) -> float:
    """Quality of reconstructions: peak signal-to-noise ratio; 3 dB more is half the squared error.

    See `lib.metrics.psnr`.
    """
    return evaluation.psnr


add_score(Score(name="psnr", label="PSNR", compute=psnr, unit="dB", digits=1), __name__)
