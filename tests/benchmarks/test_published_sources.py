"""Every twin has the sources of the published set, and every one of them can be seen."""

import numpy as np
import pytest

from lib.benchmarks import BENCHMARKS, load, source_visibility

# Names and sizes in index order, from the data sets' own descriptions; see each publication's page.
PUBLISHED = {
    "shapes3d": (
        "floor_hue 10, wall_hue 10, object_hue 10, scale 8, shape 4, orientation 15",
        480_000,
    ),
    "mpi3d": (
        "object_color 4, object_shape 4, object_size 2, camera_height 3, background_color 3, "
        "horizontal_axis 40, vertical_axis 40",
        460_800,
    ),
    "falcor3d": (
        "lighting_intensity 5, lighting_x 6, lighting_y 6, lighting_z 6, camera_x 6, camera_y 6, "
        "camera_z 6",
        233_280,
    ),
    "isaac3d": (
        "object_shape 3, robot_x 8, robot_y 5, camera_height 4, object_scale 4, "
        "lighting_intensity 4, lighting_y 6, object_color 4, wall_color 4",
        737_280,
    ),
    "dsprites": (
        "color 1, shape 3, scale 6, orientation 40, position_x 32, position_y 32",
        737_280,
    ),
}

# In grey levels, where the scene was made so; elsewhere any change will do.
SMALLEST_CHANGE = {"shapes3d": 0.5, "falcor3d": 0.2, "isaac3d": 0.2}
SMALLEST_CHANGE_OF_ONE = {
    ("shapes3d", "floor_hue"): 2.0,
    ("shapes3d", "wall_hue"): 2.0,
    # Where the sun is low behind the wall, its brightness reaches one or two pixels in a hundred.
    ("falcor3d", "lighting_intensity"): 0.05,
}


def test_these_are_all_benchmarks():
    assert set(BENCHMARKS) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_sources_are_the_published_ones(name):
    text, num_images = PUBLISHED[name]
    names, sizes = zip(*(words.split() for words in text.split(", ")), strict=True)
    grid = load(name).grid
    assert grid.names == names
    assert grid.sizes == tuple(map(int, sizes))
    assert grid.num_images == num_images == BENCHMARKS[name].grid.num_images


def test_strides_of_isaac3d_are_right_where_its_own_description_is_wrong():
    assert load("isaac3d").grid.strides == (245760, 30720, 6144, 1536, 384, 96, 16, 4, 1)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_step_of_every_source_changes_the_image(name):
    benchmark = load(name)
    found = source_visibility(benchmark, 2000)
    assert [v.name for v in found] == [benchmark.grid.names[k] for k in benchmark.grid.varying]
    for visible in found:
        of_all = SMALLEST_CHANGE.get(name, 0)
        smallest = SMALLEST_CHANGE_OF_ONE.get((name, visible.name), of_all)
        assert visible.change.min() > smallest, visible.name
        assert visible.change.shape == visible.touched.shape == (2000,)
        assert np.median(visible.change) > 0.2
