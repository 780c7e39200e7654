"""Rays and where they first meet planes, boxes, spheres, cylinders, cones, capsules and rods.

Every intersection is a closed form without branches on data, in float32, so that scenes can be
traced under `jax.jit` and `jax.vmap`. Shapes are given in their own frame, centred at
the origin and upright along z; rays are moved into that frame (`Rays.relative_to`), or turned too
where the shape does not stand upright (`Frame`).
"""

from typing import NamedTuple

import jax.numpy as jnp

from lib.benchmarks.scene.vectors import Scalar, Vector, where

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


class Frame(NamedTuple):
    """A place to stand and three axes of length 1 at right angles, right-handed."""

    origin: Vector
    x: Vector
    y: Vector
    z: Vector

    @classmethod
    def upright_along(cls, origin: Vector, z: Vector, side: Vector) -> "Frame":
        """The frame with its z axis along `z`, and its x axis as nearly along `side` as it can be.

        Args:
            origin: where the frame stands.
            z: of any length above 0.
            side: of any length above 0, not parallel to `z`.
        """
        z = z.unit()
        y = z.cross(side).unit()
        return cls(origin, y.cross(z), y, z)

    def enter(self, rays: Rays) -> Rays:
        """The same rays in this frame's coordinates; distances along them stay the same."""
        return Rays(self._seen(rays.origin - self.origin), self._seen(rays.direction))

    def leave(self, hit: Hit) -> Hit:
        """A hit found in this frame, with its normal in the outer coordinates."""
        normal = hit.normal
        outer = self.x * normal.x + self.y * normal.y + self.z * normal.z
        return Hit(hit.distance, outer)

    def _seen(self, vector: Vector) -> Vector:
        return Vector(vector.dot(self.x), vector.dot(self.y), vector.dot(self.z))


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


def cone(rays: Rays, bottom: Scalar, top: Scalar, half_height: Scalar) -> Hit:
    """The outside of an upright cone with flat ends; the rays start outside it.

    Args:
        rays: the rays.
        bottom: radius of the lower end, at least 0.
        top: radius of the upper end, at least 0; at 0 the cone is pointed.
        half_height: half its height, above 0.

    Returns:
        The hit where the rays enter.
    """
    origin, direction = rays
    slope = (top - bottom) / (2 * half_height)
    middle = 0.5 * (bottom + top)
    # The radius of the endless cone at a ray's origin, and how it changes along the ray.
    width, widening = middle + slope * origin.z, slope * direction.z
    a = direction.x**2 + direction.y**2 - widening**2
    half_b = origin.x * direction.x + origin.y * direction.y - width * widening
    c = origin.x**2 + origin.y**2 - width**2
    discriminant = half_b * half_b - a * c
    reach = jnp.sqrt(jnp.maximum(discriminant, 0.0))
    # Neither root loses digits in this form, and `a` may be 0 or negative.
    q = -(half_b + jnp.where(half_b < 0, -reach, reach))
    side = jnp.inf
    for root in (q / _nonzero(a), c / _nonzero(q)):
        on_side = (discriminant >= 0) & (jnp.abs(origin.z + root * direction.z) <= half_height)
        side = jnp.minimum(side, jnp.where(on_side, _ahead(root), jnp.inf))

    up = -jnp.sign(direction.z)
    end = (up * half_height - origin.z) / _nonzero(direction.z)
    end_point = rays.at(end)
    on_end = end_point.x**2 + end_point.y**2 <= jnp.where(up > 0, top, bottom) ** 2
    end_distance = jnp.where(on_end, _ahead(end), jnp.inf)

    point = rays.at(jnp.where(jnp.isfinite(side), side, 0.0))
    inverse = 1.0 / jnp.sqrt(1.0 + slope**2)
    outward = inverse / jnp.maximum(jnp.sqrt(point.x**2 + point.y**2), TINY)
    side_normal = Vector(point.x * outward, point.y * outward, -slope * inverse + 0.0 * side)
    end_normal = Vector(jnp.zeros_like(end), jnp.zeros_like(end), up)
    return nearest(Hit(side, side_normal), Hit(end_distance, end_normal))


def rod(rays: Rays, start: Vector, end: Vector, radius: Scalar) -> Hit:
    """The outside of a rod with round ends: all points within `radius` of a segment.

    Args:
        rays: the rays, which start outside it.
        start: one end of the segment.
        end: the other, elsewhere.
        radius: above 0.

    Returns:
        The hit where the rays enter.
    """
    origin, direction = rays.relative_to(start)
    axis = end - start
    length = axis.dot(axis)
    along, offset = axis.dot(direction), axis.dot(origin)
    # What is left across the axis is a circle of the given radius.
    side, exists = _smaller_root(
        direction.dot(direction) - along**2 / length,
        direction.dot(origin) - along * offset / length,
        origin.dot(origin) - offset**2 / length - radius**2,
    )
    place = (offset + side * along) / length
    on_side = exists & (place >= 0) & (place <= 1)
    end_place = jnp.where(place > 0.5, 1.0, 0.0)
    ball = sphere(Rays(origin - axis * end_place, direction), radius).distance
    distance = jnp.where(on_side, _ahead(side), ball)
    point = origin + direction * distance
    nearest_place = jnp.clip((offset + distance * along) / length, 0.0, 1.0)
    return Hit(distance, (point - axis * nearest_place) * (1.0 / radius))


def passes_rod(rays: Rays, start: Vector, end: Vector, radius: Scalar) -> Scalar:
    """Whether rays come within `radius` of a segment, between its ends.

    It costs a third of `rod`, of which it leaves out the round ends. Where many rays share a
    direction, all but three scalar products is done once for all of them.

    Args:
        rays: the rays.
        start: one end of the segment.
        end: the other, elsewhere.
        radius: above 0.

    Returns:
        True where the way from the ray's origin to the point nearest to the segment's line leads
        ahead, and that point lies between the ends.
    """
    origin, direction = rays.relative_to(start)
    axis = end - start
    across = direction.cross(axis)
    square = jnp.maximum(across.dot(across), TINY)
    beside = origin.dot(across)
    place = origin.dot(direction.cross(across)) / -square
    distance = origin.dot(axis.cross(across)) / -square
    return (beside**2 <= radius**2 * square) & (place >= 0) & (place <= 1) & (distance > 0)


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
