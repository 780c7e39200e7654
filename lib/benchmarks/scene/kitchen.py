"""The kitchen of the Isaac3D twin and its objects: where things stand, and how rays meet them."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.vectors import Scalar, Vector

SHAPES = ("cube", "cone", "sphere")
CUBE, CONE, SPHERE = range(3)
# Linear light, before the film answers to it: see `develop` in the twin.
OBJECT_COLORS = {
    "blue": (0.024, 0.0004, 0.5),
    "violet blue": (0.14, 0.07, 0.60),
    "pale blue": (0.28, 0.25, 0.72),
    "greyish white": (1.40, 1.22, 0.42),
}
WALL_COLORS = {
    "green": (0.25, 0.70, 0.13),
    "grey green": (0.62, 0.67, 0.47),
    "pale mauve": (0.94, 0.66, 0.82),
    "pink": (1.24, 0.67, 1.17),
}
ROBOT_COLOR = (0.50, 0.13, 0.058)
# Colours of everything else. The wall is black here: its light is kept apart.
MATERIALS = {
    "wall": (0.0, 0.0, 0.0),
    "floor": (0.22, 0.195, 0.14),
    "ceiling": (1.5, 1.4, 1.35),
    "cabinet": (0.66, 0.58, 0.47),
    "shaded cabinet": (0.42, 0.38, 0.30),
    "panel": (0.62, 0.57, 0.53),
    "seam": (0.38, 0.33, 0.26),
    "wood": (0.12, 0.075, 0.033),
    "dark wood": (0.06, 0.034, 0.012),
    "steel": (0.36, 0.36, 0.35),
    "black": (0.02, 0.02, 0.02),
    "fridge": (0.10, 0.09, 0.08),
    "robot": ROBOT_COLOR,
    "dark robot": (0.20, 0.055, 0.03),
    "lid": (0.26, 0.07, 0.033),
    "screen": (0.26, 0.065, 0.03),
}
NUMBERS = {name: number for number, name in enumerate(MATERIALS)}


class Kitchen(NamedTuple):
    """Where things stand and how they are lit, in metres; see `BOXES` for the furniture.

    The robot stands near the origin, z points up, the wall is on the side of positive y, the
    camera on the other. The numbers were set by eye beside sample frames of the published data set.
    """

    camera_distance: float = 1.5  # before the origin
    camera_heights: tuple[float, ...] = (1.55, 1.71, 1.87, 2.04)
    camera_pitch: float = -11.0  # degrees
    field_of_view: float = 60.0  # degrees
    wall_y: float = 2.0
    ceiling: float = 2.92
    clock: tuple[float, float, float] = (0.42, 2.06, 0.175)  # x, z and radius
    robot_x: float = -0.07
    robot_y: float = 0.0
    wheel_z: float = 0.31  # height of the hubs
    wheel_radius: float = 0.31
    wheel_half_width: float = 0.045
    wheel_x: float = 0.235  # from the middle of the robot
    shoulder_z: float = 1.06
    column: float = 0.2  # below the shoulder
    upper_arm: float = 0.27  # from the shoulder to the elbow
    forearm: float = 0.36  # from the elbow to the tip that holds the object
    hand: float = 0.19  # the hand begins so far before the tip
    hand_rise: float = 0.08  # and lies so far above the forearm
    # Radii of what the arm is made of.
    column_radius: float = 0.045
    upper_radius: float = 0.052
    forearm_radius: float = 0.044
    hand_radius: float = 0.042
    joint_radius: float = 0.058
    finger_radius: float = 0.012
    # Degrees: the arm from the right towards the back, the forearm from level up, and the upper arm
    # backwards for each of these lifts.
    turns: tuple[float, ...] = (-170, -147, -124, -101, -79, -56, -33, -10)
    lifts: tuple[float, ...] = (-2, 12, 26, 40, 54)
    leans: tuple[float, ...] = (20, 18, 16, 14, 12)
    # Half a side of the cube. At the published size, four fifths of this, a step of the object's
    # scale, shape or colour would change some images by less than 0.2 grey levels (0.12 to 0.14).
    scales: tuple[float, ...] = (0.09, 0.118, 0.144, 0.169)
    cone_radius: float = 1.3  # in halves of the cube's side
    cone_height: float = 2.5
    sphere_radius: float = 1.26
    ambient: float = 0.05  # light from everywhere
    # A wide light that stays, and what the room behind the camera throws back of all light.
    window: tuple[float, float, float] = (0.3, 0.8, 0.95)  # its middle
    window_radius: float = 0.5
    window_strength: float = 3.5
    back: tuple[float, float, float] = (0.1, -1.3, 1.9)  # the middle of what throws back
    back_strength: float = 1.15
    back_share: float = 0.3  # of the lamp's strength
    lamp_x: float = -1.9
    lamp_y: float = 0.1
    lamp_heights: tuple[float, ...] = (0.36, 0.88, 1.39, 1.88, 2.36, 2.8)
    lamp_radius: float = 0.15
    lamp_strengths: tuple[float, ...] = (1.1, 4.3, 7.5, 10.7)
    # Highlights: strength, and how narrow.
    sheen: tuple[float, float] = (0.54, 8.0)  # on the fridge
    gleam: tuple[float, float] = (5.0, 1000.0)  # on the fridge
    polish: tuple[float, float] = (0.12, 40.0)  # on the wall
    pool: tuple[float, float] = (1.2, 9.0)  # on the floor
    gloss: tuple[float, float] = (0.25, 25.0)  # on arm and object
    mirror: float = 0.45  # share of the floor's light that the fridge mirrors


KITCHEN = Kitchen()
# Material, and from where to where it reaches along x, y and z.
BOXES = (
    ("cabinet", (-0.93, 2.8), (1.40, 2.0), (0.08, 0.86)),
    ("seam", (-0.93, 2.8), (1.46, 2.0), (0.00, 0.08)),
    ("wood", (-0.93, 2.8), (1.37, 2.0), (0.86, 0.90)),
    ("dark wood", (-0.93, 2.8), (1.36, 1.37), (0.86, 0.902)),
    ("dark wood", (-0.93, 2.8), (1.97, 2.0), (0.90, 0.94)),
    ("panel", (0.66, 1.15), (1.38, 1.4), (0.10, 0.84)),
    ("seam", (-0.42, -0.40), (1.39, 1.4), (0.08, 0.86)),
    ("seam", (0.17, 0.19), (1.39, 1.4), (0.08, 0.86)),
    ("seam", (1.20, 2.8), (1.39, 1.4), (0.62, 0.64)),
    ("steel", (0.00, 0.66), (1.46, 1.84), (0.90, 0.91)),
    ("black", (0.06, 0.31), (1.54, 1.76), (0.90, 0.915)),
    ("black", (0.35, 0.60), (1.54, 1.76), (0.90, 0.915)),
    ("black", (0.27, 0.30), (1.85, 1.88), (0.90, 1.13)),
    ("cabinet", (-0.91, -0.16), (1.60, 2.0), (1.41, 2.18)),
    ("seam", (-0.91, -0.16), (1.59, 2.0), (1.77, 1.79)),
    ("shaded cabinet", (0.96, 2.5), (1.60, 2.0), (1.41, 2.18)),
    ("seam", (1.33, 1.34), (1.59, 2.0), (1.43, 2.16)),
    ("fridge", (-2.60, -0.95), (1.28, 2.0), (0.02, 1.71)),
    ("black", (-0.955, -0.945), (1.30, 1.64), (0.02, 1.715)),
    ("black", (-1.375, -1.365), (1.27, 1.3), (0.02, 1.71)),
    ("steel", (-1.41, -1.40), (1.24, 1.26), (0.80, 1.40)),
    ("steel", (-1.34, -1.33), (1.24, 1.26), (0.80, 1.40)),
    ("black", (-1.66, -1.50), (1.27, 1.3), (1.0, 1.2)),
    ("robot", (-0.21, 0.07), (-0.16, 0.09), (0.68, 0.88)),
    ("dark robot", (-0.215, 0.075), (-0.165, 0.095), (0.865, 0.875)),
    ("lid", (-0.21, 0.07), (-0.16, 0.09), (0.876, 0.881)),
    ("dark robot", (-0.085, -0.042), (-0.17, 0.0), (0.773, 0.829)),
    ("dark robot", (-0.28, 0.14), (-0.17, -0.15), (0.675, 0.692)),
    ("dark robot", (-0.128, 0.0), (-0.17, 0.0), (0.68, 0.72)),
    ("dark robot", (-0.22, 0.08), (-0.10, 0.09), (0.20, 0.68)),
    # The screen and its rim.
    ("screen", (-0.149, 0.008), (-0.20, -0.195), (0.53, 0.652)),
    ("lid", (-0.149, 0.008), (-0.195, -0.15), (0.53, 0.66)),
    ("lid", (-0.21, 0.07), (-0.24, -0.20), (0.498, 0.556)),
)


def meet_kitchen(rays: tracer.Rays, kitchen: Kitchen) -> tuple[tracer.Hit, Scalar]:
    """Where rays meet what never moves, and its material."""
    depth, half_height = 10.0, 0.5 * kitchen.ceiling
    inside = rays.relative_to(Vector(0.0, kitchen.wall_y - depth, half_height))
    hit = tracer.enclosure(inside, Vector(jnp.inf, depth, half_height))
    point = rays.at(hit.distance)
    x, z, radius = kitchen.clock
    from_clock = jnp.hypot(point.x - x, point.z - z) / radius
    material = jnp.where(from_clock < 1.0, NUMBERS["black"], NUMBERS["wall"])
    material = jnp.where(from_clock < 0.85, NUMBERS["panel"], material)
    material = jnp.where(hit.normal.z > 0.5, NUMBERS["floor"], material)
    material = jnp.where(hit.normal.z < -0.5, NUMBERS["ceiling"], material)

    def add(found: tuple[tracer.Hit, Scalar], box: tuple[Vector, Vector, Scalar]) -> tuple:
        hit, material = found
        centre, half, number = box
        met = tracer.box(rays.relative_to(centre), half)
        closer = met.distance < hit.distance
        return (tracer.choose(closer, met, hit), jnp.where(closer, number, material)), None

    # A loop: written out, the boxes would take the compiler most of a minute.
    (hit, material), _ = jax.lax.scan(add, (hit, material), _boxes())
    for side in (-kitchen.wheel_x, kitchen.wheel_x):
        hub = rays.relative_to(Vector(kitchen.robot_x + side, kitchen.robot_y, kitchen.wheel_z))
        # On its side: the axle, along x, becomes z.
        turned = tracer.Rays(*(Vector(part.y, part.z, part.x) for part in hub))
        met = tracer.cylinder(turned, kitchen.wheel_radius, kitchen.wheel_half_width)
        wheel = tracer.Hit(met.distance, Vector(met.normal.z, met.normal.x, met.normal.y))
        material = jnp.where(wheel.distance < hit.distance, NUMBERS["dark robot"], material)
        hit = tracer.nearest(hit, wheel)
    return hit, material


def is_hidden(rays: tracer.Rays, kitchen: Kitchen) -> Scalar:
    """Whether one of the boxes stands between the two ends of each ray's direction."""

    def add(hidden: Scalar, box: tuple[Vector, Vector, Scalar]) -> tuple[Scalar, None]:
        centre, half, _ = box
        return hidden | (tracer.box(rays.relative_to(centre), half).distance < 1.0), None

    nothing = jnp.zeros(jnp.shape(rays.direction.x), bool)
    return jax.lax.scan(add, nothing, _boxes())[0]


