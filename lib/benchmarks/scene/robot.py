"""The robot of the Isaac3D twin: where its joints bring its arm, and how rays meet the arm."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.arm import Arm, reach
from lib.benchmarks.scene.kitchen import KITCHEN, Kitchen
from lib.benchmarks.scene.vectors import Scalar, Vector


def pose(turn: Int[Array, "*#n"], lift: Int[Array, "*#n"], kitchen: Kitchen = KITCHEN) -> Arm:
    """Where the joints bring the arm.

    Args:
        turn: 0 to 7.
        lift: 0 to 4.
        kitchen: lengths and angles.

    Returns:
        Joints with components of shape (...).
    """
    azimuth, raised, lean = (
        jnp.radians(jnp.asarray(angles, jnp.float32))[step]
        for angles, step in ((kitchen.turns, turn), (kitchen.lifts, lift), (kitchen.leans, lift))
    )
    shoulder = Vector(kitchen.robot_x, kitchen.robot_y, kitchen.shoulder_z)
    upright = 0.5 * jnp.pi + lean
    arm = reach(shoulder, azimuth, upright, raised, kitchen.upper_arm, kitchen.forearm)
    rise = arm.tip.z.cross(arm.tip.x) * kitchen.hand_rise
    return arm._replace(tip=arm.tip._replace(origin=arm.wrist + rise))


class Rod(NamedTuple):
    """A rod with round ends, a part of the arm."""

    start: Vector
    end: Vector
    radius: Scalar
    tone: Scalar  # share of the arm's colour


def rods(arm: Arm, kitchen: Kitchen) -> list[Rod]:
    """What the arm is made of."""
    up = Vector(0.0, 0.0, 1.0)
    side = arm.tip.x
    foot = arm.shoulder - up * kitchen.column
    # The hand runs beside the end of the forearm.
    palm = arm.tip.origin - arm.tip.z * kitchen.hand
    bend = arm.wrist - arm.tip.z * kitchen.hand

    def joint(middle: Vector, half_width: float) -> Rod:
        beside = side * half_width
        return Rod(middle - beside, middle + beside, kitchen.joint_radius, 0.6)

    def finger(offset: float) -> Rod:
        start = arm.tip.origin + side * offset
        ahead = arm.tip.z
        return Rod(start - ahead * 0.05, start + ahead * 0.03, kitchen.finger_radius, 0.3)

    return [
        Rod(foot, arm.shoulder, kitchen.column_radius, 0.75),
        joint(arm.shoulder, 0.05),
        Rod(arm.shoulder, arm.elbow, kitchen.upper_radius, 0.75),
        joint(arm.elbow, 0.02),
        Rod(arm.elbow, bend, kitchen.forearm_radius, 0.4),
        Rod(bend, palm, kitchen.forearm_radius, 0.3),
        Rod(palm, arm.tip.origin - arm.tip.z * 0.04, kitchen.hand_radius, 0.4),
        finger(-0.045),
        finger(0.045),
    ]


def meet_rods(rays: tracer.Rays, limbs: list[Rod]) -> tuple[tracer.Hit, Scalar]:
    """Where rays meet the first of several rods, and its tone."""

    def add(found: tuple[tracer.Hit, Scalar], limb: Rod) -> tuple:
        nearest, tone = found
        hit = tracer.rod(rays, limb.start, limb.end, limb.radius)
        closer = hit.distance < nearest.distance
        return (tracer.choose(closer, hit, nearest), jnp.where(closer, limb.tone, tone)), None

    stacked = jax.tree.map(lambda *parts: jnp.stack(jnp.broadcast_arrays(*parts)), *limbs)
    dark = jnp.zeros(jnp.broadcast_shapes(rays.direction.x.shape, stacked.start.x.shape[1:]))
    nothing = tracer.Hit(dark + jnp.inf, Vector(dark, dark, dark))
    return jax.lax.scan(add, (nothing, dark), stacked)[0]
