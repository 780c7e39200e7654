"""The objects of the MPI3D twin: two cups, a ball and a croissant."""

import math

import jax.numpy as jnp

from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.vectors import Scalar, Vector

SHAPES = ("coffee cup", "tennis ball", "croissant", "beer cup")
COFFEE_CUP, TENNIS_BALL, CROISSANT, BEER_CUP = range(4)


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
        The hit, and true on the inside of the coffee cup and on the seam of the tennis ball.
    """
    # In the object's own frame z leads on from the forearm; lengths are those of its radius.
    rays = frame.enter(rays)
    rays = tracer.Rays(rays.origin * (1.0 / radius), rays.direction * (1.0 / radius))
    is_bowl = shape == COFFEE_CUP
    bowl, is_inside = shell(rays.relative_to(Vector(0.0, 0.0, 0.95)), 0.8, -1.0, 0.15)
    mug = tracer.cone(rays.relative_to(Vector(0.0, 0.0, 0.8)), 0.42, 0.6, 0.75)
    # The handle is a band that stands upright on the side of a cup.
    side = rays.relative_to(Vector(0.0, jnp.where(is_bowl, -0.95, -0.7), 0.75))
    turned = tracer.Rays(*(Vector(part.y, part.z, part.x) for part in side))
    band, _ = shell(turned, 0.36, -0.1, 0.1)
    handle = tracer.Hit(band.distance, Vector(band.normal.z, band.normal.x, band.normal.y))
    cup = tracer.nearest(tracer.choose(is_bowl, bowl, mug), handle)
    ball = tracer.sphere(rays.relative_to(Vector(0.0, 0.0, 0.75)), 0.75)
    curve = ball.normal.x**2 - ball.normal.y**2 - 0.7 * ball.normal.z
    plain = tracer.choose(shape == CROISSANT, _croissant(rays), ball)
    is_cup = is_bowl | (shape == BEER_CUP)
    is_lining = is_bowl & is_inside & (bowl.distance <= band.distance)
    is_seam = (shape == TENNIS_BALL) & (jnp.abs(curve) < 0.12)
    return frame.leave(tracer.choose(is_cup, cup, plain)), is_lining | is_seam


def shell(rays: tracer.Rays, radius: float, low: float, high: float) -> tuple[tracer.Hit, Scalar]:
    """The part of a thin ball with z between `low` and `high`, and whether its inside is met."""
    origin, direction = rays
    a, half_b = direction.dot(direction), origin.dot(direction)
    square = half_b**2 - a * (origin.dot(origin) - radius**2)
    reach = jnp.sqrt(jnp.maximum(square, 0.0))
    first, second = (-half_b - reach) / a, (reach - half_b) / a

    def there(distance: Scalar) -> Scalar:
        z = origin.z + distance * direction.z
        return (square > 0) & (z >= low) & (z <= high)

    meets_outside = there(first)
    meets_inside = ~meets_outside & there(second)
    distance = jnp.where(meets_outside, first, second)
    normal = rays.at(distance) * jnp.where(meets_outside, 1.0 / radius, -1.0 / radius)
    distance = jnp.where(meets_outside | meets_inside, distance, jnp.inf)
    return tracer.Hit(distance, normal), meets_inside


def _croissant(rays: tracer.Rays) -> tracer.Hit:
    """Five balls along an arc, thick in the middle."""
    balls = []
    for angle, radius in ((-1.25, 0.2), (-0.65, 0.32), (0.0, 0.4), (0.65, 0.32), (1.25, 0.2)):
        centre = Vector(0.75 * math.sin(angle), 0.0, 0.75 * math.cos(angle) - 0.1)
        balls.append(tracer.sphere(rays.relative_to(centre), radius))
    return tracer.nearest(*balls)
