"""Trained decoders that run in the page: the reader moves latents, the image follows at once."""

import base64
import html
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import jax.numpy as jnp
import numpy as np
from flax import nnx
from numpy.typing import ArrayLike

from lib.figures.images import pixels, png_uri
from lib.networks import StyleMLPDecoder

LARGEST = 48
"""Of the integers that stand for weights: with these, two decoders of width 96 have 400 kB."""

_STYLE = """
.live-decoder { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start;
  margin: 1rem 0; }
.live-decoder canvas, .live-decoder img { width: 11rem; height: 11rem; image-rendering: pixelated;
  border-radius: 4px; display: block; margin: 0; }
.live-decoder canvas { background-size: cover; print-color-adjust: exact; }
.live-decoder .live-panel, .live-decoder .live-image { flex: 1 1 11rem; max-width: 19rem; }
.live-decoder p { margin: 0 0 .4rem; font-weight: 600; }
.live-decoder label { display: grid; grid-template-columns: 8em 1fr; gap: .5rem;
  align-items: center; font-size: .85rem; line-height: 1.9; }
.live-decoder input { width: 100%; min-height: 1.6rem; }
.live-decoder button { display: block; margin-top: .6rem; padding: .4rem .8rem; font: inherit; }
@media (scripting: none) { .live-decoder label, .live-decoder button { display: none; } }
"""


@dataclass(frozen=True)
class LivePanel:
    """A decoder and the latents that its reader can move.

    Attributes:
        title: of the panel, such as the model's label.
        color: CSS colour of the sliders.
        decoder: trained.
        latents: what each slider says, such as the source that its latent knows best.
        positions: for each latent, the values that its slider goes through, at least one.
        starts: `(num_images, num_latents)`, the position of each latent for each image.
    """

    title: str
    color: str
    decoder: StyleMLPDecoder
    latents: Sequence[str]
    positions: Sequence[ArrayLike]
    starts: ArrayLike

    def __post_init__(self):
        starts, sizes = np.asarray(self.starts), [len(values) for values in self.positions]
        if len(self.latents) != len(sizes) or starts.ndim != 2 or starts.shape[1] != len(sizes):
            raise ValueError(
                f"latents, positions and starts must be of one number of latents, got "
                f"{len(self.latents)}, {len(sizes)} and starts of shape {starts.shape}."
            )
        if starts.min() < 0 or (starts >= sizes).any():
            raise ValueError(f"starts must be positions, each below its latent's number {sizes}.")


def live_decoder(panels: Sequence[LivePanel], originals: ArrayLike) -> str:
    """HTML of decoders side by side with sliders for their latents; needs no server.

    Args:
        panels: of models of the same images.
        originals: `(num_images, side, side, 3)`, uint8: the images at which the sliders start.

    Returns:
        An element with its style, data and script. Without JavaScript it shows the images that the
        sliders would start with.

    Raises:
        ValueError: images that are not square and in colour, or panels of other images.
    """
    images = pixels("originals", originals, ("num_images",))
    for panel in panels:
        if images.shape[1:] != panel.decoder.image_shape or images.shape[-1] != 3:
            raise ValueError(
                f"originals have shape {images.shape}, and {panel.title} draws images of shape "
                f"{panel.decoder.image_shape}; expected the same, in colour."
            )
        if len(panel.starts) != len(images):
            raise ValueError(
                f"{panel.title} starts at {len(panel.starts)} of {len(images)} images."
            )
    data = {
        "originals": [png_uri(image) for image in images],
        "models": [
            {
                **_packed(panel.decoder),
                "positions": [np.asarray(p, float).round(6).tolist() for p in panel.positions],
                "starts": np.asarray(panel.starts).tolist(),
            }
            for panel in panels
        ],
    }
    script = files("lib.figures").joinpath("live_decoder.js").read_text(encoding="utf-8")
    return (
        f'<div class="live-decoder"><style>{_STYLE}</style>'
        '<div class="live-image"><p>An image</p>'
        '<img class="dark-light" alt="The image at which the sliders start" '
        f'src="{png_uri(images[0])}">'
        '<button type="button">Back to this image</button>'
        '<button type="button">Another image</button></div>'
        f"{''.join(_panel(panel, images.shape[1]) for panel in panels)}"
        f'<script type="application/json">{json.dumps(data)}</script>'
        f"<script>{script}</script>"
        "<noscript>The sliders need JavaScript.</noscript></div>"
    )


def rounded(decoder: StyleMLPDecoder) -> StyleMLPDecoder:
    """The decoder with the weights that the page has: of integers, one step an output."""
    copy = nnx.clone(decoder)
    for layer in _layers(copy):
        steps, integers = _integers(layer)
        layer.kernel[...] = integers.astype(np.float32) * steps
    return copy


def _panel(panel: LivePanel, side: int) -> str:
    starts = np.asarray(panel.starts)[0]
    sliders = "".join(
        f'<label><span>{html.escape(name)}</span><input type="range" min="0" '
        f'max="{len(values) - 1}" value="{start}"></label>'
        for name, values, start in zip(panel.latents, panel.positions, starts, strict=True)
    )
    title = html.escape(panel.title)
    latents = [values[at] for values, at in zip(panel.positions, starts, strict=True)]
    first = nnx.sigmoid(rounded(panel.decoder)(jnp.asarray([latents], jnp.float32)))[0]
    return (
        f'<div class="live-panel" role="group" aria-label="{title}" '
        f'style="accent-color: {panel.color}"><p>{title}</p>'
        f'<canvas width="{side}" height="{side}" role="img" '
        f'style="background-image: url({png_uri(first)})" '
        f'aria-label="What {title} draws of its latents"></canvas>{sliders}</div>'
    )


def _packed(decoder: StyleMLPDecoder) -> dict[str, object]:
    """Weights as the script reads them: floats first, then integers, compressed, as base64."""
    layers = _layers(decoder)
    floats, integers = [np.asarray(decoder.input_vector[...])], []
    for layer in layers:
        steps, rounded_weights = _integers(layer)
        floats += [steps, np.asarray(layer.bias[...])]
        integers.append(rounded_weights)
    content = [part.astype("<f4").tobytes() for part in floats]
    content += [part.tobytes() for part in integers]
    return {
        "width": len(floats[0]),
        "layers": [part.shape for part in integers],
        "weights": base64.b64encode(zlib.compress(b"".join(content), 9)).decode("ascii"),
    }


def _layers(decoder: StyleMLPDecoder) -> list[nnx.Linear]:
    blocks = zip(decoder.hidden, decoder.conditionings, strict=True)
    return [*decoder.dense, decoder.to_image, *(layer for block in blocks for layer in block)]


def _integers(layer: nnx.Linear) -> tuple[np.ndarray, np.ndarray]:
    """The step of each output, and int8 weights `(inputs, outputs)` in these steps."""
    kernel = np.asarray(layer.kernel[...])
    steps = np.abs(kernel).max(axis=0) / LARGEST
    return steps, np.round(kernel / np.where(steps > 0, steps, 1)).astype(np.int8)
