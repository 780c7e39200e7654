import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks.scene import kitchen_light, robot, tracer
from lib.benchmarks.scene.camera import Camera
from lib.benchmarks.scene.kitchen import BOXES, NUMBERS, meet_kitchen
from lib.benchmarks.scene.vectors import Vector
from lib.benchmarks.twins import isaac3d
from lib.pixels import to_uint8
from tests.quick import quickly

SIZES = (3, 8, 5, 4, 4, 4, 6, 4, 4)
SHAPE, ROBOT_X, ROBOT_Y, CAMERA, SCALE, STRENGTH, LAMP, OBJECT_COLOR, WALL_COLOR = range(9)
KITCHEN = isaac3d.KITCHEN
NUM = 32  # combinations drawn at a time; one shape, so that it is compiled once
# Wall seen, forearm level, the lamp at half its height, everything else in the middle.
PLAIN = np.array([0, 0, 1, 1, 2, 2, 2, 0, 3])
LOW = np.array([0, 7, 1, 0, 2, 2, 2, 0, 3])  # the same under the lowest camera, arm at the right
draw = isaac3d.renderer(64)


@pytest.fixture(scope="module")
def random_sources():
    rng = np.random.default_rng(0)
    return np.stack([rng.integers(size, size=NUM) for size in SIZES], axis=-1)


def pictures(sources):
    """Pictures of at most `NUM` combinations, in grey levels."""
    full = np.resize(sources, (NUM, 9))
    return np.asarray(to_uint8(draw(full))).astype(int)[: len(sources)]


def varied(place, base=PLAIN):
    """The combinations that differ from `base` in one source."""
    sources = np.tile(base, (SIZES[place], 1))
    sources[:, place] = np.arange(SIZES[place])
    return sources


def object_place(sources):
    """Mean (column, row) of the object's pixels, which are those that its colour changes."""
    other = sources.copy()
    other[:, OBJECT_COLOR] = 3 - other[:, OBJECT_COLOR]
    mask = np.abs(pictures(sources) - pictures(other)).max(axis=-1) > 20
    assert (mask.sum(axis=(1, 2)) > 12).all()
    rows, columns = np.mgrid[:64, :64]
    return np.stack([(mask * part).sum((1, 2)) / mask.sum((1, 2)) for part in (columns, rows)])


def test_pictures_lie_in_range_and_hold_neither_black_nor_white(random_sources):
    images = np.asarray(draw(random_sources))
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    levels = to_uint8(images)
    # In sample frames of the published images both are below 0.0005.
    assert (levels < 8).all(axis=-1).mean() < 0.002
    assert (levels > 247).all(axis=-1).mean() < 0.002
    # There it lies between 42 and 51 grey levels.
    assert 36 < levels.std() < 57


def test_drawing_is_deterministic_and_the_same_under_vmap(random_sources):
    images = draw(random_sources)
    assert (images == draw(random_sources)).all()
    mapped = jax.jit(jax.vmap(draw))(random_sources)
    np.testing.assert_allclose(mapped, images, atol=2e-3)


def test_small_traced_pictures_are_means_of_larger_ones_from_kept_layers(random_sources):
    def light(images):  # before the film answers to it
        return images**2 / (1 - images**2)

    assert len(np.unique(random_sources[:4, [CAMERA, LAMP]], axis=0)) > 1
    # 128 rays along each side in both.
    small = jax.jit(isaac3d.drawing(32, 4, max_bytes=0))(random_sources[:4])
    large = light(draw(random_sources)[:4])
    mean = isaac3d.develop(large.reshape(4, 32, 2, 32, 2, 3).mean(axis=(2, 4)))
    assert np.abs(small - mean).mean() * 255 < 0.5


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
        sources = varied(SCALE, base)
        other = sources.copy()
        other[:, OBJECT_COLOR] = 3
        changed = np.abs(pictures(sources) - pictures(other)).max(axis=-1) > 1
        area = changed.sum(axis=(1, 2))
        assert (np.diff(area) > 0).all()
        # Sides grow from 0.09 to 0.169; pixels at the edge count in full.
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


def camera(height):
    """The camera at one of its heights, and unit vectors that lead it ahead and upwards."""
    pitch = math.radians(KITCHEN.camera_pitch)
    ahead = np.array([0, math.cos(pitch), math.sin(pitch)])
    place = np.array([0, -KITCHEN.camera_distance, KITCHEN.camera_heights[height]])
    return place, ahead, np.array([0, -ahead[2], ahead[1]])


