"""NMI matrices of several representations, side by side in one figure."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise

import altair as alt
import pandas as pd
from numpy.typing import ArrayLike

from lib.figures.nmi_heatmap import (
    best_latents,
    cell_layers,
    cell_notes,
    nmi_cells,
    row_pixels,
    source_rows,
)
from lib.figures.theme import LABEL_LINE_PIXELS, finish, line_offset, wrapped_label

_GAP = 1
# Rows of cells that a panel has below its sources, for the numbers of its latents. Above them it
# has one for each line of its name, of so many characters as half a phone has room for.
_NUMBERS, _CHARACTERS = 1, 14


def nmi_panels(
    nmi: Mapping[str, ArrayLike],
    source_names: Sequence[str],
    active: Mapping[str, ArrayLike] | None = None,
    *,
    columns: int = 2,
    diagonal: bool = False,
    ceilings: Sequence[float] = (),
) -> alt.LayerChart:
    """Draw the NMI matrix of each representation in a panel of its own, all in one scale.

    Rows are sources, columns latents, as in `nmi_heatmap`; a panel is as wide as it has latents.

    Args:
        nmi: representation's name -> (num_sources, num_latents), in [0, 1] up to an estimator's
            error of 0.05; all over the same sources.
        source_names: one name a source.
        active: representation's name -> (num_latents,) booleans; a representation that is not
            named has active latents only.
        columns: panels side by side, at least 1.
        diagonal: order the latents of every panel by `diagonal_order`; columns keep their
            latent's number.
        ceilings: the largest NMI that one latent of few values can have with each source, in every
            panel with such latents; those below 1 stand behind the source's name.

    Returns:
        The chart, with representation, source, latent and NMI in its tooltips.

    Raises:
        ValueError: no representation, wrong dimensions, names that do not match, values that are
            not finite or lie outside [0, 1], fewer than one column, ceilings that are not one a
            source.
    """
    if not nmi:
        raise ValueError("nmi must hold at least one representation, got none.")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}.")
    panels = [
        (
            name,
            *nmi_cells(
                matrix, source_names, (active or {}).get(name), diagonal=diagonal, of=f"[{name!r}]"
            ),
        )
        for name, matrix in nmi.items()
    ]
    columns = min(columns, len(panels))
    rows = [panels[first : first + columns] for first in range(0, len(panels), columns)]
    widest = [max(len(row[at][2]) for row in rows if at < len(row)) for at in range(columns)]
    starts = [sum(widest[:at]) + at * _GAP for at in range(columns)]
    num_across = sum(widest) + (columns - 1) * _GAP
    source_lines = source_rows(source_names, ceilings)
    name_lines = {name: wrapped_label(name, _CHARACTERS) for name in nmi}
    num_lines = max(map(len, name_lines.values()))
    slot = num_lines + len(source_lines) + _NUMBERS
    cells = pd.DataFrame(
        cell
        | {
            "representation": name,
            "left": starts[at] + cell["column"],
            "top": down * slot + num_lines + cell["row"],
        }
        for down, row in enumerate(rows)
        for at, (name, panel, _) in enumerate(row)
        for cell in panel
    ).drop(columns=["row", "column"])
    side = f"(width / {num_across})"
    told = " ".join(f"{name}: {best_latents(panel)}." for name, panel, _ in panels)
    least = row_pixels(source_lines, 20)
    return finish(
        alt.layer(
            *_cells(cells, source_lines, num_lines, num_across, len(rows), side),
            *_labels(rows, name_lines, num_lines, starts, slot, num_across),
        ).resolve_axis(x="independent"),
        f"Heatmaps of NMI; largest NMI of each source. {told}",
        height=f"{len(rows) * slot} * clamp({side}, {least}, {max(least, 32)})",
        subtitle=cell_notes([cell for _, panel, _ in panels for cell in panel], ceilings),
    )


def _cells(
    cells: pd.DataFrame,
    source_lines: list[list[str]],
    num_lines: int,
    num_across: int,
    num_rows: int,
    side: str,
) -> list[alt.Chart]:
    slot = num_lines + len(source_lines) + _NUMBERS
    centres = [
        down * slot + num_lines + row + 0.5
        for down in range(num_rows)
        for row in range(len(source_lines))
    ]
    labels = _lookup(dict(zip(centres, source_lines * num_rows, strict=True)))
    x_scale = alt.Scale(domain=[0, num_across], nice=False)
    y = alt.Y(
        "top:Q",
        title=None,
        scale=alt.Scale(domain=[0, num_rows * slot], nice=False, reverse=True),
        axis=alt.Axis(
            values=centres,
            labelExpr=labels,
            labelOffset=line_offset(labels),
            # Vega leaves out values that are more than its own count of ticks.
            tickCount=len(centres),
            labelOverlap=False,
            grid=False,
            domain=False,
            ticks=False,
        ),
    )
    base = alt.Chart(cells).transform_calculate(
        right="datum.left + 0.94",
        bottom="datum.top + 0.94",
        middle="datum.left + 0.47",
        centre="datum.top + 0.47",
    )
    x, middle = (alt.X(f"{name}:Q", scale=x_scale, axis=None) for name in ("left", "middle"))
    return cell_layers(
        base,
        side,
        {"x": x, "x2": "right:Q", "y": y, "y2": "bottom:Q"},
        {"x": middle, "y": alt.Y("centre:Q", title=None)},
        more=["representation"],
    )


def _labels(
    rows: list[list[tuple[str, list[dict], list[int]]]],
    name_lines: dict[str, list[str]],
    num_lines: int,
    starts: list[int],
    slot: int,
    num_across: int,
) -> list[alt.Chart]:
    """Return the layers whose axes name the panels and number their latents.

    They are axes since those follow the theme of the page, which the text of a mark does not.
    """
    height = len(rows) * slot
    plain = {"grid": False, "domain": False, "ticks": False}
    room = min(end - start for start, end in pairwise([*starts, num_across]))
    layers = []
    for down, row in enumerate(rows):
        # Vega hangs lines from the first one: names of fewer lines begin with empty ones.
        lines = {name: ([""] * num_lines + name_lines[name])[-num_lines:] for name, _, _ in row}
        names = {starts[at]: lines[name] for at, (name, _, _) in enumerate(row)}
        latents = {
            starts[at] + column + 0.5: str(latent)
            for at, (_, _, order) in enumerate(row)
            for column, latent in enumerate(order)
        }
        name_axis = alt.Axis(
            **plain,
            title=None,
            orient="top",
            offset={"expr": f"-height * {down * slot + num_lines} / {height}"},
            values=list(names),
            tickCount=len(names),
            labelExpr=_lookup(names),
            # A name ends where the next one begins.
            labelLimit=alt.expr(f"width * {room} / {num_across}"),
            labelAlign="left",
            labelFontWeight="bold",
            labelOverlap=False,
            labelPadding=3 + LABEL_LINE_PIXELS * (num_lines - 1),
        )
        bottom = (down + 1) * slot - _NUMBERS
        number_axis = alt.Axis(
            **plain,
            title="latent" if down == len(rows) - 1 else None,
            orient="bottom",
            offset={"expr": f"-height * {height - bottom} / {height}"},
            values=list(latents),
            tickCount=len(latents),
            labelExpr=_lookup(latents),
            labelAngle=0,
            labelOverlap=True,
            labelPadding=2,
        )
        scale = alt.Scale(domain=[0, num_across], nice=False)
        for axis in (name_axis, number_axis):
            layers.append(
                alt.Chart(pd.DataFrame({"left": [0]}))
                .mark_point(opacity=0)
                .encode(x=alt.X("left:Q", scale=scale, axis=axis))
            )
    return layers


def _lookup(labels: Mapping[float, str | list[str]]) -> str:
    texts = {f"{value:g}": label for value, label in labels.items()}
    return f"{json.dumps(texts, ensure_ascii=False)}[datum.value]"
