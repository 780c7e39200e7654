"""An NMI matrix that the reader changes, and the scores that follow from it at once."""

import html
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike

from lib.figures.nmi_table import NMI_TABLE_STYLE, nmi_table
from lib.figures.theme import plain
from lib.metrics.mutual_information import ROUNDING
from lib.scores import SCORES

_STYLE = """
.score-editor { margin: 1rem 0; text-align: left; max-width: 34rem; }
.score-editor .nmi-table table td input { font-size: 16px; height: 2.2rem; min-width: 3rem;
  appearance: textfield; }
.score-editor input::-webkit-inner-spin-button { appearance: none; margin: 0; }
.score-editor .nmi-table table input[type="checkbox"] { appearance: auto; height: 1.5rem; }
.score-editor .nmi-table table td.inactive { color: var(--pst-color-text-base, CanvasText); }
.score-editor .nmi-table output { font-size: 14px; }
.score-editor p { margin: .6rem 0; }
.score-editor .editor-scores { font-size: 1.1rem; font-weight: 600; }
.score-editor button { padding: .3rem .8rem; margin: 0 .4rem .4rem 0; font: inherit; }
"""


def score_editor(
    presets: Mapping[str, tuple[ArrayLike, Sequence[bool]]], source_names: Sequence[str]
) -> str:
    """HTML of an NMI matrix of numbers to change, with InfoM and InfoC of it; needs no server.

    Below each latent stands its modularity, beside each source its compactness, and a latent can
    be made inactive. InfoE needs the samples themselves, so it is not there.

    Args:
        presets: matrices to choose from, the first one shown at the start: by name the NMI,
            `(num_sources, num_latents)` in [0, 1], and one boolean a latent for whether it is
            active. All have one shape, of at least two sources.
        source_names: one name a source.

    Returns:
        An element with its style, data and script. Without JavaScript the matrix stands alone.

    Raises:
        ValueError: presets of different shapes, or names that do not fit.
    """
    given = {name: (np.asarray(nmi, float), list(on)) for name, (nmi, on) in presets.items()}
    shapes = {(*nmi.shape, len(active)) for nmi, active in given.values()}
    num_latents = len(next(iter(given.values()))[1])
    expected = (len(source_names), num_latents, num_latents)
    if shapes != {expected} or len(source_names) < 2:
        raise ValueError(
            f"presets must have NMI of one shape (num_sources, num_latents) with a row for each of "
            f"{len(source_names)} sources, at least two, and a boolean for each latent; got "
            f"(rows, columns, booleans) {sorted(shapes)}."
        )
    nmi, active = next(iter(given.values()))
    latents = [str(latent) for latent in range(num_latents)]

    def cell(source: int, latent: int) -> str:
        said = html.escape(f"NMI of {plain(source_names[source])} and latent {latent}")
        return (
            f'<input type="number" min="0" max="1" step="0.05" value="{nmi[source, latent]:g}" '
            f'aria-label="{said}">'
        )

    boxes = "".join(
        f'<td><input type="checkbox"{" checked" if on else ""} '
        f'aria-label="latent {latent} is active"></td>'
        for latent, on in enumerate(active)
    )
    parts = f"{'<td><output></output></td>' * num_latents}"
    table = nmi_table(
        nmi,
        [html.escape(plain(name)) for name in source_names],
        latents,
        cell,
        label="NMI of sources (rows) and latents (columns), to change",
        active=active,
        more={"compact": ["<output></output>"] * len(source_names)},
        foot=f'<tfoot><tr><th scope="row">active</th>{boxes}<td></td></tr>'
        f'<tr><th scope="row">modular</th>{parts}<td></td></tr></tfoot>',
    )
    buttons = "".join(f'<button type="button">{html.escape(name)}</button>' for name in given)
    data = {
        "presets": [{"nmi": nmi.tolist(), "active": on} for nmi, on in given.values()],
        "rounding": ROUNDING,
        "digits": SCORES["infom"].digits,
    }
    script = files("lib.figures").joinpath("score_editor.js").read_text(encoding="utf-8")
    return (
        f'<div class="live-figure score-editor"><style>{NMI_TABLE_STYLE}{_STYLE}</style>'
        f'<div role="group" aria-label="Matrices to begin with">{buttons}</div>{table}'
        '<p class="editor-scores" aria-live="polite">InfoM <output></output>, InfoC '
        "<output></output></p><noscript>The scores need JavaScript.</noscript>"
        f'<script type="application/json">{json.dumps(data)}</script>'
        f"<script>{script}</script></div>"
    )
