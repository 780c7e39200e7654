"""Points and their codes, of scalar and of vector codebooks, while the points are turned."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lib.checks import check_array
from lib.figures.theme import ACCENT, MUTED, finish

_SHOWN = 250


def turned_codebooks(
    points: ArrayLike,
    vectors: Mapping[str, ArrayLike],
    scalars: Mapping[int, ArrayLike],
    scalars_label: str,
) -> alt.LayerChart:
    """Draw points joined to their codes, above as they are and below turned by a slider.

    The left column has scalar codebooks, fitted at every angle; codes of the others turn with the
    points.

    Args:
        points: (n, 2), in [-1, 1]; the first few are shown.
        vectors: the codes (n, 2) of the points under other codebooks, by label, whose lines are
            separated by line breaks.
        scalars: for each angle in degrees, evenly spaced from 0, the codes (n, 2) of the points
            turned by it; each coordinate takes as many values at every angle.
        scalars_label: of the left column.

    Returns:
        The chart, whose title has the squared error of the scalar codes at the angle chosen, as a
        share of the variance of the points.

    Example:
        >>> import numpy as np
        >>> from lib.figures import turned_codebooks
        >>> points = np.array([[-0.9, 0.2], [0.4, 0.8]])
        >>> scalars = {angle: np.array([[-0.5, 0.1], [0.5, 0.6]]) for angle in (0, 45, 90)}
        >>> chart = turned_codebooks(points, {"one vector": np.zeros((2, 2))}, scalars, "scalars")
    """
    points = check_array("points", points, ("n", 2))
    angles = list(scalars)
    step = angles[1] - angles[0]
    values = [[np.unique(column).round(3).tolist() for column in c.T] for c in scalars.values()]
    left = [_error(codes, _turned(points, angle)) for angle, codes in scalars.items()]
    # Scalar codes are found by the chart, for every angle; zeros stand in for them here.
    columns = [np.zeros_like(points), *vectors.values()]
    names = ["x", "y", "code x", "code y"]
    rows = pd.concat(
        pd.DataFrame(np.hstack([points, codes])[:_SHOWN], columns=names).assign(column=column)
        for column, codes in enumerate(columns)
    ).round(3)
    placed = _placed(alt.Chart(rows), values, step)
    heads = [label.split("\n") for label in (scalars_label, *vectors)]
    top = _axis(heads, orient="top", labelPadding=26)
    side = _axis(["aligned", "turned"])
    across = alt.Scale(domain=[0, len(columns)], nice=False)
    down = alt.Scale(domain=[0, 2], nice=False, reverse=True)
    code = {
        "x": alt.X("code_x:Q", scale=across, axis=top),
        "y": alt.Y("code_y:Q", scale=down, axis=side),
    }
    lines = placed.mark_rule(color=MUTED, opacity=0.6, strokeWidth=0.8)
    lines = lines.encode(**code, x2="point_x:Q", y2="point_y:Q")
    dots = placed.transform_aggregate(n="count()", groupby=["code_x", "code_y"])
    dots = dots.mark_point(filled=True, size=30, opacity=1, color=ACCENT)
    name = "angle of the lower square (degrees) "
    slider = alt.binding_range(min=angles[0], max=angles[-1], step=step, name=name)
    middle = alt.param(name="angle", value=angles[len(angles) // 2], bind=slider)
    said = ", ".join(f"{share:.1%} at {a}°" for a, share in zip(angles, left, strict=True))
    return finish(
        alt.layer(lines, dots.encode(**code)).add_params(middle),
        f"{2 * len(columns)} panels of points joined to their codes, which form a grid for scalar "
        f"codebooks. A slider turns the lower ones. Error that scalars leave: {said}.",
        height=f"min({2 / len(columns):.3f} * width, 460)",
        title=alt.expr(
            f"'Turned by ' + angle + '°: scalars leave ' + format({left}[angle / {step}], '.1%')"
        ),
    )


def _turned(points: np.ndarray, angle: float) -> np.ndarray:
    cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def _error(codes: ArrayLike, points: np.ndarray) -> float:
    return float(np.mean(np.square(codes - points)) / np.mean(points.var(axis=0)))


def _axis(texts: Sequence, **options) -> alt.Axis:
    """One text in the middle of each unit."""
    return alt.Axis(
        values=[k + 0.5 for k in range(len(texts))],
        labelExpr=f"{list(texts)}[floor(datum.value)]",
        **{"grid": False, "domain": False, "ticks": False, "labelOverlap": False, "title": None},
        **options,
    )


def _placed(chart: alt.Chart, values: Sequence, step: int) -> alt.Chart:
    """Where points and codes stand: turned in the lower row, scalars at the nearest value."""
    chart = chart.transform_calculate(row="[0, 1]").transform_flatten(["row"])
    chart = chart.transform_calculate(
        turn="datum.row * angle * PI / 180",
        x_values=f"{values}[datum.row * angle / {step}][0]",
        y_values=f"{values}[datum.row * angle / {step}][1]",
    )
    cosine, sine = "cos(datum.turn)", "sin(datum.turn)"
    for name, of in (("point", ""), ("code", "code ")):
        x, y = f"datum['{of}x']", f"datum['{of}y']"
        turned = {
            f"{name}_x": f"{x} * {cosine} - {y} * {sine}",
            f"{name}_y": f"{x} * {sine} + {y} * {cosine}",
        }
        chart = chart.transform_calculate(**turned)
    for number, axis in enumerate("xy"):
        offset = ("datum.column + 0.5", "datum.row + 0.5")[number]
        of = f"datum.{axis}_values"
        gaps = range(len(values[0][number]) - 1)
        above = [f"(2 * datum.point_{axis} > {of}[{k}] + {of}[{k + 1}])" for k in gaps]
        code = f"(datum.column ? datum.code_{axis} : {of}[{' + '.join(above) or 0}])"
        placed = {
            f"code_{axis}": f"{code} / 3 + {offset}",
            f"point_{axis}": f"datum.point_{axis} / 3 + {offset}",
        }
        chart = chart.transform_calculate(**placed)
    return chart
