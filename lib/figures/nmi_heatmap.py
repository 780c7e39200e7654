"""Normalised mutual information between every source and every latent."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from lib.checks import check_array, check_labels
from lib.figures.theme import (
    INK,
    LABEL_LINE_PIXELS,
    MUTED,
    STRENGTH,
    finish,
    line_offset,
    lookup_label,
    plain,
    wrapped_label,
)

_LARGEST_CELL = 64
# How far outside [0, 1] an estimate may lie.
_TOLERANCE = 0.05
_LABEL_CHARACTERS = 14
_GREY = "Grey columns: inactive latents."
_AT_MOST = "After ≤: the largest NMI that a quantized latent of so few values can reach."


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

    Example:
        >>> from lib.figures import diagonal_order
        >>> diagonal_order([[0.0, 0.1, 0.9], [0.8, 0.0, 0.1]])
        array([2, 0, 1])
    """
    nmi = check_array("nmi", nmi, ("num_sources", "num_latents"))
    active = _active("active", active, nmi.shape[1])
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
    ceilings: Sequence[float] = (),
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
        ceilings: the largest NMI that one latent can have with each source; those below 1 stand
            behind the source's name.

    Returns:
        The chart, with source, latent and NMI in its tooltips.

    Raises:
        ValueError: wrong dimensions, names that do not match, values that are not finite or lie
            outside [0, 1].

    Source: Hsu et al. 2023, where such matrices show modularity and compactness.

    Example:
        >>> from lib.figures import nmi_heatmap
        >>> chart = nmi_heatmap([[0.9, 0.0], [0.1, 0.7]], ["shape", "size"], title="Two latents")
        >>> chart.save("nmi.html")
    """
    cells, order = nmi_cells(nmi, source_names, active, diagonal=diagonal)
    num_latents, num_sources = len(order), len(source_names)
    rows = source_rows(source_names, ceilings)
    active = [cell["state"] == "active" for cell in cells[:num_latents]]
    told = (
        f"Heatmap of NMI between {num_sources} sources and {num_latents} latents, {sum(active)} of "
        f"them active. Largest NMI of each source: {best_latents(cells)}."
    )
    side = f"min(width / {num_latents}, {_LARGEST_CELL})"
    gaps, plain = {"paddingInner": 0.06, "paddingOuter": 0.03}, {"domain": False, "ticks": False}
    latents = lookup_label([str(latent) for latent in order])
    sources = lookup_label(rows)
    places = {
        "x": alt.X(
            "column:O",
            title="latent",
            axis=alt.Axis(labelExpr=latents, labelAngle=0, labelOverlap=True, **plain),
            scale=alt.Scale(range=[0, alt.expr(f"{num_latents} * {side}")], **gaps),
        ),
        "y": alt.Y(
            "row:O",
            title=None,
            axis=alt.Axis(labelExpr=sources, labelOffset=line_offset(sources), **plain),
            scale=alt.Scale(**gaps),
        ),
    }
    base = alt.Chart(pd.DataFrame(cells))
    return finish(
        alt.layer(*cell_layers(base, "bandwidth('x')", places, places)),
        told,
        height=f"{num_sources} * clamp({side}, {row_pixels(rows, 26)}, 40)",
        title=title,
        subtitle=cell_notes(cells, ceilings),
    )


def source_rows(source_names: Sequence[str], ceilings: Sequence[float] = ()) -> list[list[str]]:
    """The lines of each row's label: the source's name and, where it is below 1, its ceiling.

    Args:
        source_names, ceilings: see `nmi_heatmap`.

    Raises:
        ValueError: ceilings that are neither none nor one a source.
    """
    if len(ceilings) not in (0, len(source_names)):
        raise ValueError(
            f"ceilings must hold one number a source, or none: expected {len(source_names)}, got "
            f"{len(ceilings)}."
        )
    # A space at which no line is broken.
    tops = [f" ≤\N{NO-BREAK SPACE}{top:.2f}" if top < 1 else "" for top in ceilings]
    return [
        wrapped_label(f"{plain(name)}{top}", _LABEL_CHARACTERS)
        for name, top in zip(source_names, tops or [""] * len(source_names), strict=True)
    ]


def row_pixels(rows: Sequence[Sequence[str]], least: int) -> int:
    """The smallest height of a row: `least`, or what the lines of its label take."""
    return max(least, LABEL_LINE_PIXELS * max(map(len, rows)))


def cell_notes(cells: Sequence[dict], ceilings: Sequence[float] = ()) -> str | None:
    """What a subtitle says of grey columns and of ceilings, where there are any."""
    notes = [_GREY] if any(cell["state"] == "inactive" for cell in cells) else []
    notes += [_AT_MOST] if min(ceilings, default=1) < 1 else []
    return " ".join(notes) or None


def nmi_cells(
    nmi: ArrayLike,
    source_names: Sequence[str],
    active: ArrayLike | None,
    *,
    diagonal: bool,
    of: str = "",
) -> tuple[list[dict], list[int]]:
    """The cells of an NMI matrix, row by row, and which latent stands in each column.

    Args:
        nmi, source_names, active, diagonal: see `nmi_heatmap`, which raises the same.
        of: what stands behind the names of the parameters in errors.
    """
    nmi = check_array(f"nmi{of}", nmi, ("num_sources", "num_latents")).astype(float)
    names = check_labels("source_names", source_names, nmi.shape[0], "source (row of nmi)")
    active = _active(f"active{of}", active, nmi.shape[1])
    if nmi.min() < -_TOLERANCE or nmi.max() > 1 + _TOLERANCE:
        raise ValueError(
            f"nmi{of} must lie in [0, 1], got values from {nmi.min():.3g} to {nmi.max():.3g}; "
            "divide mutual information by the entropy of the source."
        )
    order = diagonal_order(nmi, active) if diagonal else np.arange(nmi.shape[1])
    cells = [
        {
            "row": row,
            "column": column,
            "source": name,
            "latent": int(latent),
            "nmi": round(float(nmi[row, latent]), 4),
            "state": "active" if active[latent] else "inactive",
        }
        for row, name in enumerate(names)
        for column, latent in enumerate(order)
    ]
    return cells, order.tolist()


def cell_layers(
    base: alt.Chart,
    side: str,
    areas: Mapping[str, alt.X | alt.Y | str],
    centres: Mapping[str, alt.X | alt.Y | str],
    more: Sequence[str] = (),
) -> list[alt.Chart]:
    """Cells in the colour of their NMI, grey ones of inactive latents, and the numbers in them.

    Args:
        base: chart of the cells.
        side: pixels of a cell, a Vega expression.
        areas: encodings of where a cell lies.
        centres: encodings of where its number stands.
        more: columns that its tooltip shows before the others.
    """
    tooltip = [
        *(alt.Tooltip(f"{column}:N") for column in more),
        alt.Tooltip("source:N"),
        alt.Tooltip("latent:Q"),
        alt.Tooltip("nmi:Q", title="NMI", format=".3f"),
        alt.Tooltip("state:N"),
    ]
    color = alt.Color(
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
    # Two decimals need about 30 pixels, without the leading zero 20; below that, no number.
    text = {
        "expr": f"{side} >= 30 ? format(datum.nmi, '.2f') : {side} < 20 ? '' : "
        "datum.nmi >= 0.995 ? '1' : datum.nmi < 0.005 ? '0' : "
        "replace(format(datum.nmi, '.2f'), '0.', '.')"
    }
    ink = alt.condition("datum.nmi < 0.5", alt.value("#ffffff"), alt.value(INK))
    base = base.encode(tooltip=tooltip)
    active, inactive = (
        base.transform_filter(f"datum.state == '{state}'") for state in ("active", "inactive")
    )
    return [
        active.mark_rect(cornerRadius=2).encode(color=color, **areas),
        inactive.mark_rect(cornerRadius=2, color=MUTED, opacity=0.35).encode(**areas),
        active.mark_text(text=text).encode(color=ink, **centres),
    ]


def best_latents(cells: Sequence[dict]) -> str:
    """Words: the active latent that tells most about each source."""
    best: dict[str, dict] = {}
    for cell in cells:
        known = best.get(cell["source"])
        if cell["state"] == "active" and (known is None or cell["nmi"] > known["nmi"]):
            best[cell["source"]] = cell
    told = (f"{name} by latent {cell['latent']} ({cell['nmi']:.2f})" for name, cell in best.items())
    return ", ".join(told) or "no active latent"


def _active(name: str, active: ArrayLike | None, num_latents: int) -> np.ndarray:
    if active is None:
        return np.ones(num_latents, dtype=bool)
    active = check_array(name, active, ("num_latents",))
    if active.shape != (num_latents,):
        raise ValueError(
            f"{name} must have one boolean per latent (column of nmi): expected {num_latents}, "
            f"got {active.shape[0]}."
        )
    return active.astype(bool)
