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
from lib.benchmarks.scene.booth import BOOTH, Booth, meet_booth
from lib.benchmarks.scene.camera import (
    Camera,
    in_batches,
    samples_along_side,
    supersample,
)
from lib.benchmarks.scene.objects import SCALES, SHAPES, held_object
from lib.benchmarks.scene.penumbra import share_hidden
from lib.benchmarks.scene.vectors import Scalar, Vector
from lib.benchmarks.sources import Source, even_labels
from lib.benchmarks.twin import Twin, add_twin

OBJECT_COLORS = {
    "yellow": (1.20, 1.15, 0.10),
    "green": (0.17, 0.50, 0.24),
    "olive": (0.63, 0.71, 0.33),
    "red": (1.08, 0.15, 0.06),
}
BACKGROUND_COLORS = {
    "purple": (0.31, 0.28, 0.46),
    "sea green": (0.235, 0.34, 0.285),
    "salmon": (0.31, 0.265, 0.255),
}
SIZES = ("small", "large")
CAMERAS = ("top", "centre", "bottom")
NUM_STEPS = 40  # of each joint
# Rays of a small picture: bright edges against the dark booth need as many as a large one has.
RAYS_ALONG_SIDE = 128


PALE = (0.84, 1.0, 0.9)  # inside of the coffee cup, seam of the ball

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
        description="lift of the arm: from level, up and over the pillar",
        unit="degrees",
    ),
)


class Light(NamedTuple):
    """Light that reaches each pixel from each part, before it takes the part's colour."""

    glow: Float[Array, "*n h w"]  # of the booth, in the colour that the camera sees
    grey: Float[Array, "*n h w"]  # of the lamp, from the booth and the arm
    ring: Float[Array, "*n h w"]
    object: Float[Array, "*n h w"]
    pale: Float[Array, "*n h w"]


