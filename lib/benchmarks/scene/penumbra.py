"""Soft shadows: how much of a round lamp a ball hides, in closed form."""

import jax.numpy as jnp

from lib.benchmarks.scene.tracer import TINY
from lib.benchmarks.scene.vectors import Scalar, Vector


def share_hidden(
    to_lamp: Vector, lamp_radius: Scalar, to_ball: Vector, ball_radius: Scalar
) -> Scalar:
    """The share of a round lamp that a ball hides, both seen from a point outside them.

    Lamp and ball are taken for two discs in the plane of view, whose overlap has a closed form.

    Args:
        to_lamp: from the point to the lamp's centre.
        lamp_radius: of the lamp, a disc that faces the point; above 0.
        to_ball: from the point to the ball's centre, which is nearer than the lamp and on its side.
        ball_radius: of the ball, above 0.

    Returns:
        From 0, the whole lamp is seen, to 1, none of it.
    """
    # Angles, near enough: radii of the discs, and the distance between their directions.
    near, far = (1.0 / jnp.sqrt(way.dot(way)) for way in (to_ball, to_lamp))
    lamp, ball = lamp_radius * far, ball_radius * near
    between = to_lamp * far - to_ball * near
    apart = jnp.maximum(jnp.sqrt(between.dot(between)), TINY)
    # Where their edges cross, the overlap is two segments of a circle: two sectors less a kite.
    kite = (
        (lamp + ball - apart)
        * (apart + lamp - ball)
        * (apart + ball - lamp)
        * (apart + lamp + ball)
    )
    overlap = (
        lamp**2 * _arccos((apart**2 + lamp**2 - ball**2) / (2.0 * apart * lamp))
        + ball**2 * _arccos((apart**2 + ball**2 - lamp**2) / (2.0 * apart * ball))
        - 0.5 * jnp.sqrt(jnp.maximum(kite, 0.0))
    )
    return overlap / (jnp.pi * lamp**2)


def _arccos(cosine: Scalar) -> Scalar:
    """The angle of a cosine, which is clipped, within 1e-4; the exact one is many times slower.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 4.4.45.
    """
    size = jnp.minimum(jnp.abs(cosine), 1.0)
    series = 1.5707288 + size * (-0.2121144 + size * (0.0742610 - 0.0187293 * size))
    angle = jnp.sqrt(1.0 - size) * series
    return jnp.where(cosine < 0, jnp.pi - angle, angle)
