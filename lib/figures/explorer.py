"""The sources of a benchmark, one or two at a time, with an image of every value."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike

from lib.checks import check_labels
from lib.figures.images import pixels, webp_uri
from lib.figures.theme import ACCENT

_STYLE = f"""
.source-explorer {{ --accent: {ACCENT}; margin: 1rem 0; text-align: left; font-size: .9rem;
  line-height: 1.4; }}
.source-explorer img {{ image-rendering: pixelated; display: block; width: 100%; margin: 0;
  border-radius: 2px; max-width: none; }}
.source-explorer .explored {{ display: flex; flex-wrap: wrap; gap: .8rem 1.5rem;
  align-items: flex-start; }}
.source-explorer .picture {{ flex: 1 1 14rem; max-width: 20rem; }}
.source-explorer .tools {{ flex: 1 1 16rem; min-width: 0; }}
.source-explorer p {{ margin: .3rem 0; font-weight: 600; }}
.source-explorer select {{ font: inherit; padding: .3rem; margin-bottom: .6rem; max-width: 100%; }}
.source-explorer .sliders label {{ display: grid; grid-template-columns: 8.5em 1fr; gap: .5rem;
  align-items: center; margin: 0; }}
.source-explorer input {{ width: 100%; min-height: 1.8rem; accent-color: var(--accent); }}
.source-explorer .sheet {{ display: grid; gap: 2px; margin-top: .6rem; cursor: pointer;
  grid-template-columns: repeat(auto-fill, minmax(1.6rem, 2.6rem)); }}
.source-explorer .pad {{ grid-template-columns: repeat(var(--across), minmax(0, 2.6rem)); }}
.source-explorer [hidden] {{ display: none; }}
.source-explorer .now {{ outline: 3px solid {ACCENT}; outline-offset: -1px; position: relative; }}
"""


@dataclass(frozen=True)
class Explored:
    """One source, or two that belong together, with an image of each of their values.

    Attributes:
        names: of the source; of two, the first goes across and the second upwards.
        labels: of each of them, what each value is called.
        start: of each of them, the value that is shown first.
        images: `(size, height, width, 1 or 3)`, or `(size, size of the second, height, width, 1 or
            3)` of two; uint8 or floats in [0, 1].
    """

    names: Sequence[str]
    labels: Sequence[Sequence[str]]
    start: Sequence[int]
    images: ArrayLike

    def __post_init__(self):
        if not len(self.names) == len(self.labels) == len(self.start) in (1, 2):
            raise ValueError(
                f"names, labels and start must be of one source or of two, got {len(self.names)}, "
                f"{len(self.labels)} and {len(self.start)}."
            )
        sizes = np.shape(self.images)[: len(self.names)]
        for name, labels, start, size in zip(
            self.names, self.labels, self.start, sizes, strict=True
        ):
            check_labels("labels", labels, size, f"value of {name}")
            if not 0 <= start < size:
                raise ValueError(f"start of {name} must be in 0 to {size - 1}, got {start}.")


def source_explorer(explored: Sequence[Explored], *, title: str = "") -> str:
    """HTML of a menu of sources, a slider for each source's own values, and its images.

    A source keeps the value that it was given while others are looked at. Two that belong together
    move together, by a slider each or on the sheet of their images. Needs no server.

    Args:
        explored: what the menu holds, in this order; all images have one height and width.
        title: a line above the picture.

    Returns:
        An element with its style and script. Without JavaScript it shows the first entry.

    Raises:
        ValueError: no entry, entries of one name, images of different sizes.
    """
    names = [" and ".join(entry.names) for entry in explored]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"explored must hold entries of different sources, got {names}.")
    sheets = [
        pixels("images", np.asarray(entry.images), ("values",) * len(entry.names))
        for entry in explored
    ]
    frames = {sheet.shape[-3:] for sheet in sheets}
    if len(frames) > 1:
        raise ValueError(f"images must share one height, width and channels, got {sorted(frames)}.")
    options = "".join(f"<option>{html.escape(name)}</option>" for name in names)
    parts = [
        _part(entry, sheet, at == 0)
        for at, (entry, sheet) in enumerate(zip(explored, sheets, strict=True))
    ]
    first = sheets[0][tuple(explored[0].start)]
    script = files("lib.figures").joinpath("explorer.js").read_text(encoding="utf-8")
    return (
        f'<div class="live-figure source-explorer"><style>{_STYLE}</style>'
        f'<div class="explored"><div class="picture"><p>{html.escape(title)}</p>'
        f'<img class="dark-light" alt="{html.escape(_said(explored[0], explored[0].start))}" '
        f'src="{webp_uri(first)}"></div><div class="tools">'
        f"<label>Source <select>{options}</select></label>"
        f'<p aria-live="polite">{html.escape(_said(explored[0], explored[0].start))}</p>'
        f"{''.join(parts)}</div></div><script>{script}</script></div>"
    )


def _part(entry: Explored, sheet: np.ndarray, is_shown: bool) -> str:
    """The sliders and the images of an entry; of two sources, the second goes upwards."""
    sliders = "".join(
        f'<label><span>{html.escape(name)}</span><input type="range" min="0" '
        f'max="{len(labels) - 1}" value="{start}"></label>'
        for name, labels, start in zip(entry.names, entry.labels, entry.start, strict=True)
    )
    places = [(value,) for value in range(len(sheet))]
    if len(entry.names) == 2:
        places = [(x, y) for y in reversed(range(sheet.shape[1])) for x in range(len(sheet))]
    images = "".join(
        f'<img class="dark-light{" now" if list(place) == list(entry.start) else ""}" alt="" '
        f'data-at="{" ".join(map(str, place))}" data-said="{html.escape(_said(entry, place))}" '
        f'src="{webp_uri(sheet[place])}">'
        for place in places
    )
    look = f'pad" style="--across: {len(sheet)}' if len(entry.names) == 2 else ""
    return (
        f'<div class="part"{"" if is_shown else " hidden"}><div class="sliders">{sliders}</div>'
        f'<div class="sheet {look}">{images}</div></div>'
    )


def _said(entry: Explored, place: Sequence[int]) -> str:
    """What an image shows, such as "shape: ball"."""
    return ", ".join(
        f"{name}: {labels[value]}"
        for name, labels, value in zip(entry.names, entry.labels, place, strict=True)
    )
