"""Rays and where they first meet planes, boxes, spheres, cylinders and capsules.

Every intersection is a closed form without branches on data, in float32, so that scenes can be
traced under `jax.jit` and `jax.vmap`. Shapes are given in their own frame, centred at
the origin and upright along z; rays are moved into that frame (`Rays.relative_to`).
"""

from typing import NamedTuple

import jax.numpy as jnp

from lib.benchmarks.scenes.vectors import Scalar, Vector, where

# Stands for 0 where a ray runs parallel to a surface: 1 / TINY is finite in float32.
TINY = 1e-12


class Rays(NamedTuple):
    """Half-lines; distances along them count in lengths of `direction`, which need not be 1."""

    origin: Vector
    direction: Vector

    def at(self, distance: Scalar) -> Vector:
        """The points at `distance` along the rays."""
        return self.origin + self.direction * distance

    def relative_to(self, centre: Vector) -> "Rays":
        """The same rays, with `centre` as the origin of coordinates."""
        return Rays(self.origin - centre, self.direction)


class Hit(NamedTuple):
    """Where rays first meet a surface.

    `distance` is infinite where a ray misses; `normal` has length 1, points out of the shape, and
    has no meaning on a miss.
    """

    distance: Scalar
    normal: Vector


def nearest(first: Hit, *others: Hit) -> Hit:
    """The nearest of several hits, element by element; the first of equals."""
    best = first
    for other in others:
        closer = other.distance < best.distance
        best = choose(closer, other, best)
    return best


def choose(condition: Scalar, chosen: Hit, otherwise: Hit) -> Hit:
    """`chosen` where the condition holds, `otherwise` elsewhere."""
    return Hit(
        jnp.where(condition, chosen.distance, otherwise.distance),
        where(condition, chosen.normal, otherwise.normal),
    )


def plane(rays: Rays, normal: Vector, offset: Scalar) -> Hit:
    """The plane of points p with p . normal = offset, seen from either side.

    Args:
        rays: the rays.
        normal: its unit normal.
        offset: its distance from the origin along the normal.

    Returns:
        The hit ahead of the ray's origin.
    """
    distance = (offset - rays.origin.dot(normal)) / _nonzero(rays.direction.dot(normal))
    return Hit(_ahead(distance), normal)


def box(rays: Rays, half: Vector) -> Hit:
    """The outside of an axis-aligned box.

    Args:
        rays: the rays, which start outside the box.
        half: half its size along each axis.

    Returns:
        The hit where the rays enter.
    """
    enter, leave = _slabs(rays, half)
    near = jnp.maximum(jnp.maximum(enter.x, enter.y), enter.z)
    far = jnp.minimum(jnp.minimum(leave.x, leave.y), leave.z)
    distance = jnp.where(near <= far, _ahead(near), jnp.inf)
    return Hit(distance, -_face(rays.direction, near <= enter.x, near <= enter.y))


def enclosure(rays: Rays, half: Vector) -> Hit:
    """The inside of an axis-aligned box, such as a room; normals point into it.

    Args:
        rays: the rays; those that start outside see through the sides that face them.
        half: half its size along each axis, infinite where it is open.

    Returns:
        The hit where the rays leave.
    """
    enter, leave = _slabs(rays, half)
    near = jnp.maximum(jnp.maximum(enter.x, enter.y), enter.z)
    far = jnp.minimum(jnp.minimum(leave.x, leave.y), leave.z)
    distance = jnp.where(near <= far, _ahead(far), jnp.inf)
    return Hit(distance, -_face(rays.direction, leave.x <= far, leave.y <= far))


def sphere(rays: Rays, radius: Scalar) -> Hit:
    """The outside of a sphere of the given radius; the rays start outside it."""
    origin, direction = rays
    distance, exists = _smaller_root(
        direction.dot(direction), origin.dot(direction), origin.dot(origin) - radius**2
    )
    distance = jnp.where(exists, _ahead(distance), jnp.inf)
    return Hit(distance, rays.at(distance) * (1.0 / radius))


