"""The rendered twin of Isaac3D: a robot arm in a kitchen holds an object.

A picture has three layers: the kitchen, the arm before it, and the object that the arm holds. What
the kitchen looks like depends on two sources only, and where the arm is on three, so both are
traced once and looked up from then on; the object is traced for every picture. Each layer is lit
a pixel at a time, from the mean of what the rays of the pixel meet.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from lib.benchmarks.publication import Publication, PublishedFile, drive_addresses
from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.arm import Arm, reach
from lib.benchmarks.scene.camera import (
    Arrays,
    Camera,
    in_batches,
    made_once,
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
    Rod,
    kitchen_light,
    meet_object,
    received,
    rods,
    shine,
)
from lib.benchmarks.scene.vectors import Scalar, Vector
from lib.benchmarks.sources import Source
from lib.benchmarks.twin import Twin, add_twin

# A layer is kept up to this size: the arm in pictures of 135 pixels along each side.
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
    draw = drawing(resolution, samples_along_side(resolution))
    return in_batches(draw)


def drawing(
    resolution: int, samples: int, kitchen: Kitchen = KITCHEN, max_bytes: int = MAX_TABLE_BYTES
) -> Callable[[Int[Array, "*n 9"]], Float[Array, "*n h w 3"]]:
    """As `renderer`, in a given kitchen.

    Args:
        resolution: pixels along each side.
        samples: rays along each side of a pixel.
        kitchen: where things stand and how they are lit.
        max_bytes: up to this size a layer is traced at the first call and kept.
    """

    def backdrop(camera: Int[Array, "*n"], lamp: Int[Array, "*n"]) -> tuple:
        view, bulb = _camera(camera, kitchen), _by_pixel(_lamp(lamp, kitchen))
        return supersample(
            lambda offset: kitchen_light(view.rays(resolution, offset), offset, bulb, kitchen),
            samples,
        )

    def arm_surface(
        camera: Int[Array, "*n"], turn: Int[Array, "*n"], lift: Int[Array, "*n"]
    ) -> Surface:
        view, arm = _camera(camera, kitchen), _by_pixel(pose(turn, lift, kitchen))
        limbs = _stack(*rods(arm, kitchen))
        return _surface(lambda rays: _meet_rods(rays, limbs), view, resolution, samples)

    cameras, lamps = len(kitchen.camera_heights), len(kitchen.lamp_heights)
    backdrop = _kept(backdrop, (cameras, lamps), max_bytes)
    poses = cameras, len(kitchen.turns), len(kitchen.lifts)
    arm_surface = _kept(arm_surface, poses, max_bytes)

    def draw(sources: Int[Array, "*n 9"]) -> Float[Array, "*n h w 3"]:
        columns = jnp.moveaxis(jnp.asarray(sources), -1, 0)
        shape, turn, lift, camera, scale, strength, lamp, object_color, wall_color = columns
        view, arm = _camera(camera, kitchen), _by_pixel(pose(turn, lift, kitchen))
        shape, half, strength = _by_pixel(
            (shape, jnp.asarray(kitchen.scales)[scale], jnp.asarray(kitchen.lamp_strengths)[strength])
        )
        bulb = _by_pixel(_lamp(lamp, kitchen))
        still, lit, wall_still, wall_lit = backdrop(camera, lamp)
        robot = arm_surface(camera, turn, lift)
        item = _surface(
            lambda rays: (meet_object(rays, arm.tip, shape, half, kitchen), 1.0),
            view,
            resolution,
            samples,
        )

        rays = view.rays(resolution, jnp.full(2, 0.5))
        wall = wall_still + strength * wall_lit
        arm_light, arm_shine = _shade(robot, rays, bulb, strength, kitchen)
        item_light, item_shine = _shade(item, rays, bulb, strength, kitchen)
        in_front = item.distance * robot.share < robot.distance * item.share
        item_share = item.share * (1.0 - jnp.where(in_front, 0.0, robot.share))
        arm_share = robot.share * (1.0 - jnp.where(in_front, item.share, 0.0))
        rest = 1.0 - item_share - arm_share
        channels = [
            rest * (still[c] + strength * lit[c] + wall * _color(WALL_COLORS, wall_color, c))
            + arm_share * (arm_light * ROBOT_COLOR[c] + arm_shine)
            + item_share * (item_light * _color(OBJECT_COLORS, object_color, c) + item_shine)
            for c in range(3)
        ]
        return develop(jnp.stack(channels, axis=-1))

    return draw


def develop(light: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """How film answers to light of at least 0: never full, and with the usual gamma of nearly 2."""
    return jnp.sqrt(light / (1.0 + light))


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
    shoulder = Vector(kitchen.robot_x, 0.0, kitchen.shoulder_z)
    upright = 0.5 * jnp.pi + lean
    arm = reach(shoulder, azimuth, upright, raised, kitchen.upper_arm, kitchen.forearm)
    rise = arm.tip.z.cross(arm.tip.x) * kitchen.hand_rise
    return arm._replace(tip=arm.tip._replace(origin=arm.wrist + rise))


def _kept(make: Callable[..., Arrays], sizes: tuple[int, ...], max_bytes: int) -> Callable:
    """The same function, looked up in a table of all its values where that is small enough."""
    step = jax.ShapeDtypeStruct((), jnp.int32)
    one = jax.eval_shape(make, *(step for _ in sizes))
    num_bytes = sum(4 * leaf.size for leaf in jax.tree.leaves(one)) * math.prod(sizes)
    if num_bytes > max_bytes:
        return make

    def fill() -> Arrays:
        steps = jnp.indices(sizes).reshape(len(sizes), -1).T
        # The steps are an argument: of constants the compiler would trace the picture itself.
        flat = jax.jit(lambda steps: jax.lax.map(lambda step: make(*step), steps))(steps)
        return jax.tree.map(lambda part: part.reshape(*sizes, *part.shape[1:]), flat)

    table = made_once(fill)
    return lambda *steps: jax.tree.map(lambda part: part[steps], table())


def _surface(
    meet: Callable[[tracer.Rays], tuple[tracer.Hit, Scalar]],
    view: Camera,
    resolution: int,
    samples: int,
) -> Surface:
    def one(offset: Float[Array, "2"]) -> Surface:
        hit, tone = meet(view.rays(resolution, offset))
        met = jnp.isfinite(hit.distance)
        parts = jax.tree.map(lambda part: jnp.where(met, part, 0.0), (*hit, tone))
        return Surface(met.astype(jnp.float32), *parts)

    return supersample(one, samples)


def _meet_rods(rays: tracer.Rays, limbs: Rod) -> tuple[tracer.Hit, Scalar]:
    """Where rays meet the first of several rods, and its tone."""

    def add(found: tuple[tracer.Hit, Scalar], limb: Rod) -> tuple:
        nearest, tone = found
        hit = tracer.rod(rays, limb.start, limb.end, limb.radius)
        closer = hit.distance < nearest.distance
        return (tracer.choose(closer, hit, nearest), jnp.where(closer, limb.tone, tone)), None

    dark = jnp.zeros(jnp.broadcast_shapes(rays.direction.x.shape, limbs.start.x.shape[1:]))
    nothing = tracer.Hit(dark + jnp.inf, Vector(dark, dark, dark))
    return jax.lax.scan(add, (nothing, dark), limbs)[0]


def _shade(
    surface: Surface, rays: tracer.Rays, bulb: Vector, strength: Scalar, kitchen: Kitchen
) -> tuple[Scalar, Scalar]:
    """Light that a surface of the arm or the object throws back, with and without its colour."""
    normal = (surface.normal + Vector(0.0, 0.0, tracer.TINY)).unit()
    point = rays.at(surface.distance / jnp.maximum(surface.share, tracer.TINY))
    window = received(point, normal, Vector(*kitchen.window))
    back = received(point, normal, Vector(*kitchen.back))
    light = kitchen.ambient + kitchen.window_strength * window + kitchen.back_strength * back
    light += strength * (received(point, normal, bulb) + kitchen.back_share * back)
    tone = surface.tone / jnp.maximum(surface.share, tracer.TINY)
    return light * tone, strength * shine(point, normal, rays.direction, bulb, kitchen.gloss) * tone


def _color(colors: dict[str, tuple[float, ...]], step: Int[Array, "*n"], channel: int) -> Scalar:
    return _by_pixel(jnp.asarray([color[channel] for color in colors.values()])[step])


def _stack(*parts: Arrays) -> Arrays:
    """With a new leading axis."""
    return jax.tree.map(lambda *leaves: jnp.stack(jnp.broadcast_arrays(*leaves)), *parts)


def _by_pixel(value: Arrays) -> Arrays:
    """With a trailing pair of axes, to broadcast against the pixels."""
    return jax.tree.map(lambda part: jnp.asarray(part)[..., None, None], value)


def _camera(height: Int[Array, "*n"], kitchen: Kitchen) -> Camera:
    """A camera that is lifted without being turned."""
    up = jnp.asarray(kitchen.camera_heights)[height]
    nothing = jnp.zeros(height.shape)
    position = Vector(nothing, nothing - kitchen.camera_distance, up)
    ahead = Vector(0.0, 1.0, jnp.tan(jnp.radians(kitchen.camera_pitch)))
    return Camera(position, position + ahead, jnp.radians(kitchen.field_of_view))


def _lamp(height: Int[Array, "*n"], kitchen: Kitchen) -> Vector:
    up = jnp.asarray(kitchen.lamp_heights)[height]
    return Vector(kitchen.lamp_x, kitchen.lamp_y, up)


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
        # Each image is traced, which takes some ten times as long as one of Shapes3D.
        profiles={
            "laptop": {
                "steps": 1_000,
                "learning_rate": 2e-3,
                "training_images": 10_000,
                "evaluation_images": 4_000,
            }
        },
    ),
    __name__,
)
