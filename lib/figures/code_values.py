"""The values of quantized latents as they move during training."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lib.checks import check_array
from lib.figures.theme import FAINT, MAX_ROWS, SPECTRUM, finish

_MOST_COLUMNS = 4
# Where a panel's frame lies in its unit square; the room above it holds the panel's title.
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.03, 0.97, 0.2, 0.94


def code_values(
    history: ArrayLike, steps: ArrayLike, latents: Sequence[int] | None = None
) -> alt.LayerChart:
    """Draw the code values of every latent against the training step, a panel for each latent.

    Each line is one code value of the latent, coloured by its index. All panels share both axes.
    Where there are more points than a chart may carry, evenly spaced snapshots are drawn, the
    first and the last among them.

    Args:
        history: (num_snapshots, num_latents, num_values), at least two snapshots.
        steps: (num_snapshots,) increasing training steps of the snapshots.
        latents: the latents to draw, in this order; all by default.

    Returns:
        The chart, with latent, index, step and code value in its tooltips.

    Raises:
        ValueError: wrong dimensions, steps that do not match or do not increase, a latent that
            is not there, or too many latents for one chart.
    """
    history = check_array("history", history, ("num_snapshots", "num_latents", "num_values"))
    steps = check_array("steps", steps, ("num_snapshots",))
    snapshots, num_latents, num_values = history.shape
    if len(steps) != snapshots:
        raise ValueError(
            f"steps must have one entry per snapshot of history: expected {snapshots}, "
            f"got {len(steps)}."
        )
    if snapshots < 2 or np.any(np.diff(steps) <= 0):
        raise ValueError(f"steps must increase over at least two snapshots, got {steps.tolist()}.")
    chosen = list(range(num_latents)) if latents is None else [int(at) for at in latents]
    absent = [at for at in chosen if not 0 <= at < num_latents]
    if absent or not chosen:
        raise ValueError(
            f"latents must name latents between 0 and {num_latents - 1}, got {chosen}."
        )
    most = MAX_ROWS // (len(chosen) * num_values)
    if most < 2:
        raise ValueError(
            f"latents must be fewer: {len(chosen)} latents of {num_values} values do not fit in "
            f"the {MAX_ROWS} points of one chart; choose some."
        )
    kept = np.unique(np.linspace(0, snapshots - 1, min(snapshots, most)).round().astype(int))
    columns = min(len(chosen), _MOST_COLUMNS)
    rows = -(-len(chosen) // columns)
    low, high = _rounded_ends(history[:, chosen])
    span = high - low
    # A row a line, unfolded in the browser, keeps the page a fifth of the size of a row a point.
    rows_of_lines = [
        {
            "latent": latent,
            "index": index,
            "place": place,
            "step": steps[kept].tolist(),
            "value": [round(value, 4) for value in history[kept, latent, index].tolist()],
        }
        for place, latent in enumerate(chosen)
        for index in range(num_values)
    ]
    panels = pd.DataFrame(
        {
            "row": place // columns,
            "left": place % columns + _LEFT,
            "right": place % columns + _RIGHT,
            "top": place // columns + _TOP,
            "bottom": place // columns + _BOTTOM,
        }
        for place, latent in enumerate(chosen)
    )
    x_scale = alt.Scale(domain=[0, columns], nice=False)
    y_scale = alt.Scale(domain=[0, rows], nice=False, reverse=True)
    x_axis = _axis(columns, (_LEFT, _RIGHT), (f"{steps[0]:,.0f}", f"{steps[-1]:,.0f}"))
    y_axis = _axis(rows, (_TOP, _BOTTOM), (f"{high:g}", f"{low:g}"))
    # An end of the axis is written inside its panel, so that neighbours do not collide.
    sides = alt.condition("datum.value % 1 < 0.5", alt.value("left"), alt.value("right"))
    x = alt.X(
        "x:Q",
        title="training step",
        scale=x_scale,
        axis=alt.Axis(**x_axis, labelAlign=sides, orient="bottom"),
    )
    y = alt.Y("y:Q", title="code value", scale=y_scale, axis=alt.Axis(**y_axis))
    nearest = alt.selection_point(
        fields=["latent", "index", "step"],
        nearest=True,
        on="pointerover",
        clear="pointerout",
        empty=False,
    )
    color = alt.Color(
        "index:Q",
        scale=alt.Scale(domain=[0, max(num_values - 1, 1)], range=SPECTRUM, interpolate="rgb"),
        legend=None,
    )
    right, down = _RIGHT - _LEFT, _BOTTOM - _TOP
    base = (
        alt.Chart(alt.InlineData(values=rows_of_lines))
        .transform_flatten(["step", "value"])
        .transform_calculate(
            x=f"datum.place % {columns} + {_LEFT} + "
            f"{right} * (datum.step - {steps[0]}) / {steps[-1] - steps[0]}",
            y=f"floor(datum.place / {columns}) + {_BOTTOM} - "
            f"{down} * (datum.value - {low}) / {span}",
        )
        .encode(x=x, y=y, color=color)
    )
    # The names of a row's panels are labels of an axis of its own, since those follow the theme
    # of the page and the text of a mark does not.
    frames = [
        alt.Chart(panels)
        .transform_filter(f"datum.row == {row}")
        .mark_rect(filled=False, stroke=FAINT, strokeWidth=1)
        .encode(
            x=alt.X(
                "left:Q",
                scale=x_scale,
                axis=alt.Axis(
                    title=None,
                    orient="top",
                    offset={"expr": f"-height * {(row + _TOP) / rows:.6g}"},
                    values=[column + _LEFT for column in range(columns)],
                    labelExpr=_names(chosen[row * columns : (row + 1) * columns]),
                    labelAlign="left",
                    labelOverlap=False,
                    labelPadding=3,
                    grid=False,
                    domain=False,
                    ticks=False,
                ),
            ),
            x2="right:Q",
            y=alt.Y("top:Q", title="code value", scale=y_scale, axis=alt.Axis(**y_axis)),
            y2="bottom:Q",
        )
        for row in range(rows)
    ]
    lines = base.mark_line(strokeWidth=1.5).encode(detail=["latent:N", "index:N"])
    points = base.mark_point(filled=True, size=45).encode(
        x=alt.X("x:Q", scale=x_scale, axis=None),
        opacity=alt.condition(nearest, alt.value(1), alt.value(0)),
        tooltip=[
            alt.Tooltip("latent:Q"),
            alt.Tooltip("index:Q"),
            alt.Tooltip("step:Q", format=",d"),
            alt.Tooltip("value:Q", title="code value", format=".3f"),
        ],
    )
    return finish(
        alt.layer(*frames, lines, points.add_params(nearest)).resolve_axis(x="independent"),
        _describe(history[:, chosen], steps, num_values),
        height=f"{rows} * clamp(0.7 * width / {columns}, 84, 240)",
    )


def _axis(panels: int, ends: tuple[float, float], labels: tuple[str, str]) -> dict:
    middle = sum(ends) / 2
    return {
        "values": [panel + end for panel in range(panels) for end in ends],
        "labelExpr": f"datum.value % 1 < {middle} ? '{labels[0]}' : '{labels[1]}'",
        "labelOverlap": False,
        "grid": False,
        "domain": False,
        "ticks": False,
    }


def _rounded_ends(values: np.ndarray) -> tuple[float, float]:
    """Return the ends of an axis that holds `values`, rounded outwards to two digits."""
    low, high = float(values.min()), float(values.max())
    step = 10.0 ** (np.floor(np.log10((high - low) or 1.0)) - 1)
    return (
        round(float(np.floor(low / step - 0.5) * step), 10),
        round(float(np.ceil(high / step + 0.5) * step), 10),
    )


def _names(latents: list[int]) -> str:
    names = [f"latent {latent}" for latent in latents]
    return f"{names}[floor(datum.value)] || ''"


def _describe(history: np.ndarray, steps: np.ndarray, num_values: int) -> str:
    return (
        f"Lines of the {num_values} code values of {history.shape[1]} latents from step "
        f"{steps[0]:,.0f} to {steps[-1]:,.0f}. They lie between {history[0].min():.2f} and "
        f"{history[0].max():.2f} at first and between {history[-1].min():.2f} and "
        f"{history[-1].max():.2f} at last."
    )