def pixels(points, height, resolution):
    """Columns and rows at which a camera sees points, (..., 3); outside the picture too."""
    place, ahead, up = camera(height)
    seen = points - place
    reach = seen @ ahead * math.tan(math.radians(KITCHEN.field_of_view) / 2)
    places = np.stack([seen[..., 0] / reach, -seen @ up / reach])
    return np.floor((places + 1) / 2 * resolution).astype(int)


def rays(height, resolution):
    place, ahead, _ = camera(height)
    field_of_view = math.radians(KITCHEN.field_of_view)
    view = Camera(Vector(*place), Vector(*(place + ahead)), field_of_view)
    return view.rays(resolution, jnp.full(2, 0.5))


def mirrored_in_fridge(height, resolution):
    """Pixels of the fridge's front in which the floor that the picture shows is mirrored."""
    front = 1.28
    x, y = np.meshgrid(np.linspace(-2.2, 0, 800), np.linspace(-1.4, front, 800))
    columns, rows = pixels(np.stack([x, y, 0 * x], axis=-1), height, resolution)
    is_shown = (columns >= 0) & (columns < resolution) & (rows >= 0) & (rows < resolution)
    # Points of the floor appear as far behind the front as they lie before it.
    place, *_ = camera(height)
    behind = np.stack([x, 2 * front - y, 0 * x], axis=-1)[is_shown]
    on_front = place + (behind - place) * ((front - place[1]) / (behind[:, 1] - place[1]))[:, None]
    is_fridge = (on_front[:, 0] < -0.955) & (on_front[:, 2] > 0.02)
    columns, rows = pixels(on_front[is_fridge], height, resolution)
    found = np.zeros((resolution, resolution), bool)
    found[rows[columns >= 0], columns[columns >= 0]] = True
    return found


@pytest.mark.parametrize("height", [0, 3])
def test_a_mirror_shows_the_floor_as_far_as_the_picture_does(height):

    @quickly
    def mirrored():
        to_front = rays(height, 128)
        distance = (1.28 - to_front.origin.y) / to_front.direction.y
        point, lamp = to_front.at(distance), Vector(*lamp_place(KITCHEN))
        lights = kitchen_light.mirrored_floor(point, to_front, lamp, KITCHEN)
        return lights, (point.x < -0.955) & (point.z > 0.02)

    lights, is_fridge = mirrored()
    expected = mirrored_in_fridge(height, 128)
    assert expected.sum() > 100
    for light in lights:
        found = np.asarray((light > 0) & is_fridge)
        assert (found ^ expected).sum() < 0.15 * expected.sum()


def test_where_the_fridge_mirrors_the_floor_it_is_lighter_than_above():
    sources = varied(STRENGTH, LOW)
    sources[:, LAMP] = 5  # whose own highlight is far above
    mirrored = mirrored_in_fridge(0, 64)
    columns = np.nonzero(mirrored.sum(axis=0) >= 3)[0]
    first = mirrored[:, columns].argmax(axis=0)
    images = pictures(sources).mean(axis=-1)
    # Without the mirror it gets darker towards the floor.
    assert (images[:, first + 1, columns] > images[:, first - 2, columns] + 4).all()


def test_the_screen_stands_out_from_the_base_and_its_rim_from_the_screen():
    _, material = jax.jit(lambda: meet_kitchen(rays(0, 64), KITCHEN))()
    rows, columns = np.nonzero(np.asarray(material) == NUMBERS["screen"])
    # Ten pixels of 112 along each side, in sample frames.
    assert 5 <= np.ptp(columns) <= 7
    left, right = columns.min(), columns.max()
    image = pictures(LOW[None])[0, ..., 0]
    screen, rim = image[rows, columns].mean(), image[rows.min() - 1, left + 1 : right].mean()
    beside = image[rows.min() + 1 : rows.max()][:, [left - 2, right + 2]].mean()
    assert beside + 4 < screen < rim - 12


ACROSS = np.linspace(-0.1, 0.5, 60)  # metres, on the wall right of the upper cabinet
HEIGHT = 1.7


