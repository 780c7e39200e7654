"""What captions, titles and verdicts of a study say in the same words."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from lib.figures import model_label
from lib.metrics.evaluation import KNOWN_NMI
from lib.runs import RunRecord
from lib.scores import SCORES

NO_SOURCE = "no source"
SMOKE = "In the smoke profile these numbers prove that the page runs, no more."


def images_are(origin: str) -> str:
    """What images of an origin are, for captions."""
    return "Rendered twin" if origin == "rendered" else "Official images"


def is_collapsed(record: RunRecord) -> bool:
    """Whether a run's pictures are no better than the mean image's, or no latent is active."""
    return bool(record.scores.get("collapsed"))


def best_sources(
    nmi: Float[np.ndarray, "num_sources num_latents"], source_names: Sequence[str]
) -> list[str]:
    """For each latent the source that it knows best, or `NO_SOURCE` where it knows none."""
    known = nmi.max(axis=0) >= KNOWN_NMI
    return [
        source_names[row] if knows else NO_SOURCE
        for row, knows in zip(nmi.argmax(axis=0), known, strict=True)
    ]


def latent_words(
    nmi: Float[np.ndarray, " num_sources"], source_names: Sequence[str], is_active: bool
) -> str:
    """What a latent is about, such as "mostly shape, NMI 0.97; nothing else above 0.1"."""
    if not is_active:
        return "inactive: it hardly moves from image to image"
    known = [place for place in np.argsort(-nmi, kind="stable") if nmi[place] >= KNOWN_NMI]
    if not known:
        return f"about {NO_SOURCE}: no NMI reaches {KNOWN_NMI}"
    best, *rest = [f"{source_names[place]}, NMI {nmi[place]:.2f}" for place in known]
    if not rest:
        return f"mostly {best}; nothing else above {KNOWN_NMI}"
    # More than half of all that it tells is what "mostly" means here.
    is_one = 2 * nmi[known[0]] > nmi.sum()
    return f"{'mostly' if is_one else 'a mixture:'} {best}; also {'; '.join(rest)}"


def score_words(record: RunRecord) -> str:
    """Every ratio of a run's InfoMEC, and what it means nothing without."""
    num_sources = len(record.scoring.nmi)
    told = [
        f"{name} {SCORES[score].format(record.scores[score])}"
        for score, name in (("infom", "InfoM"), ("infoe", "InfoE"), ("infoc", "InfoC"))
    ]
    told.append(f"{record.scores['sources_known']} of {num_sources} sources known")
    told.append(f"PSNR {SCORES['psnr'].format(record.scores['psnr'])}")
    told.append("collapsed" if is_collapsed(record) else "not collapsed")
    return f"The run's scores: {', '.join(told)}."


def run_title(name: str, record: RunRecord) -> str:
    """Which run a figure shows, such as "QLAE, seed 0, collapsed, rendered twin"."""
    parts = [model_label(name), f"seed {record.config.seed}"]
    parts += ["collapsed"] if is_collapsed(record) else []
    return ", ".join([*parts, images_are(record.config.data.origin).lower()])
