"""The dSprites twin: areas, places and the symmetry that the published set has too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks import load
from lib.benchmarks.twins import dsprites

BENCHMARK = load("dsprites")
SIZES = dsprites.SILHOUETTE
COLOR, SHAPE, SCALE, ORIENTATION, X, Y = range(6)


def silhouettes(resolution=64, **fixed):
    """All shapes, scales and orientations in the middle: (3, 6, 40, resolution, resolution)."""
    grid = np.stack(np.meshgrid(range(3), range(6), range(40), indexing="ij"), axis=-1)
    sources = np.concatenate(
        [np.zeros((720, 1), int), grid.reshape(-1, 3), np.full((720, 2), 15)], axis=1
    )
    images = load("dsprites", resolution=resolution).images(sources)
    return images.reshape(3, 6, 40, resolution, resolution).astype(int)


def test_pictures_are_binary_and_whole():
    pictures = silhouettes()
    assert set(np.unique(pictures)) == {0, 255}
    corners = [
        [0, shape, 5, turn, x, x] for shape in range(3) for turn in range(40) for x in (0, 31)
    ]
    images = BENCHMARK.images(np.array(corners))[..., 0]
    assert not images[:, [0, -1]].any()
    assert not images[:, :, [0, -1]].any()


def test_areas_are_those_of_the_shapes():
    scale = np.linspace(0.5, 1, 6)[:, None]
    area = (silhouettes() / 255).sum(axis=(-1, -2))
    np.testing.assert_allclose(area[0].mean(1), (4 * SIZES.square**2 * scale**2)[:, 0], rtol=0.02)
    ellipse = np.pi * SIZES.ellipse_long * SIZES.ellipse_short
    np.testing.assert_allclose(area[1].mean(1), (ellipse * scale**2)[:, 0], rtol=0.02)
    # The heart curve by its definition, summed over a fine grid.
    x, y = np.meshgrid(np.linspace(-1.5, 1.5, 2001), np.linspace(-1.5, 1.5, 2001))
    heart = ((x**2 + y**2 - 1) ** 3 <= x**2 * y**3).mean() * 9 * SIZES.heart**2
    np.testing.assert_allclose(area[2].mean(1), (heart * scale**2)[:, 0], rtol=0.02)


def test_a_step_of_position_moves_the_picture_by_one_pixel():
    sources = np.array([[0, 2, 3, 7, x, y] for x, y in ((3, 20), (4, 20), (3, 21))])
    here, right, below = BENCHMARK.images(sources)[..., 0]
    np.testing.assert_array_equal(right, np.roll(here, 1, axis=1))
    np.testing.assert_array_equal(below, np.roll(here, 1, axis=0))


def test_every_step_of_shape_scale_and_orientation_shows():
    pictures = silhouettes()
    for axis in range(3):
        changed = (np.diff(pictures, axis=axis) != 0).any(axis=(-1, -2))
        assert changed.all()


def test_only_a_full_turn_gives_the_same_picture():
    pictures = silhouettes()
    np.testing.assert_array_equal(pictures[:, :, 0], pictures[:, :, 39])
    for shape in (dsprites.ELLIPSE, dsprites.HEART):
        for scale in range(6):
            assert len(np.unique(pictures[shape, scale].reshape(40, -1), axis=0)) == 39


def test_orientation_turns_the_heart_clockwise():
    # Upright at first, its point below the middle; after a quarter turn to the left of it.
    upright, quarter = silhouettes()[dsprites.HEART, 5][[0, 10]] > 0
    assert np.flatnonzero(upright.any(axis=1))[-1] > np.flatnonzero(upright.any(axis=0))[-1] - 2
    point_row = np.flatnonzero(upright.any(axis=1))[-1]
    assert upright[point_row].sum() <= 3
    point_column = np.flatnonzero(quarter.any(axis=0))[0]
    assert quarter[:, point_column].sum() <= 3


@pytest.mark.parametrize("resolution", [16, 32, 48])
def test_smaller_pictures_are_grey_means(resolution):
    small = silhouettes(resolution)
    large = silhouettes()
    light = [pictures.mean(axis=(2, 3, 4)) for pictures in (small, large)]
    np.testing.assert_allclose(*light, rtol=0.02)
    if 64 % resolution == 0:
        cell = 64 // resolution
        means = large.reshape(3, 6, 40, resolution, cell, resolution, cell).mean(axis=(-3, -1))
        assert np.abs(small - means).max() <= 0.5


def test_pictures_do_not_depend_on_how_they_are_asked_for():
    sources = jnp.asarray(BENCHMARK.grid.sources(np.arange(0, 737_280, 10_007)))
    whole = np.asarray(jax.jit(BENCHMARK.render)(sources))
    assert whole.shape == (74, 64, 64, 1)
    np.testing.assert_array_equal(jax.vmap(BENCHMARK.render)(sources), whole)
    assert set(np.unique(load("dsprites", resolution=100).images(np.asarray(sources)))) == {0, 255}
