"""Images in figures: one as a data URI, many in a grid."""

import base64
import io
import json
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from PIL import Image

from lib.checks import check_array, check_labels
from lib.figures.theme import (
    CHARACTER_PIXELS,
    LABEL_LINE_PIXELS,
    MAX_ROWS,
    finish,
    line_offset,
    lookup_label,
    wrapped_label,
)
from lib.pixels import to_uint8

# Vega's tooltip handler draws these two in a way of its own.
_SPECIAL_TOOLTIPS = ("image", "title")
_ROW_CHARACTERS = 11  # of a line of a row's label


def png_uri(image: ArrayLike) -> str:
    """Return an image as a PNG data URI, which decodes to the very same pixels.

    Args:
        image: (height, width, 1 or 3), uint8 or floats in [0, 1].
    """
    return _uri(image, "png", optimize=True)


def webp_uri(image: ArrayLike) -> str:
    """Return an image as a WebP data URI, as exact as `png_uri` in four fifths of its bytes.

    Browsers read it, but not every program that reads SVG files: for images of a page alone.

    Args:
        image: (height, width, 1 or 3), uint8 or floats in [0, 1].
    """
    return _uri(image, "webp", lossless=True)


def _uri(image: ArrayLike, kind: str, **options: bool) -> str:
    levels = pixels("image", image, ())
    picture = Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return f"data:image/{kind};base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def pixels(name: str, images: ArrayLike, axes: tuple[str, ...]) -> np.ndarray:
    """Images `(*axes, height, width, channels)` as uint8; floats must lie in [0, 1].

    Raises:
        TypeError: neither uint8 nor floats.
        ValueError: other dimensions, or values out of range; names the parameter.
    """
    array = check_array(name, images, (*axes, "height", "width", "channels"))
    if array.shape[-1] not in (1, 3):
        raise ValueError(
            f"{name} must have 1 or 3 channels in its last axis, got shape {array.shape}; "
            "images are (height, width, channels)."
        )
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind != "f":
        raise TypeError(
            f"{name} must be uint8 or floats in [0, 1], got dtype {array.dtype}; "
            "convert it with .astype(np.uint8)."
        )
    if array.min() < 0 or array.max() > 1:
        raise ValueError(
            f"{name} holds floats and must lie in [0, 1], got values from {array.min():.3g} to "
            f"{array.max():.3g}; clip or divide by 255."
        )
    return to_uint8(array)


