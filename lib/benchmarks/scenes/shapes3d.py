"""The rendered twin of Shapes3D: a shape in a coloured room.

A picture is made in two steps. `trace` finds, for a scale, shape and orientation, how much light
reaches each pixel from the floor, the walls, the object and the sky; `paint` gives each of them
its hue.
"""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from lib.benchmarks.scenes import tracer
from lib.benchmarks.scenes.camera import Camera, supersample
from lib.benchmarks.scenes.vectors import Vector, where
from lib.benchmarks.sources import Publication, Source

HUES = tuple(f"{36 * step}" for step in range(10))
SHAPES = ("cube", "cylinder", "sphere", "capsule")
ORIENTATIONS = tuple(float(angle) for angle in np.linspace(-30.0, 30.0, 15))

SOURCES = (
    Source("floor_hue", "hue of the floor", "degrees", HUES),
    Source("wall_hue", "hue of the walls", "degrees", HUES),
    Source("object_hue", "hue of the object", "degrees", HUES),
    Source("scale", "size of the object", "step", tuple(str(step) for step in range(8))),
    Source("shape", "shape of the object", "", SHAPES),
    Source(
        "orientation",
        "direction of the camera around the room",
        "degrees",
        tuple(f"{angle:.1f}" for angle in ORIENTATIONS),
    ),
)

PUBLICATION = Publication(
    title="3D Shapes Dataset",
    citation="Chris Burgess and Hyunjik Kim, 3D Shapes Dataset, 2018",
    licence="Apache-2.0",
    url="https://github.com/google-deepmind/3d-shapes",
)


class Room(NamedTuple):
    """Where things stand and how they are lit; lengths are in widths of the largest cube.

    The values were fitted to the published sample frames.
    """

    camera_distance: float = 4.6
    camera_height: float = 1.7
    target_height: float = 0.75
    field_of_view: float = 45.0
    angle_offset: float = 0.0
    room_half_x: float = 4.0
    room_half_y: float = 4.0
    wall_height: float = 2.2
    smallest: float = 0.6
    cylinder_radius: float = 0.5
    cylinder_height: float = 1.0
    sphere_radius: float = 0.5
    capsule_radius: float = 0.4
    capsule_height: float = 1.6
    sun_x: float = -0.3
    sun_y: float = 0.1
    sun_z: float = 1.0
    floor_ambient: float = 0.27
    ambient: float = 0.2
    head: float = 0.75
    sun: float = 0.75
    gloss: float = 0.05


ROOM = Room()
SKY = (153 / 255, 226 / 255, 249 / 255)


class Light(NamedTuple):
    """Light that reaches each pixel from each part, before its hue: arrays (..., h, w)."""

    sky: Float[Array, "*n h w"]
    floor: Float[Array, "*n h w"]
    wall: Float[Array, "*n h w"]
    object: Float[Array, "*n h w"]
    gloss: Float[Array, "*n h w"]


def object_hit(rays, shape, size, room):
    """Where rays meet the object, a shape of the given size that stands on the floor."""

    def standing(half_height):
        return rays.relative_to(Vector(0.0, 0.0, half_height))

    half = 0.5 * size
    cube = tracer.box(standing(half), Vector(half, half, half))
    half = 0.5 * room.cylinder_height * size
    cylinder = tracer.cylinder(standing(half), room.cylinder_radius * size, half)
    # A sphere is a capsule around a segment of length 0.
    is_sphere = shape == 2
    radius = jnp.where(is_sphere, room.sphere_radius, room.capsule_radius) * size
    half = jnp.where(is_sphere, 0.0, 0.5 * room.capsule_height - room.capsule_radius) * size
    capsule = tracer.capsule(standing(half + radius), radius, half)
    hit = tracer.choose(shape == 0, cube, cylinder)
    return tracer.choose(shape >= 2, capsule, hit)


