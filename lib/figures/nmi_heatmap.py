"""Normalised mutual information between every source and every latent."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from lib.checks import check_array, check_labels
from lib.figures.theme import INK, MUTED, STRENGTH, finish, lookup_label

_LARGEST_CELL = 64


# How far outside [0, 1] an estimate may lie.
TOLERANCE = 0.05


def diagonal_order(nmi: ArrayLike, active: ArrayLike | None = None) -> np.ndarray:
    """Return an order of the latents that makes the NMI matrix as diagonal as it can be.

    Every source is matched with one latent so that the sum of the matched NMI is largest; the
    matched latents come first, in the order of their sources, then the other active latents by
    the source that they tell most about, then the inactive ones.

    Args:
        nmi: (num_sources, num_latents), finite.
        active: (num_latents,) booleans; all active by default.

    Returns:
        (num_latents,) integers: which latent stands in each column.
    """
    nmi = check_array("nmi", nmi, ("num_sources", "num_latents"))
    active = _active(active, nmi.shape[1])
    latents = np.flatnonzero(active)
    rows, columns = linear_sum_assignment(nmi[:, latents], maximize=True)
    matched = latents[columns[np.argsort(rows)]]
    rest = np.setdiff1d(latents, matched)
    rest = rest[np.argsort(nmi[:, rest].argmax(axis=0), kind="stable")] if rest.size else rest
    return np.concatenate([matched, rest, np.flatnonzero(~active)]).astype(int)


def nmi_heatmap(
    nmi: ArrayLike,
    source_names: Sequence[str],
    active: ArrayLike | None = None,
    *,
    title: str | None = None,
    diagonal: bool = False,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw the NMI matrix: a row for each source, a column for each latent.

    Colour runs over [0, 1] whatever the values, so that heatmaps can be compared. Inactive
    latents are grey and carry no number.

    Args:
        nmi: (num_sources, num_latents), in [0, 1] up to an estimator's error of 0.05.
        source_names: one name a source.
        active: (num_latents,) booleans; all active by default.
        title: line above the chart.
        diagonal: order the latents by `diagonal_order`; columns keep their latent's number.
        description: words for readers who do not see the figure; by default the latent that
            tells most about each source.

    Returns:
        The chart, with source, latent and NMI in its tooltips.

    Raises:
        ValueError: wrong dimensions, names that do not match, values that are not finite or lie
            outside [0, 1].

    Source: Hsu et al. 2023, where such matrices show modularity and compactness.
    """
    nmi = check_array("nmi", nmi, ("num_sources", "num_latents")).astype(float)
    names = check_labels("source_names", source_names, nmi.shape[0], "source (row of nmi)")
    active = _active(active, nmi.shape[1])
    check_range("nmi", nmi)
    num_sources, num_latents = nmi.shape
    order = diagonal_order(nmi, active) if diagonal else np.arange(num_latents)
    frame = pd.DataFrame(
        {
            "row": row,
            "column": column,
            "source": names[row],
            "latent": int(latent),
            "nmi": round(float(nmi[row, latent]), 4),
            "state": "active" if active[latent] else "inactive",
        }
        for row in range(num_sources)
        for column, latent in enumerate(order)
    )
    cell = f"min(width / {num_latents}, {_LARGEST_CELL})"
    base = alt.Chart(frame).encode(
        x=alt.X(
            "column:O",
            title="latent",
            axis=alt.Axis(
                labelExpr=lookup_label([str(latent) for latent in order]),
                labelAngle=0,
                labelOverlap=True,
                domain=False,
                ticks=False,
            ),
            scale=alt.Scale(
                range=[0, alt.expr(f"{num_latents} * {cell}")], paddingInner=0.06, paddingOuter=0.03
            ),
        ),
        y=alt.Y(
            "row:O",
            title=None,
            axis=alt.Axis(labelExpr=lookup_label(names, 14), domain=False, ticks=False),
            scale=alt.Scale(paddingInner=0.06, paddingOuter=0.03),
        ),
        tooltip=[
            alt.Tooltip("source:N"),
            alt.Tooltip("latent:Q"),
            alt.Tooltip("nmi:Q", title="NMI", format=".3f"),
            alt.Tooltip("state:N"),
        ],
    )
    cells = base.transform_filter("datum.state == 'active'").mark_rect(cornerRadius=2)
    cells = cells.encode(color=nmi_color())
    grey = base.transform_filter("datum.state == 'inactive'").mark_rect(
        cornerRadius=2, color=MUTED, opacity=0.35
    )
    text = nmi_text("bandwidth('x')")
    size = {"expr": "clamp(bandwidth('x') * 0.36, 8, 13)"}
    numbers = base.transform_filter("datum.state == 'active'").mark_text(text=text, fontSize=size)
    numbers = numbers.encode(
        color=alt.condition("datum.nmi < 0.5", alt.value("#ffffff"), alt.value(INK))
    )
    return finish(
        alt.layer(cells, grey, numbers),
        description or _describe(nmi, names, active),
        height=f"{num_sources} * clamp({cell}, 26, 40)",
        title=title,
        subtitle=None if active.all() else "Grey columns: inactive latents.",
    )


def check_range(name: str, nmi: np.ndarray) -> None:
    """Require NMI in [0, 1], up to an estimator's error.

    Raises:
        ValueError: it lies further outside.
    """
    if nmi.min() < -TOLERANCE or nmi.max() > 1 + TOLERANCE:
        raise ValueError(
            f"{name} must lie in [0, 1], got values from {nmi.min():.3g} to {nmi.max():.3g}; "
            "divide mutual information by the entropy of the source."
        )


def nmi_color() -> alt.Color:
    """The color of a cell by its NMI, on one scale for every matrix, with its legend."""
    return alt.Color(
        "nmi:Q",
        scale=alt.Scale(domain=[0, 1], range=STRENGTH, clamp=True, interpolate="rgb"),
        legend=alt.Legend(
            title="NMI",
            orient="top",
            titleOrient="left",
            gradientLength=160,
            gradientThickness=10,
            values=[0, 0.5, 1],
        ),
    )


def nmi_text(side: str) -> dict[str, str]:
    """The number in a cell, as long as a cell of `side` pixels (a Vega expression) allows."""
    # Two decimals need about 30 pixels, without the leading zero 20; below that, no number.
    return {
        "expr": f"{side} >= 30 ? format(datum.nmi, '.2f') : {side} < 18 ? '' : "
        "datum.nmi >= 0.995 ? '1' : replace(format(datum.nmi, '.2f'), '0.', '.')"
    }


def _active(active: ArrayLike | None, num_latents: int) -> np.ndarray:
    if active is None:
        return np.ones(num_latents, dtype=bool)
    active = check_array("active", active, ("num_latents",))
    if active.shape != (num_latents,):
        raise ValueError(
            f"active must have one boolean per latent (column of nmi): expected {num_latents}, "
            f"got {active.shape[0]}."
        )
    return active.astype(bool)


def _describe(nmi: np.ndarray, names: list[str], active: np.ndarray) -> str:
    if not active.any():
        return f"Heatmap of NMI between {len(names)} sources and {len(active)} inactive latents."
    latents = np.flatnonzero(active)
    best = latents[nmi[:, latents].argmax(axis=1)]
    told = ", ".join(
        f"{name} by latent {latent} ({nmi[row, latent]:.2f})"
        for row, (name, latent) in enumerate(zip(names, best, strict=True))
    )
    return (
        f"Heatmap of NMI between {len(names)} sources and {len(active)} latents, "
        f"{active.sum()} of them active. Largest NMI of each source: {told}."
    )
