"""How far scores of two settings differ, a row for each pair of settings."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lib.figures.theme import ACCENT, MUTED, finish, score_title, wrapped_label
from lib.metrics import mean_interval

# Pixels of a line of words above a row's marks, and of the marks; characters that a phone has
# room for.
_LINE, _MARKS, _CHARACTERS = 18, 28, 44


def differences(
    found: Mapping[str, ArrayLike],
    score: str,
    notes: Mapping[str, str] | None = None,
) -> alt.LayerChart:
    """Draw the mean difference of each pair with its interval, around a line at no difference.

    Args:
        found: the differences of each pair, one a seed, by the words for the pair.
        score: which score differs.
        notes: words that stand under those of a pair.

    Returns:
        The chart; tooltips give differences and intervals.

    Raises:
        ValueError: there is no pair, or a pair without a seed.
    """
    if not found or not all(map(len, found.values())):
        raise ValueError("found must hold a pair, and a difference for each pair; got none.")
    words, means, seeds, told, zeros, top = [], [], [], [], [], 0
    for pair, values in found.items():
        lines = [(line, "bold") for line in wrapped_label(pair, _CHARACTERS)]
        lines += [(notes[pair], "normal")] if notes and pair in notes else []
        for text, weight in lines:
            words.append({"y": top + _LINE / 2, "text": text, "weight": weight})
            top += _LINE
        at = {"pair": pair, "y": top + _MARKS / 3}
        mean, half_width = mean_interval(values)
        told.append(f"{pair}: {mean:+.2f}")
        interval = {}
        if len(values) > 1:
            interval = {"low": mean - half_width, "high": mean + half_width}
            told[-1] += f" ({interval['low']:+.2f} to {interval['high']:+.2f})"
        means.append(at | {"difference": mean} | interval)
        seeds += [at | {"difference": value} for value in np.asarray(values, float)]
        zeros.append({"zero": 0, "y": top - 2, "end": top + _MARKS * 2 / 3 + 2})
        top += _MARKS
    across = {
        "title": f"difference in {score_title(score)}",
        "axis": alt.Axis(tickCount=5, grid=False),
    }
    x = alt.X("difference:Q", **across)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, top], reverse=True, nice=False), axis=None)
    about = [alt.Tooltip("pair:N"), alt.Tooltip("difference:Q", format="+.3f")]
    means = pd.DataFrame(means).round(4)
    layers = [
        alt.Chart(pd.DataFrame(zeros))
        .mark_rule(color=MUTED, strokeDash=[4, 3])
        .encode(x=alt.X("zero:Q", **across), y=y, y2="end:Q"),
        alt.Chart(pd.DataFrame(seeds).round(4))
        .mark_tick(color=ACCENT, opacity=0.5, size=9, thickness=1.5)
        .encode(x=x, y=y, tooltip=about),
    ]
    if "low" in means:
        about += [alt.Tooltip(f"{end}:Q", format="+.3f") for end in ("low", "high")]
        intervals = alt.Chart(means.dropna()).mark_rule(color=ACCENT, strokeWidth=1.5)
        layers.append(intervals.encode(x=alt.X("low:Q", **across), x2="high:Q", y=y, tooltip=about))
    points = alt.Chart(means).mark_point(color=ACCENT, filled=True, opacity=1, size=70)
    layers.append(points.encode(x=x, y=y, tooltip=about))
    for weight, texts in pd.DataFrame(words).groupby("weight"):
        text = alt.Chart(texts).mark_text(
            align="left", baseline="middle", color=MUTED, fontWeight=weight
        )
        layers.append(text.encode(x=alt.value(0), y=y, text="text:N"))
    marks = "Mean over seeds (point), its 95 % t-interval, and every seed (tick)."
    return finish(
        alt.layer(*layers),
        f"Differences in {score_title(score)}, means over seeds and their intervals: "
        f"{'; '.join(told)}.",
        height=top,
        subtitle=marks if "low" in means else "Of one seed each.",
    )
