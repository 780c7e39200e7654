"""The rendered twin of Isaac3D: a robot arm in a kitchen holds an object.

A picture is made in two steps. `trace` finds how much light reaches each pixel from the coloured
wall, the object, and everything else; `paint` gives the wall and the object their colours. What
the kitchen and the arm look like without the object depends on four sources only, so `renderer`
traces that once and keeps it; the object and its shadow are traced for every picture.
"""

import functools
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
    MATERIALS,
    NUMBERS,
    OBJECT_COLORS,
    SHAPES,
    WALL_COLORS,
    Kitchen,
    meet_kitchen,
    meet_object,
)
from lib.benchmarks.scene.vectors import Scalar, Vector
from lib.benchmarks.sources import Source
from lib.benchmarks.twin import Twin, add_twin

# Up to this size (68 x 68 pixels of 2 x 2 rays) what the rays meet besides the object is kept.
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


class Scenery(NamedTuple):
    """What rays meet besides the object: one value a ray, small enough to keep."""

    distance: Float[Array, "..."]
    red: Float[Array, "..."]
    green: Float[Array, "..."]
    blue: Float[Array, "..."]
    wall: Float[Array, "..."]  # 1 on the coloured wall, else 0
    direct: Float[Array, "..."]  # light from a lamp of strength 1, with highlights


class Light(NamedTuple):
    """Light that reaches each pixel from each part, before it takes the part's colour."""

    red: Float[Array, "*n h w"]
    green: Float[Array, "*n h w"]
    blue: Float[Array, "*n h w"]
    wall: Float[Array, "*n h w"]
    object: Float[Array, "*n h w"]


@functools.lru_cache(maxsize=4)
def renderer(resolution: int) -> Callable[[Int[ArrayLike, "*n 9"]], Float[Array, "*n h w 3"]]:
    """Make a function that draws source combinations, usable inside `jax.jit` and `jax.vmap`.

    Where the scenery without the object fits into `MAX_TABLE_BYTES`, it is traced at the first call
    and looked up from then on, much faster than tracing it for every picture.

    Args:
        resolution: pixels along each side, at least 1.

    Returns:
        A function from (..., 9) integers inside the grid, whose range is not checked, to
        (..., resolution, resolution, 3) float32 in [0, 1].
    """
    samples = samples_along_side(resolution)
    num_poses = len(KITCHEN.camera_heights) * len(KITCHEN.turns) * len(KITCHEN.lifts)
    bytes_a_ray = num_poses * (8 + 2 * len(KITCHEN.lamp_heights))
    if bytes_a_ray * (samples * resolution) ** 2 > MAX_TABLE_BYTES:
        return in_batches(lambda sources: render(sources, resolution, samples))

    table = made_once(lambda: scenery_table(resolution, samples))
    return in_batches(lambda sources: render(sources, resolution, samples, table()))


def render(
    sources: Int[ArrayLike, "*n 9"], resolution: int, samples: int, table: Scenery | None = None
) -> Float[Array, "*n h w 3"]:
    """Draw source combinations; usable inside `jax.jit` and `jax.vmap`.

    Args:
        sources: (..., 9) integers inside the grid; the range is not checked.
        resolution: pixels along each side.
        samples: rays along each side of a pixel.
        table: the scenery of all combinations, from `scenery_table`; traced where there is none.

    Returns:
        (..., resolution, resolution, 3) float32 in [0, 1].
    """
    *geometry, object_color, wall_color = jnp.moveaxis(jnp.asarray(sources), -1, 0)
    return paint(trace(*geometry, resolution, samples, table), object_color, wall_color)


def scenery_table(resolution: int, samples: int, kitchen: Kitchen = KITCHEN) -> Scenery:
    """The scenery of all rays in all poses.

    Returns:
        Arrays of shape (samples^2, camera_height, lighting_y, robot_x, robot_y, h, w), with 1 for
        lighting_y where it does not matter.
    """
    sizes = (kitchen.camera_heights, kitchen.lamp_heights, kitchen.turns, kitchen.lifts)
    steps = jnp.meshgrid(*(jnp.arange(len(values)) for values in sizes), indexing="ij", sparse=True)
    places = (jnp.arange(samples, dtype=jnp.float32) + 0.5) / samples
    offsets = jnp.stack(jnp.meshgrid(places, places), axis=-1).reshape(-1, 2)
    # The steps are arguments: of constants the compiler would trace the picture itself, slowly.
    one = jax.jit(lambda offset, *steps: _scenery(offset, *steps, resolution, kitchen))
    tables = [one(offset, *steps) for offset in offsets]
    return jax.tree.map(lambda *parts: jnp.stack(parts), *tables)


