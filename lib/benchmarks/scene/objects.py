"""The objects of the MPI3D twin: two cups, a ball and a croissant."""

import math
from collections.abc import Callable

import jax.numpy as jnp

from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.vectors import Scalar, Vector, where

SHAPES = ("coffee cup", "tennis ball", "croissant", "beer cup")
COFFEE_CUP, TENNIS_BALL, CROISSANT, BEER_CUP = range(4)
# Radius of the ball that holds each, next to the coffee cup's, as in sample frames; none of them
# shows a croissant, whose size is ours. The caller of `held_object` multiplies by it.
SCALES = (1.0, 0.68, 1.0, 0.68)


def held_object(
    rays: tracer.Rays, shape: Scalar, radius: Scalar, frame: tracer.Frame
) -> tuple[tracer.Hit, Scalar]:
    """Where rays meet an object, and whether that is one of its pale parts.

    Args:
        rays: the rays, which start outside it.
        shape: as in `SHAPES`.
        radius: of a ball that holds the object, nearly.
        frame: where the object is held; z leads out of the hand.

    Returns:
        The hit, and true on the inside of the coffee cup, in the mouth of the beer cup and on the
        seam of the tennis ball.
    """
    # In the object's own frame z leads on from the forearm; lengths are those of its radius.
    # The handle of the beer cup hangs below it, that of the coffee cup stands out to the side.
    is_beer = shape == BEER_CUP
    x, y = where(is_beer, -frame.y, frame.x), where(is_beer, frame.x, frame.y)
    frame = frame._replace(x=x, y=y)
    rays = frame.enter(rays)
    rays = tracer.Rays(rays.origin * (1.0 / radius), rays.direction * (1.0 / radius))
    is_bowl = shape == COFFEE_CUP
    bowl, is_inside = _bowl(rays)
    # The beer cup is a cone, and so is the foot of the coffee cup.
    body = tracer.cone(
        rays.relative_to(Vector(0.0, 0.0, jnp.where(is_bowl, 0.5 * FOOT, 0.75))),
        jnp.where(is_bowl, 0.3, 0.42),
        jnp.where(is_bowl, 0.26, 0.6),
        jnp.where(is_bowl, 0.5 * FOOT, 0.75),
    )
    handle = _handle(rays, is_bowl)
    open_bowl = tracer.Hit(jnp.where(is_bowl, bowl.distance, jnp.inf), bowl.normal)
    cup = tracer.nearest(open_bowl, body, handle)
    ball = tracer.sphere(rays.relative_to(Vector(0.0, 0.0, 0.75)), 0.75)
    curve = ball.normal.x**2 - ball.normal.y**2 - 0.7 * ball.normal.z
    plain = tracer.choose(shape == CROISSANT, _croissant(rays), ball)
    is_lining = is_bowl & is_inside & (bowl.distance <= cup.distance)
    is_seam = (shape == TENNIS_BALL) & (jnp.abs(curve) < 0.16)
    is_mouth = is_beer & (body.distance <= cup.distance) & (body.normal.z > 0.9)
    is_pale = is_lining | is_mouth | is_seam
    return frame.leave(tracer.choose(is_bowl | is_beer, cup, plain)), is_pale


def shell(
    rays: tracer.Rays, radius: float, is_there: Callable[[Vector], Scalar]
) -> tuple[tracer.Hit, Scalar]:
    """A thin ball of which a part is there, and whether its inside is met.

    Args:
        rays: the rays, which start outside the ball.
        radius: of the ball.
        is_there: whether the ball has a surface at a point.

    Returns:
        The hit, with the normal on the side that is met, and true where that is the inside.
    """
    origin, direction = rays
    a, half_b = direction.dot(direction), origin.dot(direction)
    square = half_b**2 - a * (origin.dot(origin) - radius**2)
    reach = jnp.sqrt(jnp.maximum(square, 0.0))
    first, second = (-half_b - reach) / a, (reach - half_b) / a
    meets_outside = (square > 0) & is_there(rays.at(first))
    meets_inside = ~meets_outside & (square > 0) & is_there(rays.at(second))
    distance = jnp.where(meets_outside, first, second)
    normal = rays.at(distance) * jnp.where(meets_outside, 1.0 / radius, -1.0 / radius)
    distance = jnp.where(meets_outside | meets_inside, distance, jnp.inf)
    return tracer.Hit(distance, normal), meets_inside


# The coffee cup: height of its foot, half axes of its bowl, and how far that goes past its middle.
FOOT, BOWL_WIDTH, BOWL_DEPTH, BOWL_RIM = 0.12, 0.84, 0.92, 0.13
MUG_WIDTH = 0.5  # half, of the beer cup at its handle


def _bowl(rays: tracer.Rays) -> tuple[tracer.Hit, Scalar]:
    """The bowl of the coffee cup, a stretched ball without its top; and whether its inside."""
    squeeze = BOWL_WIDTH / BOWL_DEPTH

    def squeezed(vector: Vector) -> Vector:
        return Vector(vector.x, vector.y, vector.z * squeeze)

    origin = squeezed(rays.origin - Vector(0.0, 0.0, FOOT + BOWL_DEPTH))
    hit, is_inside = shell(
        tracer.Rays(origin, squeezed(rays.direction)),
        BOWL_WIDTH,
        lambda point: point.z < squeeze * BOWL_RIM,
    )
    return tracer.Hit(hit.distance, squeezed(hit.normal).unit()), is_inside


def _handle(rays: tracer.Rays, is_bowl: Scalar) -> tracer.Hit:
    """A band in a ring on the side of a cup where x is above 0, as far as it is outside the cup."""
    # With the ring's axis as z and the cup's as y.
    turned = tracer.Rays(*(Vector(part.x, part.z, part.y) for part in rays))
    centre = Vector(jnp.where(is_bowl, 0.86, 0.7), jnp.where(is_bowl, 0.8, 0.85), 0.0)
    half_width = jnp.where(is_bowl, 0.13, 0.1)

    def is_there(point: Vector) -> Scalar:
        below = jnp.minimum((point.y + centre.y - FOOT - BOWL_DEPTH) / BOWL_DEPTH, 0.0)
        square = jnp.where(is_bowl, BOWL_WIDTH**2 * (1.0 - below**2), MUG_WIDTH**2)
        return (jnp.abs(point.z) < half_width) & ((point.x + centre.x) ** 2 > square)

    band, _ = shell(turned.relative_to(centre), 0.34, is_there)
    normal = band.normal
    return tracer.Hit(band.distance, Vector(normal.x, normal.z, normal.y))


def _croissant(rays: tracer.Rays) -> tracer.Hit:
    """Five balls along an arc, thick in the middle."""
    distance, middle, size = jnp.inf, Vector(0.0, 0.0, 0.0), 1.0
    for angle, radius in ((-1.25, 0.2), (-0.65, 0.32), (0.0, 0.4), (0.65, 0.32), (1.25, 0.2)):
        centre = Vector(0.75 * math.sin(angle), 0.0, 0.75 * math.cos(angle) - 0.1)
        ball = tracer.sphere(rays.relative_to(centre), radius).distance
        closer = ball < distance
        distance = jnp.where(closer, ball, distance)
        middle, size = where(closer, centre, middle), jnp.where(closer, radius, size)
    # One normal for all of them.
    return tracer.Hit(distance, (rays.at(distance) - middle) * (1.0 / size))
