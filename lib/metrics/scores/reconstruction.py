"""How close reconstructions come, and whether a run has collapsed."""

import numpy as np

from lib.metrics.evaluation import Evaluation
from lib.metrics.reconstruction import psnr
from lib.scores import Score, add_score


def reconstruction_psnr(evaluation: Evaluation) -> float:
    """PSNR of the reconstructions, in dB."""
    return psnr(evaluation.images, evaluation.reconstructions)


def collapsed(evaluation: Evaluation) -> bool:
    """Whether pictures are no better than the mean image, or no latent is active."""
    mean = evaluation.images.mean(axis=0, dtype=np.float64, keepdims=True) / 255
    of_mean = psnr(evaluation.images, np.broadcast_to(mean, evaluation.images.shape))
    return not evaluation.active.any() or reconstruction_psnr(evaluation) <= of_mean


add_score(Score(name="psnr", label="PSNR", compute=reconstruction_psnr, unit="dB", digits=1))
add_score(
    Score(name="collapsed", label="collapsed", compute=collapsed, digits=0, higher_is_better=False)
)
