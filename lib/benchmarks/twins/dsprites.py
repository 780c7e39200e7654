"""The rendered twin of dSprites: a white silhouette on black.

At 64 x 64 pixels one step of a position is exactly one pixel, so a silhouette at another place is
the same pixels moved. The published set has a symmetry that the twin shares: its first and last
orientation are a full turn apart, so they give the same picture. (A square repeats itself after a
quarter and an ellipse after half a turn, but no other number of steps of 1/39 turn makes one.)
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from lib.benchmarks.publication import Publication, PublishedFile
from lib.benchmarks.scene.camera import in_batches
from lib.benchmarks.scene.vectors import Scalar
from lib.benchmarks.sources import Source, even_labels
from lib.benchmarks.twin import Twin, add_twin

SHAPES = ("square", "ellipse", "heart")
SQUARE, ELLIPSE, HEART = range(3)
NUM_SCALES, NUM_ORIENTATIONS, NUM_POSITIONS = 6, 40, 32
PUBLISHED_RESOLUTION = 64


class Silhouette(NamedTuple):
    """Sizes at the largest scale in pixels of a 64 x 64 picture; set by eye."""

    smallest_scale: float = 0.5
    square: float = 9.6  # half the side
    ellipse_long: float = 13.5
    ellipse_short: float = 7.5
    heart: float = 9.6  # unit of the heart curve


SILHOUETTE = Silhouette()
SOURCES = (
    Source("color", ("white",), description="colour of the silhouette"),
    Source("shape", SHAPES, description="shape of the silhouette"),
    Source("scale", even_labels(0.5, 1.0, NUM_SCALES), description="size", unit="of the largest"),
    Source(
        "orientation", even_labels(0.0, 360.0, NUM_ORIENTATIONS), description="turn", unit="degrees"
    ),
    Source(
        "position_x", even_labels(0.0, 1.0, NUM_POSITIONS, 2), description="place from the left"
    ),
    Source("position_y", even_labels(0.0, 1.0, NUM_POSITIONS, 2), description="place from the top"),
)


@functools.lru_cache(maxsize=4)
def renderer(resolution: int) -> Callable[[Int[ArrayLike, "*n 6"]], Float[Array, "*n h w 1"]]:
    """Make a function that draws source combinations, usable inside `jax.jit` and `jax.vmap`.

    From 64 pixels on pictures are binary, as published. A smaller picture is grey at edges: each
    of its pixels is the mean over places at least as dense as the pixels of a picture of 64.

    Args:
        resolution: pixels along each side, at least 1.

    Returns:
        A function from (..., 6) integers inside the grid, whose range is not checked, to
        (..., resolution, resolution, 1) float32 in [0, 1].
    """
    samples = math.ceil(PUBLISHED_RESOLUTION / resolution)
    places = (jnp.arange(resolution * samples) + 0.5) * (
        PUBLISHED_RESOLUTION / (resolution * samples)
    )

    @in_batches
    def draw(sources: Int[Array, "n 6"]) -> Float[Array, "n h w 1"]:
        _, shape, scale, orientation, x, y = sources.T[..., None, None]
        inside = silhouette(places, places[:, None], shape, scale, orientation, x, y)
        cells = inside.reshape(-1, resolution, samples, resolution, samples)
        return cells.mean(axis=(2, 4), dtype=jnp.float32)[..., None]

    return draw


def silhouette(
    across: Scalar,
    down: Scalar,
    shape: Scalar,
    scale: Scalar,
    orientation: Scalar,
    position_x: Scalar,
    position_y: Scalar,
    sizes: Silhouette = SILHOUETTE,
) -> Scalar:
    """Whether a place lies inside the silhouette; all arguments broadcast.

    Args:
        across: from the left edge, in pixels of a 64 x 64 picture.
        down: from the upper edge, in the same unit.
        shape: 0 to 2, as in `SHAPES`.
        scale: 0 to 5, from half to full size.
        orientation: 0 to 39, clockwise, over one full turn.
        position_x: 0 to 31, from the left.
        position_y: 0 to 31, from the top.
        sizes: of the shapes.

    Returns:
        Booleans.
    """
    # Steps 0 and 39 must be the same turn in float32 too.
    turn = 2 * math.pi / (NUM_ORIENTATIONS - 1) * (orientation % (NUM_ORIENTATIONS - 1))
    size = sizes.smallest_scale + (1 - sizes.smallest_scale) / (NUM_SCALES - 1) * scale
    margin = 0.5 * (PUBLISHED_RESOLUTION - (NUM_POSITIONS - 1))
    right, below = across - (margin + position_x), down - (margin + position_y)
    cosine, sine = jnp.cos(turn) / size, jnp.sin(turn) / size
    u, v = right * cosine + below * sine, below * cosine - right * sine
    square = jnp.maximum(jnp.abs(u), jnp.abs(v)) <= sizes.square
    ellipse = (u / sizes.ellipse_long) ** 2 + (v / sizes.ellipse_short) ** 2 <= 1.0
    # A sextic curve whose points lie within 1.25 of its centre.
    p, q = u / sizes.heart, -v / sizes.heart
    heart = (p**2 + q**2 - 1.0) ** 3 <= p**2 * q**3
    return jnp.where(shape == SQUARE, square, jnp.where(shape == ELLIPSE, ellipse, heart))


add_twin(
    Twin(
        name="dsprites",
        title="dSprites",
        sources=SOURCES,
        renderer=renderer,
        channels=1,
        publication=Publication(
            title="dSprites",
            citation=(
                "Loic Matthey, Irina Higgins, Demis Hassabis and Alexander Lerchner, dSprites: "
                "Disentanglement testing Sprites dataset, 2017"
            ),
            licence="Apache-2.0",
            url="https://github.com/google-deepmind/dsprites-dataset",
            twin_differs=(
                "The twin's shapes are a little larger or smaller than the published ones."
            ),
        ),
        published=PublishedFile(
            file_name="dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",
            addresses=(
                "https://github.com/google-deepmind/dsprites-dataset/raw/master/"
                "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",
                "https://raw.githubusercontent.com/google-deepmind/dsprites-dataset/master/"
                "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",
            ),
            format="npz",
            images="imgs",
            labels="latents_classes",
            about_bytes=26_000_000,
            # From public loaders of the set, many of which check it; its publishers give none.
            known_hash="md5:7da33b31b13a06f4b04a70402ce90c2e",
            white=1,
            labels_are_indices=True,
            others=(
                PublishedFile(
                    file_name="dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5",
                    addresses=(),
                    format="hdf5",
                    images="imgs",
                    labels="latents/classes",
                    about_bytes=50_000_000,
                    white=1,
                    labels_are_indices=True,
                ),
            ),
        ),
        profiles={
            "laptop": {"steps": 1_000, "learning_rate": 2e-3},
            # With the profile's own networks, in a trial, QLAE knew one source in place of three.
            "workstation": {"network": "style-mlp", "steps": 12_000},
        },
    ),
    __name__,
)
