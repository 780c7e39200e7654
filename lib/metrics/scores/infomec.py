"""InfoM, InfoE and InfoC, and how much latents know at all."""

from lib.metrics.evaluation import Evaluation
from lib.scores import Score, add_score

KNOWN_NMI = 0.1  # from which on a source is known by a latent


def infom(evaluation: Evaluation) -> float | None:
    """Modularity."""
    found = evaluation.infomec
    return None if found is None or found.undefined else found.infom


def infoe(evaluation: Evaluation) -> float | None:
    """Explicitness."""
    return evaluation.infomec and evaluation.infomec.infoe


def infoc(evaluation: Evaluation) -> float | None:
    """Compactness."""
    return evaluation.infomec and evaluation.infomec.infoc


def sources_known(evaluation: Evaluation) -> int:
    """How many sources have an NMI of at least `KNOWN_NMI` with some latent."""
    return int((evaluation.nmi.max(axis=1) >= KNOWN_NMI).sum())


def num_active(evaluation: Evaluation) -> int:
    """How many latents are active."""
    return int(evaluation.active.sum())


for score in (
    Score(name="infom", label="InfoM (modularity)", compute=infom, bounds=(0, 1)),
    Score(name="infoe", label="InfoE (explicitness)", compute=infoe, bounds=(None, 1)),
    Score(name="infoc", label="InfoC (compactness)", compute=infoc, bounds=(0, 1)),
    Score(name="sources_known", label="sources known", compute=sources_known, digits=0),
    Score(name="num_active", label="active latents", compute=num_active, digits=0),
):
    add_score(score)
