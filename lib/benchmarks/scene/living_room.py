"""The living room of the Falcor3D twin: where things stand, and how rays meet them."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float

from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.vectors import Vector


class Room(NamedTuple):
    """Where things stand and how they are lit; lengths in metres.

    The origin is on the floor at the middle of the shelves' wall; x points right, y into the wall,
    z up. Light of brightness 1 on a white surface is half way to white in the picture (`tone`).
    Cameras, furniture and lamps were fitted to landmarks and grey levels of the sample frames of
    the published data set, which show walls that the sun does not reach lit as by two lamps.
    """

    left_wall: float = -1.59
    right_wall: float = 4.0
    front_wall: float = -6.0
    ceiling: float = 2.515
    rug_left: float = -0.95
    rug_right: float = 1.153
    rug_front: float = -2.435
    rug_back: float = -1.202
    rug_hem: float = 0.02
    board_width: float = 0.11  # of the floor, with the boards along x
    board_length: float = 0.9
    camera_x: tuple[float, float] = (1.491, 1.018)  # at the first and the last step
    camera_y: tuple[float, float] = (-3.753, -3.081)
    camera_z: tuple[float, float] = (0.595, 1.183)
    target: tuple[float, float, float] = (0.874, -2.086, 0.712)
    field_of_view: float = 58.52  # degrees
    # Components of the way towards the sun: it shines from the left, and at the first steps of
    # its y from behind the wall, which lets it through. Shadow edges in the sample frames are as
    # sharp as the pixels, near their caster and far from it.
    sun_x: tuple[float, float] = (-1.39, -0.02)
    sun_y: tuple[float, float] = (0.66, -1.26)
    sun_z: tuple[float, float] = (1.28, 0.36)
    sun: tuple[float, ...] = (2.8, 36.0, 78.0, 128.0, 190.0)  # brightness, one a step
    # Place, and brightness at a distance of 1 m; they cast no shadows.
    lamps: tuple[tuple[float, float, float, float], ...] = (
        (-0.348, -1.347, 1.361, 2.06),
        (2.877, -1.302, 1.432, 1.63),
    )


ROOM = Room()

# Colours in linear light.
COLORS = {
    "wall": (0.63, 0.63, 0.63),
    "wood": (0.50, 0.265, 0.105),
    "rug": (0.53, 0.12, 0.10),
    "hem": (0.51, 0.26, 0.09),
    "sofa": (0.66, 0.66, 0.66),
    "pink": (0.77, 0.41, 0.44),
    "red pillow": (0.70, 0.34, 0.37),
    "white": (0.77, 0.77, 0.77),
    "grey": (0.61, 0.61, 0.61),
    "black": (0.03, 0.03, 0.03),
    "red": (0.48, 0.04, 0.07),
    "dark red": (0.26, 0.02, 0.025),
}

NAMES = tuple(COLORS)

# What stands in the room: colour, left, right, front, back, bottom, top.
FURNITURE = (
    ("sofa", -0.95, 1.12, -0.98, -0.20, 0.157, 0.335),  # base
    ("sofa", -0.90, 1.05, -0.40, -0.20, 0.335, 0.80),  # back
    ("sofa", -1.051, -0.90, -1.02, -0.20, 0.157, 0.636),  # arms
    ("sofa", 1.07, 1.219, -1.02, -0.20, 0.157, 0.636),
    ("white", -0.388, 0.258, -2.051, -1.372, 0.084, 0.274),  # table
    ("white", 1.33, 2.01, -0.57, -0.07, 0.53, 0.57),  # three side tables, one before the other
    ("white", 1.33, 1.37, -0.57, -0.07, 0.00, 0.53),
    ("white", 1.97, 2.01, -0.57, -0.07, 0.00, 0.53),
    ("white", 1.40, 1.93, -0.88, -0.50, 0.38, 0.42),
    ("white", 1.40, 1.44, -0.88, -0.50, 0.00, 0.38),
    ("white", 1.89, 1.93, -0.88, -0.50, 0.00, 0.38),
    ("white", 1.45, 1.81, -1.40, -0.98, 0.325, 0.365),
    ("white", 1.45, 1.49, -1.40, -0.98, 0.00, 0.325),
    ("white", 1.77, 1.81, -1.40, -0.98, 0.00, 0.325),
)
# The same of what casts too little shadow to see: legs, and the bar above the circles.
SMALL_BOXES = (
    ("black", 1.15, 1.18, -0.97, -0.94, 0.00, 0.157),
    ("black", -1.02, -0.99, -0.97, -0.94, 0.00, 0.157),
    ("black", 0.20, 0.235, -2.03, -1.995, 0.00, 0.084),
    ("black", 0.20, 0.235, -1.43, -1.395, 0.00, 0.084),
    ("black", -0.365, -0.33, -2.03, -1.995, 0.00, 0.084),
    ("dark red", 2.05, 2.85, -0.04, 0.0, 1.72, 1.87),
)
# Corners of the four shelves that wind over the wall, (x, z) in centimetres.
SHELVES = (
    ((-96, 187), (-59, 187), (-59, 156), (-70, 156), (-70, 126), (-96, 126)),
    ((-23, 187), (51, 187), (51, 148), (32, 148), (32, 168), (-23, 168)),
    ((-50, 162), (-30, 162), (-30, 147), (21, 147), (21, 126), (-50, 126)),
    ((76, 187), (96, 187), (96, 125), (61, 125), (61, 147), (76, 147)),
)
SHELF_DEPTH, BOARD = 0.17, 0.025
# Middle, then half the size along x, y, z: vase, pot and cup, shelf vases.
BALLS = (
    ("dark red", (-0.23, -1.64, 0.41), (0.085, 0.085, 0.14)),
    ("black", (-0.11, -1.58, 0.365), (0.038, 0.038, 0.095)),
    ("dark red", (-0.31, -1.80, 0.32), (0.045, 0.045, 0.05)),
    ("red", (-0.39, -0.10, 1.665), (0.05, 0.05, 0.08)),
    ("red", (-0.45, -0.10, 1.32), (0.04, 0.04, 0.07)),
    ("red", (0.06, -0.10, 1.53), (0.04, 0.04, 0.07)),
    ("red", (0.40, -0.10, 1.56), (0.04, 0.04, 0.08)),
    ("red", (0.85, -0.10, 1.375), (0.05, 0.05, 0.10)),
    ("black", (-0.84, -0.10, 1.37), (0.035, 0.035, 0.12)),
)
# The same of what casts too little shadow to see: fruit, and circles on the wall.
SMALL_BALLS = (
    ("red", (1.66, -0.66, 0.46), (0.16, 0.12, 0.05)),
    ("red", (1.67, -1.20, 0.40), (0.055, 0.055, 0.045)),
    ("dark red", (2.26, -0.04, 1.54), (0.21, 0.03, 0.19)),
    ("dark red", (2.46, -0.04, 1.22), (0.22, 0.03, 0.20)),
    ("dark red", (2.70, -0.04, 1.54), (0.20, 0.03, 0.18)),
)
# Ends and radius: a vase with branches on the right.
RODS = (
    ("black", (1.63, -0.30, 0.63), (1.63, -0.30, 0.76), 0.07),
    ("black", (1.63, -0.30, 0.80), (1.58, -0.30, 1.23), 0.006),
    ("black", (1.58, -0.30, 1.23), (1.66, -0.30, 1.62), 0.005),
    ("black", (1.63, -0.30, 0.80), (1.71, -0.30, 1.10), 0.005),
    ("black", (1.71, -0.30, 1.10), (1.66, -0.30, 1.30), 0.005),
    ("black", (1.63, -0.30, 0.80), (1.53, -0.30, 1.13), 0.005),
    ("black", (1.53, -0.30, 1.13), (1.32, -0.30, 1.26), 0.005),
    ("black", (1.32, -0.30, 1.26), (0.93, -0.30, 1.14), 0.005),
    ("black", (1.63, -0.30, 0.80), (1.80, -0.30, 1.13), 0.005),
    ("black", (1.80, -0.30, 1.13), (2.05, -0.30, 1.28), 0.005),
)
# Middle, the way its flat side faces, half the width, height and thickness.
CUSHIONS = (
    ("pink", (-0.90, -0.68, 0.63), (0.45, -1.0, 0.35), (0.16, 0.15, 0.05)),
    ("pink", (-0.63, -0.78, 0.62), (0.05, -1.0, 0.5), (0.16, 0.15, 0.05)),
    ("red pillow", (0.97, -0.69, 0.63), (-1.0, -0.45, 0.35), (0.17, 0.17, 0.06)),
    ("sofa", (-0.42, -0.46, 0.67), (0.0, -1.0, 0.12), (0.48, 0.26, 0.10)),  # back
    ("sofa", (0.56, -0.46, 0.67), (0.0, -1.0, 0.12), (0.48, 0.26, 0.10)),
    ("sofa", (-0.42, -0.74, 0.37), (0.0, -1.0, 0.0), (0.48, 0.09, 0.31)),  # seat
    ("sofa", (0.57, -0.74, 0.37), (0.0, -1.0, 0.0), (0.48, 0.09, 0.31)),
)
ROUNDNESS = 4  # power with which a cushion's normals turn towards its edges: high for a flat one


def middle_and_half(
    left: float, right: float, front: float, back: float, bottom: float, top: float
) -> Float[np.ndarray, "2 3"]:
    """Middle and half size of a box, along x, y and z."""
    low, high = np.array((left, front, bottom)), np.array((right, back, top))
    return np.stack([(low + high) / 2, (high - low) / 2])


def _shelf_boards() -> Iterator[tuple]:
    """The shelves' boards, in the form of `FURNITURE`."""
    half = 0.5 * BOARD
    for corners in SHELVES:
        for ends in itertools.pairwise((*corners, corners[0])):
            (left, right), (bottom, top) = (sorted(pair) for pair in zip(*ends, strict=True))
            sides = (left / 100 - half, right / 100 + half, -SHELF_DEPTH, 0.0)
            yield ("grey", *sides, bottom / 100 - half, top / 100 + half)


