"""An explorer of sources: choose a source and a value, see the image."""

import json
from collections.abc import Sequence

import altair as alt
import pandas as pd
from numpy.typing import ArrayLike

from lib.checks import check_labels
from lib.figures.images import pixels, png_uri
from lib.figures.theme import ACCENT, MAX_ROWS, finish

_GAP = 8


def source_explorer(
    images: Sequence[ArrayLike],
    source_names: Sequence[str],
    base: Sequence[int],
    value_labels: Sequence[Sequence[str]] | None = None,
    *,
    title: str | None = None,
    largest: int = 280,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw an image whose sources the reader changes, one at a time from a base image.

    A menu chooses the source and a slider its value; the strip under the image shows all values of
    that source with the current one framed. Everything lies in the chart, so it works offline.

    Args:
        images: for each source, (size of the source, height, width, 1 or 3): image v of source k
            has value v of source k and the base value of every other source. uint8 or floats in
            [0, 1]; one height and width for all.
        source_names: one name a source.
        base: (num_sources,) value of each source in the base image; the slider starts at the
            first source's.
        value_labels: for each source, the label of each value; by default its number.
        title: line above the chart.
        largest: pixels; the image is not drawn wider.
        description: words for readers who do not see the figure; by default the names and sizes
            of the sources.

    Returns:
        The chart with its menu and slider.

    Raises:
        ValueError: wrong dimensions, sizes that differ, names, labels or base values that do not
            match the images.
    """
    names = check_labels("source_names", source_names, len(images), "source (entry of images)")
    if not names:
        raise ValueError("images must hold at least one source, got none.")
    if len(set(names)) != len(names):
        raise ValueError(f"source_names must differ from one another, got {names}.")
    strips = [pixels(f"images[{at}]", given, ("values",)) for at, given in enumerate(images)]
    frames = {strip.shape[1:] for strip in strips}
    if len(frames) > 1:
        raise ValueError(f"images must share one height, width and channels, got {sorted(frames)}.")
    sizes = [len(strip) for strip in strips]
    if sum(sizes) > MAX_ROWS:
        raise ValueError(f"images must hold at most {MAX_ROWS} images, got {sum(sizes)}.")
    start = [int(value) for value in base]
    if len(start) != len(sizes) or any(
        not 0 <= value < size for value, size in zip(start, sizes, strict=True)
    ):
        raise ValueError(
            f"base must have one value per source, each below the size of its source {sizes}, "
            f"got {start}."
        )
    if value_labels is None:
        value_labels = [[str(value) for value in range(size)] for size in sizes]
    if len(value_labels) != len(sizes):
        raise ValueError(
            f"value_labels must have one sequence per source: expected {len(sizes)}, "
            f"got {len(value_labels)}."
        )
    words = [
        check_labels(f"value_labels[{at}]", given, sizes[at], f"value of {names[at]}")
        for at, given in enumerate(value_labels)
    ]
    frame = pd.DataFrame(
        {
            "source": name,
            "size": len(strip),
            "value": value,
            "label": labels[value],
            "image": png_uri(strip[value]),
        }
        for name, strip, labels in zip(names, strips, words, strict=True)
        for value in range(len(strip))
    )
    height, width = strips[0].shape[1:3]
    aspect = f"{height / width:.6g}"
    longest = max(sizes)
    source = alt.param(
        name="chosen_source",
        value=names[0],
        bind=alt.binding_select(options=names, name="Source "),
    )
    value = alt.param(
        name="chosen_value",
        value=start[0],
        bind=alt.binding_range(min=0, max=longest - 1, step=1, name="Value "),
    )
    side, thumb = f"min(width, {largest})", f"min(width / {longest}, 48)"
    strip_top = f"{side} * {aspect} + {_GAP}"
    here = "datum.source == chosen_source"
    now = f"{here} && datum.value == min(chosen_value, datum.size - 1)"
    tooltip = [alt.Tooltip("source:N"), alt.Tooltip("value:Q"), alt.Tooltip("label:N")]
    across = alt.X(
        "value:O",
        axis=None,
        scale=alt.Scale(
            domain=list(range(longest)),
            range=[0, alt.expr(f"{longest} * {thumb}")],
            paddingInner=0.08,
            paddingOuter=0.04,
        ),
    )
    base_chart = alt.Chart(frame)
    # What a screen reader says of one image; Vega's own words would spell out the data URI.
    spoken = {"expr": "datum.source + ': ' + datum.label"}
    picture = (
        base_chart.transform_filter(now)
        .mark_image(
            x=0,
            y=0,
            width={"expr": side},
            height={"expr": f"{side} * {aspect}"},
            align="left",
            baseline="top",
            smooth=False,
            description=spoken,
        )
        .encode(url="image:N", tooltip=tooltip)
    )
    strip = (
        base_chart.transform_filter(here)
        .mark_image(
            y={"expr": strip_top},
            width={"expr": "bandwidth('x')"},
            height={"expr": f"bandwidth('x') * {aspect}"},
            baseline="top",
            smooth=False,
            description=spoken,
        )
        .encode(x=across, url="image:N", tooltip=tooltip)
    )
    cursor = (
        base_chart.transform_filter(now)
        .mark_rect(
            filled=False,
            stroke=ACCENT,
            strokeWidth=2.5,
            y={"expr": strip_top},
            y2={"expr": f"{strip_top} + bandwidth('x') * {aspect}"},
        )
        .encode(x=across)
    )
    told = ", ".join(f"{name} ({size})" for name, size in zip(names, sizes, strict=True))
    return finish(
        alt.layer(picture, strip, cursor).add_params(source, value),
        description
        or f"An image in which one source at a time is changed with a menu and a slider. Sources "
        f"and their numbers of values: {told}.",
        height=f"{strip_top} + {thumb} * {aspect}",
        # The caption is the chart's title, since that follows the theme of the page.
        title=_caption(names, words),
        subtitle=title,
    )


def _caption(names: list[str], words: list[list[str]]) -> alt.Expr:
    known = json.dumps(dict(zip(names, words, strict=True)), ensure_ascii=False)
    labels = f"{known}[chosen_source]"
    last = f"(length({labels}) - 1)"
    value = f"min(chosen_value, {last})"
    return alt.expr(
        f"chosen_source + ': ' + {labels}[{value}] + ' (value ' + {value} + ' of 0 to ' + {last}"
        " + ')'"
    )
