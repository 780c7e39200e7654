"""Altair figures of plain arrays and tables, each with a description, tooltips and one look."""

from lib.figures.code_values import code_values
from lib.figures.codes import code_strips
from lib.figures.curves import training_curves
from lib.figures.explorer import source_explorer
from lib.figures.heatmap import diagonal_order, nmi_heatmap
from lib.figures.images import image_grid, latent_traversals, png_uri, reconstructions
from lib.figures.known_sources import known_sources
from lib.figures.nmi_panels import nmi_panels
from lib.figures.plane import score_plane
from lib.figures.recorded import runs_table
from lib.figures.scores import score_intervals
from lib.figures.source_changes import source_changes
from lib.figures.speed import roofline, scaling
from lib.figures.theme import (
    MODEL_COLORS,
    MODEL_LABELS,
    finish,
    group_scales,
    legend,
    model_label,
)

__all__ = [
    "MODEL_COLORS",
    "MODEL_LABELS",
    "code_strips",
    "code_values",
    "diagonal_order",
    "finish",
    "group_scales",
    "image_grid",
    "known_sources",
    "latent_traversals",
    "legend",
    "model_label",
    "nmi_heatmap",
    "nmi_panels",
    "png_uri",
    "reconstructions",
    "roofline",
    "runs_table",
    "scaling",
    "score_intervals",
    "score_plane",
    "source_changes",
    "source_explorer",
    "training_curves",
]
