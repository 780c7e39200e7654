"""Quantities that change during training, a line for each run."""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from lib.checks import check_array
from lib.figures.theme import MAX_ROWS, finish, group_scales, legend, model_label

# More points than this on one line cannot be told apart at the width of a page.
_MOST_POINTS = 300


def training_curves(
    curves: Mapping[str, Mapping[str, ArrayLike]],
    quantity: str = "loss",
    *,
    groups: Mapping[str, str] | None = None,
    log: bool = False,
    quantity_title: str | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw a quantity against the training step, a line for each run.

    A click on a legend entry leaves that group alone in view; a click beside it brings all back.
    Where the runs hold more points than a chart may carry, evenly spaced ones are drawn, the
    first and last of each run among them.

    Args:
        curves: run's name -> {"step": (n,), quantity: (n,)}, as in a run record; more keys are
            ignored.
        quantity: the key to draw.
        groups: run's name -> group, such as its model, which decides its colour; by default each
            run is its own group.
        log: logarithmic vertical axis, for positive values only.
        quantity_title: title of the vertical axis with its unit; by default the key.
        title: line above the chart.

    Returns:
        The chart, with run, step and value in its tooltips.

    Raises:
        ValueError: no run, a run without the quantity, lengths that differ, values that are not
            finite, or not positive under `log`; a run without a group.
    """
    if not curves:
        raise ValueError("curves must hold at least one run, got none.")
    groups = {run: run for run in curves} if groups is None else groups
    missing = [run for run in curves if run not in groups]
    if missing:
        raise ValueError(f"groups must name the group of every run of curves; missing: {missing}.")
    most = min(MAX_ROWS // len(curves), _MOST_POINTS)
    rows, ends = [], []
    for run, curve in curves.items():
        steps, values = _curve(run, curve, quantity, log)
        ends.append(f"{run} from {values[0]:.3g} to {values[-1]:.3g}")
        kept = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), most)).round().astype(int))
        rows.append(
            {
                "run": str(run),
                "group": model_label(groups[run]),
                "step": steps[kept].tolist(),
                "value": [float(f"{value:.5g}") for value in values[kept]],
            }
        )
    names = [groups[run] for run in curves]
    colors, _ = group_scales(names)
    quantity_title = quantity_title or quantity
    chosen = alt.selection_point(fields=["group"], bind="legend")
    pointed = alt.selection_point(on="pointerover", clear="pointerout", empty=False)
    # A row a run, unfolded in the browser, keeps the page a fifth of the size of a row a point.
    base = alt.Chart(alt.InlineData(values=rows)).transform_flatten(["step", "value"])
    base = base.encode(
        x=alt.X(
            "step:Q",
            title="training step",
            axis=alt.Axis(format=",d", tickCount=alt.expr("width < 400 ? 4 : 8"), grid=False),
        ),
        y=alt.Y(
            "value:Q",
            title=quantity_title,
            scale=alt.Scale(type="log") if log else alt.Scale(zero=False),
            axis=alt.Axis(tickCount=5, grid=not log),
        ),
        color=alt.Color(
            "group:N", scale=colors, legend=legend(colors.domain) if len(set(names)) > 1 else None
        ),
    )
    lines = base.mark_line(strokeWidth=1.8).encode(
        detail="run:N", opacity=alt.condition(chosen, alt.value(0.9), alt.value(0.12))
    )
    points = base.mark_point(size=150, filled=True).encode(
        opacity=alt.condition(pointed, alt.value(0.8), alt.value(0)),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("step:Q", format=",d"),
            alt.Tooltip("value:Q", title=quantity_title, format=".4~g"),
        ],
    )
    return finish(
        alt.layer(lines.add_params(chosen), points.add_params(pointed)),
        f"{quantity_title} against the training step of {len(curves)} runs: {'; '.join(ends)}.",
        height=260,
        title=title,
    )


def _curve(
    run: str, curve: Mapping[str, ArrayLike], quantity: str, log: bool
) -> tuple[np.ndarray, np.ndarray]:
    for key in ("step", quantity):
        if key not in curve:
            raise ValueError(
                f"curves[{run!r}] must hold {key!r}; it holds {sorted(curve)}. "
                "Choose quantity among these."
            )
    steps = check_array(f"curves[{run!r}]['step']", curve["step"], ("n",))
    values = check_array(f"curves[{run!r}][{quantity!r}]", curve[quantity], ("n",))
    if len(steps) != len(values):
        raise ValueError(
            f"curves[{run!r}] must have as many steps as values of {quantity!r}, got {len(steps)} "
            f"and {len(values)}."
        )
    if log and values.min() <= 0:
        raise ValueError(
            f"curves[{run!r}][{quantity!r}] must be positive on a logarithmic axis, got "
            f"{values.min():.3g}; draw it with log=False."
        )
    return steps, values.astype(float)
