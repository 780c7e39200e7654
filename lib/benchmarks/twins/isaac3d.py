"""The rendered twin of Isaac3D: a robot arm in a kitchen holds an object.

A picture has three layers: the kitchen, the arm before it, and the object that the arm holds. What
the kitchen looks like depends on two sources only, and where the arm is on three, so both are
traced once and looked up from then on; the object is traced for every picture. Arm and object are
lit a pixel at a time, from the mean of what the rays of the pixel meet. The lamp stands beside the
arm and behind it, so that both throw no shadow on what the camera sees.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from lib.benchmarks.looked_up import LookedUp
from lib.benchmarks.publication import Publication, PublishedFile, drive_addresses
from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.camera import (
    Arrays,
    Camera,
    in_batches,
    samples_along_side,
    supersample,
)
from lib.benchmarks.scene.kitchen import (
    KITCHEN,
    OBJECT_COLORS,
    ROBOT_COLOR,
    SHAPES,
    WALL_COLORS,
    Kitchen,
    meet_object,
)
from lib.benchmarks.scene.kitchen_light import Backdrop, arriving, backdrop, received, shine
from lib.benchmarks.scene.robot import meet_rods, pose, rods
from lib.benchmarks.scene.vectors import Scalar, Vector
from lib.benchmarks.sources import Source
from lib.benchmarks.twin import Twin, add_twin

# A layer is kept up to this size: the arm in pictures of 125 pixels along each side.
MAX_TABLE_BYTES = 60_000_000


def _labels(values: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


SOURCES = (
    Source("object_shape", SHAPES, description="shape of the object"),
    Source(
        "robot_x",
        _labels(KITCHEN.turns),
        description="turn of the arm, from left to right",
        unit="degrees",
    ),
    Source("robot_y", _labels(KITCHEN.lifts), description="lift of the forearm", unit="degrees"),
    Source(
        "camera_height",
        _labels(KITCHEN.camera_heights),
        description="height of the camera",
        unit="m",
    ),
    Source(
        "object_scale", _labels(KITCHEN.scales), description="half the side of the cube", unit="m"
    ),
    Source(
        "lighting_intensity", _labels(KITCHEN.lamp_strengths), description="strength of the lamp"
    ),
    Source("lighting_y", _labels(KITCHEN.lamp_heights), description="height of the lamp", unit="m"),
    Source("object_color", tuple(OBJECT_COLORS), description="colour of the object"),
    Source("wall_color", tuple(WALL_COLORS), description="colour of the wall"),
)


class Surface(NamedTuple):
    """What a layer shows in each pixel, as means over the pixel's rays."""

    share: Float[Array, "*n h w"]  # of the pixel that the layer covers
    distance: Float[Array, "*n h w"]  # times the share
    normal: Vector  # times the share
    tone: Float[Array, "*n h w"]  # share of its colour that it throws back, times the share


@functools.lru_cache(maxsize=4)
def renderer(resolution: int) -> Callable[[Int[ArrayLike, "*n 9"]], Float[Array, "*n h w 3"]]:
    """Make a function that draws source combinations, usable inside `jax.jit` and `jax.vmap`.

    Args:
        resolution: pixels along each side, at least 1.

    Returns:
        A function from (..., 9) integers inside the grid, whose range is not checked, to
        (..., resolution, resolution, 3) float32 in [0, 1].
    """
    return drawing(resolution, samples_along_side(resolution))


