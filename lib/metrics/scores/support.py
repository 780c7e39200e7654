"""What the other scores rest on: sources known, active latents, and whether a run collapsed."""

import numpy as np

from lib.metrics.evaluation import KNOWN_NMI, Evaluation
from lib.metrics.reconstruction import psnr
from lib.scores import Score, add_score


def sources_known(evaluation: Evaluation) -> int:
    """How many sources have a normalized mutual information of 0.1 or more with some latent.

    The bound is `lib.metrics.evaluation.KNOWN_NMI`.
    """
    return int((evaluation.nmi.max(axis=1) >= KNOWN_NMI).sum())


def num_active(evaluation: Evaluation) -> int:
    """How many latents count as active under the protocol, see `lib.metrics.active_latents`."""
    return int(evaluation.active.sum())


def collapsed(evaluation: Evaluation) -> bool:
    """Whether no latent is active, or reconstructions are no better than the mean image."""
    images = evaluation.images
    mean_image = np.broadcast_to(images.mean(axis=0) / 255, images.shape)
    return not evaluation.active.any() or evaluation.psnr <= psnr(images, mean_image)


add_score(
    Score(
        name="sources_known",
        label="sources known",
        compute=sources_known,
        digits=0,
        bounds=(0, None),
    ),
    __name__,
)
add_score(
    Score(
        name="num_active",
        label="active latents",
        compute=num_active,
        digits=0,
        bounds=(0, None),
        higher_is_better=None,
    ),
    __name__,
)
add_score(
    Score(
        name="collapsed",
        label="collapsed",
        compute=collapsed,
        digits=0,
        bounds=(0, 1),
        higher_is_better=False,
    ),
    __name__,
)