def cylinder(rays: Rays, radius: Scalar, half_height: Scalar) -> Hit:
    """The outside of an upright cylinder with flat ends; the rays start outside it."""
    side, exists = _upright_side(rays, radius)
    side_point = rays.at(side)
    on_side = exists & (jnp.abs(side_point.z) <= half_height)
    side_distance = jnp.where(on_side, _ahead(side), jnp.inf)

    # The rays come from above or below: only the end that faces them can be the first hit.
    up = -jnp.sign(rays.direction.z)
    end = (up * half_height - rays.origin.z) / _nonzero(rays.direction.z)
    end_point = rays.at(end)
    on_end = end_point.x**2 + end_point.y**2 <= radius**2
    end_distance = jnp.where(on_end, _ahead(end), jnp.inf)

    side_normal = Vector(side_point.x / radius, side_point.y / radius, jnp.zeros_like(side))
    end_normal = Vector(jnp.zeros_like(end), jnp.zeros_like(end), up)
    return nearest(Hit(side_distance, side_normal), Hit(end_distance, end_normal))


def capsule(rays: Rays, radius: Scalar, half_height: Scalar) -> Hit:
    """The outside of an upright capsule: all points within `radius` of a segment.

    Args:
        rays: the rays, which start outside it.
        radius: of the side and of the two round ends.
        half_height: half the length of the segment, at least 0; at 0 it is a sphere.

    Returns:
        The hit where the rays enter.
    """
    side, exists = _upright_side(rays, radius)
    side_z = rays.origin.z + side * rays.direction.z
    on_side = exists & (jnp.abs(side_z) <= half_height)
    # A ray that enters the endless cylinder above or below the segment can only enter the
    # capsule through the end on that side.
    end_z = jnp.where(side_z > 0, half_height, -half_height)
    end = sphere(rays.relative_to(Vector(0.0, 0.0, end_z)), radius).distance
    distance = jnp.where(on_side, _ahead(side), end)
    point = rays.at(distance)
    axis_z = jnp.clip(point.z, -half_height, half_height)
    return Hit(distance, (point - Vector(0.0, 0.0, axis_z)) * (1.0 / radius))


def _slabs(rays: Rays, half: Vector) -> tuple[Vector, Vector]:
    """Distances at which rays enter and leave the space between each pair of faces."""

    def slab(origin: Scalar, direction: Scalar, size: Scalar) -> tuple[Scalar, Scalar]:
        inverse = 1.0 / _nonzero(direction)
        middle, reach = -origin * inverse, size * jnp.abs(inverse)
        return middle - reach, middle + reach

    enter_x, leave_x = slab(rays.origin.x, rays.direction.x, half.x)
    enter_y, leave_y = slab(rays.origin.y, rays.direction.y, half.y)
    enter_z, leave_z = slab(rays.origin.z, rays.direction.z, half.z)
    return Vector(enter_x, enter_y, enter_z), Vector(leave_x, leave_y, leave_z)


def _face(direction: Vector, is_x: Scalar, is_y: Scalar) -> Vector:
    """Unit vector along the ray across the face that it crosses: x, else y, else z."""
    x = jnp.where(is_x, jnp.sign(direction.x), 0.0)
    y = jnp.where(is_y & ~is_x, jnp.sign(direction.y), 0.0)
    z = jnp.where(is_x | is_y, 0.0, jnp.sign(direction.z))
    return Vector(x, y, z)


def _upright_side(rays: Rays, radius: Scalar) -> tuple[Scalar, Scalar]:
    """Where rays enter an endless upright cylinder, and whether they do."""
    origin, direction = rays
    return _smaller_root(
        direction.x**2 + direction.y**2,
        origin.x * direction.x + origin.y * direction.y,
        origin.x**2 + origin.y**2 - radius**2,
    )


def _smaller_root(a: Scalar, half_b: Scalar, c: Scalar) -> tuple[Scalar, Scalar]:
    """Smaller root of a t^2 + 2 half_b t + c with a >= 0, and whether there is one."""
    discriminant = half_b * half_b - a * c
    root = (-half_b - jnp.sqrt(jnp.maximum(discriminant, 0.0))) / jnp.maximum(a, TINY)
    return root, discriminant >= 0


def _nonzero(value: Scalar) -> Scalar:
    """The value, moved away from 0 so that dividing by it stays finite."""
    return jnp.where(jnp.abs(value) < TINY, TINY, value)


def _ahead(distance: Scalar) -> Scalar:
    """The distance where it is ahead of the ray's origin, else infinite."""
    return jnp.where(distance > 0, distance, jnp.inf)