def drawing(
    resolution: int, samples: int, kitchen: Kitchen = KITCHEN, max_bytes: int = MAX_TABLE_BYTES
) -> LookedUp:
    """Make a function that draws source combinations in a given kitchen.

    Args:
        resolution: pixels along each side.
        samples: rays along each side of a pixel.
        kitchen: where things stand and how they are lit.
        max_bytes: layers up to this size are traced at the first call and kept.

    Returns:
        A function as from `renderer`.
    """

    def behind(camera: Int[Array, "*n"], lamp: Int[Array, "*n"]) -> Backdrop:
        view, bulb = _camera(camera, kitchen), _lamp(lamp, kitchen)
        return supersample(
            lambda offset: backdrop(view.rays(resolution, offset), offset, bulb, kitchen), samples
        )

    def before(camera: Int[Array, "*n"], turn: Int[Array, "*n"], lift: Int[Array, "*n"]) -> Surface:
        limbs = rods(_by_pixel(pose(turn, lift, kitchen)), kitchen)
        view = _camera(camera, kitchen)
        return _surface(lambda rays: meet_rods(rays, limbs), view, resolution, samples)

    cameras, lamps = len(kitchen.camera_heights), len(kitchen.lamp_heights)
    poses = (cameras, len(kitchen.turns), len(kitchen.lifts))

    def make() -> tuple[Backdrop | None, Surface | None]:
        return _table(behind, (cameras, lamps), max_bytes), _table(before, poses, max_bytes)

    @in_batches
    def draw(
        tables: tuple[Backdrop | None, Surface | None], sources: Int[Array, "n 9"]
    ) -> Float[Array, "n h w 3"]:
        columns = jnp.moveaxis(jnp.asarray(sources), -1, 0)
        shape, turn, lift, camera, scale, strength, lamp, object_color, wall_color = columns
        view, bulb = _camera(camera, kitchen), _lamp(lamp, kitchen)
        tip = _by_pixel(pose(turn, lift, kitchen).tip)
        half = _pick(kitchen.scales, scale)
        strength = _pick(kitchen.lamp_strengths, strength)

        def meet(rays: tracer.Rays) -> tuple[tracer.Hit, Scalar]:
            return meet_object(rays, tip, _by_pixel(shape), half, kitchen), 1.0

        arm = _look_up(before, tables[1], camera, turn, lift)
        item = _surface(meet, view, resolution, samples)
        rays = view.rays(resolution, jnp.full(2, 0.5))
        arm_light, arm_shine = _shade(arm, rays, bulb, strength, kitchen)
        item_light, item_shine = _shade(item, rays, bulb, strength, kitchen)
        is_front = item.distance * arm.share < arm.distance * item.share
        item_share = item.share * (1.0 - jnp.where(is_front, 0.0, arm.share))
        arm_share = arm.share * (1.0 - jnp.where(is_front, item.share, 0.0))
        layers = zip(*_look_up(behind, tables[0], camera, lamp), strict=True)
        parts = [still + strength * lit for still, lit in layers]
        *room, wall = parts
        item_color, wall_color = (
            [_pick(channel, step) for channel in zip(*colors.values(), strict=True)]
            for colors, step in ((OBJECT_COLORS, object_color), (WALL_COLORS, wall_color))
        )
        channels = [
            (1.0 - item_share - arm_share) * (room[c] + wall * wall_color[c])
            + arm_share * (arm_light * ROBOT_COLOR[c] + arm_shine)
            + item_share * (item_light * item_color[c] + item_shine)
            for c in range(3)
        ]
        return develop(jnp.stack(channels, axis=-1))

    return LookedUp(make, draw)


