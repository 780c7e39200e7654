"""Scores of several runs: mean over seeds, its interval, and every seed."""

from collections.abc import Collection, Sequence
from functools import partial

import altair as alt
import pandas as pd

from lib.checks import check_array, check_columns
from lib.figures.theme import (
    finish,
    group_scales,
    legend,
    model_label,
    name_axis,
    plain,
    score_title,
    value_text,
)
from lib.metrics import mean_interval
from lib.scores import SCORES


def ratio_scores(columns: Collection[str]) -> list[str]:
    """Names of the scores among `columns` that lie in [0, 1] and so can share an axis."""
    return [n for n, score in SCORES.items() if n in columns and score.is_ratio]


def score_intervals(
    frame: pd.DataFrame,
    x: str,
    scores: Sequence[str] | None = None,
    *,
    color: str | None = None,
    x_title: str | None = None,
    seed: str | None = "seed",
    title: str | None = None,
    subtitle: str = "",
    description: str | None = None,
) -> alt.LayerChart:
    """Draw the mean of scores with 95 % t-intervals, and every seed beside it.

    A sweep has the varied quantity along x and a colour for each score:
    `score_intervals(frame, x="weight_decay")`. A comparison of models is easier to read the other
    way round: `score_intervals(frame, x="score", color="model")`. Values of x stand at equal
    distances, numbers in increasing order, so that a sweep over 0, 0.01, 0.1 has room.

    A run whose score is undefined (None or NaN in its record) is left out of that score's mean,
    and the subtitle says how many are.

    Args:
        frame: one row a run: scores in columns, and the columns named below.
        x: the column along the horizontal axis, or "score".
        scores: columns to draw, ratios together or any one alone; by default all the ratios
            that the table has, see `ratio_scores`.
        color: the column that decides colour and shape, or "score"; by default "score" unless
            that is x.
        x_title: title of the horizontal axis with its unit; by default the column's name.
        seed: the column that tells runs apart in tooltips; None if there is none.
        title: line above the chart.
        subtitle: what the second line above the chart says behind what the marks are.
        description: words for readers who do not see the figure; by default all the means.

    Returns:
        The chart; tooltips give mean, interval and number of runs, and the score of each seed.

    Raises:
        ValueError: a column is missing, a score is infinite or undefined in every run, scores of
            different units are mixed, or x and color are the same.

    Source: Hsu et al. 2023, whose tables have such intervals.
    """
    ratios = ratio_scores(SCORES)
    if scores is None:
        scores = ratio_scores(frame.columns)
    scores = [scores] if isinstance(scores, str) else list(scores)
    if not scores:
        raise ValueError("scores must name at least one column, got none.")
    bounded = set(scores) <= set(ratios)
    if len(scores) > 1 and not bounded:
        raise ValueError(
            f"scores must share a unit to share an axis: {', '.join(ratios)} together, or one "
            f"score alone; got {scores}."
        )
    color = color or ("score" if x != "score" else None)
    if color is None or color == x:
        raise ValueError(
            f"color must name a column other than x={x!r}, got {color!r}; "
            'for a comparison of models give x="score", color="model".'
        )
    groups = [column for column in (x, color) if column != "score"]
    kept = groups + ([seed] if seed else [])
    check_columns(frame.columns, [*kept, *scores])
    if len(frame) == 0:
        raise ValueError("frame must hold at least one run, got no rows.")
    single = frame.melt(kept, scores, var_name="score", value_name="value")
    undefined = int(single["value"].isna().sum())
    single = single.dropna(subset=["value"])
    for score in scores:
        values = single.loc[single["score"] == score, "value"].to_numpy()
        check_array(f"frame[{score!r}]", values.astype(float), ("num_runs",))
    summary = _summarize(single, [*groups, "score"])
    single["value"] = single["value"].astype(float).round(5)
    if (summary["num_runs"] > 1).any():
        subtitle = f"Mean and 95 % t-interval over seeds (ticks). {subtitle}"
    elif seed:
        subtitle = f"One seed each, so without intervals. {subtitle}"
    if undefined:
        subtitle += f" Left out for an undefined score: {undefined} of {len(frame) * len(scores)}."
    if bounded and ((summary["low"] < 0) | (summary["high"] > 1)).any():
        subtitle += " Intervals are cut at 0 and 1."
    places = _order(x, frame, scores)
    looks = _order(color, frame, scores)
    for table in (summary, single):
        table["x"] = [_label(x, value) for value in table[x]]
        table["group"] = [_label(color, value) for value in table[color]]
    colors, shapes = group_scales(looks if color == "score" else map(value_text, looks))
    entries = legend(colors.domain) if len(looks) > 1 else None
    unit = score_title(scores[0]) if len(scores) == 1 else "score"
    x_words = x_title or ("" if x == "score" else plain(x))
    group_words = plain(color)
    encodings = {
        "x": alt.X(
            "x:O",
            title=x_words or None,
            sort=[_label(x, place) for place in places],
            axis=alt.Axis(labelAngle=0, labelExpr="split(datum.label, ' (')[0]")
            if x == "score"
            else name_axis([_label(x, place) for place in places]),
            scale=alt.Scale(paddingInner=0.25, paddingOuter=0.12),
        ),
        "xOffset": alt.XOffset("group:N", sort=list(colors.domain)),
        "color": alt.Color("group:N", scale=colors, legend=entries),
    }
    y_scale = alt.Scale(domain=[0, 1]) if bounded else alt.Scale(zero=False, nice=True)
    shape = alt.Shape("group:N", scale=shapes, legend=entries)
    about = [
        alt.Tooltip("x:N", title=x_words or "score"),
        alt.Tooltip("group:N", title=group_words),
    ]
    means = [
        *about,
        alt.Tooltip("mean:Q", format=".3f"),
        alt.Tooltip("low:Q", title="95 % from", format=".3f"),
        alt.Tooltip("high:Q", title="95 % to", format=".3f"),
        alt.Tooltip("num_runs:Q", title="runs"),
    ]
    seeds = [*about, alt.Tooltip("value:Q", title="value", format=".3f")]
    if seed:
        seeds.insert(2, alt.Tooltip(f"{seed}:N", title=plain(seed)))
    y = partial(alt.Y, title=unit, scale=y_scale, axis=alt.Axis(tickCount=5))
    bars = (
        alt.Chart(summary)
        .transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2, clip=bounded)
        .encode(y=y("low:Q"), y2="high:Q", tooltip=means, **encodings)
    )
    ticks = (
        alt.Chart(single)
        .mark_tick(size=14, thickness=1.5, opacity=0.8)
        .encode(y=y("value:Q"), tooltip=seeds, **encodings)
    )
    marks = (
        alt.Chart(summary)
        .mark_point(size=90, filled=True, opacity=1)
        .encode(y=y("mean:Q"), shape=shape, tooltip=means, **encodings)
    )
    # A layer of no data would leave its axis without an extent, of which Vega warns.
    intervals = [bars] if summary["low"].notna().any() else []
    told = "; ".join(
        f"{row.x}, {row.group}: {row.mean:.2f}"
        + (f" ({row.low:.2f} to {row.high:.2f})" if row.num_runs > 1 else "")
        for row in summary.itertuples()
    )
    return finish(
        alt.layer(*intervals, ticks, marks),
        description or f"Mean scores with 95 % t-intervals. {told}.",
        height=280,
        title=title,
        subtitle=subtitle.strip(),
    )


def _summarize(single: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    rows = []
    for key, group in single.groupby(by, sort=False):
        mean, half_width = mean_interval(group["value"].astype(float))
        rows.append(
            {
                **dict(zip(by, key, strict=True)),
                "mean": round(mean, 5),
                "low": round(mean - half_width, 5),
                "high": round(mean + half_width, 5),
                "num_runs": len(group),
            }
        )
    return pd.DataFrame(rows)


def _order(column: str, frame: pd.DataFrame, scores: list[str]) -> list:
    if column == "score":
        return scores
    values = list(dict.fromkeys(frame[column].tolist()))
    return sorted(values) if pd.api.types.is_numeric_dtype(frame[column]) else values


def _label(column: str, value: object) -> str:
    return score_title(value) if column == "score" else model_label(value_text(value))