def trace(
    scale: Int[Array, "*n"],
    shape: Int[Array, "*n"],
    orientation: Int[Array, "*n"],
    resolution: int,
    samples: int,
    room: Room = ROOM,
) -> Light:
    """The light that reaches each pixel."""
    angle = (orientation * (60.0 / 14) - 30.0 + room.angle_offset) * (math.pi / 180)
    camera = Camera(
        Vector(
            -room.camera_distance * jnp.sin(angle),
            -room.camera_distance * jnp.cos(angle),
            room.camera_height,
        ),
        Vector(0.0, 0.0, room.target_height),
        room.field_of_view * (math.pi / 180),
    )
    size = (room.smallest + (1 - room.smallest) * scale / 7)[..., None, None]
    shape = shape[..., None, None]
    sun = Vector(*(jnp.float32(part) for part in (room.sun_x, room.sun_y, room.sun_z))).unit()

    def light(offset):
        rays = camera.rays(resolution, offset)
        floor = tracer.plane(rays, Vector(0.0, 0.0, 1.0), 0.0)
        walls = tracer.enclosure(rays, Vector(room.room_half_x, room.room_half_y, jnp.inf))
        thing = object_hit(rays, shape, size, room)
        on_floor = floor.distance < walls.distance
        ground = tracer.nearest(walls, floor)
        on_wall = ~on_floor & (rays.at(walls.distance).z < room.wall_height)
        on_thing = thing.distance < ground.distance
        normal = where(on_thing, thing.normal, ground.normal)
        shadow_rays = tracer.Rays(rays.at(floor.distance), sun)
        lit = on_thing | ~jnp.isfinite(object_hit(shadow_rays, shape, size, room).distance)
        facing = jnp.abs(normal.dot(rays.direction))
        sunlit = jnp.maximum(normal.dot(sun), 0.0) * lit
        brightness = room.ambient + room.head * facing + room.sun * sunlit
        return Light(
            sky=jnp.where(on_thing | on_wall | on_floor, 0.0, 1.0),
            floor=jnp.where(on_floor & ~on_thing, brightness, 0.0),
            wall=jnp.where(on_wall & ~on_thing, brightness, 0.0),
            object=jnp.where(on_thing, brightness, 0.0),
            gloss=jnp.where(on_thing, room.gloss * sunlit, 0.0),
        )

    return supersample(light, samples)


def paint(light: Light, floor_hue, wall_hue, object_hue) -> Float[Array, "*n h w 3"]:
    """Colour the light by the hues, in tenths of the HSV circle."""
    channels = []
    for place, sky in enumerate(SKY):
        channel = light.sky * sky + light.gloss
        for part, hue in (
            (light.floor, floor_hue),
            (light.wall, wall_hue),
            (light.object, object_hue),
        ):
            channel += part * hue_channel(hue, place)[..., None, None]
        channels.append(jnp.clip(channel, 0.0, 1.0))
    return jnp.stack(channels, axis=-1)


def hue_channel(hue: Int[Array, "*n"], channel: int) -> Float[Array, "*n"]:
    """Red, green or blue of a fully saturated hue in tenths of the circle."""
    sixths = jnp.mod(hue * 0.6 + (0.0, 4.0, 2.0)[channel], 6.0)
    return jnp.clip(jnp.abs(sixths - 3.0) - 1.0, 0.0, 1.0)


def render(
    sources: Int[Array, "*n 6"], resolution: int, samples: int = 2
) -> Float[Array, "*n h w 3"]:
    """Draw source combinations; usable inside `jax.jit` and `jax.vmap`.

    Args:
        sources: (..., 6) integers inside the grid; the range is not checked.
        resolution: pixels along each side.
        samples: rays along each side of a pixel.

    Returns:
        (..., resolution, resolution, 3) float32 in [0, 1].
    """
    floor_hue, wall_hue, object_hue, scale, shape, orientation = jnp.moveaxis(
        jnp.asarray(sources), -1, 0
    )
    light = trace(scale, shape, orientation, resolution, samples)
    return paint(light, floor_hue, wall_hue, object_hue)
