"""A representation whose first two latents are turned: its points, NMI matrix and scores."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lib.checks import check_array
from lib.figures.nmi_heatmap import cell_layers
from lib.figures.theme import MUTED, SPECTRUM, finish, group_scales, plain
from lib.metrics import InfoMEC

_SCORES = {"InfoM": "infom", "InfoE": "infoe", "InfoC": "infoc"}
_COSINE, _SINE = "cos(angle * PI / 180)", "sin(angle * PI / 180)"
# Points on the left, the matrix on the right, the scores below, in one plane.
_ACROSS = alt.Scale(domain=[0, 2.25], nice=False)
_DOWN = alt.Scale(domain=[0, 1.8], nice=False, reverse=True)
_MATRIX, _BARS = 1.25, 1.3


def turned_scores(
    points: ArrayLike, groups: ArrayLike, found: Mapping[int, InfoMEC], names: Sequence[str]
) -> alt.LayerChart:
    """Draw points of two latents, their NMI matrix and scores, and a slider that turns the points.

    Args:
        points: (n, 2), the latents before they are turned, in about [-2, 2].
        groups: (n,), what the colour of each point says.
        found: for each angle in degrees, evenly spaced from 0, the scores of the latents turned
            by it; of at most three latents.
        names: of the sources, at most three.
    """
    points = check_array("points", points, ("n", 2))
    angles = list(found)
    rows = pd.DataFrame(points.round(2), columns=["x", "y"]).assign(group=np.asarray(groups))
    slider = alt.binding_range(
        min=angles[0], max=angles[-1], step=angles[1] - angles[0], name="angle (degrees) "
    )
    middle = alt.param(name="angle", value=angles[len(angles) // 2], bind=slider)
    num_latents = found[angles[0]].nmi.shape[1]
    top = {0.5: ["latent 0 →,", "latent 1 ↑"]}
    for latent in range(num_latents):
        head = "NMI, latent" if latent == num_latents // 2 else ""
        top[round(_MATRIX + 0.16 + latent / 3, 3)] = [head, str(latent)]
    left = {round(_BARS + row / 5, 3): label for row, label in enumerate(_SCORES)}
    right = {round(0.16 + row / 3, 3): plain(name) for row, name in enumerate(names)}
    told = "; ".join(f"{angle}°: {result!r}" for angle, result in found.items())
    chart = alt.layer(
        _cloud(rows),
        *_matrix(found, names),
        *_bars(found),
        _texts("x", top, "top", labelPadding=20),
        _texts("y", left, "left"),
        _texts("y", right, "right"),
    )
    chart = chart.resolve_scale(color="independent").resolve_axis(x="independent", y="independent")
    return finish(
        chart.add_params(middle),
        f"Points of two latents, the NMI matrix and the scores while the plane is turned. {told}.",
        height="min(0.75 * width, 480)",
    )


def _at(x="x", y="y"):
    return {
        "x": alt.X(f"{x}:Q", scale=_ACROSS, axis=None),
        "y": alt.Y(f"{y}:Q", scale=_DOWN, axis=None),
    }


def _cloud(points):
    cloud = alt.Chart(points).transform_calculate(
        right=f"0.5 + (datum.x * {_COSINE} - datum.y * {_SINE}) / 5.8",
        low=f"0.5 - (datum.x * {_SINE} + datum.y * {_COSINE}) / 5.8",
    )
    colors = alt.Color("group:O", scale=alt.Scale(range=SPECTRUM), legend=None)
    return cloud.mark_point(filled=True, size=18, opacity=0.8).encode(
        **_at("right", "low"), color=colors
    )


def _matrix(found, names):
    cells = pd.DataFrame(
        {"angle": angle, "source": name, "latent": latent, "nmi": round(at.nmi[row, latent], 3)}
        | {"x": _MATRIX + latent / 3, "y": row / 3, "state": "active"}
        for angle, at in found.items()
        for row, name in enumerate(names)
        for latent in range(at.nmi.shape[1])
    )
    chart = alt.Chart(cells).transform_filter("datum.angle == angle")
    chart = chart.transform_calculate(
        right="datum.x + 0.32",
        low="datum.y + 0.32",
        middle="datum.x + 0.16",
        centre="datum.y + 0.16",
    )
    corners = _at() | {"x2": "right:Q", "y2": "low:Q"}
    return cell_layers(chart, "(width / 6.75)", corners, _at("middle", "centre"))


def _bars(found):
    scores = pd.DataFrame(
        {"angle": angle, "score": label, "value": round(getattr(at, score), 3)}
        | {"y": _BARS + row / 5}
        for angle, at in found.items()
        for row, (label, score) in enumerate(_SCORES.items())
    )
    chart = alt.Chart(scores).transform_filter("datum.angle == angle")
    chart = chart.transform_calculate(
        start="0", end="datum.value * 2", said="format(datum.value, '.2f')"
    ).encode(**_at("start"), tooltip=["score:N", "value:Q"])
    hues = alt.Scale(domain=list(_SCORES), range=group_scales(_SCORES.values())[0].range)
    lengths = chart.mark_bar(size={"expr": "height / 18"}).encode(
        x2="end:Q", color=alt.Color("score:N", scale=hues, legend=None)
    )
    numbers = chart.mark_text(align="left", dx=6, color=MUTED).encode(
        x=alt.X("end:Q", scale=_ACROSS, axis=None), text="said:N"
    )
    return lengths, numbers


def _texts(channel, at, orient, **axis):
    """A layer that shows nothing but an axis with these texts.

    Its one mark lies inside the plane: the size of a chart follows from where its marks are.
    """
    axis = alt.Axis(
        **{"values": list(at), "tickCount": len(at), "labelOverlap": False, "title": None},
        labelExpr=f"{list(at.values())}[indexof({list(at)}, datum.value)]",
        **{"orient": orient, "grid": False, "domain": False, "ticks": False},
        **axis,
    )
    kind, scale = {"x": (alt.X, _ACROSS), "y": (alt.Y, _DOWN)}[channel]
    encoding = kind("y:Q", scale=scale, axis=axis)
    return alt.Chart(pd.DataFrame({"y": [1.0]})).mark_point(opacity=0).encode(encoding)
