"""A table of runs with where they come from and a few images of each."""

import html
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from lib.figures.images import png_uri
from lib.figures.theme import model_label
from lib.runs import RunRecord
from lib.scores import SCORES


def runs_table(runs: Iterable[tuple[str, RunRecord, ArrayLike, ArrayLike]]) -> str:
    """HTML of a table of runs: scores, and under these the images, settings and provenance.

    Args:
        runs: for each its label, its record, and images and reconstructions of them, uint8,
            `(n, height, width, 1 or 3)`.

    Returns:
        The table, in an element that scrolls sideways where the page is narrow.
    """
    runs = list(runs)
    names = [name for name in SCORES if any(name in record.scores for _, record, _, _ in runs)]
    titles = [SCORES[name].heading for name in names]
    headings = ["run", *titles]
    rows = ["<tr>" + "".join(f'<th scope="col">{title}</th>' for title in headings) + "</tr>"]
    for label, record, originals, reconstructions in runs:
        config, training = record.config, record.training
        images = "rendered twin" if config.data.origin == "rendered" else "official images"
        run = f"{html.escape(label)}: {model_label(config.model)}, seed {config.seed}"
        made = (
            f"{config.profile} profile, {config.recipe.steps:,} steps of "
            f"{config.recipe.batch_size} images, "
            f"{config.data.resolution}×{config.data.resolution} pixels, {images}, "
            f"weight decay {config.recipe.weight_decay:g}<br>"
            f"{html.escape(training.device)}, {training.images_per_s:,.0f} images/s, "
            f"{training.started[:10]}, commit <code>{html.escape(training.commit)}</code>, "
            f"run <code>{record.identity}</code>"
        )
        numbers = [_number(name, record.scores.get(name)) for name in names]
        pair = np.stack([np.asarray(originals), np.asarray(reconstructions)])
        first = f'<th scope="row" style="font-weight: normal">{run}</th>'
        rows.append(f"<tr>{first}{''.join(f'<td>{number}</td>' for number in numbers)}</tr>")
        rows.append(f'<tr><td colspan="{len(headings)}">{_picture(pair, label)}{made}</td></tr>')
    inside = f'<table class="table">{"".join(rows)}</table>'
    return (
        '<div class="runs-table" role="region" aria-label="Runs" tabindex="0" '
        f'style="overflow-x: auto">{inside}</div>'
    )


def _number(name: str, value: float | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else f"{value:.{SCORES[name].digits}f}"


def _picture(pair: np.ndarray, label: str) -> str:
    """Two rows of images as one picture, 22 pixels an image."""
    _, n, height, width, channels = pair.shape
    whole = pair.transpose(0, 2, 1, 3, 4).reshape(2 * height, n * width, channels)
    return (
        f'<img src="{png_uri(whole)}" alt="{n} held-out images and their reconstructions, '
        f'{html.escape(label)}" style="display: block; width: {22 * n}px; max-width: none; '
        'image-rendering: pixelated">'
    )