def trace(
    shape: Int[Array, "*n"],
    turn: Int[Array, "*n"],
    lift: Int[Array, "*n"],
    camera: Int[Array, "*n"],
    scale: Int[Array, "*n"],
    strength: Int[Array, "*n"],
    lamp: Int[Array, "*n"],
    resolution: int,
    samples: int,
    table: Scenery | None = None,
    kitchen: Kitchen = KITCHEN,
) -> Light:
    """Find the light that reaches each pixel.

    Args:
        shape: as in `SHAPES`.
        turn: of the arm, 0 to 7.
        lift: of the forearm, 0 to 4.
        camera: its height, 0 to 3.
        scale: of the object, 0 to 3.
        strength: of the lamp, 0 to 3.
        lamp: its height, 0 to 5.
        resolution: pixels along each side.
        samples: rays along each side of a pixel.
        table: from `scenery_table`, for the same resolution, samples and kitchen.
        kitchen: where things stand and how they are lit.

    Returns:
        Light of shape (..., resolution, resolution).
    """
    view = _camera(camera, kitchen)
    tip = _by_pixel(pose(turn, lift, kitchen).tip)
    bulb = _by_pixel(_lamp(lamp, kitchen))
    shape = shape[..., None, None]
    half = jnp.asarray(kitchen.scales)[scale][..., None, None]
    strength = jnp.asarray(kitchen.lamp_strengths)[strength][..., None, None]

    def light(offset: Float[Array, "2"]) -> Light:
        rays = view.rays(resolution, offset)
        if table is None:
            seen = _scenery(offset, camera, lamp, turn, lift, resolution, kitchen)
        else:
            across, down = jnp.floor(offset * samples).astype(jnp.int32)
            at = (down * samples + across, camera)
            still = [part[*at, 0, turn, lift] for part in table[:-1]]
            seen = Scenery(*still, table.direct[*at, lamp, turn, lift])
        item = meet_object(rays, tip, shape, half, kitchen)
        on_object = item.distance < seen.distance
        point = rays.at(seen.distance)
        blocker = meet_object(tracer.Rays(point, bulb - point), tip, shape, half, kitchen)
        direct = jnp.where(blocker.distance < 1.0, 0.0, seen.direct.astype(jnp.float32))
        brightness = kitchen.ambient + strength * direct
        # Nothing throws a shadow on the object.
        to_bulb = (bulb - rays.at(jnp.where(on_object, item.distance, 0.0))).unit()
        slope = jnp.maximum(item.normal.dot(to_bulb), 0.0)
        gloss, gloss_slope = kitchen.gloss
        gloss = gloss * strength * _highlight(item.normal, to_bulb, rays.direction, gloss_slope)
        # More of the ambient light comes from above, so that the sides of a cube differ.
        shade = kitchen.ambient * (0.8 + 0.2 * item.normal.z) + strength * slope
        grey = [
            jnp.where(on_object, gloss, part * (1 / 255) * brightness)
            for part in (seen.red, seen.green, seen.blue)
        ]
        return Light(
            *grey,
            wall=jnp.where(on_object, 0.0, seen.wall * brightness),
            object=jnp.where(on_object, shade, 0.0),
        )

    return supersample(light, samples)


def paint(
    light: Light, object_color: Int[Array, "*n"], wall_color: Int[Array, "*n"]
) -> Float[Array, "*n h w 3"]:
    """Give the light of the object and of the wall their colours.

    Returns:
        (..., h, w, 3) float32 in [0, 1].
    """
    item = jnp.asarray(tuple(OBJECT_COLORS.values()))[object_color][..., None, None, :]
    wall = jnp.asarray(tuple(WALL_COLORS.values()))[wall_color][..., None, None, :]
    channels = [
        part + light.object * item[..., c] + light.wall * wall[..., c]
        for c, part in enumerate((light.red, light.green, light.blue))
    ]
    return jnp.clip(jnp.stack(channels, axis=-1), 0.0, 1.0)


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
    return reach(shoulder, azimuth, upright, raised, kitchen.upper_arm, kitchen.forearm)


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


