"""The MPI3D twin: where the arm brings the object, and what each colour touches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks import load, source_visibility
from lib.benchmarks.scene import objects
from lib.benchmarks.scene.booth import BOOTH, meet_booth
from lib.benchmarks.scene.tracer import Frame, Rays
from lib.benchmarks.scene.vectors import Vector
from lib.benchmarks.twins import mpi3d
from tests.quick import quickly

BENCHMARK = load("mpi3d")
COLOR, SHAPE, SIZE, CAMERA, BACKGROUND, TURN, LIFT = range(7)
RED, BALL = 3, objects.TENNIS_BALL
BASE = np.array([RED, BALL, 1, 1, 0, 8, 6])
trace = jax.jit(mpi3d.trace, static_argnums=(5, 6, 7))


def moved(place, values):
    sources = np.tile(BASE, (len(values), 1))
    sources[:, place] = values
    return sources


def light_of(sources, booth=BOOTH):
    """Light of at most 24 combinations, of four rays a pixel; compiled once a booth."""
    full = jnp.asarray(np.resize(sources, (24, 7)))
    light = trace(*(full[:, k] for k in (SHAPE, SIZE, CAMERA, TURN, LIFT)), 64, 2, booth)
    return jax.tree.map(lambda part: np.asarray(part)[: len(sources)], light)


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
        across, up = place.real, BOOTH.shoulder + place.imag
        expected = [across * np.cos(azimuth), across * np.sin(azimuth), up]
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
    # It is highest half way, above the pillar.
    assert (np.diff(place[:16, 1]) < 0).all()
    assert (np.diff(place[28:, 1]) > 0).all()
    # At the end it lies level again and hardly moves across.
    assert (np.diff(place[:38, 0]) < 0).all()
    assert place[-1, 0] < 0.3


def test_a_lower_camera_sees_the_ring_flatter_and_lower():
    images = BENCHMARK.images(moved(CAMERA, [0, 1, 2])).astype(float)
    # The ring is purple: blue above green.
    ring = images[..., 2] - images[..., 1] > 15
    rows = np.mgrid[:64, :64][0]
    top = [rows[mask].min() for mask in ring]
    assert top[0] < top[1] < top[2]
    curve = [rows[:, :4][mask[:, :4]].mean() - t for mask, t in zip(ring, top, strict=True)]
    assert curve[0] > curve[1] > curve[2]


def test_each_color_touches_its_own_part():
    light = light_of(BASE[None])
    base = BENCHMARK.images(BASE[None]).astype(int)
    for place, part in ((COLOR, light.object), (BACKGROUND, light.ring)):
        other = BENCHMARK.images(moved(place, [1])).astype(int)
        changed = np.abs(other - base).max(axis=-1) > 0
        assert changed.any()
        assert not changed[part == 0].any()


def test_ball_and_beer_cup_are_smaller_than_the_coffee_cup():
    light = light_of(moved(SHAPE, range(4)))
    pixels = (light.object + light.pale > 0.5).sum(axis=(1, 2))
    cup, ball, croissant, beer = pixels
    assert max(ball, beer) < 0.7 * cup
    assert croissant > ball


def test_the_foot_of_the_pillar_has_a_bright_ring():
    across = [0.5 * (BOOTH.flange_inside + BOOTH.flange_outside), BOOTH.flange_inside - 0.02]
    straight_down = Rays(
        Vector(*jnp.array([across, [0.0, 0.0], [0.9, 0.9]])),
        Vector(*jnp.array([[0.0, 0.0], [0.0, 0.0], [-1.0, -1.0]])),
    )
    ring, inside = quickly(lambda rays: meet_booth(rays, BOOTH).grey)(straight_down)
    assert ring - inside > 0.9 * BOOTH.flange


def test_a_soft_shadow_lies_on_the_floor_below_the_object():
    """Light of the floor next to that of the same booth whose lamp casts no shadow."""
    cup = moved(SHAPE, [objects.COFFEE_CUP])  # small objects have no more than a half shadow
    light = light_of(cup)
    shaded, plain = light.glow[0], light_of(cup, BOOTH._replace(shade=0.0)).glow[0]
    seen = plain > 0.1
    left = (shaded[seen] / plain[seen]).clip(0, 1)
    # Somewhere the lamp loses most of what it can give, most of the booth loses nothing, and the
    # way from one to the other has no step.
    assert 1 - BOOTH.shade - 1e-5 <= left.min() < 1 - 0.6 * BOOTH.shade
    assert np.mean(left > 0.99) > 0.5
    between = (left > 1 - 0.8 * BOOTH.shade) & (left < 1 - 0.2 * BOOTH.shade)
    assert between.sum() > 50
    rows, columns = np.nonzero(seen)
    item_rows, item_columns = np.nonzero(light.object[0] + light.pale[0])
    dark = left < 1 - 0.5 * BOOTH.shade
    assert abs(columns[dark].mean() - item_columns.mean()) < 6
    assert rows[dark].mean() > item_rows.mean() + 10


def test_nothing_but_the_floor_takes_the_shadow():
    """Also where the shadowed floor lies behind the pillar or the walls."""
    sources = BENCHMARK.grid.sources(np.arange(60, 460_800, 20_011))
    shaded, plain = (light_of(sources, booth).glow for booth in (BOOTH, BOOTH._replace(shade=0.0)))

    @quickly
    def height_of_what_is_seen(camera):
        rays = mpi3d._camera(camera, BOOTH).rays(64, jnp.array([0.5, 0.5]))
        return rays.at(meet_booth(rays, BOOTH).distance).z

    height = np.asarray(height_of_what_is_seen(sources[:, CAMERA]))
    stands = height > 0.02
    assert stands.mean() > 0.05
    np.testing.assert_array_equal(shaded[stands], plain[stands])
    assert (shaded[~stands] < plain[~stands]).mean() > 0.05


def test_published_brightness_and_hardly_any_white_or_burnt_out_pixels():
    """Over random sources: bounds around what 25 sample frames of the published set have."""
    random = np.random.default_rng(0).choice(460_800, 200, replace=False)
    images = BENCHMARK.images(BENCHMARK.grid.sources(random)).astype(float)
    # The frames have means of 27 red, 34 green and 27 blue; share of black 0.11, of white 0.0001.
    np.testing.assert_allclose(images.mean(axis=(0, 1, 2)), [27, 34, 27], rtol=0.2)
    assert 0.03 < np.mean(images.max(axis=-1) < 8) < 0.25
    assert np.mean(images.min(axis=-1) > 247) < 0.002


@pytest.mark.parametrize("resolution", [16, 32])
def test_a_step_of_any_source_shows(resolution):
    for source in source_visibility(load("mpi3d", resolution=resolution), 60):
        assert source.change.min() > 0, source.name


def test_a_step_of_the_shape_changes_more_than_one_of_the_colour():
    """As the page says, where no recorded run knows the shape."""
    seen = {found.name: found.change for found in source_visibility(BENCHMARK, 100)}
    shape, color = seen["object_shape"], seen["object_color"]
    assert np.median(shape) > np.median(color)
    assert shape.min() > color.min()


def test_the_handle_stays_outside_the_cup():
    """Rays straight down into the mouth of the coffee cup meet nothing but its lining."""
    offsets = np.mgrid[-0.7:0.7:15j, -0.7:0.7:15j].reshape(2, -1)
    offsets = offsets[:, np.hypot(*offsets) < 0.75]
    zeros = jnp.zeros(offsets.shape[1])
    rays = Rays(
        Vector(
            jnp.asarray(offsets[0], jnp.float32), jnp.asarray(offsets[1], jnp.float32), zeros + 4
        ),
        Vector(zeros, zeros, zeros - 1),
    )
    x, y, z = (Vector(*row) for row in np.eye(3, dtype=np.float32))
    frame = Frame(Vector(0.0, 0.0, 0.0), x, y, z)
    hit, is_pale = quickly(objects.held_object)(rays, objects.COFFEE_CUP, 1.0, frame)
    assert np.isfinite(hit.distance).all()
    assert np.asarray(is_pale).all()


@pytest.mark.parametrize(("low", "high"), [(-1.0, 0.15), (-0.1, 0.1)])
def test_a_shell_is_met_where_a_walk_along_the_ray_first_crosses_it(low, high):
    radius = 0.8
    generator = np.random.default_rng(0)
    origins = generator.normal(size=(400, 3))
    origins *= 3.0 / np.linalg.norm(origins, axis=-1, keepdims=True)
    directions = generator.uniform(-0.9, 0.9, size=(400, 3)) - origins
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)

    @quickly
    def meet(rays):
        return objects.shell(rays, radius, lambda point: (point.z >= low) & (point.z <= high))

    rays = Rays(*(Vector(*jnp.asarray(part.T, jnp.float32)) for part in (origins, directions)))
    hit, inside = meet(rays)
    distance, inside = np.asarray(hit.distance), np.asarray(inside)
    steps = np.linspace(0, 6, 60_001)
    for k in range(400):
        points = origins[k] + directions[k] * steps[:, None]
        beyond = np.linalg.norm(points, axis=-1) > radius
        z = points[:-1, 2]
        crossings = np.flatnonzero((beyond[1:] != beyond[:-1]) & (z > low) & (z < high))
        if len(crossings) == 0:
            # The walk may miss what grazes an edge.
            place = origins[k, 2] + directions[k, 2] * distance[k]
            assert np.isinf(distance[k]) or min(abs(place - low), abs(place - high)) < 1e-2
        elif abs(distance[k] - steps[crossings[0]]) < 1e-3:
            assert inside[k] == (not beyond[crossings[0]])
        else:
            assert min(abs(z[crossings[0]] - low), abs(z[crossings[0]] - high)) < 1e-2


def test_pictures_do_not_depend_on_how_they_are_asked_for():
    sources = BENCHMARK.grid.sources(np.arange(0, 460_800, 10_007))
    # More than are traced at a time on a CPU, and no multiple of that.
    assert len(sources) == 47
    whole = np.asarray(jax.jit(BENCHMARK.render)(sources))
    assert whole.min() >= 0.0
    assert whole.max() <= 1.0
    mapped = jax.jit(jax.vmap(BENCHMARK.render))(jnp.asarray(sources[:5]))
    np.testing.assert_allclose(mapped, whole[:5], atol=1e-5)


def test_small_pictures_are_means_of_large_ones():
    sources = BENCHMARK.grid.sources(np.arange(0, 460_800, 23_456))
    large = BENCHMARK.images(sources).astype(float)
    area_mean = large.reshape(-1, 16, 4, 16, 4, 3).mean(axis=(2, 4))
    small = load("mpi3d", resolution=16).images(sources)
    assert np.abs(area_mean - small).mean() < 0.5