def _box(rays: tracer.Rays, shape: Float[ArrayLike, "6"]) -> tracer.Hit:
    return tracer.box(rays.relative_to(Vector(*shape[:3])), Vector(*shape[3:]))


def _cushion(rays: tracer.Rays, shape: Float[ArrayLike, "9"]) -> tracer.Hit:
    """A box that is shaded as if its faces bulged."""
    facing = Vector(*shape[3:6])
    level = Vector(-facing.y, facing.x, 0.0)
    frame = tracer.Frame.upright_along(Vector(*shape[:3]), facing, level)
    rays = frame.enter(rays)
    distance = tracer.box(rays, Vector(*shape[6:])).distance
    point = rays.at(jnp.where(jnp.isfinite(distance), distance, 0.0))
    bulging = jax.tree.map(
        lambda part: jnp.sign(part) * jnp.abs(part) ** ROUNDNESS,
        _stretched(point, 1.0 / shape[6:]),
    )
    return frame.leave(tracer.Hit(distance, _stretched(bulging, 1.0 / shape[6:]).unit()))


def _ball(rays: tracer.Rays, shape: Float[ArrayLike, "6"]) -> tracer.Hit:
    shrink = 1.0 / shape[3:]
    near = rays.relative_to(Vector(*shape[:3]))
    hit = tracer.sphere(tracer.Rays(*(_stretched(part, shrink) for part in near)), 1.0)
    return tracer.Hit(hit.distance, _stretched(hit.normal, shrink).unit())