def image_grid(
    images: ArrayLike,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    tooltips: Mapping[str, ArrayLike] | None = None,
    *,
    row_title: str | None = None,
    column_title: str | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    largest: int = 96,
    description: str | None = None,
) -> alt.Chart:
    """Draw images in rows and columns, as large as the page is wide.

    Pixels stay sharp squares when images are shown larger than they are. On a phone (343 pixels
    wide without margins) ten columns leave about 30 pixels an image.

    Args:
        images: (rows, columns, height, width, 1 or 3), uint8 or floats in [0, 1].
        row_labels: one label a row, at its left; none by default.
        column_labels: one label a column, at its top; none by default.
        tooltips: what to say about each image beside its labels: name -> (rows, columns) numbers
            or strings.
        row_title: what the rows are, in tooltips and the description ("row" by default).
        column_title: what the columns are, also written above their labels.
        title: line above the chart.
        subtitle: second line above the chart.
        largest: pixels; no image is drawn wider, however wide the page.
        description: words for readers who do not see the figure; by default made from the titles
            and labels.

    Returns:
        The chart, with the labels and `tooltips` of each image in its tooltips.

    Raises:
        ValueError: wrong dimensions or ranges, labels or tooltips that do not match the grid, or
            more images than a chart may carry.
        TypeError: images that are neither uint8 nor floats.
    """
    levels = pixels("images", images, ("rows", "columns"))
    rows, columns, height, width = levels.shape[:4]
    if rows * columns > MAX_ROWS:
        raise ValueError(
            f"images must hold at most {MAX_ROWS} images, got {rows * columns}; draw fewer."
        )
    if largest <= 0:
        raise ValueError(f"largest must be a positive number of pixels, got {largest}.")
    # Each side of the grid: what tooltips call it, and its labels, if it has any.
    sides = {
        of: (word or of, None if given is None else check_labels(f"{of}_labels", given, count, of))
        for of, word, given, count in (
            ("row", row_title, row_labels, rows),
            ("column", column_title, column_labels, columns),
        )
    }
    frame = pd.DataFrame(
        {"row": row, "column": column, "image": png_uri(levels[row, column])}
        for row in range(rows)
        for column in range(columns)
    )
    shown = []
    taken = {*(word for word, _ in sides.values()), *_SPECIAL_TOOLTIPS} & set(tooltips or {})
    if taken:
        raise ValueError(
            f"tooltips must have other names than {sorted(taken)}, which a tooltip uses already."
        )
    for of, (word, names) in sides.items():
        if names is not None:
            frame[f"{of}_label"] = [names[at] for at in frame[of]]
            shown.append(alt.Tooltip(f"{of}_label:N", title=word))
    for number, (name, values) in enumerate((tooltips or {}).items()):
        found = np.asarray(values)
        if found.shape != (rows, columns):
            raise ValueError(
                f"tooltips[{name!r}] must have one entry per image: expected shape "
                f"{(rows, columns)}, got {found.shape}."
            )
        frame[f"note_{number}"] = found.ravel().tolist()
        is_number = found.dtype.kind == "f"
        kind, looks = ("Q", {"format": ".2f"}) if is_number else ("N", {})
        shown.append(alt.Tooltip(f"note_{number}:{kind}", title=name, **looks))
    cell = f"min(width / {columns}, {largest})"
    # What a screen reader says of one image; Vega's own words would spell out the data URI.
    spoken = " + ', ' + ".join(
        f"{json.dumps(word + ' ')} + datum.{of}{'' if names is None else '_label'}"
        for of, (word, names) in sides.items()
    )
    told = [f"Grid of images, {rows} by {columns}."]
    told += [f"Along the {w}s: {', '.join(names)}." for w, names in sides.values() if names]
    (_, row_names), (_, column_names) = sides.values()
    gaps = {"paddingInner": 0.06, "paddingOuter": 0.03}
    chart = (
        alt.Chart(frame)
        .mark_image(
            width={"expr": "bandwidth('x')"},
            height={"expr": f"min(bandwidth('y'), {height / width:.6g} * bandwidth('x'))"},
            smooth=False,
            description={"expr": spoken},
        )
        .encode(
            x=alt.X(
                "column:O",
                title=column_title if column_names is not None else None,
                axis=_axis(column_names, 12, orient="top", labelAngle=0, labelOverlap=True),
                scale=alt.Scale(range=[0, alt.expr(f"{columns} * {cell}")], **gaps),
            ),
            y=alt.Y(
                "row:O",
                title=None,
                axis=_axis(row_names, _ROW_CHARACTERS, orient="left"),
                scale=alt.Scale(**gaps),
            ),
            url="image:N",
            tooltip=shown,
        )
    )
    return finish(
        chart,
        description or " ".join(told),
        height=f"{rows} * max({height / width:.6g} * {cell}, {_label_pixels(row_names)})",
        title=title,
        subtitle=subtitle,
    )


def _label_pixels(names: list[str] | None) -> int:
    """The height of the tallest label of a row."""
    lines = (len(wrapped_label(name, _ROW_CHARACTERS)) for name in names or [])
    return max(lines, default=0) * LABEL_LINE_PIXELS


def _axis(names: list[str] | None, characters: int, **settings) -> alt.Axis | None:
    if names is None:
        return None
    labels = lookup_label(names, characters)
    if settings["orient"] == "left":
        lines = [line for name in names for line in wrapped_label(name, characters)]
        # The height follows from the width: if the width followed from what Vega makes of the
        # labels at that height, it could go on for ever.
        extent = CHARACTER_PIXELS * max(map(len, lines)) + 4
        settings |= {"minExtent": extent, "maxExtent": extent, "labelOverlap": False}
        settings["labelOffset"] = line_offset(labels)
    return alt.Axis(labelExpr=labels, domain=False, ticks=False, **settings)
