"""A table of runs with where they come from and a few images of each."""

import html
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from lib.figures.images import png_uri
from lib.figures.theme import model_label
from lib.runs import RunRecord

_SCORES = {"infom": "InfoM", "infoe": "InfoE", "infoc": "InfoC", "psnr": "PSNR (dB)"}
_HEADINGS = ("run", *_SCORES.values(), "made", "held-out images above their reconstructions")
_HEADINGS_ROW = "<tr>" + "".join(f'<th scope="col">{name}</th>' for name in _HEADINGS) + "</tr>"


def runs_table(runs: Iterable[tuple[str, RunRecord, ArrayLike, ArrayLike]]) -> str:
    """HTML of a table with a row a run: settings, scores, provenance, images.

    Args:
        runs: for each its label, its record, and images and reconstructions of them, uint8,
            `(n, height, width, 1 or 3)`.

    Returns:
        The table, in an element that scrolls sideways where the page is narrow.
    """
    rows = [_HEADINGS_ROW]
    for label, record, originals, reconstructions in runs:
        config, scores = record.config, record.scores
        images = "rendered twin" if config.origin == "rendered" else "official images"
        setting = (
            f"{html.escape(label)}: {model_label(config.model)}, seed {config.seed}<br>"
            f"{config.profile} profile, {config.steps:,} steps of {config.batch_size} images, "
            f"{config.resolution}×{config.resolution} pixels, {images}, "
            f"weight decay {config.weight_decay:g}"
        )
        made = (
            f"{html.escape(record.device)}, {record.images_per_s:,.0f} images/s<br>"
            f"{record.started[:10]}, commit <code>{html.escape(record.commit)}</code>, "
            f"run <code>{record.identity}</code>"
        )
        numbers = ["–" if scores[n] is None else f"{scores[n]:.2f}" for n in _SCORES]
        pair = np.stack([np.asarray(originals), np.asarray(reconstructions)])
        cells = [setting, *numbers, made, _picture(pair, label)]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    inside = f'<table class="table">{"".join(rows)}</table>'
    return f'<div class="runs-table" style="overflow-x: auto">{inside}</div>'


def _picture(pair: np.ndarray, label: str) -> str:
    """Two rows of images as one picture, 22 pixels an image."""
    _, n, height, width, channels = pair.shape
    whole = pair.transpose(0, 2, 1, 3, 4).reshape(2 * height, n * width, channels)
    return (
        f'<img src="{png_uri(whole)}" alt="{n} held-out images and their reconstructions, '
        f'{html.escape(label)}" style="width: {22 * n}px; max-width: none; image-rendering: '
        'pixelated">'
    )
