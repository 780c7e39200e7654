"""Trained decoders that run in the page: the reader moves latents, the image follows at once."""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import jax.numpy as jnp
import numpy as np
from flax import nnx
from numpy.typing import ArrayLike

from lib.figures.images import pixels, png_uri
from lib.figures.nmi_table import NMI_TABLE_STYLE, nmi_table, short_number
from lib.figures.packed_decoder import RoundedDecoder
from lib.figures.theme import plain

_STYLE = """
.live-decoder { container-type: inline-size; margin: 1rem 0; text-align: left;
  font-size: .85rem; line-height: 1.4; }
.live-decoder p { margin: 0; }
.live-decoder :is(canvas, img) { width: 9.5rem; height: 9.5rem; image-rendering: pixelated;
  border-radius: 4px; display: block; margin: 0; flex: none; max-width: none; }
.live-decoder :is(.live-image, .live-top) { display: flex; gap: .8rem; align-items: flex-start; }
.live-decoder :is(.live-image, .live-top) > div { display: grid; gap: .5rem; min-width: 0; }
.live-decoder .live-image button { padding: .3rem .8rem; margin: 0 .4rem .3rem 0; font: inherit; }
.live-decoder .live-panel { display: grid; gap: .6rem .5rem; margin-top: 1rem;
  grid-template-columns: minmax(0, 1fr); }
.live-decoder .live-panel .live-title { font-size: 1rem; border-bottom: 3px solid var(--accent); }
.live-decoder :is(.live-title, .live-note) { font-weight: 600; }
.live-decoder .live-sliders { display: grid; gap: .25rem 1.2rem; }
.live-decoder label { display: grid; grid-template-columns: 10.5em 1fr; gap: .5rem;
  align-items: center; min-height: 1.75rem; line-height: 1.2; margin: 0; }
.live-decoder input { width: 100%; min-height: 1.6rem; margin: 0; accent-color: var(--accent); }
@media (scripting: none) { .live-decoder :is(label, .live-image button) { display: none; } }
@container (min-width: 38rem) {
  .live-decoder .live-panel { grid-template-columns: 9.5rem minmax(0, 1fr); }
  .live-decoder .live-title { grid-column: 1 / -1; }
  .live-decoder .live-top { display: grid; align-content: start; }
  .live-decoder .live-note { min-height: 5.6em; }
  .live-decoder .live-sliders { grid-template-columns: 1fr 1fr; grid-auto-flow: column;
    grid-template-rows: repeat(var(--rows), auto); margin-top: .6rem; }
  .live-decoder .nmi-table tbody th { white-space: nowrap; }
}
"""
_HINT = (
    "Move a slider, or choose a cell of a matrix: its latent goes through its values. By keyboard, "
    "arrows lead through a matrix, Enter chooses, and Escape leads back from a slider."
)


@dataclass(frozen=True, kw_only=True)
class LivePanel:
    """A decoder, the latents that its reader can move, and what is known of them.

    Attributes:
        title: of the panel, such as the model's label.
        color: CSS colour of the model.
        decoder: as the page has it.
        latents: the number of each latent, which heads its column.
        knows: what its slider says, such as the source that it knows best.
        notes: a sentence on each latent, shown while it moves.
        positions: for each latent, the values that its slider goes through, at least one.
        starts: `(num_images, num_latents)`, the position of each latent for each image.
        nmi: `(num_sources, num_latents)`, of this very model.
        active: one boolean a latent; inactive ones are grey.
        ceilings: the largest NMI that one latent can have with each source.
        scores: a sentence on the model's scores.
    """

    title: str
    color: str
    decoder: RoundedDecoder
    latents: Sequence[int]
    knows: Sequence[str]
    notes: Sequence[str]
    positions: Sequence[ArrayLike]
    starts: ArrayLike
    nmi: ArrayLike
    active: Sequence[bool]
    ceilings: Sequence[float] = ()
    scores: str

    def __post_init__(self):
        starts, sizes = np.asarray(self.starts), [len(values) for values in self.positions]
        given = {
            "latents": len(self.latents),
            "knows": len(self.knows),
            "notes": len(self.notes),
            "starts": starts.shape[-1],
            "nmi": np.shape(self.nmi)[-1],
            "active": len(self.active),
        }
        if wrong := {name: count for name, count in given.items() if count != len(sizes)}:
            raise ValueError(f"expected {len(sizes)} latents, as many as positions; got {wrong}.")
        if starts.min() < 0 or (starts >= sizes).any():
            raise ValueError(f"starts must be positions, each below its latent's number {sizes}.")


