"""Modularity, explicitness and compactness as scores of a run."""

from lib.metrics.evaluation import Evaluation
from lib.scores import Score, add_score


def infom(evaluation: Evaluation) -> float | None:
    """How far each latent tells of one source only, from 0 (all sources alike) to 1.

    None where the protocol does not define it.
    """
    found = evaluation.infomec
    return None if found is None or found.undefined else found.infom


def infoe(evaluation: Evaluation) -> float | None:
    """How well a linear model reads the sources from all latents together, 1 being without error.

    None where the protocol does not define InfoMEC.
    """
    found = evaluation.infomec
    return None if found is None else found.infoe


def infoc(evaluation: Evaluation) -> float | None:
    """How far each source sits in one latent only, from 0 (all latents alike) to 1.

    None where the protocol does not define it.
    """
    found = evaluation.infomec
    return None if found is None else found.infoc


add_score(
    Score(
        name="infom",
        label="InfoM (modularity)",
        compute=infom,
        bounds=(0, 1),
        color="#b03080",
        marker="circle",
    ),
    __name__,
)
add_score(
    Score(
        name="infoe",
        label="InfoE (explicitness)",
        compute=infoe,
        bounds=(None, 1),
        color="#0090b0",
        marker="square",
    ),
    __name__,
)
add_score(
    Score(
        name="infoc",
        label="InfoC (compactness)",
        compute=infoc,
        bounds=(0, 1),
        color="#989830",
        marker="diamond",
    ),
    __name__,
)
