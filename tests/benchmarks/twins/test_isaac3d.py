import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks.twins import isaac3d

SIZES = (3, 8, 5, 4, 4, 4, 6, 4, 4)
SHAPE, ROBOT_X, ROBOT_Y, CAMERA, SCALE, STRENGTH, LAMP, OBJECT_COLOR, WALL_COLOR = range(9)
KITCHEN = isaac3d.KITCHEN
NUM = 32  # combinations drawn at a time; one shape, so that it is compiled once
# Wall seen, forearm level, the lamp at half its height, everything else in the middle.
PLAIN = np.array([0, 0, 1, 1, 2, 2, 2, 0, 3])
draw = isaac3d.renderer(64)


@pytest.fixture(scope="module")
def random_sources():
    rng = np.random.default_rng(0)
    return np.stack([rng.integers(size, size=NUM) for size in SIZES], axis=-1)


def pictures(sources):
    """Pictures of at most `NUM` combinations, in grey levels."""
    full = np.resize(sources, (NUM, 9))
    return np.asarray(jnp.round(draw(full) * 255)).astype(int)[: len(sources)]


def varied(place, base=PLAIN):
    """The combinations that differ from `base` in one source."""
    sources = np.tile(base, (SIZES[place], 1))
    sources[:, place] = np.arange(SIZES[place])
    return sources


@jax.jit
def traced(sources, kitchen):
    """Light at 64 x 64 of four combinations in a kitchen, without a table."""
    return isaac3d.trace(*sources[:, :7].T, 64, 2, kitchen=kitchen)


def object_place(sources):
    """Mean (column, row) of the object's pixels, which are those that its colour changes."""
    other = sources.copy()
    other[:, OBJECT_COLOR] = 3 - other[:, OBJECT_COLOR]
    mask = np.abs(pictures(sources) - pictures(other)).max(axis=-1) > 20
    assert (mask.sum(axis=(1, 2)) > 12).all()
    rows, columns = np.mgrid[:64, :64]
    return np.stack([(mask * part).sum((1, 2)) / mask.sum((1, 2)) for part in (columns, rows)])


def test_pictures_lie_in_range_and_are_rarely_full(random_sources):
    images = np.asarray(draw(random_sources))
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    assert (images == 1).mean() < 0.02
    assert images.std() > 0.1


def test_drawing_is_deterministic_and_the_same_under_vmap(random_sources):
    images = draw(random_sources)
    assert (images == draw(random_sources)).all()
    mapped = jax.jit(jax.vmap(draw))(random_sources)
    np.testing.assert_allclose(mapped, images, atol=2e-3)


def test_kept_scenery_gives_what_tracing_gives(random_sources):
    sources = random_sources[:4]
    assert len(np.unique(sources[:, [CAMERA, LAMP]], axis=0)) > 1
    colors = jnp.asarray(sources[:, [OBJECT_COLOR, WALL_COLOR]]).T
    direct = isaac3d.paint(traced(sources, KITCHEN), *colors)
    error = np.abs(np.asarray(draw(random_sources))[:4] - np.asarray(direct))
    # A ray that grazes an edge may fall on either side of it.
    assert (error > 1e-3).mean() < 1e-3
    assert error.mean() < 1e-4


def test_small_pictures_are_means_of_larger_ones(random_sources):
    # 128 rays along each side in both.
    small = jax.jit(lambda sources: isaac3d.render(sources, 32, 4))(random_sources[:4]) * 255
    large = pictures(random_sources)[:4].reshape(4, 32, 2, 32, 2, 3).mean(axis=(2, 4))
    assert np.abs(small - large).mean() < 0.5


def test_the_object_follows_the_arm():
    columns, _ = object_place(varied(ROBOT_X))
    assert (np.diff(columns) > 1.0).all()
    assert columns[0] < 24
    assert columns[-1] > 36
    for turn in (0, 4, 7):
        base = PLAIN.copy()
        base[ROBOT_X] = turn
        _, rows = object_place(varied(ROBOT_Y, base))
        assert (np.diff(rows) < -1.0).all()


