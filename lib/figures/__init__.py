"""Altair figures of plain arrays and tables, each with a description, tooltips and one look."""

from lib.figures.code_strips import code_strips
from lib.figures.code_values import code_values
from lib.figures.decoded import latent_traversals, reconstructions
from lib.figures.differences import differences
from lib.figures.explorer import Explored, source_explorer
from lib.figures.filter_table import Cell, filter_table
from lib.figures.images import image_grid, png_uri
from lib.figures.known_sources import known_sources
from lib.figures.live_decoder import LivePanel, live_decoder
from lib.figures.nmi_heatmap import diagonal_order, nmi_heatmap
from lib.figures.nmi_panels import nmi_panels
from lib.figures.roofline import roofline, scaling
from lib.figures.runs_table import runs_table
from lib.figures.score_editor import score_editor
from lib.figures.score_intervals import ratio_scores, score_intervals
from lib.figures.score_plane import score_plane
from lib.figures.source_changes import source_changes
from lib.figures.spectra import spectra
from lib.figures.theme import finish, group_scales, legend, model_label, plain, score_title
from lib.figures.training_curves import training_curves
from lib.figures.turned_codebooks import turned_codebooks
from lib.figures.turned_scores import turned_scores

__all__ = [
    "Cell",
    "Explored",
    "LivePanel",
    "code_strips",
    "code_values",
    "diagonal_order",
    "differences",
    "filter_table",
    "finish",
    "group_scales",
    "image_grid",
    "known_sources",
    "latent_traversals",
    "legend",
    "live_decoder",
    "model_label",
    "nmi_heatmap",
    "nmi_panels",
    "plain",
    "png_uri",
    "ratio_scores",
    "reconstructions",
    "roofline",
    "runs_table",
    "scaling",
    "score_editor",
    "score_intervals",
    "score_plane",
    "score_title",
    "source_changes",
    "source_explorer",
    "spectra",
    "training_curves",
    "turned_codebooks",
    "turned_scores",
]
