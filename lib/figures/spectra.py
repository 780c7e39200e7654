"""How strong detail of each size is in several sets of images."""

from collections.abc import Mapping

import altair as alt
import pandas as pd
from numpy.typing import ArrayLike

from lib.checks import check_array
from lib.figures.theme import finish, group_scales, legend


def spectra(amplitudes: Mapping[str, ArrayLike]) -> alt.Chart:
    """Draw amplitude spectra as lines, on logarithmic axes.

    Args:
        amplitudes: for each set of images, by what it is called, the amplitude at 1, 2, ... cycles
            along a side of an image, in grey levels; at least one is above 0, and what is 0 has no
            place on the axis and is left out.

    Returns:
        The chart; tooltips give the numbers.

    Raises:
        ValueError: no set, a spectrum that is no row of finite numbers, or none above 0.
    """
    if not amplitudes:
        raise ValueError("amplitudes must hold at least one spectrum, got none.")
    rows, told = [], []
    for name, given in amplitudes.items():
        levels = check_array(f"amplitudes[{name!r}]", given, ("cycles",))
        if not (levels > 0).any():
            raise ValueError(f"amplitudes[{name!r}] must have a level above 0.")
        rows += [
            {"images": name, "cycles": cycles, "amplitude": float(level)}
            for cycles, level in enumerate(levels, start=1)
            if level > 0
        ]
        told.append(f"{name} from {levels[0]:.3g} to {levels[-1]:.3g}")
    colors, _ = group_scales(amplitudes)
    entries = legend(colors.domain)
    chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(
                "cycles:Q",
                title="cycles along a side of the image",
                scale=alt.Scale(type="log", base=2, nice=False),
                axis=alt.Axis(format="d", tickCount=5),
            ),
            y=alt.Y(
                "amplitude:Q",
                title="amplitude (grey levels)",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(tickCount=5, format="~g"),
            ),
            color=alt.Color("images:N", scale=colors, legend=entries),
            strokeDash=alt.StrokeDash(
                "images:N", scale=alt.Scale(domain=colors.domain), legend=entries
            ),
            tooltip=[
                alt.Tooltip("images:N"),
                alt.Tooltip("cycles:Q"),
                alt.Tooltip("amplitude:Q", format=".3g"),
            ],
        )
    )
    return finish(
        chart,
        f"Amplitude of detail, coarsest to finest: {'; '.join(told)} grey levels.",
        height=260,
    )
