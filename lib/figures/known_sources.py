"""How well the best latent knows each source."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from lib.checks import check_columns
from lib.figures.theme import MUTED, finish, group_scales, legend, model_label, plain

_COLUMNS = ("source", "group", "seed", "nmi")


def known_sources(
    frame: pd.DataFrame,
    order: Sequence[str],
    ceilings: Mapping[str, float] | None = None,
    *,
    ceiling_title: str = "ceiling",
    subtitle: str = "Mean over seeds (point) and every seed (tick).",
) -> alt.LayerChart:
    """Draw a row for each source: the largest NMI that one latent has with it.

    Args:
        frame: one row for each source and run, with columns source, group (such as the model),
            seed and nmi.
        order: the sources from the top row to the bottom.
        ceilings: for some sources the largest NMI that a latent can have, drawn as a grey bar.
        ceiling_title: what the grey bar is, in tooltips.
        subtitle: line above the chart; by default what the marks are.

    Returns:
        The chart; tooltips give mean, seeds and ceiling.

    Raises:
        ValueError: a column is missing, or a source of the frame is not in `order`.
    """
    check_columns(frame.columns, _COLUMNS)
    if unknown := sorted(set(frame["source"]) - set(order)):
        raise ValueError(f"order must name every source of the frame; it lacks {unknown}.")
    single = frame[list(_COLUMNS)].copy()
    colors, shapes = group_scales(single["group"])
    single["group"] = single["group"].map(model_label)
    single["source"] = single["source"].map(plain)
    single["nmi"] = single["nmi"].astype(float).round(4)
    means = single.groupby(["source", "group"], sort=False)["nmi"].mean().round(4).reset_index()
    rows = alt.Y(
        "source:N",
        title=None,
        sort=[plain(name) for name in order],
        axis=alt.Axis(labelLimit=170, ticks=False, domain=False),
        scale=alt.Scale(paddingInner=0.35, paddingOuter=0.2),
    )
    across = {"title": "largest NMI with one latent", "scale": alt.Scale(domain=[0, 1])}
    entries = legend(colors.domain)
    marks = {
        "x": alt.X("nmi:Q", **across),
        "y": rows,
        "yOffset": alt.YOffset("group:N", sort=list(colors.domain)),
        "color": alt.Color("group:N", scale=colors, legend=entries),
    }
    shape = alt.Shape("group:N", scale=shapes, legend=entries)
    source = alt.Tooltip("source:N")
    about = [source, alt.Tooltip("group:N", title="model")]
    seeds = [*about, alt.Tooltip("seed:N"), alt.Tooltip("nmi:Q", title="NMI", format=".2f")]
    mean = [*about, alt.Tooltip("nmi:Q", title="mean NMI", format=".2f")]
    ticks = alt.Chart(single).mark_tick(orient="vertical", size=10, thickness=1.5, opacity=0.8)
    points = alt.Chart(means).mark_point(size=70, filled=True, opacity=1)
    layers = [
        ticks.encode(**marks, tooltip=seeds),
        points.encode(**marks, shape=shape, tooltip=mean),
    ]
    if ceilings:
        bars = pd.DataFrame(
            {"source": plain(name), "ceiling": round(float(value), 4)}
            for name, value in ceilings.items()
        )
        limit = [source, alt.Tooltip("ceiling:Q", title=ceiling_title, format=".2f")]
        bars = alt.Chart(bars).mark_bar(color=MUTED, opacity=0.2)
        layers.insert(0, bars.encode(x=alt.X("ceiling:Q", **across), y=rows, tooltip=limit))
    told = "; ".join(f"{row.source}, {row.group}: {row.nmi:.2f}" for row in means.itertuples())
    return finish(
        alt.layer(*layers),
        f"Largest NMI of each source with one latent, means over seeds. {told}.",
        height=60 + 34 * len(order),
        subtitle=subtitle,
    )
