"""The rendered twin of Falcor3D: a living room under a sun and two lamps.

A picture is made in three steps. `look` finds the surface that each camera ray meets, `render` the
light that reaches it, `tone` fits it to the screen. What is seen depends on the camera alone, and
there are 216 cameras, so `renderer` looks once and keeps that.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, Int8, UInt8

from lib.benchmarks.looked_up import LookedUp
from lib.benchmarks.publication import Publication, PublishedFile, drive_addresses
from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.camera import Camera, samples_along_side, supersample
from lib.benchmarks.scene.living_room import CASTERS, COLORS, KINDS, NAMES, ROOM, middle_and_half
from lib.benchmarks.scene.vectors import Scalar, Vector
from lib.benchmarks.sources import Source, even_labels
from lib.benchmarks.twin import Twin, add_twin

NUM_STEPS = 6  # along each axis of the light and of the camera
NUM_CAMERAS = NUM_STEPS**3
# Up to this size (76 x 76 pixels) the surfaces that all cameras see are kept.
MAX_TABLE_BYTES = 50_000_000
BYTES_A_RAY = 10
NUDGE = 0.002  # how far in front of a surface its light is measured, in metres
CHUNK = 4  # cameras traced at a time, so that the arrays of one pass stay in the cache

# The published y points up. Which way the other axes run was read off the sample frames, for the
# light and for the camera each.
SOURCES = (
    Source("lighting_intensity", tuple(map(str, ROOM.sun)), description="brightness of the sun"),
    Source(
        "lighting_x",
        even_labels(*ROOM.sun_x, NUM_STEPS, 2),
        description="how far right the sun stands",
    ),
    Source(
        "lighting_y", even_labels(*ROOM.sun_z, NUM_STEPS, 2), description="how high the sun stands"
    ),
    Source(
        "lighting_z",
        even_labels(*ROOM.sun_y, NUM_STEPS, 2),
        description="how far in the room's depth the sun stands",
    ),
    Source(
        "camera_x",
        even_labels(*ROOM.camera_x, NUM_STEPS, 2),
        description="how far right the camera stands",
        unit="m",
    ),
    Source(
        "camera_y",
        even_labels(*ROOM.camera_z, NUM_STEPS, 2),
        description="height of the camera",
        unit="m",
    ),
    Source(
        "camera_z",
        even_labels(*ROOM.camera_y, NUM_STEPS, 2),
        description="how deep in the room the camera stands",
        unit="m",
    ),
)


class Surface(NamedTuple):
    """What camera rays meet, in `BYTES_A_RAY`."""

    distance: Float[Array, "..."]
    normal: tuple[Int8[Array, "..."], ...]  # x, y, z in units of 1 / 127
    color: tuple[UInt8[Array, "..."], ...]  # red, green, blue in units of 1 / 255


@functools.lru_cache(maxsize=4)
def renderer(resolution: int) -> Callable[[Int[ArrayLike, "*n 7"]], Float[Array, "*n h w 3"]]:
    """Make a function that draws source combinations, usable inside `jax.jit` and `jax.vmap`.

    Where what all cameras see fits into `MAX_TABLE_BYTES`, it is traced at the first call and
    looked up from then on, so that only the shadows are left to trace.

    Args:
        resolution: pixels along each side, at least 1.

    Returns:
        A function from (..., 7) integers inside the grid, whose range is not checked, to
        (..., resolution, resolution, 3) float32 in [0, 1].
    """
    samples = samples_along_side(resolution)
    if NUM_CAMERAS * (resolution * samples) ** 2 * BYTES_A_RAY > MAX_TABLE_BYTES:
        return lambda sources: render(sources, resolution, samples)

    def make() -> Surface:
        return jax.jit(_table, static_argnums=(0, 1))(resolution, samples)

    def draw(table: Surface, sources: Int[ArrayLike, "*n 7"]) -> Float[Array, "*n h w 3"]:
        sources = jnp.asarray(sources)
        camera = sources[..., 4:] @ jnp.array([NUM_STEPS**2, NUM_STEPS, 1])

        def kept(_: tracer.Rays, offset: Float[Array, "2"]) -> Surface:
            right, down = (offset * samples).astype(jnp.int32)
            return jax.tree.map(lambda part: part[down * samples + right, camera], table)

        return render(sources, resolution, samples, kept)

    return LookedUp(make, draw)


def render(
    sources: Int[ArrayLike, "*n 7"],
    resolution: int,
    samples: int,
    surfaces: Callable[[tracer.Rays, Float[Array, "2"]], Surface] | None = None,
) -> Float[Array, "*n h w 3"]:
    """Draw source combinations; usable inside `jax.jit` and `jax.vmap`.

    Args:
        sources: (..., 7) integers inside the grid; the range is not checked.
        resolution: pixels along each side.
        samples: rays along each side of a pixel.
        surfaces: maps the camera's rays and their place inside the pixels to what they meet,
            where that is known; None to trace it.

    Returns:
        (..., resolution, resolution, 3) float32 in [0, 1].
    """
    sources = jnp.asarray(sources)
    camera = camera_at(sources[..., 4:])
    # A trailing pair of axes broadcasts against the pixels.
    sun, strength = jax.tree.map(
        lambda part: part[..., None, None],
        (sun_direction(sources[..., 1:4]), jnp.asarray(ROOM.sun)[sources[..., 0]]),
    )

    def picture(offset: Float[Array, "2"]) -> tuple[Float[Array, "*n h w"], ...]:
        rays = camera.rays(resolution, offset)
        surface = look(rays) if surfaces is None else surfaces(rays, offset)
        normal = Vector(*(part.astype(jnp.float32) / 127 for part in surface.normal))
        # A little off the surface, which must not shade itself.
        point = rays.at(surface.distance) + normal * NUDGE
        slope = jnp.maximum(normal.dot(sun), 0.0)
        light = strength * jnp.where(in_shadow(tracer.Rays(point, sun)), 0.0, slope)
        for *place, lamp in ROOM.lamps:
            way = Vector(*place) - point
            nearness = 1.0 / jnp.sqrt(way.dot(way))
            light += lamp * jnp.maximum(normal.dot(way), 0.0) * nearness**3
        return tuple(tone(part.astype(jnp.float32) / 255 * light) for part in surface.color)

    return jnp.stack(supersample(picture, samples), axis=-1)


def tone(light: Float[Array, "..."]) -> Float[Array, "..."]:
    """Brightness on the screen of light of any strength: it tends to white and never gets there.

    Source: Reinhard et al., Photographic Tone Reproduction for Digital Images, SIGGRAPH 2002,
    equation 3, for each colour by itself.
    """
    return light / (1.0 + light)


def sun_direction(steps: Int[Array, "*n 3"]) -> Vector:
    """Unit vector towards the sun, at a step of each published axis."""
    x, y, z = jnp.moveaxis(steps, -1, 0)
    return Vector(_along(x, ROOM.sun_x), _along(z, ROOM.sun_y), _along(y, ROOM.sun_z)).unit()


def camera_at(steps: Int[Array, "*n 3"]) -> Camera:
    """The camera at a step of each published axis."""
    x, y, z = jnp.moveaxis(steps, -1, 0)
    position = Vector(_along(x, ROOM.camera_x), _along(z, ROOM.camera_y), _along(y, ROOM.camera_z))
    return Camera(position, Vector(*ROOM.target), math.radians(ROOM.field_of_view))


def _along(step: Int[Array, "*n"], ends: tuple[float, float]) -> Scalar:
    return ends[0] + (ends[1] - ends[0]) * step / (NUM_STEPS - 1)


def in_shadow(to_sun: tracer.Rays) -> Bool[Array, "..."]:
    """Whether any of `CASTERS` is between points and the sun; walls let the sun through."""
    # Loops: the compiler would repeat one long expression for each colour channel.
    blocked = jnp.zeros(jnp.broadcast_shapes(*map(jnp.shape, jax.tree.leaves(to_sun))), bool)
    for shapes, meets in CASTERS:

        def block(blocked: Array, shape: Array, meets: Callable = meets) -> tuple[Array, None]:
            return blocked | meets(to_sun, shape), None

        blocked, _ = jax.lax.scan(block, blocked, shapes)
    return blocked


def look(rays: tracer.Rays) -> Surface:
    """Find what rays inside the room meet first."""
    sides = (ROOM.left_wall, ROOM.right_wall, ROOM.front_wall, 0.0, 0.0, ROOM.ceiling)
    middle, half = middle_and_half(*sides)
    walls = tracer.enclosure(rays.relative_to(Vector(*middle)), Vector(*half))
    color, tint = _floor(rays.at(walls.distance))
    on_floor = walls.normal.z > 0.5
    best = walls, jnp.where(on_floor, color, NAMES.index("wall"))
    for colors, shapes, hit in KINDS:
        best, _ = jax.lax.scan(functools.partial(_closer, rays, hit), best, (colors, shapes))
    hit, color = best
    tint = jnp.where(color == NAMES.index("wood"), tint, 1.0)
    palette = jnp.asarray(tuple(COLORS.values()))[color]
    return Surface(
        hit.distance,
        tuple(jnp.round(127 * part).astype(jnp.int8) for part in jax.tree.leaves(hit.normal)),
        tuple(jnp.round(255 * tint * palette[..., c]).astype(jnp.uint8) for c in range(3)),
    )


def _closer(rays: tracer.Rays, hit: Callable, best: tuple, item: tuple) -> tuple[tuple, None]:
    """The nearer of the best hit so far and that with one more shape, with their colours."""
    color, shape = item
    found = hit(rays, shape)
    is_closer = found.distance < best[0].distance
    nearer = tracer.choose(is_closer, found, best[0])
    return (nearer, jnp.where(is_closer, color, best[1])), None


def _floor(point: Vector) -> tuple[Int[Array, "..."], Float[Array, "..."]]:
    """Colour number of the floor, and how bright a board is beside others."""
    inside = jnp.minimum(
        jnp.minimum(point.x - ROOM.rug_left, ROOM.rug_right - point.x),
        jnp.minimum(point.y - ROOM.rug_front, ROOM.rug_back - point.y),
    )
    bare = jnp.where(inside > -ROOM.rug_hem, NAMES.index("hem"), NAMES.index("wood"))
    color = jnp.where(inside > 0, NAMES.index("rug"), bare)
    row = jnp.floor(point.x / ROOM.board_width).astype(jnp.int32)
    # Neighbouring rows are shifted, so that their ends do not meet.
    column = jnp.floor(point.y / ROOM.board_length + 0.37 * (row % 5)).astype(jnp.int32)
    # Finer and shorter strips of grain inside the boards.
    streak = jnp.floor(5 * point.x / ROOM.board_width).astype(jnp.int32)
    knot = jnp.floor(4 * point.y / ROOM.board_length).astype(jnp.int32)
    return color, 0.5 + 0.45 * _noise(row, column) + 0.5 * _noise(streak, knot)


def _noise(row: Int[Array, "..."], column: Int[Array, "..."]) -> Float[Array, "..."]:
    """Numbers in [0, 1) that look random; of integers, so that every compiler agrees on them."""
    mixed = (row * 7919 + column * 104729) & 0xFFFF
    mixed = (mixed * 20507 + 2531) & 0xFFFF
    mixed = ((mixed ^ (mixed >> 7)) * 28657) & 0xFFFF
    return (mixed >> 8) / 256


def _table(resolution: int, samples: int) -> Surface:
    """The surfaces that all cameras see, (samples^2, 216, resolution, resolution)."""

    def some(start: tuple[Int[Array, ""], Int[Array, ""]]) -> Surface:
        place, first = start
        offset = (jnp.stack([place % samples, place // samples]) + 0.5) / samples
        steps = jnp.unravel_index(first + jnp.arange(CHUNK), (NUM_STEPS,) * 3)
        return look(camera_at(jnp.stack(steps, axis=-1)).rays(resolution, offset))

    starts = jnp.meshgrid(jnp.arange(samples**2), jnp.arange(0, NUM_CAMERAS, CHUNK), indexing="ij")
    table = jax.lax.map(some, tuple(start.ravel() for start in starts))
    shape = (samples**2, NUM_CAMERAS, resolution, resolution)
    return jax.tree.map(lambda part: part.reshape(shape), table)


add_twin(
    Twin(
        name="falcor3d",
        title="Falcor3D",
        sources=SOURCES,
        renderer=renderer,
        publication=Publication(
            title="Falcor3D",
            citation=(
                "Weili Nie et al., Semi-Supervised StyleGAN for Disentanglement Learning, ICML 2020"
            ),
            licence="CC BY 4.0",
            url="https://github.com/NVlabs/High-res-disentanglement-datasets",
            twin_differs=(
                "The twin has simpler shapes (boxes for furniture and pillows, egg-shaped vases, "
                "fewer branches), plain strips for the photographed boards of the floor, and no "
                "glossy highlights."
            ),
        ),
        published=PublishedFile(
            file_name="Falcor3D_down128.zip",
            addresses=drive_addresses("1XAQfFK1x6cpN1eiovbP0hVfLTm5SsSoJ"),
            format="zip",
            images="Falcor3D_down128/images",
            labels="Falcor3D_down128/train-rec.labels",
            about_bytes=3_700_000_000,
            resolution=128,
        ),
        # Drawing an image takes several times as long as one of Shapes3D, which is looked up.
        profiles={
            "laptop": {
                "steps": 1_000,
                "learning_rate": 2e-3,
                "training_images": 10_000,
                "evaluation_images": 4_000,
            }
        },
    ),
    __name__,
)
