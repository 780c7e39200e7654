"""An arm of two links that turns about an upright axis and holds something at its tip."""

from typing import NamedTuple

import jax.numpy as jnp

from lib.benchmarks.scene.tracer import Frame
from lib.benchmarks.scene.vectors import Scalar, Vector


class Arm(NamedTuple):
    """A pose of the arm: where its joints are, and the frame of what it holds, z leading on."""

    shoulder: Vector
    elbow: Vector
    wrist: Vector
    tip: Frame


def reach(
    shoulder: Vector,
    azimuth: Scalar,
    upper_angle: Scalar,
    forearm_angle: Scalar,
    upper_arm: float,
    forearm: float,
) -> Arm:
    """Where the joints are when both links lie in one upright plane through the shoulder.

    Args:
        shoulder: where the arm begins.
        azimuth: of the plane, in radians from x towards y.
        upper_angle: of the first link above the horizon, in radians.
        forearm_angle: of the second.
        upper_arm: length of the first link.
        forearm: length of the second.

    Returns:
        Joints with components of the shape of the angles.
    """
    outward = Vector(jnp.cos(azimuth), jnp.sin(azimuth), 0.0)
    sideways = Vector(-jnp.sin(azimuth), jnp.cos(azimuth), 0.0)

    def direction(angle: Scalar) -> Vector:
        return outward * jnp.cos(angle) + Vector(0.0, 0.0, jnp.sin(angle))

    forward = direction(forearm_angle)
    elbow = shoulder + direction(upper_angle) * upper_arm
    wrist = elbow + forward * forearm
    return Arm(shoulder, elbow, wrist, Frame.upright_along(wrist, forward, sideways))
