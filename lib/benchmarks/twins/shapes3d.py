"""The rendered twin of Shapes3D: a shape in a coloured room.

A picture is made in two steps. `trace` finds, for a scale, shape and orientation, how much light
reaches each pixel from the sky, the floor, the walls and the object; `paint` gives each its hue.
Hues need no tracing, so `renderer` traces each of the 480 geometries once and keeps them.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from lib.benchmarks.looked_up import LookedUp
from lib.benchmarks.publication import Publication, PublishedFile
from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.camera import Camera, samples_along_side, supersample
from lib.benchmarks.scene.vectors import Scalar, Vector, where
from lib.benchmarks.sources import Source, even_labels
from lib.benchmarks.twin import Twin, add_twin

NUM_HUES, NUM_SCALES, NUM_ORIENTATIONS = 10, 8, 15
SHAPES = ("cube", "cylinder", "sphere", "capsule")
CUBE, CYLINDER, SPHERE, CAPSULE = range(4)
NUM_GEOMETRIES = NUM_SCALES * len(SHAPES) * NUM_ORIENTATIONS
LARGEST_ANGLE = 30.0  # degrees, to either side
# Tracing is done once, so small pictures can have as many rays in all as one of 64 x 64 pixels.
RAYS_ALONG_SIDE = 128
# The published pictures are soft. By how much of a picture's side ours are blurred: of the widths
# that were tried the one with the least mean difference to the published sample frames.
SOFTNESS = 2 / 64
# Up to this size (79 x 79 pixels) the light of all geometries is kept.
MAX_TABLE_BYTES = 60_000_000

HUES = even_labels(0, 360 - 360 / NUM_HUES, NUM_HUES, 0)
ANGLES = even_labels(-LARGEST_ANGLE, LARGEST_ANGLE, NUM_ORIENTATIONS)

SOURCES = (
    Source("floor_hue", HUES, description="hue of the floor", unit="degrees"),
    Source("wall_hue", HUES, description="hue of the walls", unit="degrees"),
    Source("object_hue", HUES, description="hue of the object", unit="degrees"),
    Source(
        "scale",
        tuple(str(step) for step in range(NUM_SCALES)),
        description="size of the object",
        unit="step",
    ),
    Source("shape", SHAPES, description="shape of the object"),
    Source(
        "orientation", ANGLES, description="direction of the camera around the room", unit="degrees"
    ),
)


class Room(NamedTuple):
    """Where things stand and how they are lit; the unit of length is the largest cube's side.

    The object stands at the origin, z points up. Strengths of light are fractions of full
    brightness. The numbers were fitted to the sample frames of the published data set.
    """

    camera_distance: float = 2.967  # horizontally, from the object
    camera_height: float = 0.854
    field_of_view: float = 48.6  # degrees
    half_width: float = 4.27  # of the room, left and right of the object
    half_depth: float = 4.36  # of the room, before and behind the object
    wall_height: float = 2.37
    smallest_scale: float = 0.6
    cylinder_radius: float = 0.541
    cylinder_height: float = 1.112
    sphere_radius: float = 0.618
    capsule_radius: float = 0.476
    capsule_height: float = 1.87
    ambient: float = 0.351
    headlight: float = 0.592  # shines along the camera's direction, casts no shadow
    spotlight: float = 0.957  # hangs under the ceiling, points down
    spotlight_x: float = -1.80
    spotlight_y: float = 0.61
    spotlight_z: float = 8.86
    gloss: float = 0.11  # white light off the object where the spotlight reaches it
    gloss_slope: float = 7.0  # how fast gloss sets in as the object's surface turns to the light


ROOM = Room()
SKY = (153 / 255, 226 / 255, 249 / 255)


class Light(NamedTuple):
    """Light that reaches each pixel from each part, before it takes the part's hue."""

    sky: Float[Array, "*n h w"]
    floor: Float[Array, "*n h w"]
    wall: Float[Array, "*n h w"]
    object: Float[Array, "*n h w"]
    gloss: Float[Array, "*n h w"]


@functools.lru_cache(maxsize=4)
def renderer(resolution: int) -> Callable[[Int[ArrayLike, "*n 6"]], Float[Array, "*n h w 3"]]:
    """Make a function that draws source combinations, usable inside `jax.jit` and `jax.vmap`.

    Where the light of all geometries fits into `MAX_TABLE_BYTES`, it is traced at the first call
    and looked up from then on, some fifty times faster than tracing every picture.

    Args:
        resolution: pixels along each side, at least 1.

    Returns:
        A function from (..., 6) integers inside the grid, whose range is not checked, to
        (..., resolution, resolution, 3) float32 in [0, 1].
    """
    samples = samples_along_side(resolution, RAYS_ALONG_SIDE)
    table_bytes = NUM_GEOMETRIES * len(Light._fields) * resolution**2 * 4
    if table_bytes > MAX_TABLE_BYTES:
        return lambda sources: render(sources, resolution, samples)

    def make() -> Light:
        traced = jax.jit(lambda index: trace(*_geometry(index), resolution, samples))
        return traced(jnp.arange(NUM_GEOMETRIES))

    return LookedUp(make, _draw)