@jax.jit
def lamp_on_wall(lamp_radius):
    """Light straight from the lamp at half its height, on a line on the wall."""
    kitchen = KITCHEN._replace(lamp_radius=lamp_radius, back_share=0.0)
    ones = jnp.ones((1, len(ACROSS)))
    origin = Vector(ones * jnp.asarray(ACROSS, jnp.float32), 1.9 * ones, HEIGHT * ones)
    lamp = Vector(*(part * jnp.ones((1, 1)) for part in lamp_place(kitchen)))
    rays = tracer.Rays(origin, Vector(0 * ones, ones, 0 * ones))
    places = jax.random.uniform(jax.random.key(0), (1024, 2))
    light = jax.lax.map(
        lambda place: kitchen_light.backdrop(rays, place, lamp, kitchen).lit[3][0], places
    )
    return light.mean(axis=0)


def lamp_place(kitchen):
    return kitchen.lamp_x, kitchen.lamp_y, kitchen.lamp_heights[2]


def lamp_share(radius):
    """Share of the points on the lamp that no box hides from each point of the line."""
    sphere = np.random.default_rng(0).normal(size=(4_000, 1, 3))
    sphere *= radius / np.linalg.norm(sphere, axis=-1, keepdims=True)
    wall = np.stack([ACROSS, 0 * ACROSS + KITCHEN.wall_y - 1e-3, 0 * ACROSS + HEIGHT], axis=-1)
    to_lamp = lamp_place(KITCHEN) + sphere - wall
    hidden = np.zeros((4_000, len(ACROSS)), bool)
    for _, *spans in BOXES:
        ends = np.sort((np.array(spans).T[:, None, None] - wall) / to_lamp, axis=0)
        near, far = ends[0].max(axis=-1), ends[1].min(axis=-1)
        hidden |= (near <= far) & (near > 0) & (near < 1)
    return 1 - hidden.mean(axis=0)


def test_the_shadow_of_a_cabinet_is_as_soft_as_the_lamp_is_large():
    widths = []
    for radius in (0.01, 0.15, 0.3):
        bare = np.asarray(lamp_on_wall(radius))
        share = lamp_share(radius)
        assert share.min() == 0
        assert share.max() == 1
        is_clear = share == 1
        # Without a shadow, light varies slowly along the wall.
        clear = np.polyval(np.polyfit(ACROSS[is_clear], bare[is_clear], 2), ACROSS)
        found = bare / clear
        widths.append(((share > 0.05) & (share < 0.95)).sum())
        assert np.abs(found - share).max() < 0.05
        assert (np.diff(found) > -0.02).all()
    assert widths[0] < widths[1] < widths[2]


def test_where_the_arm_is_changes_nothing_far_from_it():
    base = PLAIN.copy()
    base[[STRENGTH, LAMP]] = 3, 1
    images = pictures(varied(ROBOT_X, base))
    changed = np.ptp(images, axis=0).max(axis=-1) > 0
    # The lower cabinets and the floor right of the robot, and the wall at the right.
    assert not changed[46:, 46:].any()
    assert not changed[:, 54:].any()
    assert changed.mean() > 0.1


def test_joints_are_where_rotations_bring_them():
    def about_z(angle):
        c, s = math.cos(angle), math.sin(angle)
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

    def about_y(angle):
        c, s = math.cos(angle), math.sin(angle)
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])

    turns, lifts = np.meshgrid(np.arange(8), np.arange(5), indexing="ij")
    arm = jax.jit(robot.pose)(turns, lifts)
    upper, forearm = [0, 0, KITCHEN.upper_arm], [KITCHEN.forearm, 0, 0]
    for turn, lift in np.ndindex(8, 5):
        turned = about_z(math.radians(KITCHEN.turns[turn]))
        lean, raised = math.radians(KITCHEN.leans[lift]), math.radians(KITCHEN.lifts[lift])
        elbow = np.array([KITCHEN.robot_x, 0, KITCHEN.shoulder_z]) + turned @ about_y(-lean) @ upper
        wrist = elbow + turned @ about_y(-raised) @ forearm
        found = [
            [np.broadcast_to(part, (8, 5))[turn, lift] for part in (joint.x, joint.y, joint.z)]
            for joint in (arm.elbow, arm.wrist, arm.tip.origin, arm.tip.z)
        ]
        raise_hand = turned @ about_y(-raised) @ [0, 0, KITCHEN.hand_rise]
        expected = [elbow, wrist, wrist + raise_hand, (wrist - elbow) / KITCHEN.forearm]
        np.testing.assert_allclose(found, expected, atol=2e-6)
