"""Light in the kitchen of the Isaac3D twin.

There are three sources of light, and a little comes from everywhere: the lamp, whose height and
strength are sources of the images; a wide window; and what the room behind the camera throws back.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.kitchen import MATERIALS, NUMBERS, Kitchen, is_hidden, meet_kitchen
from lib.benchmarks.scene.vectors import Scalar, Vector

# Points of the lamp and of the window that each ray looks at.
POINTS = 8
# Light falls off with the squared distance and this, in square metres: lamps are not points.
CORE = 0.5


class Backdrop(NamedTuple):
    """Light that the kitchen throws back: red, green and blue, and of the wall without its colour.

    The wall adds nothing to red, green and blue but its highlight, since it takes its colour later.
    """

    still: tuple[Scalar, Scalar, Scalar, Scalar]  # without the lamp
    lit: tuple[Scalar, Scalar, Scalar, Scalar]  # from the lamp at strength 1


def backdrop(
    rays: tracer.Rays, offset: Float[Array, "2"], lamp: Vector, kitchen: Kitchen
) -> Backdrop:
    """Find the light that the kitchen throws back along rays.

    Args:
        rays: of shape (..., h, w).
        offset: place inside the pixel; rays in different places see different points of a lamp.
        lamp: its middle.
        kitchen: where things stand and how they are lit.
    """
    # A stage once computed is not computed again in each of the next ones.
    done = jax.lax.optimization_barrier
    hit, material = done(meet_kitchen(rays, kitchen))
    point = rays.at(hit.distance) + hit.normal * 1e-3

    def direct(source: tuple[Vector, Scalar]) -> Scalar:
        middle, radius = source

        def add(total: Scalar, place: Vector) -> tuple[Scalar, None]:
            to_light = tracer.Rays(point, middle + place * radius - point)
            light = received(point, hit.normal, to_light.at(1.0))
            return total + jnp.where(is_hidden(to_light, kitchen), 0.0, light), None

        dark = jnp.zeros(jnp.broadcast_shapes(point.x.shape, middle.z.shape))
        return jax.lax.scan(add, dark, _points_of_ball(offset))[0] / POINTS

    lights = (Vector(*kitchen.window), kitchen.window_radius), (lamp, kitchen.lamp_radius)
    lights = jax.tree.map(lambda *parts: jnp.stack(jnp.broadcast_arrays(*parts)), *lights)
    still, lit = done(arriving(point, hit.normal, *jax.lax.map(direct, lights), kitchen))

    is_front = (material == NUMBERS["fridge"]) & (hit.normal.y < -0.5)
    is_wall = material == NUMBERS["wall"]
    glint = 0.0
    for is_kind, gloss in (
        (is_front, kitchen.sheen),
        (is_front, kitchen.gleam),
        (is_wall, kitchen.polish),
        (material == NUMBERS["floor"], kitchen.pool),
    ):
        mirrored = shine(point, hit.normal, rays.direction, lamp, gloss)
        glint = done(glint + jnp.where(is_kind, mirrored, 0.0))
    mirror = kitchen.mirror * is_front
    still_floor, lit_floor = (
        mirror * light for light in mirrored_floor(point, rays, lamp, kitchen)
    )
    colors = [jnp.asarray(channel)[material] for channel in zip(*MATERIALS.values(), strict=True)]
    pairs = list(zip(colors, MATERIALS["floor"], strict=True))
    return Backdrop(
        (*(still * color + still_floor * floor for color, floor in pairs), still * is_wall),
        (*(lit * color + lit_floor * floor + glint for color, floor in pairs), lit * is_wall),
    )


def mirrored_floor(
    point: Vector, rays: tracer.Rays, lamp: Vector, kitchen: Kitchen
) -> tuple[Scalar, Scalar]:
    """Light on the floor that an upright mirror facing the camera's side shows at its points.

    As in the published pictures, the mirror shows only what the picture itself shows: its image of
    the floor ends where the floor leaves the picture.

    Args:
        point: on the mirror.
        rays: from the camera to the points.
        lamp: its middle.
        kitchen: where the camera looks, and how strong the lights are.

    Returns:
        Light without the lamp, and from the lamp at strength 1; 0 where no floor is mirrored.
    """
    direction = rays.direction
    mirrored = tracer.Rays(point, Vector(direction.x, -direction.y, direction.z))
    up = Vector(0.0, 0.0, 1.0)
    ahead = tracer.plane(mirrored, up, 0.0).distance
    is_floor = jnp.isfinite(ahead)
    floor = mirrored.at(jnp.where(is_floor, ahead, 0.0))
    seen, pitch = floor - rays.origin, jnp.radians(kitchen.camera_pitch)
    depth = seen.y * jnp.cos(pitch) + seen.z * jnp.sin(pitch)
    height = seen.z * jnp.cos(pitch) - seen.y * jnp.sin(pitch)
    reach = depth * jnp.tan(0.5 * jnp.radians(kitchen.field_of_view))
    is_shown = is_floor & (jnp.maximum(jnp.abs(seen.x), jnp.abs(height)) < reach)
    window, bulb = (received(floor, up, light) for light in (Vector(*kitchen.window), lamp))
    still, lit = arriving(floor, up, window, bulb, kitchen)
    return jnp.where(is_shown, still, 0.0), jnp.where(is_shown, lit, 0.0)


def arriving(
    point: Vector, normal: Vector, window: Scalar, lamp: Scalar, kitchen: Kitchen
) -> tuple[Scalar, Scalar]:
    """All light that reaches a surface.

    Args:
        point: of the surface.
        normal: of length 1.
        window: light straight from the window, were its strength 1.
        lamp: light straight from the lamp, were its strength 1.
        kitchen: how strong the lights are.

    Returns:
        Light without the lamp, and from the lamp at strength 1.
    """
    back = received(point, normal, Vector(*kitchen.back))
    still = kitchen.ambient + kitchen.window_strength * window + kitchen.back_strength * back
    return still, lamp + kitchen.back_share * back


def received(point: Vector, normal: Vector, lamp: Vector) -> Scalar:
    """Light that a surface receives from a lamp of strength 1 with nothing in between.

    Args:
        point: of the surface.
        normal: of length 1.
        lamp: where it is.
    """
    to_lamp = lamp - point
    square = to_lamp.dot(to_lamp)
    return jnp.maximum(normal.dot(to_lamp), 0.0) / (jnp.sqrt(square) * (square + CORE))


def shine(
    point: Vector, normal: Vector, direction: Vector, lamp: Vector, gloss: tuple[float, float]
) -> Scalar:
    """How a surface mirrors a lamp of strength 1.

    Args:
        point: of the surface.
        normal: of length 1.
        direction: of the ray that sees the point, of length 1.
        lamp: where it is.
        gloss: strength, and how narrow the highlight is.
    """
    strength, narrowness = gloss
    to_lamp = lamp - point
    half_way = (to_lamp.unit() - direction).unit()
    near = strength / (to_lamp.dot(to_lamp) + CORE)
    return near * jnp.exp(narrowness * (half_way.dot(normal) - 1.0))


def _points_of_ball(offset: Float[Array, "2"]) -> Vector:
    """Points spread evenly over a ball of radius 1, turned by the place of the ray in its pixel."""
    step = jnp.arange(POINTS)
    z = (2.0 * step + 1.0) / POINTS - 1.0
    angle = 2.4 * step + 2.0 * jnp.pi * (offset[0] + 0.5 * offset[1])
    across = jnp.sqrt(1.0 - z**2)
    return Vector(across * jnp.cos(angle), across * jnp.sin(angle), z)