@functools.lru_cache(maxsize=4)
def renderer(resolution: int) -> Callable[[Int[ArrayLike, "*n 7"]], Float[Array, "*n h w 3"]]:
    """Make a function that draws source combinations, usable inside `jax.jit` and `jax.vmap`.

    Args:
        resolution: pixels along each side, at least 1.

    Returns:
        A function from (..., 7) integers inside the grid, whose range is not checked, to
        (..., resolution, resolution, 3) float32 in [0, 1].
    """
    samples = samples_along_side(resolution, RAYS_ALONG_SIDE)

    @in_batches
    def draw(sources: Int[Array, "n 7"]) -> Float[Array, "n h w 3"]:
        color, shape, size, camera, background, turn, lift = sources.T
        light = trace(shape, size, camera, turn, lift, resolution, samples)
        return paint(light, color, camera, background)

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
        lift: 0 to 39, from level, up and over the pillar.
        resolution: pixels along each side.
        samples: rays along each side of a pixel.
        booth: where things stand.

    Returns:
        Parts of shape (..., resolution, resolution).
    """
    every_camera = _camera(jnp.arange(len(CAMERAS)), booth)
    view = _camera(camera, booth)
    # A trailing pair of axes broadcasts against the pixels.
    arm = jax.tree.map(lambda part: jnp.asarray(part)[..., None, None], pose(turn, lift, booth))
    shape = shape[..., None, None]
    radius = jnp.where(size == 1, booth.large, booth.small)[..., None, None]
    radius *= jnp.asarray(SCALES)[shape]
    lamp = Vector(booth.lamp_x, booth.lamp_y, booth.lamp_z)
    down = lamp.unit()

    # What is once computed is not computed again for each part of the light.
    done = jax.lax.optimization_barrier

    def light(offset: Float[Array, "2"]) -> Light:
        # What never moves is traced once a camera and not once an image.
        still = meet_booth(every_camera.rays(resolution, offset), booth)
        still = jax.tree.map(lambda part: part[camera], still)
        rays = done(view.rays(resolution, offset))
        limbs = done(_limbs(rays, arm, booth))
        item, is_pale = done(held_object(rays, shape, radius, arm.tip))
        on_object = item.distance < jnp.minimum(limbs.distance, still.distance)
        on_limb = ~on_object & (limbs.distance < still.distance)
        on_still = ~on_object & ~on_limb

        # The lamp is wide and the booth throws light back, so that no side is black.
        slope = item.normal.dot(down)
        brightness = done(booth.dim + (booth.bright - booth.dim) * (0.5 + 0.5 * slope))
        gloss = booth.gloss * jnp.maximum(slope, 0.0) ** 4
        lining = booth.lining + (1.0 - booth.lining) * brightness
        highlight = booth.arm * jnp.maximum(limbs.normal.dot(down), 0.0) ** 2
        return Light(
            glow=jnp.where(on_still, still.glow, jnp.where(on_limb, booth.metal_glow, 0.0)),
            grey=jnp.where(on_still, still.grey, jnp.where(on_limb, highlight, 0.0)),
            ring=jnp.where(on_still, still.ring, 0.0),
            object=jnp.where(on_object & ~is_pale, brightness, 0.0),
            pale=jnp.where(on_object, jnp.where(is_pale, lining, gloss), 0.0),
        )

    # Two spreads that are independent: over the pixel and out of focus.
    width = math.hypot(1.0, booth.blur * resolution)
    parts = supersample(light, samples, width)

    # Only the floor takes shadows, and only of the object, which casts that of a ball. They are
    # so soft that one ray a pixel is enough; the dark arm before one is darkened with it.
    centre = jnp.array([0.5, 0.5])
    still = meet_booth(every_camera.rays(resolution, centre), booth).distance[camera]
    rays = view.rays(resolution, centre)
    floor = tracer.plane(rays, Vector(0.0, 0.0, 1.0), 0.0).distance
    point = rays.at(jnp.minimum(floor, 10.0))
    ball = arm.tip.origin + arm.tip.z * (0.7 * radius)
    hidden = share_hidden(lamp - point, booth.lamp_radius, ball - point, 0.75 * radius)

    lit = 1.0 - booth.shade * jnp.where(floor < 1.001 * still, hidden, 0.0)
    return parts._replace(glow=parts.glow * lit, grey=parts.grey * lit, ring=parts.ring * lit)


def paint(
    light: Light,
    object_color: Int[Array, "*n"],
    camera: Int[Array, "*n"],
    background_color: Int[Array, "*n"],
    booth: Booth = BOOTH,
) -> Float[Array, "*n h w 3"]:
    """Give the light of each part its colour.

    Returns:
        (..., h, w, 3) float32 in [0, 1].
    """
    item = jnp.asarray(tuple(OBJECT_COLORS.values()))[object_color][..., None, None, :]
    ring = jnp.asarray(tuple(BACKGROUND_COLORS.values()))[background_color][..., None, None, :]
    glow = jnp.asarray(booth.glow)[camera][..., None, None, :]
    veil = jnp.asarray(booth.veil)[camera][..., None, None, :]
    channels = [
        veil[..., c]
        + light.glow * glow[..., c]
        + light.grey * booth.grey[c]
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
        Vector(0.0, 0.0, jnp.full_like(azimuth, booth.shoulder)),
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
    away, up, target = (
        jnp.asarray(values)[height]
        for values in (booth.camera_distances, booth.camera_heights, booth.target_heights)
    )
    return Camera(
        Vector(nothing + booth.camera_x, -away, up),
        Vector(nothing + booth.camera_x, nothing, target),
        math.radians(booth.field_of_view),
    )


def _limbs(rays: tracer.Rays, arm: Arm, booth: Booth) -> tracer.Hit:
    """Where rays meet the two links of the arm."""
    upper = tracer.rod(rays, arm.shoulder, arm.elbow, booth.upper_arm_radius)
    return tracer.nearest(upper, tracer.rod(rays, arm.elbow, arm.wrist, booth.forearm_radius))


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
                "The twin has none of the photographs' noise, knobs and cables; one object of each "
                "shape stands for all colours, though the published cups differ in size from "
                "colour to colour; where handles sit, the joints' angles and the size of the "
                "croissant are ours, and only the object casts a shadow, that of a ball."
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
