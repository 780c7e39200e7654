"""How much one step of each source changes an image, for several benchmarks."""

import altair as alt
import pandas as pd

from lib.checks import check_columns
from lib.figures.theme import ACCENT, MUTED, finish, plain

_COLUMNS = ("benchmark", "source", "smallest", "median")


def source_changes(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw a row for each source of each benchmark, on a logarithmic axis of grey levels.

    Args:
        frame: one row for each source, with columns benchmark, source, smallest and median: mean
            absolute changes of an image in grey levels; the medians above 0. Rows are drawn in this
            order; where the smallest change is 0 there is no tick.

    Returns:
        The chart; tooltips give both numbers.

    Raises:
        ValueError: a column is missing, or a median is not above 0.
    """
    check_columns(frame.columns, _COLUMNS)
    if not (frame["median"] > 0).all():
        raise ValueError("frame must have medians above 0, which a logarithmic axis can show.")
    rows = frame[list(_COLUMNS)].copy()
    rows["smallest"] = rows["smallest"].where(rows["smallest"] > 0)
    rows["row"] = rows["benchmark"] + ": " + rows["source"].map(plain)
    y = alt.Y(
        "row:N",
        title=None,
        sort=list(rows["row"]),
        axis=alt.Axis(labelLimit=200, ticks=False, domain=False, grid=True),
    )
    tooltip = [
        alt.Tooltip("benchmark:N"),
        alt.Tooltip("source:N"),
        alt.Tooltip("median:Q", format=".2f"),
        alt.Tooltip("smallest:Q", format=".3f"),
    ]
    smallest, median = (
        alt.X(
            f"{name}:Q",
            title="change (grey levels)",
            scale=alt.Scale(type="log", nice=True),
            axis=alt.Axis(tickCount=4, format="~g"),
        )
        for name in ("smallest", "median")
    )
    base = alt.Chart(rows).encode(y=y, tooltip=tooltip)
    seen = base.transform_filter("isValid(datum.smallest)").encode(x=smallest)
    lines = seen.mark_rule(color=MUTED, opacity=0.5).encode(x2="median:Q")
    ticks = seen.mark_tick(color=MUTED, orient="vertical", size=10, thickness=1.5)
    points = base.mark_point(color=ACCENT, filled=True, size=60, opacity=1).encode(x=median)
    told = "; ".join(f"{row.row} {row.median:.2f}" for row in rows.itertuples())
    return finish(
        alt.layer(lines, ticks, points),
        f"Median change of an image by one step of each source: {told}.",
        height=40 + 18 * len(rows),
        subtitle="Median (point) and smallest change (tick) over random images.",
    )
