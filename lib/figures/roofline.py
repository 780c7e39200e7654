"""How fast training is: against what the machine could do, and with more at once."""

import altair as alt
import pandas as pd

from lib.checks import check_array, check_columns
from lib.figures.theme import ACCENT, MUTED, finish, group_scales, legend, model_label, plain

_PERFECT = "in proportion"
# The roof goes on beyond the points by this factor, so that its bend is in sight.
_MARGIN = 2


def roofline(
    frame: pd.DataFrame, matmul_flops_per_s: float, memory_bytes_per_s: float
) -> alt.LayerChart:
    """Draw operations a second against operations a byte, under the roof that the machine sets.

    The flat part is the rate of matrix products; on the slope, memory brings operands as fast as
    it can. A point may lie above the roof where a cache saves trips to memory, or where the roof
    was measured at a busier moment.

    Args:
        frame: a row a measurement: "flops_per_byte", "flops_per_s", "setting", which decides the
            color and shape of a point, and "batch", which is written beside it.
        matmul_flops_per_s: the flat part of the roof, above 0.
        memory_bytes_per_s: the slope, above 0.

    Returns:
        The chart, with every number in its tooltips.

    Raises:
        ValueError: no row, a missing column, or a number that is not above 0.
    """
    _check(frame, ["flops_per_byte", "flops_per_s"], ["setting", "batch"])
    for name, value in (
        ("matmul_flops_per_s", matmul_flops_per_s),
        ("memory_bytes_per_s", memory_bytes_per_s),
    ):
        if not value > 0:
            raise ValueError(f"{name} must be above 0, got {value}.")
    points = pd.DataFrame(
        {
            "intensity": frame["flops_per_byte"].astype(float),
            "rate": frame["flops_per_s"] / 1e9,
            "group": [model_label(str(name)) for name in frame["setting"]],
            "label": frame["batch"].astype(str),
        }
    )
    under = (points["intensity"] * memory_bytes_per_s).clip(upper=matmul_flops_per_s) / 1e9
    points["share"] = points["rate"] / under
    bend = matmul_flops_per_s / memory_bytes_per_s
    ends = (*points["intensity"], bend)
    along = [min(ends) / _MARGIN, bend, max(ends) * _MARGIN]
    roof = pd.DataFrame(
        {
            "intensity": along,
            "rate": [min(x * memory_bytes_per_s, matmul_flops_per_s) / 1e9 for x in along],
        }
    )
    colors, shapes = group_scales(frame["setting"].astype(str))
    entries = legend(colors.domain) if len(colors.domain) > 1 else None
    x = alt.X("intensity:Q", title="operations a byte (FLOP/B)")
    x.scale, x.axis = alt.Scale(type="log", nice=False), alt.Axis(tickCount=5, format="~g")
    y = alt.Y("rate:Q", title="GFLOP/s")
    y.scale, y.axis = alt.Scale(type="log"), alt.Axis(tickCount=5, format=",~g")
    line = alt.Chart(roof).mark_line(color=MUTED, strokeWidth=2, strokeDash=[6, 3])
    marks = alt.Chart(points).encode(x=x, y=y)
    dots = marks.mark_point(size=80, filled=True, opacity=1).encode(
        color=alt.Color("group:N", scale=colors, legend=entries),
        shape=alt.Shape("group:N", scale=shapes, legend=entries),
        tooltip=[
            alt.Tooltip("group:N", title="setting"),
            alt.Tooltip("label:N", title="batch"),
            alt.Tooltip("rate:Q", title="GFLOP/s", format=",.3~g"),
            alt.Tooltip("intensity:Q", title="FLOP/B", format=".3~g"),
            alt.Tooltip("share:Q", title="of the roof", format=".0%"),
        ],
    )
    words = marks.mark_text(color=MUTED, dy=15).encode(text="label:N")
    told = "; ".join(
        f"{row.group}, batch {row.label}: {row.rate:.3g} GFLOP/s at "
        f"{row.intensity:.3g} FLOP/B, {row.share:.0%} of the roof"
        for row in points.itertuples()
    )
    return finish(
        alt.layer(line.encode(x=x, y=y), words, dots),
        f"Operations a second against operations a byte. {told}.",
        height=300,
        subtitle=f"Roof (dashed): {matmul_flops_per_s / 1e9:,.3g} GFLOP/s in matrix products, "
        f"{memory_bytes_per_s / 1e9:,.3g} GB/s of memory.",
    )


def scaling(frame: pd.DataFrame, x: str, *, x_title: str | None = None) -> alt.LayerChart:
    """Draw images a second against how much works at once, and what proportion would give.

    Args:
        frame: a row a measurement: "images_per_s" and the column `x`.
        x: a column of numbers above 0, such as "seeds" or "num_devices".
        x_title: title of the horizontal axis; by default the column's name.

    Returns:
        The chart: points on a line, and a dashed line through the origin and the first point.

    Raises:
        ValueError: no row, a missing column, or a number that is not above 0.
    """
    _check(frame, [x, "images_per_s"], [])
    x_title = x_title or plain(x)
    points = pd.DataFrame({"x": frame[x], "rate": frame["images_per_s"].astype(float)})
    points = points.sort_values("x", ignore_index=True)
    first = points.iloc[0]
    points["ratio"] = points["rate"] / first["rate"]
    points["line"] = "measured"
    perfect = pd.DataFrame({"x": [0, points["x"].max()], "line": _PERFECT})
    perfect["rate"] = perfect["x"] * first["rate"] / first["x"]
    lines = ["measured", _PERFECT]
    color = alt.Color(
        "line:N", scale=alt.Scale(domain=lines, range=[ACCENT, MUTED]), legend=legend(lines)
    )
    horizontal = alt.X(
        "x:Q",
        title=x_title,
        axis=alt.Axis(values=sorted(set(points["x"].tolist())), format="~g", grid=False),
    )
    vertical = alt.Y("rate:Q", title="images/s", axis=alt.Axis(tickCount=5, format="~s"))
    measured = alt.Chart(points).encode(x=horizontal, y=vertical, color=color)
    dashed = alt.Chart(perfect).mark_line(strokeWidth=1.8, strokeDash=[6, 3])
    told = ", ".join(f"{row.rate:,.0f} with {row.x:g}" for row in points.itertuples())
    return finish(
        alt.layer(
            dashed.encode(x=horizontal, y=vertical, color=color),
            measured.mark_line(strokeWidth=1.8),
            measured.mark_point(size=80, filled=True, opacity=1).encode(
                tooltip=[
                    alt.Tooltip("x:Q", title=x_title, format="~g"),
                    alt.Tooltip("rate:Q", title="images/s", format=",.0f"),
                    alt.Tooltip("ratio:Q", title="times the first", format=".2f"),
                ]
            ),
        ),
        f"Images a second against {x_title}: {told}.",
        height=260,
    )


def _check(frame: pd.DataFrame, positive: list[str], others: list[str]) -> None:
    check_columns(frame.columns, (*positive, *others))
    for name in positive:
        least = check_array(f"frame[{name!r}]", frame[name], ("n",)).min()
        if least <= 0:
            raise ValueError(f"frame[{name!r}] must be above 0, got {least:.3g}.")
