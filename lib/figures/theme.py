"""One look for every figure: colours, type, and what `finish` sets on each chart."""

import json
import re
import textwrap
from collections.abc import Iterable, Sequence

import altair as alt

from lib.models import MODELS
from lib.scores import SCORES

MAX_ROWS = 5000
"""Most rows of data that one chart may carry (Altair's own limit)."""

FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
"""The stack of the book's prose: a canvas cannot inherit a font from its page."""

ACCENT = "#f86070"
FAINT = "rgba(128, 128, 128, 0.25)"
MUTED = "#808080"
"""Greys halfway between a light and a dark page, so that they show on both."""

VARIANTS = (
    "#d858b0",
    "#009808",
    "#a84800",
    "#6850c8",
    "#a07848",
    "#a850d0",
    "#007828",
    "#6098d8",
)
"""Colours of groups that are neither models nor scores, such as variants of one model."""

STRENGTH = ["#1c2a47", "#1f5f92", "#2fa0b0", "#b4ebc0"]
"""Range of a sequential scale, of rising lightness; opaque, so that numbers on it can be read on
any page: white below the middle, `INK` from there on."""

INK = "#0b1526"

SPECTRUM = ["#00808f", "#6f6fb8", "#b0559a", "#b8552a"]
"""Range of an ordered set of lines, of similar lightness from end to end."""

# Characters that fit on one line of a figure, and pixels that fit beside one another: on a phone
# of 375 px, whose margins and menu leave about 300, and on wider pages.
_NARROW, _WIDE = "width < 480", "width >= 480"
_TITLE_CHARACTERS = {_NARROW: 34, _WIDE: 62}
_SUBTITLE_CHARACTERS = 46
_LEGEND_PIXELS = {_NARROW: 290, _WIDE: 560}

TEXT_PIXELS = 13
"""Of all text in a chart but its title, which is larger: as small as prose on a page may be."""
LABEL_LINE_PIXELS = TEXT_PIXELS + 2
"""Vega's own distance of the lines of a label."""
_LINE_PIXELS = 17
CHARACTER_PIXELS = 7.5
"""Room for a character of a label, on average."""


def model_label(name: str) -> str:
    """How `name` is written in a figure: a model that it begins with by its label."""
    first = re.match(r"\w*", name)[0]
    return MODELS[first].label + name.removeprefix(first) if first in MODELS else name


def plain(name: str) -> str:
    """A name in code as words: "floor_hue" as "floor hue"."""
    return name.replace("_", " ")


def value_text(value: object) -> str:
    """How a setting's value is written."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def score_title(name: str) -> str:
    """How a column of scores is written in a figure: a score's label and unit, or the name."""
    return SCORES[name].title if name in SCORES else name


def group_scales(names: Iterable[str]) -> tuple[alt.Scale, alt.Scale]:
    """The colour and the shape scale of named groups, such as models or scores.

    Args:
        names: names of the groups, repeats allowed. A model or a score that has a colour and a
            marker keeps them, whatever else is in the chart, also a score by its heading; other
            names take the colours of `VARIANTS` and markers that are not in the chart.

    Returns:
        Scales whose domain holds the label of every name: models first, then scores, then the
        other names in the order given.

    Raises:
        ValueError: more names than there are colours and markers.
    """
    given = list(dict.fromkeys(names))
    entries = {**MODELS, **SCORES, **{score.heading: score for score in SCORES.values()}}
    looks = {
        name: (entry.color, entry.marker)
        for name, entry in entries.items()
        if entry.color and entry.marker
    }
    owners = [name for name in looks if name in MODELS and name in given]
    owners += [name for name in given if name in looks and name not in owners]
    others = [name for name in given if name not in looks]
    markers = dict.fromkeys(marker for _, marker in looks.values())
    taken = {looks[name][1] for name in owners}
    spare = list(zip(VARIANTS, [marker for marker in markers if marker not in taken], strict=False))
    if len(others) > len(spare):
        most = len(owners) + len(spare)
        raise ValueError(
            f"names must hold at most {most} different groups, got {len(given)}; "
            "draw fewer, or join some into one group."
        )
    chosen = [*(looks[name] for name in owners), *spare[: len(others)]]
    domain = [score_title(model_label(name)) for name in (*owners, *others)]
    return (
        alt.Scale(domain=domain, range=[color for color, _ in chosen]),
        alt.Scale(domain=domain, range=[shape for _, shape in chosen]),
    )