def develop(light: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """How film answers to light of at least 0: never full, and with the usual gamma of nearly 2."""
    return jnp.sqrt(light / (1.0 + light))


def _table(make: Callable[..., Arrays], sizes: tuple[int, ...], max_bytes: int) -> Arrays | None:
    """All values of a function of integers below `sizes`; None where they are too large."""
    step = jax.ShapeDtypeStruct((), jnp.int32)
    one = jax.eval_shape(make, *(step for _ in sizes))
    num_bytes = sum(4 * leaf.size for leaf in jax.tree.leaves(one)) * math.prod(sizes)
    if num_bytes > max_bytes:
        return None
    steps = jnp.indices(sizes).reshape(len(sizes), -1).T
    # The steps are an argument: of constants the compiler would trace the picture itself.
    flat = jax.jit(lambda steps: jax.lax.map(lambda step: make(*step), steps))(steps)
    return jax.tree.map(lambda part: part.reshape(*sizes, *part.shape[1:]), flat)


def _look_up(make: Callable[..., Arrays], table: Arrays | None, *steps: Int[Array, "*n"]) -> Arrays:
    """Values of a function, from its table where there is one."""
    return make(*steps) if table is None else jax.tree.map(lambda part: part[steps], table)


def _surface(
    meet: Callable[[tracer.Rays], tuple[tracer.Hit, Scalar]],
    view: Camera,
    resolution: int,
    samples: int,
) -> Surface:
    """Average what `meet` finds along the rays of each pixel: where, and in what tone."""

    def one(offset: Float[Array, "2"]) -> Surface:
        hit, tone = meet(view.rays(resolution, offset))
        met = jnp.isfinite(hit.distance)
        parts = jax.tree.map(lambda part: jnp.where(met, part, 0.0), (*hit, tone))
        return Surface(met.astype(jnp.float32), *parts)

    return supersample(one, samples)


def _shade(
    surface: Surface, rays: tracer.Rays, bulb: Vector, strength: Scalar, kitchen: Kitchen
) -> tuple[Scalar, Scalar]:
    """Light that a surface of the arm or the object throws back, with and without its colour."""
    scale = 1.0 / jnp.maximum(surface.share, tracer.TINY)
    point, normal = rays.at(surface.distance * scale), surface.normal * scale
    window, lamp = (received(point, normal, light) for light in (Vector(*kitchen.window), bulb))
    still, lit = arriving(point, normal, window, lamp, kitchen)
    tone = surface.tone * scale
    glint = strength * shine(point, normal, rays.direction, bulb, kitchen.gloss)
    return (still + strength * lit) * tone, glint * tone


def _by_pixel(value: Arrays) -> Arrays:
    """With a trailing pair of axes, to broadcast against the pixels."""
    return jax.tree.map(lambda part: jnp.asarray(part)[..., None, None], value)


def _pick(values: tuple[float, ...], step: Int[Array, "*n"]) -> Float[Array, "*n 1 1"]:
    """One of several values for each image, to broadcast against its pixels."""
    return _by_pixel(jnp.asarray(values, jnp.float32)[step])


def _camera(height: Int[Array, "*n"], kitchen: Kitchen) -> Camera:
    """A camera that is lifted without being turned."""
    up = jnp.asarray(kitchen.camera_heights)[height]
    nothing = jnp.zeros(height.shape)
    position = Vector(nothing, nothing - kitchen.camera_distance, up)
    ahead = Vector(0.0, 1.0, jnp.tan(jnp.radians(kitchen.camera_pitch)))
    return Camera(position, position + ahead, jnp.radians(kitchen.field_of_view))


def _lamp(height: Int[Array, "*n"], kitchen: Kitchen) -> Vector:
    return Vector(kitchen.lamp_x, kitchen.lamp_y, _pick(kitchen.lamp_heights, height))


add_twin(
    Twin(
        name="isaac3d",
        title="Isaac3D",
        sources=SOURCES,
        renderer=renderer,
        publication=Publication(
            title="Isaac3D",
            citation=(
                "Weili Nie et al., Semi-Supervised StyleGAN for Disentanglement Learning, ICML 2020"
            ),
            licence="CC BY 4.0",
            url="https://github.com/NVlabs/High-res-disentanglement-datasets",
            twin_differs=(
                "The twin's surfaces have no texture and light is not thrown back from one to "
                "another; the arm has round, lighter links instead of a modelled hull, objects "
                "are a quarter larger, since a step of smaller ones would hardly be seen, and arm "
                "and object cast no shadow on the kitchen."
            ),
        ),
        published=PublishedFile(
            file_name="Isaac3D_down128.zip",
            addresses=drive_addresses("1OmQ1G2wnm6eTsSFGTKFZZAh5D3nQTW1B"),
            format="zip",
            images="Isaac3D_down128/images",
            labels="Isaac3D_down128/labels.npy",
            about_bytes=13_000_000_000,
            resolution=128,
        ),
        # Drawing an image takes several times as long as one of Shapes3D, which is looked up.
        profiles={
            "laptop": {
                "steps": 1_000,
                "learning_rate": 2e-3,
                "training_images": 10_000,
                "evaluation_images": 4_000,
            },
        },
    ),
    __name__,
)
