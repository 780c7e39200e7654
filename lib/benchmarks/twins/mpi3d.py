"""The rendered twin of MPI3D (real, complex shapes): an object on a robot arm in a dark booth.

A picture is made in two steps. `trace` finds how much light reaches each pixel from the booth, the
coloured ring on its floor, the object's outside and its pale parts; `paint` gives the object and
the ring their colours.
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
from lib.benchmarks.scene.camera import Camera, in_batches, samples_along_side, supersample
from lib.benchmarks.scene.objects import SHAPES, held_object
from lib.benchmarks.scene.vectors import Scalar, Vector
from lib.benchmarks.sources import Source, even_labels
from lib.benchmarks.twin import Twin, add_twin

OBJECT_COLORS = {
    "yellow": (0.93, 0.83, 0.10),
    "green": (0.10, 0.47, 0.21),
    "olive": (0.60, 0.66, 0.31),
    "red": (0.92, 0.16, 0.07),
}
BACKGROUND_COLORS = {
    "purple": (0.37, 0.31, 0.62),
    "sea green": (0.25, 0.45, 0.40),
    "salmon": (0.56, 0.42, 0.39),
}
SIZES = ("small", "large")
CAMERAS = ("top", "centre", "bottom")
NUM_STEPS = 40  # of each joint


class Booth(NamedTuple):
    """Where things stand and how they are lit; the unit of length is the pillar's height.

    The pillar stands at the origin, z points up, the cameras are on the side of negative y.
    Strengths of light are fractions of full brightness. The numbers were set by eye beside sample
    frames of the published data set.
    """

    camera_distance: float = 4.0  # horizontally, from the pillar
    camera_heights: tuple[float, float, float] = (2.7, 2.2, 1.75)  # top, centre, bottom
    target_heights: tuple[float, float, float] = (0.95, 1.0, 1.05)
    field_of_view: float = 41.0  # degrees
    ring_inside: float = 2.35  # radii of the coloured ring on the floor
    ring_outside: float = 2.75
    wall_radius: float = 3.6
    pillar_radius: float = 0.11
    base_radius: float = 0.27
    base_height: float = 0.07
    arm_radius: float = 0.045
    upper_arm: float = 0.45  # lengths of the two links
    forearm: float = 0.38
    bend: float = -35.0  # degrees from the upper arm to the forearm
    first_turn: float = 8.0  # degrees of the horizontal axis, from the right towards the camera
    last_turn: float = -172.0
    first_lift: float = 15.0  # degrees of the vertical axis, from the floor up
    last_lift: float = 120.0
    small: float = 0.24  # radius of the ball that holds the object
    large: float = 0.40
    ambient: float = 0.30
    sun: float = 0.75
    sun_x: float = -0.45  # towards the light
    sun_y: float = -0.55
    sun_z: float = 0.75
    floor: float = 0.16  # how bright grey things are under full light
    wall: float = 0.05
    metal: float = 0.06


BOOTH = Booth()
GREY = (0.84, 1.0, 0.93)  # tint of the booth and of the arm
PALE = (0.80, 0.90, 0.78)  # inside of the coffee cup, seam of the ball

SOURCES = (
    Source("object_color", tuple(OBJECT_COLORS), description="colour of the object"),
    Source("object_shape", SHAPES, description="shape of the object"),
    Source("object_size", SIZES, description="size of the object"),
    Source("camera_height", CAMERAS, description="height of the camera"),
    Source(
        "background_color", tuple(BACKGROUND_COLORS), description="colour of the ring on the floor"
    ),
    Source(
        "horizontal_axis",
        even_labels(BOOTH.first_turn, BOOTH.last_turn, NUM_STEPS),
        description="turn of the arm around the pillar",
        unit="degrees",
    ),
    Source(
        "vertical_axis",
        even_labels(BOOTH.first_lift, BOOTH.last_lift, NUM_STEPS),
        description="lift of the arm above the floor",
        unit="degrees",
    ),
)


class Light(NamedTuple):
    """Light that reaches each pixel from each part, before it takes the part's colour."""

    grey: Float[Array, "*n h w"]
    ring: Float[Array, "*n h w"]
    object: Float[Array, "*n h w"]
    pale: Float[Array, "*n h w"]


class Still(NamedTuple):
    """What rays meet of the booth, which never moves."""

    distance: Scalar
    slope: Scalar  # cosine of the angle between its normal and the light
    grey: Scalar  # how bright it is under full light; 0 on the ring
    ring: Scalar  # 1 on the ring