def legend(labels: Sequence[str], title: str | None = None) -> alt.Legend:
    """Return a legend above the chart, in as many columns as a phone has room for.

    Args:
        labels: labels of its entries, which decide the number of columns.
        title: title of the legend, none by default.
    """
    widest = 32 + 8 * max(len(label) for label in labels)
    narrow, wide = (max(1, min(len(labels), room // widest)) for room in _LEGEND_PIXELS.values())
    return alt.Legend(
        title=title,
        orient="top",
        direction="horizontal",
        columns=alt.expr(f"{_NARROW} ? {narrow} : {wide}"),
        labelLimit=_LEGEND_PIXELS[_NARROW],
        symbolOpacity=1,
    )


def lookup_label(labels: Sequence[str | Sequence[str]], width: int | None = None) -> str:
    """Return the Vega expression that writes label `datum.value` of `labels` on an axis.

    Args:
        labels: texts, or the lines of each, by position.
        width: characters after which a text goes on in a new line, at a blank or behind an
            underscore; None for never.
    """
    lines = [wrapped_label(label, width) if width else label for label in labels]
    return f"{json.dumps(lines, ensure_ascii=False)}[datum.value]"


def name_axis(labels: Sequence[str]) -> alt.Axis:
    """Return the horizontal axis of names: upright, but slanting where a phone has no room.

    Args:
        labels: the names.
    """
    words = sum(CHARACTER_PIXELS * len(label) for label in labels)
    slants = f"{_NARROW} && {words} > width"
    return alt.Axis(
        labelAngle=alt.expr(f"{slants} ? -40 : 0"),
        labelAlign=alt.expr(f"{slants} ? 'right' : 'center'"),
        labelBaseline=alt.expr(f"{slants} ? 'middle' : 'top'"),
        labelOverlap=False,
        labelLimit=120,
    )


def line_offset(labels: str) -> alt.Expr:
    """The offset that puts the middle of labels beside an axis, and not their first line, at ticks.

    Args:
        labels: Vega expression of a label's lines.
    """
    return alt.expr(f"-{LABEL_LINE_PIXELS / 2} * (length({labels}) - 1)")


def wrapped_label(label: str, width: int) -> list[str]:
    """The lines of a label, of at most `width` characters; a longer word stays whole."""
    lines = textwrap.wrap(
        label.replace("_", "_ "), width, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace("_ ", "_") for line in lines] or [""]


def finish(
    chart: alt.Chart | alt.LayerChart,
    description: str,
    *,
    height: float | str,
    title: str | alt.Expr | None = None,
    subtitle: str | None = None,
) -> alt.Chart | alt.LayerChart:
    """Give a chart the look of the book: width of its container, type, and a description.

    The background is transparent and no text or axis is black or white, so a page may redraw the
    chart with Vega's dark theme. A finished chart fills its own place on a page; it is not made to
    be put into a concatenation, which cannot follow the width of its container.

    Args:
        chart: a single or layered chart.
        description: what the figure shows, in words, for readers who do not see it.
        height: pixels, or a Vega expression of `width` (pixels) for charts whose cells must keep
            their proportions at every width.
        title: bold line above the chart; long ones are wrapped for a phone. An expression where
            it changes with the chart's parameters; that is not wrapped.
        subtitle: plain line under the title, wrapped too; may stand without a title.

    Returns:
        The chart with everything set.

    Raises:
        ValueError: the description is empty.
    """
    if not isinstance(description, str) or not description.strip():
        raise ValueError(
            f"description must say in words what the figure shows, got {description!r}."
        )
    chart = chart.properties(
        description=" ".join(description.split()),
        width="container",
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )
    if isinstance(height, str):
        # Vega takes a parameter of this name as its own height signal, so the height follows the
        # container's width; the number only stands until the first layout.
        chart = chart.properties(height=200)
        chart = chart.add_params(alt.param(name="height", expr=height))
    else:
        chart = chart.properties(height=height)
    # A title wider than the chart would make Vega shrink the chart without end.
    limit = alt.expr("width * 0 + containerSize()[0] - 12")
    lines = textwrap.wrap(subtitle or "", _SUBTITLE_CHARACTERS)
    if title:
        text = _wrapped(title) if isinstance(title, str) else title
        below = {"subtitle": lines} if lines else {}
        chart = chart.properties(title=alt.TitleParams(text, limit=limit, **below))
    elif lines:
        chart = chart.properties(
            title=alt.TitleParams(
                lines,
                limit=limit,
                fontSize=TEXT_PIXELS,
                fontWeight="normal",
                lineHeight=_LINE_PIXELS,
            )
        )
    return chart.configure(
        background="transparent",
        font=FONT,
        padding={"left": 2, "right": 4, "top": 4, "bottom": 4},
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            domainColor=MUTED,
            tickColor=MUTED,
            gridColor=FAINT,
            labelFontSize=TEXT_PIXELS,
            titleFontSize=TEXT_PIXELS,
            titleFontWeight="normal",
            titlePadding=8,
            labelPadding=4,
            tickSize=4,
        ),
        legend=alt.LegendConfig(
            labelFontSize=TEXT_PIXELS,
            titleFontSize=TEXT_PIXELS,
            titleFontWeight="normal",
            symbolSize=70,
            offset=8,
        ),
        text=alt.MarkConfig(fontSize=TEXT_PIXELS),
        title=alt.TitleConfig(
            anchor="start",
            frame="bounds",
            fontSize=15,
            fontWeight=600,
            subtitleFontSize=TEXT_PIXELS,
            subtitlePadding=4,
            lineHeight=19,
            subtitleLineHeight=_LINE_PIXELS,
            offset=10,
        ),
    )


def _wrapped(text: str) -> list[str] | alt.Expr:
    narrow, wide = (textwrap.wrap(text, count) for count in _TITLE_CHARACTERS.values())
    if narrow == wide:
        return narrow
    first, second = (json.dumps(lines, ensure_ascii=False) for lines in (narrow, wide))
    return alt.expr(f"{_NARROW} ? {first} : {second}")