def _highlight(normal: Vector, to_lamp: Vector, direction: Vector, slope: float) -> Scalar:
    """How strongly a surface mirrors the lamp, 1 at most."""
    half_way = (to_lamp - direction).unit()
    return jnp.exp(slope * (half_way.dot(normal) - 1.0))


def _scenery(
    offset: Float[Array, "2"],
    camera: Int[Array, "*#n"],
    lamp: Int[Array, "*#n"],
    turn: Int[Array, "*#n"],
    lift: Int[Array, "*#n"],
    resolution: int,
    kitchen: Kitchen,
) -> Scenery:
    """Trace the kitchen and the arm; the sources need only broadcast against each other."""
    # A stage once computed is not computed again for the sources that come in with the next one.
    done = jax.lax.optimization_barrier
    rays = done(_camera(camera, kitchen).rays(resolution, offset))
    arm, bulb = _by_pixel((pose(turn, lift, kitchen), _lamp(lamp, kitchen)))
    still, material = done(meet_kitchen(rays, kitchen))
    limbs = done(_limbs(rays, arm, kitchen))
    on_limb = limbs.distance < still.distance
    seen = done(tracer.choose(on_limb, limbs, still))

    # Shadows fall on the kitchen, not on the arm; their rays start a little above the surface.
    point = rays.at(still.distance) + still.normal * 1e-3
    to_bulb = tracer.Rays(point, bulb - point)
    door = Vector(jnp.sin(kitchen.door_turn), -jnp.cos(kitchen.door_turn), 0.0)
    sheen, gleam = (
        strength * _highlight(door, to_bulb.direction.unit(), rays.direction, slope)
        for strength, slope in (kitchen.sheen, kitchen.gleam)
    )
    is_front = (material == NUMBERS["fridge"]) & (still.normal.y < -0.5)
    mirrored = jnp.where(is_front, sheen + gleam, 0.0)
    lit, mirrored = done((meet_kitchen(to_bulb, kitchen)[0].distance > 1.0, mirrored))
    lit &= _limbs(to_bulb, arm, kitchen).distance > 1.0
    slope = jnp.maximum(seen.normal.dot((bulb - rays.at(seen.distance)).unit()), 0.0)
    direct = jnp.where(on_limb, slope, jnp.where(lit, slope + mirrored, 0.0))

    material = jnp.where(on_limb, NUMBERS["robot"], material)
    levels = jnp.round(jnp.asarray(tuple(MATERIALS.values())) * 255).astype(jnp.uint8)
    red, green, blue = (channel[material] for channel in levels.T)
    wall = (material == NUMBERS["wall"]).astype(jnp.uint8)
    return Scenery(seen.distance, red, green, blue, wall, direct.astype(jnp.float16))


def _limbs(rays: tracer.Rays, arm: Arm, kitchen: Kitchen) -> tracer.Hit:
    """Where rays meet the column, the two links and the joints of the arm."""
    shoulder, elbow, wrist, _ = arm
    foot = shoulder - Vector(0.0, 0.0, kitchen.column)

    def ball(joint: Vector) -> tracer.Hit:
        return tracer.sphere(rays.relative_to(joint), kitchen.joint_radius)

    def add(hit: tracer.Hit, link: tuple[Vector, Vector]) -> tuple[tracer.Hit, None]:
        start, end = link
        return tracer.nearest(
            hit, tracer.rod(rays, start, end, kitchen.arm_radius), ball(end)
        ), None

    def stack(*joints: Vector) -> Vector:
        return jax.tree.map(lambda *parts: jnp.stack(jnp.broadcast_arrays(*parts)), *joints)

    links = stack(foot, shoulder, elbow), stack(shoulder, elbow, wrist)
    return jax.lax.scan(add, ball(elbow), links)[0]


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
                "The twin's kitchen and robot are simple bodies with smooth surfaces and hard "
                "shadows, and places and strengths of the lamp were read off a few frames."
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