@functools.lru_cache(maxsize=4)
def renderer(resolution: int) -> Callable[[Int[ArrayLike, "*n 7"]], Float[Array, "*n h w 3"]]:
    """Make a function that draws source combinations, usable inside `jax.jit` and `jax.vmap`.

    Args:
        resolution: pixels along each side, at least 1.

    Returns:
        A function from (..., 7) integers inside the grid, whose range is not checked, to
        (..., resolution, resolution, 3) float32 in [0, 1].
    """
    samples = samples_along_side(resolution)

    @in_batches
    def draw(sources: Int[Array, "n 7"]) -> Float[Array, "n h w 3"]:
        color, shape, size, camera, background, turn, lift = sources.T
        return paint(trace(shape, size, camera, turn, lift, resolution, samples), color, background)

    return draw


def trace(
    shape: Int[Array, "*n"],
    size: Int[Array, "*n"],
    camera: Int[Array, "*n"],
    turn: Int[Array, "*n"],
    lift: Int[Array, "*n"],
    resolution: int,
    samples: int,
    booth: Booth = BOOTH,
) -> Light:
    """Find the light that reaches each pixel.

    Args:
        shape: 0 to 3, as in `SHAPES`.
        size: 0 for small, 1 for large.
        camera: 0 to 2, from the top to the bottom.
        turn: 0 to 39, from the right through the front to the left.
        lift: 0 to 39, from the floor up.
        resolution: pixels along each side.
        samples: rays along each side of a pixel.
        booth: where things stand.

    Returns:
        Parts of shape (..., resolution, resolution).
    """
    sun = Vector(booth.sun_x, booth.sun_y, booth.sun_z).unit()
    every_camera = _camera(jnp.arange(len(CAMERAS)), booth)
    view = _camera(camera, booth)
    # A trailing pair of axes broadcasts against the pixels.
    arm = jax.tree.map(lambda part: jnp.asarray(part)[..., None, None], pose(turn, lift, booth))
    shape = shape[..., None, None]
    radius = jnp.where(size == 1, booth.large, booth.small)[..., None, None]

    # What is once computed is not computed again for each part of the light.
    done = jax.lax.optimization_barrier

    def light(offset: Float[Array, "2"]) -> Light:
        # What never moves is traced once a camera and not once an image.
        still = _booth(every_camera.rays(resolution, offset), sun, booth)
        still = jax.tree.map(lambda part: part[camera], still)
        rays = done(view.rays(resolution, offset))
        limbs = done(_limbs(rays, arm, booth))
        item, is_pale = done(held_object(rays, shape, radius, arm.tip))
        on_object = item.distance < jnp.minimum(limbs.distance, still.distance)
        on_limb = ~on_object & (limbs.distance < still.distance)

        # Only the booth takes shadows, and only of the object, which casts that of a ball: the thin
        # arm's would be lost on the dark floor.
        to_sun = tracer.Rays(rays.at(still.distance), sun).relative_to(arm.tip.origin)
        is_dark = done(jnp.isfinite(tracer.sphere(to_sun, 0.8 * radius).distance))
        slope = jnp.where(is_dark, 0.0, still.slope)
        slope = jnp.where(on_limb, limbs.normal.dot(sun), slope)
        slope = jnp.where(on_object, item.normal.dot(sun), slope)
        brightness = done(booth.ambient + booth.sun * jnp.maximum(slope, 0.0))
        grey = jnp.where(on_limb, booth.metal, still.grey)
        return Light(
            grey=jnp.where(on_object, 0.0, grey * brightness),
            ring=jnp.where(on_object | on_limb, 0.0, still.ring * brightness),
            object=jnp.where(on_object & ~is_pale, brightness, 0.0),
            pale=jnp.where(on_object & is_pale, brightness, 0.0),
        )

    return supersample(light, samples)


def paint(
    light: Light, object_color: Int[Array, "*n"], background_color: Int[Array, "*n"]
) -> Float[Array, "*n h w 3"]:
    """Give the light of each part its colour.

    Returns:
        (..., h, w, 3) float32 in [0, 1].
    """
    item = jnp.asarray(tuple(OBJECT_COLORS.values()))[object_color][..., None, None, :]
    ring = jnp.asarray(tuple(BACKGROUND_COLORS.values()))[background_color][..., None, None, :]
    channels = [
        light.grey * GREY[c]
        + light.ring * ring[..., c]
        + light.object * item[..., c]
        + light.pale * PALE[c]
        for c in range(3)
    ]
    return jnp.clip(jnp.stack(channels, axis=-1), 0.0, 1.0)