def _draw(table: Light, sources: Int[ArrayLike, "*n 6"]) -> Float[Array, "*n h w 3"]:
    floor_hue, wall_hue, object_hue, scale, shape, orientation = _columns(sources)
    index = (scale * len(SHAPES) + shape) * NUM_ORIENTATIONS + orientation
    light = jax.tree.map(lambda part: part[index], table)
    return paint(light, floor_hue, wall_hue, object_hue)


def render(
    sources: Int[ArrayLike, "*n 6"], resolution: int, samples: int
) -> Float[Array, "*n h w 3"]:
    """Draw source combinations by tracing every picture; usable inside `jax.jit` and `jax.vmap`.

    Args:
        sources: (..., 6) integers inside the grid; the range is not checked.
        resolution: pixels along each side.
        samples: rays along each side of a pixel.

    Returns:
        (..., resolution, resolution, 3) float32 in [0, 1].
    """
    floor_hue, wall_hue, object_hue, *geometry = _columns(sources)
    return paint(trace(*geometry, resolution, samples), floor_hue, wall_hue, object_hue)


def trace(
    scale: Int[Array, "*n"],
    shape: Int[Array, "*n"],
    orientation: Int[Array, "*n"],
    resolution: int,
    samples: int,
    room: Room = ROOM,
) -> Light:
    """Find the light that reaches each pixel.

    Args:
        scale: 0 to 7, from small to large.
        shape: 0 to 3, as in `SHAPES`.
        orientation: 0 to 14, from -30 to 30 degrees.
        resolution: pixels along each side.
        samples: rays along each side of a pixel.
        room: where things stand and how they are lit.

    Returns:
        Light of shape (..., resolution, resolution).
    """
    camera = _camera(orientation, room)
    # From here on one value an image is (..., 1, 1), to go with one value a pixel.
    forward = jax.tree.map(lambda part: jnp.asarray(part)[..., None, None], camera.forward())
    size = room.smallest_scale + (1.0 - room.smallest_scale) * scale / (NUM_SCALES - 1)
    size, shape = size[..., None, None], shape[..., None, None]
    spotlight = Vector(room.spotlight_x, room.spotlight_y, room.spotlight_z)

    def light(offset: Float[Array, "2"]) -> Light:
        rays = camera.rays(resolution, offset)
        floor = tracer.plane(rays, Vector(0.0, 0.0, 1.0), 0.0)
        walls = tracer.enclosure(rays, Vector(room.half_width, room.half_depth, jnp.inf))
        item = _object(rays, shape, size, room)

        on_floor = floor.distance < walls.distance
        on_wall = ~on_floor & (rays.at(walls.distance).z < room.wall_height)
        behind = tracer.choose(on_floor, floor, walls)
        on_object = item.distance < behind.distance
        normal = where(on_object, item.normal, behind.normal)
        point = rays.at(jnp.minimum(item.distance, behind.distance))

        # Only the floor and the walls can lie in the shadow: every shape is convex, so where its
        # own bulk hides the light its surface faces away from it.
        to_light = spotlight - point
        blocker = _object(tracer.Rays(point, to_light), shape, size, room)
        lit = on_object | ~jnp.isfinite(blocker.distance)
        to_light = to_light.unit()
        slope = jnp.maximum(normal.dot(to_light), 0.0)
        # A spotlight's beam weakens with the tenth power of the cosine of the angle to its axis.
        beam = jnp.maximum(to_light.z, 0.0) ** 10
        brightness = (
            room.ambient
            + room.headlight * jnp.maximum(-normal.dot(forward), 0.0)
            + room.spotlight * beam * slope * lit
        )
        gloss = room.gloss * jnp.minimum(room.gloss_slope * slope, 1.0)
        return Light(
            sky=jnp.where(on_object | on_wall | on_floor, 0.0, 1.0),
            floor=jnp.where(on_floor & ~on_object, brightness, 0.0),
            wall=jnp.where(on_wall & ~on_object, brightness, 0.0),
            object=jnp.where(on_object, brightness, 0.0),
            gloss=jnp.where(on_object, gloss, 0.0),
        )

    def blurred(shift: Float[Array, "2"]) -> Light:
        return supersample(lambda offset: light(offset + shift - 0.5), samples)

    return supersample(blurred, 2, width=SOFTNESS * resolution)


