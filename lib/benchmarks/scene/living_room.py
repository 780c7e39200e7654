"""The living room of the Falcor3D twin: where things stand, and how rays meet them."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float

from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.vectors import Vector


class Room(NamedTuple):
    """Where things stand and how they are lit; lengths in metres.

    The origin is on the floor at the middle of the back wall; x points right, y into the wall,
    z up. Brightness 1 is white. The camera was fitted to landmarks of the sample frames of the
    published data set, the rest was set by eye beside them.
    """

    left_wall: float = -1.6
    right_wall: float = 4.0
    front_wall: float = -6.0
    ceiling: float = 2.65
    rug_left: float = -1.1
    rug_right: float = 0.95
    rug_front: float = -3.1
    rug_back: float = -1.3
    rug_hem: float = 0.02
    board_width: float = 0.11  # of the floor, with the boards along x
    board_length: float = 0.9
    camera_x: tuple[float, float] = (1.1, 0.42)  # at the first and the last step
    camera_y: tuple[float, float] = (-4.15, -3.4)
    camera_z: tuple[float, float] = (0.48, 1.13)
    target: tuple[float, float, float] = (0.5, -2.2, 0.71)
    field_of_view: float = 55.3  # degrees
    # Components of the way towards the sun: it shines from the left, and at the first steps of
    # its y from behind the wall, which lets it through.
    sun_x: tuple[float, float] = (-1.0, -0.25)
    sun_y: tuple[float, float] = (0.45, -1.05)
    sun_z: tuple[float, float] = (0.4, 1.2)
    sun: tuple[float, ...] = (1.0, 2.8, 4.6, 6.4, 8.2)  # brightness, one a step
    lamp: tuple[float, float, float] = (0.6, -2.05, 1.8)  # casts no shadow
    lamp_strength: float = 2.4  # brightness at a distance of 1 m
    ambient: float = 0.07


ROOM = Room()

# Colours in linear light.
COLORS = {
    "wall": (0.60, 0.60, 0.60),
    "wood": (0.48, 0.31, 0.13),
    "rug": (0.48, 0.155, 0.15),
    "hem": (0.55, 0.42, 0.22),
    "sofa": (0.62, 0.62, 0.62),
    "pink": (0.74, 0.53, 0.55),
    "red pillow": (0.60, 0.34, 0.37),
    "white": (0.75, 0.75, 0.75),
    "grey": (0.65, 0.65, 0.65),
    "black": (0.04, 0.04, 0.04),
    "red": (0.50, 0.05, 0.07),
    "dark red": (0.25, 0.02, 0.03),
}

NAMES = tuple(COLORS)

# What stands in the room: colour, left, right, front, back, bottom, top.
FURNITURE = (
    ("sofa", -1.12, 1.08, -0.94, -0.10, 0.14, 0.34),  # base
    ("sofa", -1.04, 1.00, -0.30, -0.10, 0.34, 0.90),  # back
    ("sofa", -1.01, -0.03, -0.46, -0.24, 0.46, 1.02),  # back cushions
    ("sofa", -0.01, 0.97, -0.46, -0.24, 0.46, 1.02),
    ("sofa", -0.98, -0.02, -1.00, -0.40, 0.35, 0.52),  # seat cushions
    ("sofa", 0.00, 0.94, -1.00, -0.40, 0.35, 0.52),
    ("sofa", -1.14, -0.98, -0.97, -0.12, 0.30, 0.68),  # arms
    ("sofa", 0.94, 1.10, -0.97, -0.12, 0.30, 0.68),
    ("white", -0.76, -0.03, -2.22, -1.50, 0.13, 0.31),  # table
    ("white", 1.32, 1.85, -0.75, -0.25, 0.46, 0.50),  # right side tables, one before the other
    ("white", 1.32, 1.36, -0.75, -0.25, 0.00, 0.46),
    ("white", 1.81, 1.85, -0.75, -0.25, 0.00, 0.46),
    ("white", 1.40, 1.80, -1.20, -0.78, 0.36, 0.40),
    ("white", 1.40, 1.44, -1.20, -0.78, 0.00, 0.36),
    ("white", 1.76, 1.80, -1.20, -0.78, 0.00, 0.36),
    ("white", -1.58, -1.18, -0.75, -0.30, 0.46, 0.50),  # left side table
    ("white", -1.22, -1.18, -0.75, -0.30, 0.00, 0.46),
)
LEGS = (
    ("black", 1.00, 1.05, -0.92, -0.87, 0.00, 0.14),
    ("black", -1.09, -1.04, -0.92, -0.87, 0.00, 0.14),
    ("black", -0.10, -0.06, -2.20, -2.16, 0.00, 0.13),
    ("black", -0.10, -0.06, -1.56, -1.52, 0.00, 0.13),
    ("black", -0.74, -0.70, -2.20, -2.16, 0.00, 0.13),
)
# Corners of the four shelves that wind over the wall, (x, z) in centimetres.
SHELVES = (
    ((-96, 198), (-59, 198), (-59, 167), (-70, 167), (-70, 137), (-96, 137)),
    ((-23, 198), (51, 198), (51, 159), (32, 159), (32, 179), (-23, 179)),
    ((-50, 173), (-30, 173), (-30, 158), (21, 158), (21, 137), (-50, 137)),
    ((76, 198), (96, 198), (96, 136), (61, 136), (61, 158), (76, 158)),
)
SHELF_DEPTH, BOARD = 0.17, 0.025
# Middle, then half the size along x, y, z: vase and cups, shelf vases, fruit, circles.
BALLS = (
    ("dark red", (-0.58, -1.74, 0.45), (0.085, 0.085, 0.15)),
    ("black", (-0.44, -1.68, 0.39), (0.035, 0.035, 0.09)),
    ("dark red", (-0.62, -1.95, 0.345), (0.045, 0.045, 0.035)),
    ("red", (-0.41, -0.10, 1.80), (0.05, 0.05, 0.08)),
    ("red", (-0.42, -0.10, 1.43), (0.04, 0.04, 0.07)),
    ("red", (0.07, -0.10, 1.65), (0.04, 0.04, 0.07)),
    ("red", (0.37, -0.10, 1.68), (0.04, 0.04, 0.08)),
    ("red", (0.85, -0.10, 1.46), (0.05, 0.05, 0.10)),
    ("black", (-0.83, -0.10, 1.49), (0.035, 0.035, 0.12)),
    ("red", (1.62, -0.52, 0.53), (0.13, 0.10, 0.05)),
    ("red", (1.66, -0.98, 0.43), (0.08, 0.08, 0.04)),
    ("dark red", (2.02, -0.05, 1.85), (0.15, 0.03, 0.15)),
    ("dark red", (2.12, -0.05, 1.55), (0.20, 0.03, 0.20)),
    ("dark red", (2.40, -0.05, 1.75), (0.20, 0.03, 0.20)),
    ("dark red", (2.35, -0.05, 1.35), (0.17, 0.03, 0.17)),
)
# Ends and radius: a vase with branches on the right.
RODS = (
    ("black", (1.48, -0.35, 0.55), (1.48, -0.35, 0.76), 0.06),
    ("black", (1.48, -0.35, 0.76), (1.44, -0.33, 1.15), 0.008),
    ("black", (1.44, -0.33, 1.15), (1.54, -0.33, 1.60), 0.007),
    ("black", (1.48, -0.35, 0.76), (1.58, -0.35, 1.10), 0.007),
    ("black", (1.58, -0.35, 1.10), (1.52, -0.35, 1.40), 0.006),
    ("black", (1.48, -0.35, 0.76), (1.36, -0.40, 1.12), 0.007),
    ("black", (1.36, -0.40, 1.12), (1.10, -0.45, 1.24), 0.006),
    ("black", (1.10, -0.45, 1.24), (0.86, -0.50, 1.14), 0.006),
)
# Middle, the way its flat side faces, half the width, height and thickness.
PILLOWS = (
    ("pink", (-0.87, -0.60, 0.66), (0.30, -1.0, 0.35), (0.17, 0.16, 0.045)),
    ("pink", (-0.64, -0.66, 0.65), (0.15, -1.0, 0.45), (0.17, 0.16, 0.045)),
    ("red pillow", (0.83, -0.62, 0.68), (-1.0, -0.45, 0.35), (0.17, 0.18, 0.05)),
)


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


def _pillow(rays: tracer.Rays, shape: Float[ArrayLike, "9"]) -> tracer.Hit:
    facing = Vector(*shape[3:6])
    level = Vector(-facing.y, facing.x, 0.0)
    frame = tracer.Frame.upright_along(Vector(*shape[:3]), facing, level)
    return frame.leave(tracer.box(frame.enter(rays), Vector(*shape[6:])))


def _ball(rays: tracer.Rays, shape: Float[ArrayLike, "6"]) -> tracer.Hit:
    shrink = 1.0 / shape[3:]
    near = rays.relative_to(Vector(*shape[:3]))
    hit = tracer.sphere(tracer.Rays(*(_stretched(part, shrink) for part in near)), 1.0)
    return tracer.Hit(hit.distance, _stretched(hit.normal, shrink).unit())


def _stretched(vector: Vector, factors: Float[ArrayLike, "3"]) -> Vector:
    return Vector(vector.x * factors[0], vector.y * factors[1], vector.z * factors[2])


def _rod(rays: tracer.Rays, shape: Float[ArrayLike, "7"]) -> tracer.Hit:
    return tracer.rod(rays, Vector(*shape[:3]), Vector(*shape[3:6]), shape[6])


def _kind(shapes: Iterable[tuple], hit: Callable) -> tuple[np.ndarray, np.ndarray, Callable]:
    """Colour numbers of shapes of one kind, all their other numbers, and how rays hit one."""
    colors = [NAMES.index(name) for name, *_ in shapes]
    numbers = [np.hstack(parts) for _, *parts in shapes]
    return np.array(colors), np.array(numbers, np.float32), hit


SIDES = (*FURNITURE, *_shelf_boards(), *LEGS)
BOXES = tuple((name, middle_and_half(*sides).ravel()) for name, *sides in SIDES)
KINDS = (_kind(BOXES, _box), _kind(PILLOWS, _pillow), _kind(BALLS, _ball), _kind(RODS, _rod))
# What casts shadows: branches, legs and small things on shelves would cast too little to see.
CASTERS = (_kind(BOXES[: -len(LEGS)], _box), KINDS[1], _kind(BALLS[:3], _ball))