def test_a_higher_camera_sees_the_object_lower():
    _, rows = object_place(varied(CAMERA))
    assert (np.diff(rows) > 2.0).all()


def test_objects_grow_with_scale():
    for shape in range(3):
        base = PLAIN.copy()
        base[SHAPE] = shape
        light = traced(varied(SCALE, base), KITCHEN)
        area = np.asarray((light.object > 0).sum(axis=(1, 2)))
        assert (np.diff(area) > 0).all()
        # Sides grow from 0.09 to 0.165; pixels at the edge count in full.
        assert 2.3 < area[-1] / area[0] < 4.5


def test_the_lamp_brightens_the_picture():
    brightness = pictures(varied(STRENGTH)).mean(axis=(1, 2, 3))
    assert (np.diff(brightness) > 5).all()


def test_the_highlight_climbs_up_the_fridge():
    # Only the first three heights of the lamp are mirrored in it.
    base = PLAIN.copy()
    base[[ROBOT_X, STRENGTH]] = 7, 3
    fridge = pictures(varied(LAMP, base)[:3])[:, 18:50, :12].sum(axis=-1)
    rows = fridge.max(axis=2).argmax(axis=1)
    assert (np.diff(rows) < -2).all()


def shadow(kitchen):
    """Mean column, in [0, 1], of wall pixels that the raised arm leaves to the ambient light."""
    source = np.tile([0, 3, 3, 1, 2, 3, 2, 0, 0], (4, 1))
    wall = np.asarray(traced(source, kitchen).wall)[0]
    dim = np.abs(wall - kitchen.ambient) < 1e-3
    bare = kitchen._replace(scales=(1e-4,) * 4, arm_radius=1e-4, joint_radius=1e-4)
    lit = np.asarray(traced(source, bare).wall)[0] > kitchen.ambient + 0.05
    return (np.nonzero(dim & lit)[1] + 0.5).mean() / 64, (dim & lit).sum()


def test_arm_and_object_throw_shadows_away_from_the_lamp():
    thin = KITCHEN._replace(scales=(1e-4,) * 4)
    column, size = shadow(thin)
    assert size >= 8  # of the arm alone
    with_object, larger = shadow(KITCHEN)
    assert larger > size + 40
    mirrored, _ = shadow(KITCHEN._replace(lamp_x=-KITCHEN.lamp_x))
    assert column > 0.5
    assert with_object > 0.5
    assert mirrored < 0.45


def test_joints_are_where_rotations_bring_them():
    def about_z(angle):
        c, s = math.cos(angle), math.sin(angle)
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

    def about_y(angle):
        c, s = math.cos(angle), math.sin(angle)
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])

    turns, lifts = np.meshgrid(np.arange(8), np.arange(5), indexing="ij")
    arm = jax.jit(isaac3d.pose)(turns, lifts)
    upper, forearm = [0, 0, KITCHEN.upper_arm], [KITCHEN.forearm, 0, 0]
    for turn, lift in np.ndindex(8, 5):
        turned = about_z(math.radians(KITCHEN.turns[turn]))
        lean, raised = math.radians(KITCHEN.leans[lift]), math.radians(KITCHEN.lifts[lift])
        elbow = np.array([KITCHEN.robot_x, 0, KITCHEN.shoulder_z]) + turned @ about_y(-lean) @ upper
        wrist = elbow + turned @ about_y(-raised) @ forearm
        found = [
            [np.broadcast_to(part, (8, 5))[turn, lift] for part in (joint.x, joint.y, joint.z)]
            for joint in (arm.elbow, arm.wrist, arm.tip.z)
        ]
        expected = [elbow, wrist, (wrist - elbow) / KITCHEN.forearm]
        np.testing.assert_allclose(found, expected, atol=2e-6)
