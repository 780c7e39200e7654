"""Intersections against signed distance functions, which know nothing of rays."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks.scene import tracer
from lib.benchmarks.scene.camera import Camera, supersample
from lib.benchmarks.scene.vectors import Vector
from tests.quick import quickly

RADIUS, HALF_HEIGHT = 0.7, 0.9
HALF = np.array([0.8, 0.5, 1.1])


def sphere_distance(points):
    return np.linalg.norm(points, axis=-1) - RADIUS


def capsule_distance(points):
    axis = np.zeros_like(points)
    axis[..., 2] = np.clip(points[..., 2], -HALF_HEIGHT, HALF_HEIGHT)
    return np.linalg.norm(points - axis, axis=-1) - RADIUS


def outside_of(excess):
    """Signed distance from how far a point exceeds each bound of a convex product shape."""
    return np.linalg.norm(np.maximum(excess, 0), axis=-1) + np.minimum(excess.max(-1), 0)


def cylinder_distance(points):
    across = np.hypot(points[..., 0], points[..., 1]) - RADIUS
    return outside_of(np.stack([across, np.abs(points[..., 2]) - HALF_HEIGHT], axis=-1))


def box_distance(points):
    return outside_of(np.abs(points) - HALF)


BOTTOM, TOP = 0.8, 0.3
START, END = np.array([-0.5, 0.3, -0.6]), np.array([0.4, -0.2, 0.8])
TURNED = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
TURNED *= np.sign(np.linalg.det(TURNED))  # right-handed


def cone_distance(points):
    """Exact from the profile: a rotated trapezium, as the distance to its three edges."""
    across = np.hypot(points[..., 0], points[..., 1])
    place = np.stack([across, points[..., 2]], axis=-1)
    corners = np.array([[0, HALF_HEIGHT], [TOP, HALF_HEIGHT], [BOTTOM, -HALF_HEIGHT]])
    corners = np.concatenate([corners, [[0, -HALF_HEIGHT]]])
    edges = []
    for first, second in itertools.pairwise(corners):
        along = np.clip((place - first) @ (second - first) / ((second - first) ** 2).sum(), 0, 1)
        edges.append(np.linalg.norm(place - first - along[..., None] * (second - first), axis=-1))
    width = BOTTOM + (TOP - BOTTOM) * (points[..., 2] + HALF_HEIGHT) / (2 * HALF_HEIGHT)
    inside = (np.abs(points[..., 2]) < HALF_HEIGHT) & (across < width)
    return np.where(inside, -1, 1) * np.min(edges, axis=0)


def rod_distance(points):
    axis = END - START
    along = np.clip((points - START) @ axis / (axis @ axis), 0, 1)
    return np.linalg.norm(points - START - along[..., None] * axis, axis=-1) - RADIUS


def turned_box(rays):
    frame = tracer.Frame(fixed(np.array([0.2, -0.1, 0.3])), *(fixed(axis) for axis in TURNED.T))
    return frame.leave(tracer.box(frame.enter(rays), Vector(*(float(h) for h in HALF))))


def turned_box_distance(points):
    return box_distance((points - np.array([0.2, -0.1, 0.3])) @ TURNED)


def fixed(point):
    return Vector(*(float(x) for x in point))


SHAPES = {
    name: (quickly(intersect), distance)
    for name, intersect, distance in [
        ("cone", lambda rays: tracer.cone(rays, BOTTOM, TOP, HALF_HEIGHT), cone_distance),
        ("rod", lambda rays: tracer.rod(rays, fixed(START), fixed(END), RADIUS), rod_distance),
        ("turned box", turned_box, turned_box_distance),
        ("sphere", lambda rays: tracer.sphere(rays, RADIUS), sphere_distance),
        ("capsule", lambda rays: tracer.capsule(rays, RADIUS, HALF_HEIGHT), capsule_distance),
        ("cylinder", lambda rays: tracer.cylinder(rays, RADIUS, HALF_HEIGHT), cylinder_distance),
        ("box", lambda rays: tracer.box(rays, Vector(*(float(h) for h in HALF))), box_distance),
    ]
}


def vector(points):
    return Vector(*(jnp.asarray(points[..., axis], jnp.float32) for axis in range(3)))


def points_of(parts):
    return np.stack([np.asarray(part, np.float64) for part in (parts.x, parts.y, parts.z)], -1)


def random_rays(num, seed):
    """Rays from around the shapes towards their neighbourhood: some hit, some miss."""
    generator = np.random.default_rng(seed)
    origins = generator.normal(size=(num, 3))
    origins *= 4.0 / np.linalg.norm(origins, axis=-1, keepdims=True)
    directions = generator.uniform(-1.6, 1.6, size=(num, 3)) - origins
    return origins, directions / np.linalg.norm(directions, axis=-1, keepdims=True)


def marched(distance, origins, directions):
    """First hit by walking as far as the signed distance allows; infinite on a miss."""
    travelled = np.zeros(len(origins))
    for _ in range(400):
        travelled += distance(origins + directions * travelled[:, None])
    missed = distance(origins + directions * travelled[:, None]) > 1e-6
    return np.where(missed | (travelled > 50), np.inf, travelled)


@pytest.mark.parametrize("name", SHAPES)
def test_hits_are_those_of_the_signed_distance(name):
    intersect, distance = SHAPES[name]
    origins, directions = random_rays(2000, seed=0)
    hit = intersect(tracer.Rays(vector(origins), vector(directions)))
    expected = marched(distance, origins, directions)
    found = np.asarray(hit.distance, np.float64)
    agree = np.isfinite(found) == np.isfinite(expected)
    # Rays that graze a surface may go either way in float32.
    assert agree.mean() > 0.998
    both = agree & np.isfinite(found)
    assert 0.15 < both.mean() < 0.9
    np.testing.assert_allclose(found[both], expected[both], atol=2e-3)
    surface = distance(origins + directions * np.where(both, found, 0.0)[:, None])[both]
    assert np.abs(surface).max() < 1e-4


@pytest.mark.parametrize("name", SHAPES)
def test_normals_are_gradients_of_the_signed_distance(name):
    intersect, distance = SHAPES[name]
    origins, directions = random_rays(2000, seed=1)
    hit = intersect(tracer.Rays(vector(origins), vector(directions)))
    found = np.asarray(hit.distance, np.float64)
    hits = np.isfinite(found)
    points = (origins + directions * np.where(hits, found, 0.0)[:, None])[hits]
    normals = points_of(hit.normal)[hits]
    step = 1e-4
    gradient = np.stack(
        [
            (distance(points + step * e) - distance(points - step * e)) / (2 * step)
            for e in np.eye(3)
        ],
        axis=-1,
    )
    # At an edge the gradient is that of neither face.
    smooth = np.abs(np.linalg.norm(gradient, axis=-1) - 1) < 1e-3
    assert smooth.mean() > 0.98
    np.testing.assert_allclose(normals[smooth], gradient[smooth], atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1.0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "top"),
    [
        ("sphere", RADIUS),
        ("capsule", HALF_HEIGHT + RADIUS),
        ("cylinder", HALF_HEIGHT),
        ("box", 1.1),
        ("cone", HALF_HEIGHT),
    ],
)
def test_straight_down_meets_the_top(name, top):
    down = tracer.Rays(Vector(0.0, 0.0, 5.0), Vector(0.0, 0.0, -2.0))
    hit = SHAPES[name][0](down)
    # Distances count in lengths of the direction, here 2.
    assert float(hit.distance) == pytest.approx((5.0 - top) / 2)
    np.testing.assert_allclose(points_of(hit.normal), [0, 0, 1], atol=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_nothing_is_hit_behind_or_beside(name):
    away = tracer.Rays(Vector(0.0, 0.0, 5.0), Vector(0.0, 0.0, 1.0))
    beside = tracer.Rays(Vector(3.0, 0.0, 5.0), Vector(0.0, 0.0, -1.0))
    assert np.isinf(SHAPES[name][0](away).distance)
    assert np.isinf(SHAPES[name][0](beside).distance)


def test_rays_that_pass_a_rod_come_near_its_segment():
    origins, directions = random_rays(2000, 8)
    # Half of them start where the rod lies behind them.
    origins[::2] += 6.0 * directions[::2]
    radius = 0.2
    rays = tracer.Rays(vector(origins), vector(directions))
    found = np.asarray(quickly(tracer.passes_rod)(rays, fixed(START), fixed(END), radius))
    # Distances between each half-line and many points of the segment.
    places = START + np.linspace(0, 1, 500)[:, None] * (END - START)
    ahead = np.maximum(np.einsum("npd,nd->np", places - origins[:, None], directions), 0)
    nearest = origins[:, None] + ahead[..., None] * directions[:, None]
    apart = np.linalg.norm(nearest - places, axis=-1)
    between = np.isin(apart.argmin(1), (0, 499), invert=True)
    expected = (apart.min(1) < radius) & between & (ahead.max(1) > 0)
    assert (found == expected).mean() > 0.995
    assert 0.02 < expected[1::2].mean() < 0.5
    assert not found[::2].any()


def test_plane_is_met_at_its_offset():
    origins, directions = random_rays(500, seed=2)
    normal = np.array([2.0, -1.0, 2.0]) / 3
    rays = tracer.Rays(vector(origins), vector(directions))
    hit = tracer.plane(rays, Vector(*normal), 0.4)
    found = np.asarray(hit.distance, np.float64)
    expected = (0.4 - origins @ normal) / (directions @ normal)
    np.testing.assert_array_equal(np.isfinite(found), expected > 0)
    ahead = expected > 0
    points = origins[ahead] + directions[ahead] * found[ahead, None]
    # In float32 the error grows with the distance.
    assert (np.abs(points @ normal - 0.4) < 1e-5 * (1 + found[ahead])).all()


def test_enclosure_is_met_from_inside():
    generator = np.random.default_rng(3)
    origins = generator.uniform(-0.9, 0.9, size=(1000, 3)) * HALF
    directions = generator.normal(size=(1000, 3))
    hit = tracer.enclosure(
        tracer.Rays(vector(origins), vector(directions)), Vector(*(float(h) for h in HALF))
    )
    points = origins + directions * np.asarray(hit.distance, np.float64)[:, None]
    assert np.abs(box_distance(points)).max() < 1e-5
    # Normals point into the room: a small step along them goes inside.
    inward = box_distance(points + 1e-3 * points_of(hit.normal))
    assert (inward < 0).all()
    # Within a step of an edge another face is closer still.
    assert (np.abs(inward + 1e-3) < 1e-5).mean() > 0.99


def test_nearest_prefers_the_closer_hit():
    rays = tracer.Rays(Vector(0.0, -5.0, 0.0), Vector(0.0, 1.0, 0.0))
    near = tracer.sphere(rays.relative_to(Vector(0.0, -2.0, 0.0)), 0.5)
    far = tracer.sphere(rays.relative_to(Vector(0.0, 2.0, 0.0)), 0.5)
    for hit in (tracer.nearest(near, far), tracer.nearest(far, near)):
        assert float(hit.distance) == pytest.approx(2.5)


def test_camera_looks_at_its_target_with_its_field_of_view():
    camera = Camera(Vector(3.0, -4.0, 2.0), Vector(0.0, 0.0, 2.0), np.pi / 2)
    # Pixel corners: offset 0 is the upper left corner of every pixel.
    rays = camera.rays(2, jnp.zeros(2))
    centre = points_of(rays.direction)[1, 1]
    np.testing.assert_allclose(centre, [-0.6, 0.8, 0.0], atol=1e-6)
    top = points_of(rays.direction)[0, 1]
    # Half of a field of view of 90 degrees is 45 degrees.
    assert np.degrees(np.arccos(top @ centre)) == pytest.approx(45.0, abs=1e-3)
    assert top[2] > 0
    left = points_of(rays.direction)[1, 0]
    # Seen along (-0.6, 0.8, 0), left is (-0.8, -0.6, 0).
    np.testing.assert_allclose(
        left - centre * (left @ centre), [-0.8 / 2**0.5, -0.6 / 2**0.5, 0], atol=1e-6
    )


def test_supersampling_is_the_mean_over_the_pixel():
    # The mean of x * y over an even grid in the unit square is 1/4 for any number of samples.
    for samples in (1, 2, 5):
        mean = supersample(lambda offset: offset[0] * offset[1], samples)
        assert float(mean) == pytest.approx(0.25)