def paint(
    light: Light,
    floor_hue: Int[Array, "*n"],
    wall_hue: Int[Array, "*n"],
    object_hue: Int[Array, "*n"],
) -> Float[Array, "*n h w 3"]:
    """Give the light of each part its hue, 0 to 9 around the HSV circle at full saturation.

    A pixel averages light first and is limited to full brightness after, so that the hues enter
    linearly up to that limit.

    Returns:
        (..., h, w, 3) float32 in [0, 1].
    """
    hues = jnp.stack([floor_hue, wall_hue, object_hue])[..., None, None]
    channels = []
    for sky, shift in zip(SKY, (0.0, 4.0, 2.0), strict=True):
        # A channel is full within a sixth of the circle of its own hue, and gone from a third on.
        sixths = jnp.mod(hues * (6.0 / NUM_HUES) + shift, 6.0)
        floor, wall, item = jnp.clip(jnp.abs(sixths - 3.0) - 1.0, 0.0, 1.0)
        channels.append(
            light.sky * sky
            + light.floor * floor
            + light.wall * wall
            + light.object * item
            + light.gloss
        )
    return jnp.clip(jnp.stack(channels, axis=-1), 0.0, 1.0)


def _columns(sources: Int[ArrayLike, "*n 6"]) -> tuple[Int[Array, "*n"], ...]:
    """One array a source."""
    return tuple(jnp.moveaxis(jnp.asarray(sources), -1, 0))


def _geometry(index: Int[Array, "*n"]) -> tuple[Int[Array, "*n"], ...]:
    """Scale, shape and orientation at a place of the table."""
    return jnp.unravel_index(index, (NUM_SCALES, len(SHAPES), NUM_ORIENTATIONS))


def _camera(orientation: Int[Array, "*n"], room: Room) -> Camera:
    """A camera that turns around the object and looks at it horizontally."""
    step = math.radians(2 * LARGEST_ANGLE / (NUM_ORIENTATIONS - 1))
    angle = orientation * step - math.radians(LARGEST_ANGLE)
    position = Vector(
        room.camera_distance * jnp.sin(angle),
        -room.camera_distance * jnp.cos(angle),
        room.camera_height,
    )
    target = Vector(0.0, 0.0, room.camera_height)
    return Camera(position, target, room.field_of_view * (math.pi / 180))


def _object(rays: tracer.Rays, shape: Scalar, size: Scalar, room: Room) -> tracer.Hit:
    """Where rays meet the shape of the given size that stands on the floor at the origin."""

    def standing(half_height: Scalar) -> tracer.Rays:
        return rays.relative_to(Vector(0.0, 0.0, half_height))

    half = 0.5 * size
    cube = tracer.box(standing(half), Vector(half, half, half))
    half = 0.5 * room.cylinder_height * size
    cylinder = tracer.cylinder(standing(half), room.cylinder_radius * size, half)
    # A sphere is a capsule around a segment of length 0.
    is_sphere = shape == SPHERE
    radius = jnp.where(is_sphere, room.sphere_radius, room.capsule_radius) * size
    segment = jnp.where(is_sphere, 0.0, room.capsule_height - 2 * room.capsule_radius) * size
    round_shape = tracer.capsule(standing(radius + 0.5 * segment), radius, 0.5 * segment)
    return tracer.choose(
        shape == CUBE, cube, tracer.choose(shape == CYLINDER, cylinder, round_shape)
    )


add_twin(
    Twin(
        name="shapes3d",
        title="Shapes3D",
        sources=SOURCES,
        renderer=renderer,
        publication=Publication(
            title="3D Shapes Dataset",
            citation="Chris Burgess and Hyunjik Kim, 3D Shapes Dataset, 2018",
            licence="Apache-2.0",
            url="https://github.com/google-deepmind/3d-shapes",
            twin_differs=(
                "Edges are slightly crisper than in the pictures of the published set, and the "
                "shades of walls and object are a few grey levels off."
            ),
        ),
        published=PublishedFile(
            file_name="3dshapes.h5",
            addresses=("https://storage.googleapis.com/3d-shapes/3dshapes.h5",),
            format="hdf5",
            images="images",
            labels="labels",
            about_bytes=267_573_662,
            size_bytes=267_573_662,
            known_hash="sha256:0a0f6ed98baff276a50f3a081a7434d788da63cb135a98189b2a5b5769be1785",
        ),
    ),
    __name__,
)