def _boxes() -> tuple[Vector, Vector, Array]:
    """Middle, half size and material of each box."""
    low, high = jnp.moveaxis(jnp.asarray([spans for _, *spans in BOXES]), -1, 0)
    numbers = jnp.asarray([NUMBERS[name] for name, *_ in BOXES])
    return Vector(*(0.5 * (low + high)).T), Vector(*(0.5 * (high - low)).T), numbers


def meet_object(
    rays: tracer.Rays, tip: tracer.Frame, shape: Scalar, half: Scalar, kitchen: Kitchen
) -> tracer.Hit:
    """Where rays meet the object, whose half side is the unit of length in its own frame."""
    rays = tip.enter(rays)
    inverse = 1.0 / half
    # A stage once computed is not computed again in each of the shapes.
    done = jax.lax.optimization_barrier
    rays = done(tracer.Rays(rays.origin * inverse, rays.direction * inverse))

    def beyond(distance: float) -> tracer.Rays:
        return rays.relative_to(Vector(0.0, 0.0, distance))

    cube = tracer.box(beyond(1.0), Vector(1.0, 1.0, 1.0))
    half_height = 0.5 * kitchen.cone_height
    cone = done(tracer.cone(beyond(half_height), kitchen.cone_radius, 0.0, half_height))
    ball = tracer.sphere(beyond(kitchen.sphere_radius), kitchen.sphere_radius)
    round_hit = tracer.choose(shape == CONE, cone, ball)
    return tip.leave(tracer.choose(shape == CUBE, cube, round_hit))