def live_decoder(
    panels: Sequence[LivePanel], originals: ArrayLike, source_names: Sequence[str]
) -> str:
    """HTML of decoders one above the other, each with sliders and its NMI matrix; needs no server.

    A cell of the matrix chooses a latent: its slider goes through its values, unless the reader
    asks for reduced motion, and a sentence says what the latent is about.

    Args:
        panels: of models of the same images.
        originals: `(num_images, side, side, 1 or 3)`, uint8: the images at which the sliders start.
        source_names: of the rows of the matrices.

    Returns:
        An element with its style, data and script. Without JavaScript it shows what each model
        draws of the first image, and its matrix.

    Raises:
        ValueError: panels of other images or sources.
    """
    images = pixels("originals", originals, ("num_images",))
    for panel in panels:
        if images.shape[1:] != panel.decoder.network.image_shape:
            raise ValueError(
                f"originals have shape {images.shape}, and {panel.title} draws images of shape "
                f"{panel.decoder.network.image_shape}; expected the same."
            )
        if len(panel.starts) != len(images):
            raise ValueError(
                f"{panel.title} starts at {len(panel.starts)} of {len(images)} images."
            )
        if len(panel.nmi) != len(source_names) or len(panel.ceilings) not in (0, len(panel.nmi)):
            raise ValueError(
                f"{panel.title} has {len(panel.nmi)} rows of NMI and {len(panel.ceilings)} "
                f"ceilings; expected one a source, of {len(source_names)}."
            )
    data = {
        "originals": [png_uri(image) for image in images],
        "shape": images.shape[1:],
        "models": [
            {
                **panel.decoder.packed(),
                "positions": [[float(f"{v:.5g}") for v in values] for values in panel.positions],
                "starts": np.asarray(panel.starts).tolist(),
                "notes": list(panel.notes),
            }
            for panel in panels
        ],
    }
    script = files("lib.figures").joinpath("live_decoder.js").read_text(encoding="utf-8")
    return (
        f'<div class="live-figure live-decoder"><style>{NMI_TABLE_STYLE}{_STYLE}</style>'
        '<div class="live-image">'
        '<img class="dark-light" alt="The image at which the sliders start" '
        f'src="{png_uri(images[0])}"><div><p>An image to copy, which no model was trained on.</p>'
        '<div><button type="button">Back to it</button><button type="button">Another image'
        f"</button></div><p>{_HINT}</p><noscript>This needs JavaScript.</noscript></div></div>"
        f"{''.join(_panel(panel, source_names) for panel in panels)}"
        f'<script type="application/json">{json.dumps(data)}</script>'
        f"<script>{script}</script></div>"
    )


def _panel(panel: LivePanel, source_names: Sequence[str]) -> str:
    title, start = html.escape(panel.title), np.asarray(panel.starts)[0]
    sliders = "".join(
        f'<label><span>{latent}: {html.escape(knows)}</span><input type="range" min="0" '
        f'max="{len(values) - 1}" value="{at}"></label>'
        for latent, knows, values, at in zip(
            panel.latents, panel.knows, panel.positions, start, strict=True
        )
    )
    first = "A row is a source, a column a latent, a number their NMI."
    if len(panel.ceilings):
        first += " After ≤: the largest NMI that a latent of so few values can reach."
    return (
        f'<div class="live-panel" role="group" aria-label="{title}" '
        f'style="--accent: {panel.color}; --rows: {-(-len(panel.latents) // 2)}">'
        f'<p class="live-title">{title}</p>'
        f'<div class="live-top"><img class="dark-light" alt="What {title} draws of its latents" '
        f'src="{png_uri(_drawn(panel, start))}"><div>'
        f'<p class="live-note" aria-live="polite">{first}</p><p>{html.escape(panel.scores)}</p>'
        f"</div></div><div>{_matrix(panel, source_names)}"
        f'<div class="live-sliders">{sliders}</div></div></div>'
    )


def _drawn(panel: LivePanel, at: np.ndarray) -> np.ndarray:
    latents = [[values[place] for values, place in zip(panel.positions, at, strict=True)]]
    logits = panel.decoder.network(jnp.asarray(latents, jnp.float32))
    return np.asarray(nnx.sigmoid(logits)[0])


def _matrix(panel: LivePanel, source_names: Sequence[str]) -> str:
    nmi = np.asarray(panel.nmi)

    def button(source: int, latent: int) -> str:
        known = f"NMI {nmi[source, latent]:.2f}" if panel.active[latent] else "inactive"
        said = f"{plain(source_names[source])}, latent {panel.latents[latent]}: {known}"
        number = short_number(nmi[source, latent]) if panel.active[latent] else ""
        return f'<button type="button" aria-label="{html.escape(said)}">{number}</button>'

    sources = [html.escape(plain(name)) for name in source_names]
    for row, ceiling in enumerate(panel.ceilings):
        if ceiling < 1:
            sources[row] += f" <small>≤ {short_number(ceiling)}</small>"
    return nmi_table(
        nmi,
        sources,
        [str(latent) for latent in panel.latents],
        button,
        label=f"NMI of sources and latents, {panel.title}",
        active=panel.active,
    )
