"""What captions, titles and verdicts of a study say in the same words."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from lib.figures import model_label
from lib.metrics.evaluation import KNOWN_NMI
from lib.runs import RunRecord

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


def run_title(name: str, record: RunRecord) -> str:
    """Which run a figure shows, such as "QLAE, seed 0, collapsed, rendered twin"."""
    parts = [model_label(name), f"seed {record.config.seed}"]
    parts += ["collapsed"] if is_collapsed(record) else []
    return ", ".join([*parts, images_are(record.config.data.origin).lower()])
