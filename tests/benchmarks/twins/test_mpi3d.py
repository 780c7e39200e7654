"""The MPI3D twin: where the arm brings the object, and what each colour touches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks import load
from lib.benchmarks.scene import objects
from lib.benchmarks.scene.tracer import Rays
from lib.benchmarks.scene.vectors import Vector
from lib.benchmarks.twins import mpi3d
from lib.benchmarks.twins.mpi3d import BOOTH

BENCHMARK = load("mpi3d")
COLOR, SHAPE, SIZE, CAMERA, BACKGROUND, TURN, LIFT = range(7)
RED, BALL = 3, objects.TENNIS_BALL
BASE = np.array([RED, BALL, 1, 1, 0, 8, 12])


def moved(place, values):
    sources = np.tile(BASE, (len(values), 1))
    sources[:, place] = values
    return sources


def object_place(sources):
    """Mean (right, down) place of the red pixels, in [0, 1]."""
    images = BENCHMARK.images(sources).astype(float)
    red = (images[..., 0] > 60) & (images[..., 0] > 2 * images[..., 1])
    rows, columns = np.mgrid[:64, :64] / 63
    return np.array([[columns[mask].mean(), rows[mask].mean()] for mask in red])


@pytest.mark.parametrize(("turn", "lift"), [(0, 0), (39, 39), (17, 30), (5, 2)])
def test_the_arm_stands_where_its_angles_say(turn, lift):
    azimuth = np.radians(np.linspace(BOOTH.first_turn, BOOTH.last_turn, 40)[turn])
    elevation = np.radians(np.linspace(BOOTH.first_lift, BOOTH.last_lift, 40)[lift])
    # Reach and height of the two links in the upright plane of the arm, as complex numbers.
    first = BOOTH.upper_arm * np.exp(1j * elevation)
    tip = first + BOOTH.forearm * np.exp(1j * (elevation + np.radians(BOOTH.bend)))
    arm = mpi3d.pose(jnp.asarray(turn), jnp.asarray(lift))
    for joint, place in ((arm.elbow, first), (arm.wrist, tip)):
        expected = [place.real * np.cos(azimuth), place.real * np.sin(azimuth), 1 + place.imag]
        np.testing.assert_allclose([joint.x, joint.y, joint.z], expected, atol=1e-5)
    axes = np.array([[a.x, a.y, a.z] for a in (arm.tip.x, arm.tip.y, arm.tip.z)], float)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(axes) == pytest.approx(1.0, abs=1e-5)


def test_the_horizontal_axis_sweeps_the_object_from_right_to_left():
    right = object_place(moved(TURN, np.arange(40)))[:, 0]
    assert right[0] > 0.7
    assert right[-1] < 0.3
    # Near the ends it moves towards the camera or away from it, hardly across.
    assert (np.diff(right[7:35]) < 0).all()


def test_the_vertical_axis_lifts_the_object_and_takes_it_over_the_pillar():
    place = object_place(moved(LIFT, np.arange(40)))
    assert (np.diff(place[:30, 1]) < 0).all()
    assert (np.diff(place[10:, 0]) < 0).all()


def test_a_lower_camera_sees_the_ring_flatter_and_lower():
    images = BENCHMARK.images(moved(CAMERA, [0, 1, 2])).astype(float)
    # The ring is purple: blue above green.
    ring = images[..., 2] - images[..., 1] > 15
    rows = np.mgrid[:64, :64][0]
    top = [rows[mask].min() for mask in ring]
    assert top[0] < top[1] < top[2]
    curve = [rows[:, :4][mask[:, :4]].mean() - t for mask, t in zip(ring, top, strict=True)]
    assert curve[0] > curve[1] > curve[2]


@pytest.fixture(scope="module")
def light():
    """Light of the base picture, of four rays a pixel."""
    arguments = (jnp.asarray([BASE[k]]) for k in (SHAPE, SIZE, CAMERA, TURN, LIFT))
    return mpi3d.trace(*arguments, 64, 2)


def test_each_color_touches_its_own_part(light):
    base = BENCHMARK.images(BASE[None]).astype(int)
    for place, part in ((COLOR, light.object), (BACKGROUND, light.ring)):
        other = BENCHMARK.images(moved(place, [1])).astype(int)
        changed = np.abs(other - base).max(axis=-1) > 0
        assert changed.any()
        assert not changed[np.asarray(part) == 0].any()


def test_a_shadow_lies_on_the_floor(light):
    """Where the object hides the light, the floor gets none but ambient light.

    The sun is high on the left and behind the camera, so the shadow lies to the right and beyond.
    """
    dark = np.isclose(np.asarray(light.grey)[0], BOOTH.floor * BOOTH.ambient, rtol=1e-4)
    assert 20 < dark.sum() < 800
    rows, columns = np.nonzero(dark)
    item = np.asarray(light.object)[0] > 0
    assert columns.mean() > np.nonzero(item)[1].mean()
    assert rows.mean() > np.nonzero(item)[0].mean()


@pytest.mark.parametrize(("low", "high"), [(-1.0, 0.15), (-0.1, 0.1)])
def test_a_shell_is_met_where_a_walk_along_the_ray_first_crosses_it(low, high):
    radius = 0.8
    generator = np.random.default_rng(0)
    origins = generator.normal(size=(400, 3))
    origins *= 3.0 / np.linalg.norm(origins, axis=-1, keepdims=True)
    directions = generator.uniform(-0.9, 0.9, size=(400, 3)) - origins
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    hit, inside = objects.shell(
        Rays(*(Vector(*jnp.asarray(part.T, jnp.float32)) for part in (origins, directions))),
        radius,
        low,
        high,
    )
    steps = np.linspace(0, 6, 60_001)
    for k in range(400):
        points = origins[k] + directions[k] * steps[:, None]
        beyond = np.linalg.norm(points, axis=-1) > radius
        z = points[:-1, 2]
        crossings = np.flatnonzero((beyond[1:] != beyond[:-1]) & (z > low) & (z < high))
        if len(crossings) == 0:
            # The walk may miss what grazes an edge.
            place = origins[k, 2] + directions[k, 2] * float(hit.distance[k])
            assert np.isinf(hit.distance[k]) or min(abs(place - low), abs(place - high)) < 1e-2
        elif abs(float(hit.distance[k]) - steps[crossings[0]]) < 1e-3:
            assert bool(inside[k]) == (not beyond[crossings[0]])
        else:
            assert min(abs(z[crossings[0]] - low), abs(z[crossings[0]] - high)) < 1e-2


def test_pictures_do_not_depend_on_how_they_are_asked_for():
    sources = BENCHMARK.grid.sources(np.arange(0, 460_800, 10_007))
    # More than are traced at a time on a CPU, and no multiple of that.
    assert len(sources) == 47
    whole = np.asarray(jax.jit(BENCHMARK.render)(sources))
    assert whole.min() >= 0.0
    assert whole.max() <= 1.0
    mapped = jax.vmap(BENCHMARK.render)(jnp.asarray(sources[:5]))
    np.testing.assert_allclose(mapped, whole[:5], atol=1e-5)


def test_small_pictures_are_means_of_large_ones():
    sources = BENCHMARK.grid.sources(np.arange(0, 460_800, 23_456))
    large = BENCHMARK.images(sources).astype(float)
    area_mean = large.reshape(-1, 16, 4, 16, 4, 3).mean(axis=(2, 4))
    small = load("mpi3d", resolution=16).images(sources)
    assert np.abs(area_mean - small).mean() < 0.5
