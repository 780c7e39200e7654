import colorsys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks import load
from lib.benchmarks.twins import shapes3d

BENCHMARK = load("shapes3d")
FLOOR_HUE, WALL_HUE, OBJECT_HUE, SCALE, SHAPE, ORIENTATION = range(6)
trace = jax.jit(shapes3d.trace, static_argnums=(3, 4))


@pytest.fixture(scope="module")
def random_sources():
    index = np.random.default_rng(0).choice(BENCHMARK.grid.num_images, 300, replace=False)
    return BENCHMARK.grid.sources(index)


def stepped(sources, place):
    """The sources with one of them moved to a neighbouring value."""
    moved = sources.copy()
    last = BENCHMARK.grid.sizes[place] - 1
    moved[:, place] += np.where(moved[:, place] == last, -1, 1)
    return moved


def change(sources, place):
    """Absolute change in grey levels, (n, 64, 64, 3), when one source moves by one value."""
    before, after = BENCHMARK.images(sources), BENCHMARK.images(stepped(sources, place))
    return np.abs(before.astype(int) - after.astype(int))


def light_of(sources, room=shapes3d.ROOM):
    """Light of at most 24 combinations at 64 x 64; of one shape, so that it is compiled once."""
    full = np.resize(sources, (24, 6))
    geometry = (jnp.asarray(full[:, place]) for place in (SCALE, SHAPE, ORIENTATION))
    light = trace(*geometry, 64, 2, room)
    return jax.tree.map(lambda part: np.asarray(part)[: len(sources)], light)


@pytest.mark.parametrize(
    ("place", "part"), [(FLOOR_HUE, "floor"), (WALL_HUE, "wall"), (OBJECT_HUE, "object")]
)
def test_a_hue_changes_its_own_part_only(random_sources, place, part):
    sources = random_sources[:24]
    changed = change(sources, place).max(axis=-1) > 0
    brightness = getattr(light_of(sources), part)
    assert not changed[brightness == 0].any()
    # All of the part changes, except at edges that another part already lights fully.
    assert changed[brightness > 0.3].mean() > 0.998


def test_hues_go_evenly_around_the_circle_at_full_saturation():
    light = shapes3d.Light(
        *(jnp.full((10, 1, 1), float(part == "wall")) for part in shapes3d.Light._fields)
    )
    hues = jnp.arange(10)
    colours = shapes3d.paint(light, hues * 0, hues, hues * 0)[:, 0, 0]
    expected = [colorsys.hsv_to_rgb(step / 10, 1.0, 1.0) for step in range(10)]
    np.testing.assert_allclose(colours, expected, atol=1e-6)


def test_the_parts_lie_where_the_published_frames_have_them():
    # Floor red, walls blue (hue 0.6), object green (hue 0.3), read off the published frames.
    sources = np.array(
        [
            [0, 6, 3, scale, shape, orientation]
            for scale in (0, 7)
            for shape in range(4)
            for orientation in (0, 7, 14)
        ]
    )
    images = BENCHMARK.images(sources).astype(int)
    sky, floor = images[:, 0], images[:, -1]
    assert (sky == [153, 226, 249]).all()
    assert (floor[..., 1:] == 0).all()
    assert (floor[:, 5, 0] > 200).all()
    wall = images[:, 28, 12]
    assert (wall[:, 0] == 0).all()
    assert (wall[:, 2] > 100).all()
    item = images[:, 44, 32]
    assert (item[:, 1] > 2 * item[:, 0]).all()
    assert (item[:, 1] > 150).all()


def test_the_corner_moves_from_right_to_left():
    # In the published sweep of orientations the side wall, which is darker, is first on the right
    # (its edge at 0.69 of the width), then out of view, then on the left (edge at 0.30).
    light = light_of(np.array([[0, 0, 0, 0, 0, step] for step in (0, 7, 14)]))
    row = light.wall[:, 27]
    edges = np.abs(np.diff(row, axis=-1))
    assert edges[0].argmax() / 64 == pytest.approx(0.69, abs=0.03)
    assert edges[2].argmax() / 64 == pytest.approx(0.30, abs=0.03)
    assert edges[1].max() < 0.02


def test_objects_grow_with_scale():
    for shape in range(4):
        sources = np.array([[0, 0, 0, scale, shape, 7] for scale in range(8)])
        area = (light_of(sources).object > 0).sum(axis=(1, 2))
        assert (np.diff(area) > 0).all()
        # Sides grow from 0.6 to 1; more of the top of the smaller one is seen.
        assert area[-1] / area[0] == pytest.approx(1 / 0.36, rel=0.15)


def shadow_column(room):
    """Mean column, in [0, 1], of the floor pixels that only the ambient light reaches."""
    light = light_of(np.array([[0, 0, 0, 7, 2, 7]]), room=room)
    shadow = (light.floor > 0) & (light.floor < room.ambient + 0.01)
    rows, columns = np.nonzero(shadow[0])
    # The far edge of the floor is as dim as a shadow, but lies above the object's foot.
    return (columns[rows > 45].mean() + 0.5) / 64


def test_the_shadow_falls_away_from_the_spotlight():
    left = shadow_column(shapes3d.ROOM)
    right = shadow_column(shapes3d.ROOM._replace(spotlight_x=-shapes3d.ROOM.spotlight_x))
    assert left > 0.52
    assert right < 0.48
    # A mirrored spotlight gives a mirrored picture when the camera stands in the middle.
    assert left + right == pytest.approx(1.0, abs=0.01)


def test_kept_light_gives_what_tracing_gives(random_sources):
    sources = random_sources[:24]
    hues = (jnp.asarray(sources[:, place]) for place in (FLOOR_HUE, WALL_HUE, OBJECT_HUE))
    traced = shapes3d.paint(shapes3d.Light(*map(jnp.asarray, light_of(sources))), *hues)
    np.testing.assert_allclose(BENCHMARK.render(sources), traced, atol=1e-3)


def test_antialiased_pictures_are_means_of_larger_ones(random_sources):
    sources = random_sources[:12]
    # Too large to keep the light of all geometries: this picture is traced for itself.
    larger = load("shapes3d", resolution=128).images(sources).astype(float)
    area_mean = larger.reshape(12, 64, 2, 64, 2, 3).mean(axis=(2, 4))
    error = np.abs(area_mean - BENCHMARK.images(sources))
    # 2 x 2 rays a pixel against 4 x 4. Where an edge runs along the pixels, the two differ by a
    # quarter of the light beside it, which is at most 1.3 of full brightness; and edges are few.
    assert error.mean() < 1.0
    assert error.max() < 1.3 * 255 / 4 + 1


def test_small_pictures_are_means_of_the_64_pixel_ones(random_sources):
    # 128 rays along each side in both, so only the limit to full brightness differs, and it
    # matters only where a small pixel mixes parts.
    small = load("shapes3d", resolution=16).images(random_sources[:50])
    large = BENCHMARK.images(random_sources[:50]).reshape(50, 16, 4, 16, 4, 3).mean(axis=(2, 4))
    assert np.abs(small - large).mean() < 0.5