def _stretched(vector: Vector, factors: Float[ArrayLike, "3"]) -> Vector:
    return Vector(vector.x * factors[0], vector.y * factors[1], vector.z * factors[2])


def _rod(rays: tracer.Rays, shape: Float[ArrayLike, "7"]) -> tracer.Hit:
    return tracer.rod(rays, Vector(*shape[:3]), Vector(*shape[3:6]), shape[6])


def _meets(hit: Callable) -> Callable:
    """Whether rays meet a shape, from where they meet it."""
    return lambda rays, shape: jnp.isfinite(hit(rays, shape).distance)


def _passes_rod(rays: tracer.Rays, shape: Float[ArrayLike, "7"]) -> Bool[Array, "..."]:
    return tracer.passes_rod(rays, Vector(*shape[:3]), Vector(*shape[3:6]), shape[6])


def _kind(shapes: Iterable[tuple], hit: Callable) -> tuple[np.ndarray, np.ndarray, Callable]:
    """Colour numbers of shapes of one kind, all their other numbers, and how rays hit one."""
    colors = [NAMES.index(name) for name, *_ in shapes]
    numbers = [np.hstack(parts) for _, *parts in shapes]
    return np.array(colors), np.array(numbers, np.float32), hit


CASTING_BOXES = (*FURNITURE, *_shelf_boards())
BOXES = (*CASTING_BOXES, *SMALL_BOXES)
KINDS = (
    _kind([(name, middle_and_half(*sides).ravel()) for name, *sides in BOXES], _box),
    _kind(CUSHIONS, _cushion),
    _kind((*BALLS, *SMALL_BALLS), _ball),
    _kind(RODS, _rod),
)
# What casts shadows: numbers of shapes of one kind, and whether rays meet one.
CASTERS = (
    (KINDS[0][1][: len(CASTING_BOXES)], _meets(_box)),
    (KINDS[1][1], _meets(_cushion)),
    (KINDS[2][1][: len(BALLS)], _meets(_ball)),
    (KINDS[3][1], _passes_rod),
)
