"""Two scores of each run against one another."""

import altair as alt
import pandas as pd

from lib.checks import check_columns
from lib.figures.theme import finish, group_scales, legend, model_label, score_title
from lib.metrics import mean_interval
from lib.scores import SCORES


def score_plane(
    frame: pd.DataFrame,
    x: str = "infoe",
    y: str = "infom",
    *,
    color: str = "model",
    subtitle: str = "",
) -> alt.LayerChart:
    """Draw two scores of each run as a point, and the mean of each group with its intervals.

    Args:
        frame: one row a run: the two scores, `seed`, and the column that `color` names.
        x: score along the horizontal axis; a ratio, drawn from 0 to 1, or any other.
        y: score along the vertical axis, likewise.
        color: the column of groups, such as models.
        subtitle: what the line above the chart says behind what the marks are.

    Returns:
        The chart; tooltips give group, seed, scores and intervals. Runs for which a score is
        undefined are left out, and the subtitle says how many.

    Raises:
        ValueError: a column is missing, or no run has both scores.
    """
    columns = [color, "seed", x, y]
    check_columns(frame.columns, columns)
    runs = frame[columns].dropna()
    if runs.empty:
        raise ValueError(f"frame must hold a run with both {x} and {y}, got none.")
    marks = "One seed each, so without intervals."
    if runs[color].duplicated().any():
        marks = "Mean over seeds (large), its 95 % t-intervals, and every seed (small)."
    subtitle = f"{marks} {subtitle}".strip()
    if left_out := len(frame) - len(runs):
        subtitle += f" Left out for an undefined score: {left_out} of {len(frame)} runs."
    colors, shapes = group_scales(runs[color])
    means = _means(runs, color, x, y)
    single = pd.DataFrame(
        {
            "group": runs[color].map(model_label),
            "seed": runs["seed"],
            "x": runs[x].astype(float).round(4),
            "y": runs[y].astype(float).round(4),
        }
    )
    entries = legend(colors.domain)
    look = {"color": alt.Color("group:N", scale=colors, legend=entries)}
    across = {"x": alt.X("x:Q", title=score_title(x), scale=_scale(x), axis=alt.Axis(tickCount=5))}
    up = {"y": alt.Y("y:Q", title=score_title(y), scale=_scale(y), axis=alt.Axis(tickCount=5))}
    about = [
        alt.Tooltip("group:N", title=color),
        alt.Tooltip("x:Q", title=score_title(x), format=".3f"),
        alt.Tooltip("y:Q", title=score_title(y), format=".3f"),
    ]
    shape = {"shape": alt.Shape("group:N", scale=shapes, legend=entries)}
    points = alt.Chart(single).mark_point(size=22, filled=True, opacity=0.55)
    layers = [
        points.encode(**across, **up, **look, **shape, tooltip=[*about, alt.Tooltip("seed:N")])
    ]
    if (means["seeds"] > 1).any():  # Vega warns of a scale over no numbers at all
        rules = alt.Chart(means).transform_filter("isValid(datum.x_low)")
        rules = rules.mark_rule(strokeWidth=1.2, opacity=0.7, clip=True)
        x_low = alt.X("x_low:Q", scale=_scale(x), title=score_title(x))
        y_low = alt.Y("y_low:Q", scale=_scale(y), title=score_title(y))
        layers += [
            rules.encode(x=x_low, x2="x_high:Q", **up, **look),
            rules.encode(y=y_low, y2="y_high:Q", **across, **look),
        ]
    layers.append(
        alt.Chart(means)
        .mark_point(size=130, filled=True, opacity=1)
        .encode(
            **across,
            **up,
            **look,
            **shape,
            tooltip=[
                *about,
                alt.Tooltip("x_interval:N", title=f"95 % of {_short(x)}"),
                alt.Tooltip("y_interval:N", title=f"95 % of {_short(y)}"),
                alt.Tooltip("seeds:Q", title="seeds"),
            ],
        )
    )
    told = "; ".join(
        f"{row.group}: {_short(y)} {_format(y, row.y)}, {_short(x)} {_format(x, row.x)}"
        for row in means.itertuples()
    )
    return finish(
        alt.layer(*layers),
        f"{_short(y)} against {_short(x)}, means over seeds. {told}.",
        height=340,
        subtitle=subtitle,
    )


def _means(runs: pd.DataFrame, color: str, x: str, y: str) -> pd.DataFrame:
    rows = []
    for name, group in runs.groupby(color, sort=False):
        row = {"group": model_label(name), "seeds": len(group)}
        for axis, score in (("x", x), ("y", y)):
            mean, half_width = mean_interval(group[score].astype(float))
            low, high = mean - half_width, mean + half_width
            row |= {axis: round(mean, 4), f"{axis}_low": low, f"{axis}_high": high}
            interval = f"{_format(score, low)} to {_format(score, high)}"
            row[f"{axis}_interval"] = interval if len(group) > 1 else "none"
        rows.append(row)
    return pd.DataFrame(rows)


def _scale(score: str) -> alt.Scale:
    if score in SCORES and SCORES[score].is_ratio:
        return alt.Scale(domain=[0, 1])
    return alt.Scale(zero=False, nice=True)


def _short(score: str) -> str:
    return score_title(score).split(" (")[0]


def _format(score: str, value: float) -> str:
    return SCORES[score].format(value) if score in SCORES else f"{value:.2f}"
