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
        to_ball: from the point to the ball's centre, which is nearer than the lamp.
        ball_radius: of the ball, above 0.

    Returns:
        From 0, the whole lamp is seen, to 1, none of it.
    """
    lamp_distance, ball_distance = (jnp.sqrt(vector.dot(vector)) for vector in (to_lamp, to_ball))
    cosine = to_lamp.dot(to_ball) / (lamp_distance * ball_distance)
    # Angles stand for distances in the plane of view: the radii of the discs and their distance.
    lamp = jnp.arctan(lamp_radius / lamp_distance)
    ball = jnp.arcsin(jnp.minimum(ball_radius / ball_distance, 1.0))
    apart = jnp.maximum(jnp.arccos(jnp.clip(cosine, -1.0, 1.0)), TINY)
    # In between, the overlap is two segments of a circle.
    lamp_part = (apart**2 + lamp**2 - ball**2) / (2.0 * apart * lamp)
    ball_part = (apart**2 + ball**2 - lamp**2) / (2.0 * apart * ball)
    kite = (
        (lamp + ball - apart)
        * (apart + lamp - ball)
        * (apart + ball - lamp)
        * (apart + lamp + ball)
    )
    overlap = (
        lamp**2 * jnp.arccos(jnp.clip(lamp_part, -1.0, 1.0))
        + ball**2 * jnp.arccos(jnp.clip(ball_part, -1.0, 1.0))
        - 0.5 * jnp.sqrt(jnp.maximum(kite, 0.0))
    )
    return overlap / (jnp.pi * lamp**2)
