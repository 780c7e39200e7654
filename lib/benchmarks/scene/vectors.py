"""Three-dimensional vectors as three arrays, which XLA turns into vectorised CPU loops."""

import dataclasses
from typing import Self

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

# One number for each element, of any shape that broadcasts, or one for all.
Scalar = ArrayLike


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Vector:
    """A vector for every element of three arrays of broadcastable shapes.

    A trailing axis of length 3 would be slower: the compiler vectorises over the last axis.
    """

    x: Scalar
    y: Scalar
    z: Scalar

    def __add__(self, other: Self) -> Self:
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other: Self) -> Self:
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def __neg__(self) -> Self:
        return Vector(-self.x, -self.y, -self.z)

    def __mul__(self, factor: Scalar) -> Self:
        return Vector(self.x * factor, self.y * factor, self.z * factor)

    def dot(self, other: Self) -> Scalar:
        """Scalar product."""
        return self.x * other.x + self.y * other.y + self.z * other.z

    def cross(self, other: Self) -> Self:
        """Vector product."""
        return Vector(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )

    def unit(self) -> Self:
        """The vector of length 1 in the same direction."""
        return self * (1.0 / jnp.sqrt(self.dot(self)))


def where(condition: Scalar, chosen: Vector, otherwise: Vector) -> Vector:
    """`chosen` where the condition holds, `otherwise` elsewhere."""
    return Vector(
        jnp.where(condition, chosen.x, otherwise.x),
        jnp.where(condition, chosen.y, otherwise.y),
        jnp.where(condition, chosen.z, otherwise.z),
    )
