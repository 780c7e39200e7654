"""The dark booth of the MPI3D twin: a floor with a coloured ring, a pillar and three walls."""

import math
from typing import NamedTuple

import jax.numpy as jnp

from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.vectors import Scalar, Vector


class Booth(NamedTuple):
    """Where things stand and how they are lit; the unit of length is the pillar's height.

    The pillar stands at the origin, z points up, the cameras are on the side of negative y.
    Strengths of light are fractions of full brightness. Cameras, ring, walls, arm, base and sizes
    of objects were fitted to edges in sample frames of the published data set, light and colours to
    what lies between them. Tuples of three hold one value a camera: top, centre, bottom.
    """

    camera_x: float = -0.06
    camera_distances: tuple[float, float, float] = (3.308, 3.832, 4.156)  # across the floor
    camera_heights: tuple[float, float, float] = (3.9, 3.16, 2.443)
    target_heights: tuple[float, float, float] = (0.906, 0.881, 0.928)
    field_of_view: float = 34.0  # degrees
    blur: float = 0.0104  # side of the square that a point spreads to, as a share of the picture's
    ring_x: float = -0.06  # centre of the coloured half ring, which runs straight on to the front
    ring_y: float = 0.61
    ring_inside: float = 2.029
    ring_outside: float = 2.554
    wall_y: float = 3.5
    wall_half_width: float = 1.85  # of the wall ahead; the two beside it turn by 45 degrees
    seam: float = 0.13  # width of the dark gaps between the walls
    pillar_radius: float = 0.11
    base_radius: float = 0.15
    base_height: float = 0.05
    flange_inside: float = 0.235  # of the thin bright ring around the base
    flange_outside: float = 0.28
    shoulder: float = 0.86  # height
    upper_arm: float = 0.23  # lengths of the two links
    forearm: float = 0.42
    bend: float = 10.0  # degrees from the upper arm to the forearm
    upper_arm_radius: float = 0.045
    forearm_radius: float = 0.021
    first_turn: float = 8.0  # degrees of the horizontal axis, from the right towards the camera
    last_turn: float = -172.0
    first_lift: float = 0.0  # degrees of the vertical axis, from the floor up and over
    last_lift: float = 170.0
    small: float = 0.265  # radius of the ball that holds a coffee cup; others: `SCALES`
    large: float = 0.385
    lamp_x: float = -0.1  # a wide round lamp over the pillar
    lamp_y: float = -0.2
    lamp_z: float = 4.6
    lamp_radius: float = 1.2
    shade: float = 0.45  # how much of the floor's light the lamp gives
    bright: float = 1.08  # an object's side that faces the lamp, and the one turned away
    dim: float = 0.06
    gloss: float = 0.1
    lining: float = 0.2  # light that stays inside the cup
    pool_y: float = -1.72  # where on the floor the light is strongest
    pool_width: float = 1.53  # how far from there it falls to a third, across and in depth
    pool_depth: float = 3.29
    outskirts: float = 0.3  # glow of the floor outside the ring, next to that inside
    glow: tuple[tuple[float, float, float], ...] = (  # of the floor, green and dim
        (0.031, 0.078, 0.042),
        (0.012, 0.038, 0.020),
        (0.020, 0.096, 0.038),
    )
    veil: tuple[tuple[float, float, float], ...] = (  # light that a camera sees everywhere
        (0.006, 0.012, 0.006),
        (0.026, 0.050, 0.034),
        (0.001, 0.003, 0.001),
    )
    grey: tuple[float, float, float] = (0.145, 0.135, 0.156)  # the floor under full light
    wall: float = 0.75  # glow of the wall ahead per unit of height
    wall_reach: float = 1.2  # how far to the sides it shines
    side_wall: float = 0.3  # glow of the walls beside it
    cap: float = 1.6  # the pillar's upper end, next to the floor under full light
    flange: float = 0.7
    arm: float = 2.4
    metal_glow: float = 0.2


BOOTH = Booth()


class Still(NamedTuple):
    """What rays meet of the booth, which never moves, and how bright it is."""

    distance: Scalar
    glow: Scalar  # next to the floor's
    grey: Scalar  # of the lamp, next to the floor's under full light
    ring: Scalar  # 1 on the ring


def meet_booth(rays: tracer.Rays, booth: Booth) -> Still:
    """Where rays that start inside meet what never moves.

    Returns:
        One value a ray.
    """
    up = Vector(0.0, 0.0, 1.0)
    floor = tracer.plane(rays, up, 0.0).distance
    place = rays.at(floor)
    across = jnp.hypot(place.x - booth.ring_x, jnp.maximum(place.y - booth.ring_y, 0.0))
    in_ring = (across > booth.ring_inside) & (across < booth.ring_outside)
    depth = (place.y - booth.pool_y) / booth.pool_depth
    from_base = jnp.hypot(place.x, place.y)
    pool = jnp.exp(-((place.x / booth.pool_width) ** 2) - depth**2)
    on_flange = (from_base > booth.flange_inside) & (from_base < booth.flange_outside)
    pool += booth.flange * on_flange
    floor_glow = jnp.where(across < booth.ring_inside, 1.0, booth.outskirts)

    ahead = tracer.plane(rays, Vector(0.0, 1.0, 0.0), booth.wall_y).distance
    slant = math.sqrt(0.5)
    corner = slant * (booth.wall_y + booth.wall_half_width)
    left = tracer.plane(rays, Vector(-slant, slant, 0.0), corner).distance
    right = tracer.plane(rays, Vector(slant, slant, 0.0), corner).distance
    beside = jnp.minimum(left, right)
    wall = jnp.minimum(ahead, beside)
    spot = rays.at(wall)
    shine = jnp.exp(-((spot.x / booth.wall_reach) ** 2))
    shine = jnp.where(ahead < beside, shine, booth.side_wall)
    is_seam = jnp.abs(jnp.abs(spot.x) - booth.wall_half_width) < 0.5 * booth.seam
    wall_glow = booth.wall * jnp.maximum(spot.z, 0.0) * jnp.where(is_seam, 0.0, shine)

    on_floor = floor < wall
    ground = jnp.minimum(floor, wall)
    half = 0.5 * booth.base_height
    pillar = tracer.cylinder(rays.relative_to(Vector(0.0, 0.0, 0.5)), booth.pillar_radius, 0.5)
    base = tracer.cylinder(rays.relative_to(Vector(0.0, 0.0, half)), booth.base_radius, half)
    stand = jnp.minimum(pillar.distance, base.distance)
    on_stand = stand < ground
    is_cap = (pillar.distance < base.distance) & (pillar.normal.z > 0.5)
    glow = jnp.where(on_floor, jnp.where(in_ring, 0.0, floor_glow), wall_glow)
    grey = jnp.where(on_floor & ~in_ring, pool, 0.0)
    return Still(
        distance=jnp.minimum(stand, ground),
        glow=jnp.where(on_stand, booth.metal_glow, glow),
        grey=jnp.where(on_stand, jnp.where(is_cap, booth.cap, 0.0), grey),
        ring=jnp.where(on_floor & in_ring & ~on_stand, 1.0, 0.0),
    )