def pose(turn: Int[Array, "*n"], lift: Int[Array, "*n"], booth: Booth = BOOTH) -> Arm:
    """Where the two joints bring the arm.

    Args:
        turn: 0 to 39.
        lift: 0 to 39.
        booth: lengths and angles.

    Returns:
        Joints with components of shape (...).
    """
    azimuth = _angle(turn, booth.first_turn, booth.last_turn)
    elevation = _angle(lift, booth.first_lift, booth.last_lift)
    return reach(
        Vector(0.0, 0.0, jnp.ones_like(azimuth)),
        azimuth,
        elevation,
        elevation + math.radians(booth.bend),
        booth.upper_arm,
        booth.forearm,
    )


def _angle(step: Int[Array, "*n"], first: float, last: float) -> Scalar:
    """The angle of a joint in radians."""
    return jnp.radians(first + (last - first) / (NUM_STEPS - 1) * step)


def _camera(height: Int[Array, "*n"], booth: Booth) -> Camera:
    """A camera straight in front of the pillar."""
    nothing = jnp.zeros(height.shape)
    up = jnp.asarray(booth.camera_heights)[height]
    target = jnp.asarray(booth.target_heights)[height]
    return Camera(
        Vector(nothing, nothing - booth.camera_distance, up),
        Vector(nothing, nothing, target),
        math.radians(booth.field_of_view),
    )


def _booth(rays: tracer.Rays, sun: Vector, booth: Booth) -> Still:
    """Where rays meet what never moves."""
    floor = tracer.plane(rays, Vector(0.0, 0.0, 1.0), 0.0)
    # The wall is round: where rays leave an endless cylinder, which is the larger root.
    a = rays.direction.x**2 + rays.direction.y**2
    half_b = rays.origin.x * rays.direction.x + rays.origin.y * rays.direction.y
    c = rays.origin.x**2 + rays.origin.y**2 - booth.wall_radius**2
    reach = jnp.sqrt(jnp.maximum(half_b**2 - a * c, 0.0))
    distance = (reach - half_b) / jnp.maximum(a, tracer.TINY)
    point = rays.at(distance)
    inward = Vector(-point.x, -point.y, jnp.zeros_like(distance)) * (1.0 / booth.wall_radius)
    ground = tracer.nearest(floor, tracer.Hit(distance, inward))
    place = rays.at(floor.distance)
    across = jnp.sqrt(place.x**2 + place.y**2)
    on_floor = floor.distance < distance
    in_ring = on_floor & (across > booth.ring_inside) & (across < booth.ring_outside)

    pillar = tracer.cylinder(rays.relative_to(Vector(0.0, 0.0, 0.5)), booth.pillar_radius, 0.5)
    half = 0.5 * booth.base_height
    base = tracer.cylinder(rays.relative_to(Vector(0.0, 0.0, half)), booth.base_radius, half)
    stand = tracer.nearest(pillar, base)
    on_stand = stand.distance < ground.distance
    hit = tracer.choose(on_stand, stand, ground)
    grey = jnp.where(in_ring, 0.0, jnp.where(on_floor, booth.floor, booth.wall))
    return Still(
        distance=hit.distance,
        slope=hit.normal.dot(sun),
        grey=jnp.where(on_stand, booth.metal, grey),
        ring=jnp.where(in_ring & ~on_stand, 1.0, 0.0),
    )


def _limbs(rays: tracer.Rays, arm: Arm, booth: Booth) -> tracer.Hit:
    """Where rays meet the two links of the arm."""
    upper = tracer.rod(rays, arm.shoulder, arm.elbow, 1.4 * booth.arm_radius)
    return tracer.nearest(upper, tracer.rod(rays, arm.elbow, arm.wrist, booth.arm_radius))


add_twin(
    Twin(
        name="mpi3d",
        title="MPI3D",
        sources=SOURCES,
        renderer=renderer,
        publication=Publication(
            title="MPI3D, real images of complex shapes",
            citation=(
                "Muhammad Waleed Gondal et al., On the Transfer of Inductive Bias from Simulation "
                "to the Real World: a New Disentanglement Dataset, 2019"
            ),
            licence="CC BY 4.0",
            url="https://github.com/rr-learning/disentanglement_dataset",
            twin_differs=(
                "The twin is drawn, not photographed: it has no blur, noise or backlash, its booth "
                "is darker and plainer, and its joints have angles read off a few frames."
            ),
        ),
        published=PublishedFile(
            file_name="real3d_complicated_shapes_ordered.npz",
            addresses=drive_addresses("1Tp8eTdHxgUMtsZv5uAoYAbJR1BOa_OQm"),
            format="npz",
            images="images",
            labels=None,
            about_bytes=5_300_000_000,
            lookalikes=(
                (1_036_800, "mpi3d_toy, mpi3d_realistic or mpi3d_real, whose sources are others"),
            ),
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
