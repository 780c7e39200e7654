"""The kitchen of the Isaac3D twin and its objects: where things stand, and how rays meet them."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.vectors import Scalar, Vector

SHAPES = ("cube", "cone", "sphere")
CUBE, CONE, SPHERE = range(3)
OBJECT_COLORS = {
    "blue": (0.15, 0.02, 0.92),
    "violet blue": (0.45, 0.39, 0.95),
    "pale blue": (0.72, 0.75, 1.00),
    "greyish white": (0.98, 0.97, 0.78),
}
WALL_COLORS = {
    "green": (0.38, 0.74, 0.22),
    "grey green": (0.60, 0.69, 0.56),
    "pale mauve": (0.77, 0.69, 0.76),
    "pink": (0.88, 0.65, 0.87),
}
# Colours of everything else. The wall is black here: its light is kept apart.
MATERIALS = {
    "wall": (0.0, 0.0, 0.0),
    "floor": (0.90, 0.86, 0.77),
    "ceiling": (0.84, 0.83, 0.80),
    "cabinet": (0.86, 0.83, 0.77),
    "shaded cabinet": (0.70, 0.68, 0.60),
    "panel": (0.93, 0.92, 0.92),
    "seam": (0.40, 0.38, 0.34),
    "wood": (0.50, 0.34, 0.17),
    "steel": (0.55, 0.56, 0.55),
    "black": (0.08, 0.08, 0.08),
    "fridge": (0.26, 0.26, 0.27),
    "robot": (0.70, 0.33, 0.20),
    "dark robot": (0.50, 0.22, 0.13),
}
NUMBERS = {name: number for number, name in enumerate(MATERIALS)}


class Kitchen(NamedTuple):
    """Where things stand and how they are lit, in metres; see `BOXES` for the furniture.

    The robot stands near the origin, z points up, the wall is on the side of positive y, the
    camera on the other. Strengths of light are fractions of full brightness. The numbers were set
    by eye beside sample frames of the published data set.
    """

    camera_distance: float = 1.5  # before the origin
    camera_heights: tuple[float, ...] = (1.55, 1.70, 1.85, 2.0)
    camera_pitch: float = -11.0  # degrees
    field_of_view: float = 60.0  # degrees
    wall_y: float = 2.0
    ceiling: float = 2.95
    clock_x: float = 0.42
    clock_z: float = 2.06
    clock_radius: float = 0.16
    robot_x: float = -0.07
    wheel_radius: float = 0.34
    wheel_half_width: float = 0.045
    wheel_x: float = 0.235  # from the middle of the robot
    shoulder_z: float = 0.98
    column: float = 0.15  # below the shoulder
    upper_arm: float = 0.40  # lengths of the two links
    forearm: float = 0.37
    arm_radius: float = 0.042
    joint_radius: float = 0.06
    # Degrees: the arm from the right towards the back, the forearm from level up, and the upper arm
    # backwards for each of these lifts.
    turns: tuple[float, ...] = (-170, -147, -124, -101, -79, -56, -33, -10)
    lifts: tuple[float, ...] = (-4, 10, 24, 38, 52)
    leans: tuple[float, ...] = (20, 18, 16, 14, 12)
    scales: tuple[float, ...] = (0.09, 0.115, 0.14, 0.165)  # half a side of the cube
    cone_radius: float = 1.2  # in halves of the cube's side
    cone_height: float = 2.3
    sphere_radius: float = 1.12
    ambient: float = 0.50
    lamp_strengths: tuple[float, ...] = (0.24, 0.36, 0.48, 0.60)
    lamp_x: float = -1.2
    lamp_y: float = -2.2
    lamp_heights: tuple[float, ...] = (0.3, 0.8, 1.3, 1.8, 2.3, 2.8)
    door_turn: float = 0.23  # radians, of the fridge's mirroring surface to the right
    # Highlights on the fridge: strength relative to its colour, and how narrow.
    sheen: tuple[float, float] = (1.3, 30.0)
    gleam: tuple[float, float] = (4.5, 1500.0)
    gloss: tuple[float, float] = (0.25, 40.0)  # white light off the object


KITCHEN = Kitchen()
# Material, and from where to where it reaches along x, y and z.
BOXES = (
    ("cabinet", (-0.93, 2.8), (1.40, 2.0), (0.08, 0.86)),
    ("black", (-0.93, 2.8), (1.46, 2.0), (0.00, 0.08)),
    ("wood", (-0.93, 2.8), (1.37, 2.0), (0.86, 0.90)),
    ("wood", (-0.93, 2.8), (1.97, 2.0), (0.90, 0.95)),
    ("panel", (0.66, 1.15), (1.38, 1.4), (0.10, 0.84)),
    ("seam", (-0.42, -0.40), (1.39, 1.4), (0.08, 0.86)),
    ("seam", (0.17, 0.19), (1.39, 1.4), (0.08, 0.86)),
    ("seam", (1.20, 2.8), (1.39, 1.4), (0.62, 0.64)),
    ("steel", (0.10, 0.58), (1.50, 1.8), (0.90, 0.91)),
    ("black", (0.27, 0.30), (1.85, 1.88), (0.90, 1.13)),
    ("cabinet", (-0.97, -0.17), (1.72, 2.0), (1.30, 2.06)),
    ("seam", (-0.97, -0.17), (1.71, 2.0), (1.65, 1.67)),
    ("shaded cabinet", (0.92, 2.5), (1.66, 2.0), (1.30, 2.06)),
    ("seam", (1.30, 1.31), (1.65, 2.0), (1.32, 2.04)),
    ("fridge", (-2.60, -0.95), (1.28, 2.0), (0.02, 1.58)),
    ("black", (-1.40, -1.38), (1.27, 1.3), (0.02, 1.58)),
    ("black", (-1.66, -1.48), (1.27, 1.3), (0.98, 1.15)),
    ("robot", (-0.21, 0.07), (-0.16, 0.16), (0.40, 0.88)),
    ("dark robot", (-0.24, 0.10), (-0.19, 0.19), (0.30, 0.60)),
    ("dark robot", (-0.10, -0.04), (-0.17, 0.0), (0.74, 0.80)),
)


def meet_kitchen(rays: tracer.Rays, kitchen: Kitchen) -> tuple[tracer.Hit, Scalar]:
    """Where rays meet what never moves, and its material."""
    depth, half_height = 10.0, 0.5 * kitchen.ceiling
    inside = rays.relative_to(Vector(0.0, kitchen.wall_y - depth, half_height))
    hit = tracer.enclosure(inside, Vector(jnp.inf, depth, half_height))
    point = rays.at(hit.distance)
    from_clock = jnp.hypot(point.x - kitchen.clock_x, point.z - kitchen.clock_z)
    from_clock = from_clock / kitchen.clock_radius
    material = jnp.where(from_clock < 1.0, NUMBERS["seam"], NUMBERS["wall"])
    material = jnp.where(from_clock < 0.85, NUMBERS["panel"], material)
    material = jnp.where(hit.normal.z > 0.5, NUMBERS["floor"], material)
    material = jnp.where(hit.normal.z < -0.5, NUMBERS["ceiling"], material)

    def add(found: tuple[tracer.Hit, Scalar], box: tuple[Array, Array, Array]) -> tuple:
        hit, material = found
        number, low, high = box
        centre, half = Vector(*(0.5 * (low + high))), Vector(*(0.5 * (high - low)))
        met = tracer.box(rays.relative_to(centre), half)
        closer = met.distance < hit.distance
        return (tracer.choose(closer, met, hit), jnp.where(closer, number, material)), None

    # A loop: written out, the boxes would take the compiler most of a minute.
    numbers = jnp.asarray([NUMBERS[name] for name, *_ in BOXES])
    low, high = jnp.moveaxis(jnp.asarray([spans for _, *spans in BOXES]), -1, 0)
    (hit, material), _ = jax.lax.scan(add, (hit, material), (numbers, low, high))
    for side in (-kitchen.wheel_x, kitchen.wheel_x):
        hub = Vector(kitchen.robot_x + side, 0.0, kitchen.wheel_radius)
        axle = tracer.Frame.upright_along(hub, Vector(1.0, 0.0, 0.0), Vector(0.0, 1.0, 0.0))
        wheel = tracer.cylinder(axle.enter(rays), kitchen.wheel_radius, kitchen.wheel_half_width)
        material = jnp.where(wheel.distance < hit.distance, NUMBERS["dark robot"], material)
        hit = tracer.nearest(hit, axle.leave(wheel))
    return hit, material


def meet_object(
    rays: tracer.Rays, tip: tracer.Frame, shape: Scalar, half: Scalar, kitchen: Kitchen
) -> tracer.Hit:
    """Where rays meet the object, whose half side is the unit of length in its own frame."""
    rays = tip.enter(rays)
    inverse = 1.0 / half
    rays = tracer.Rays(rays.origin * inverse, rays.direction * inverse)

    def beyond(distance: float) -> tracer.Rays:
        return rays.relative_to(Vector(0.0, 0.0, distance))

    cube = tracer.box(beyond(1.0), Vector(1.0, 1.0, 1.0))
    half_height = 0.5 * kitchen.cone_height
    cone = tracer.cone(beyond(half_height), kitchen.cone_radius, 0.0, half_height)
    ball = tracer.sphere(beyond(kitchen.sphere_radius), kitchen.sphere_radius)
    round_hit = tracer.choose(shape == CONE, cone, ball)
    return tip.leave(tracer.choose(shape == CUBE, cube, round_hit))
