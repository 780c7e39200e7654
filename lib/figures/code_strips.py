"""Codes of the same images by several models, one cell a latent and image."""

import json
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lib.checks import check_array
from lib.figures.images import pixels, png_uri
from lib.figures.theme import MAX_ROWS, MUTED, STRENGTH, TEXT_PIXELS, finish, model_label, plain

# In widths of a column: between the blocks of columns, and rows above and between the models.
_GAP = 0.7
_IMAGE_ROW, _NAME_ROW = 1.3, 1.6
# Pixels: of such a row where columns are narrower, of a line of text, and of a character.
_LEAST_ROW, _LINE, _CHARACTER = 11, TEXT_PIXELS + 4, 7.5


def code_strips(
    images: ArrayLike,
    codes: Mapping[str, ArrayLike],
    blocks: Sequence[str],
    *,
    subtitle: str = "Each row is a latent, from its lowest value (dark) to its highest (light).",
) -> alt.LayerChart:
    """Draw the images of a walk, and under them what each model makes of them, latent by latent.

    The images come in blocks of equal length; in each one thing changes. In a modular code the
    cells of a block then change in few rows, and in each block in others.

    Args:
        images: (num_images, height, width, 1 or 3), uint8 or floats in [0, 1].
        codes: model's name -> (num_images, num_latents), each latent scaled to [0, 1].
        blocks: what changes in each block of columns; their number divides that of the images.
        subtitle: line above the chart; by default what the cells are.

    Returns:
        The chart, with model, latent, image and value in its tooltips.

    Raises:
        ValueError: no model, codes of another number of images or outside [0, 1], blocks that do
            not divide the images, or more cells than a chart may carry.
    """
    pictures = pixels("images", images, ("num_images",))
    count, blocks = len(pictures), [plain(name) for name in blocks]
    if not codes:
        raise ValueError("codes must hold at least one model, got none.")
    if not blocks or count % len(blocks):
        raise ValueError(
            f"blocks must divide the images evenly: got {len(blocks)} blocks of {count} images."
        )
    length = count // len(blocks)
    left = [column + _GAP * (column // length) for column in range(count)]
    cells, names, top = [], [], _IMAGE_ROW
    for name, given in codes.items():
        values = check_array(f"codes[{name!r}]", given, ("num_images", "num_latents"))
        if len(values) != count or values.min() < 0 or values.max() > 1:
            raise ValueError(
                f"codes[{name!r}] must be ({count}, num_latents) in [0, 1], got shape "
                f"{values.shape} from {values.min():.3g} to {values.max():.3g}."
            )
        names.append({"text": model_label(name), "left": 0.0, "top": top + _NAME_ROW * 0.55})
        top += _NAME_ROW
        for (column, latent), value in np.ndenumerate(values):
            cells.append(
                {
                    "model": model_label(name),
                    "latent": latent,
                    "changes": blocks[column // length],
                    "image": column,
                    "value": round(float(value), 3),
                    "left": left[column],
                    "right": left[column] + 1,
                    "top": round(top + latent * 0.8, 2),
                    "bottom": round(top + (latent + 1) * 0.8, 2),
                }
            )
        top += values.shape[1] * 0.8 + 0.3
    if len(cells) > MAX_ROWS:
        raise ValueError(
            f"codes must hold at most {MAX_ROWS} cells, got {len(cells)}; draw fewer images."
        )
    width = left[-1] + 1
    side = f"(width / {width:.6g})"
    # Where blocks are narrower than their names, these stand by turns in several lines.
    longest = _CHARACTER * max(len(name) for name in blocks)
    lines = f"clamp(ceil({longest} / ({length} * {side})), 1, {len(blocks)})"
    across = alt.Scale(domain=[0, width], nice=False, zero=False)
    down = alt.Scale(
        domain=[0, top], range=[alt.expr(f"{_LINE} * {lines}"), alt.expr("height")], nice=False
    )
    places = {
        "x": alt.X("left:Q", scale=across, axis=None),
        "y": alt.Y("top:Q", scale=down, axis=None),
    }
    shown = pd.DataFrame(
        {
            "left": left[column] + 0.5,
            "top": 0.5,
            "url": png_uri(pictures[column]),
            "changes": blocks[column // length],
        }
        for column in range(count)
    )
    heads = pd.DataFrame(
        {"left": left[place * length], "place": place, "text": name}
        for place, name in enumerate(blocks)
    )
    spoken = json.dumps("image in which one thing changes: ") + " + datum.changes"
    words = {"baseline": "middle", "clip": True, "color": MUTED}
    is_last = f"datum.place + {lines} > {len(blocks)}"
    layers = [
        alt.Chart(pd.DataFrame(cells))
        .mark_rect()
        .encode(
            **places,
            x2="right:Q",
            y2="bottom:Q",
            color=alt.Color("value:Q", scale=alt.Scale(range=STRENGTH, domain=[0, 1]), legend=None),
            tooltip=["model:N", "latent:O", "changes:N", "image:O", "value:Q"],
        ),
        alt.Chart(shown)
        .mark_image(
            # As wide as a column, rounding could carry the last image past the edge, and Vega would
            # shrink the chart to make room, without end.
            width={"expr": f"0.96 * {side}"},
            height={"expr": f"0.96 * {side}"},
            smooth=False,
            description={"expr": spoken},
        )
        .encode(**places, url="url:N", tooltip=["changes:N"]),
        alt.Chart(pd.DataFrame(names))
        .mark_text(**words, align="left", fontWeight="bold")
        .encode(**places, text="text:N"),
        alt.Chart(heads)
        .mark_text(
            **words,
            align={"expr": f"{lines} > 1 && {is_last} ? 'right' : 'left'"},
            dx={"expr": f"{lines} > 1 && {is_last} ? {length} * {side} : 0"},
            y={"expr": f"{_LINE} * (datum.place % {lines} + 0.5)"},
            limit={"expr": f"{lines} * {length} * {side}"},
        )
        .encode(x=places["x"], text="text:N"),
    ]
    models = ", ".join(model_label(name) for name in codes)
    return finish(
        alt.layer(*layers),
        f"A walk of {count} images in which one after another changes {', '.join(blocks)}; "
        f"under it the value of every latent of {models}.",
        height=f"{_LINE} * {lines} + {top:.6g} * max({side}, {_LEAST_ROW})",
        subtitle=subtitle,
    )
