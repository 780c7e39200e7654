"""Changes by one step, against images made by hand."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks import Source, load, source_overlap, source_visibility

LEVELS = tuple(f"{level}" for level in range(3))


@pytest.fixture(scope="module")
def striped():
    """Three sources: the left half, twice as strong on all of it, and one without a choice."""
    sources = (
        Source("left", LEVELS),
        Source("fixed", ("only",)),
        Source("all", LEVELS),
        Source("right", LEVELS),
    )

    def draw(values):
        left, _, everywhere, right = jnp.moveaxis(jnp.asarray(values), -1, 0) / 255
        columns = jnp.arange(4)
        light = 20 * everywhere[..., None] + jnp.where(
            columns < 2, 5 * left[..., None], 10 * right[..., None]
        )
        return jnp.broadcast_to(light[..., None, :, None], (*light.shape[:-1], 4, 4, 3))

    twin = load("shapes3d", resolution=4)
    return dataclasses.replace(twin, sources=sources, draw=draw)


def test_changes_are_means_over_pixels(striped):
    left, everywhere, right = source_visibility(striped, 12)
    assert [v.name for v in (left, everywhere, right)] == ["left", "all", "right"]
    np.testing.assert_array_equal(left.change, np.full(12, 2.5))
    np.testing.assert_array_equal(everywhere.change, np.full(12, 20.0))
    np.testing.assert_array_equal(left.where, np.repeat([[5.0, 5.0, 0.0, 0.0]], 4, axis=0))
    # Five grey levels are too few to count as a change of a pixel, ten are not.
    assert left.touched.max() == 0
    np.testing.assert_array_equal(right.touched, np.full(12, 0.5))


def test_smaller_pictures_are_means_over_pixels():
    """One source moves a pixel in 16 by 80 levels, the other moves neighbours in turns."""
    sources = (Source("dot", ("off", "on")), Source("edge", ("left", "right")))

    def draw(values):
        dot, edge = jnp.moveaxis(jnp.asarray(values), -1, 0)[..., None, None] / 255
        row, column = jnp.mgrid[:64, :64]
        light = 80 * dot * ((row % 4 == 0) & (column % 4 == 0))
        light += 40 * jnp.where(column % 2 == 0, edge, 1 / 255 - edge) * (row < 2)
        return light[..., None]

    twin = load("dsprites")
    dot, edge = source_visibility(dataclasses.replace(twin, sources=sources, draw=draw), 3)
    np.testing.assert_array_equal(dot.change, np.full(3, 5.0))
    for resolution, (level, share) in {32: (20, 1 / 4), 16: (5, 0)}.items():
        seen = dot.smaller[resolution]
        np.testing.assert_array_equal(seen.change, np.full(3, 5.0))  # no change of sign, no loss
        assert seen.where.max() == level
        assert seen.touched.max() == share
    # 5 levels are fewer than can be seen.
    assert (dot.unseen, dot.smaller[32].unseen, dot.smaller[16].unseen) == (0, 0, 1)
    # What goes up in one pixel and down in the next is nothing once they merge.
    np.testing.assert_array_equal(edge.change, np.full(3, 40 * 2 / 64))
    np.testing.assert_allclose(edge.smaller[32].change, 0, atol=1e-6)
    assert (edge.unseen, edge.smaller[32].unseen) == (0, 1)


def test_means_over_pixels_change_as_much_as_pictures_drawn_small():
    large = source_visibility(load("shapes3d"), 40)
    for resolution in (32, 16):
        drawn = source_visibility(load("shapes3d", resolution=resolution), 40)
        for seen, small in zip(large, drawn, strict=True):
            merged = np.median(seen.smaller[resolution].change)
            assert merged == pytest.approx(np.median(small.change), rel=0.05), seen.name


def test_overlap_is_the_cosine_between_changes(striped):
    overlap = source_overlap(striped, 12)
    half = np.sqrt(0.5)  # half of the pixels are shared
    expected = [[1, half, 0], [half, 1, half], [0, half, 1]]
    np.testing.assert_allclose(overlap, expected, atol=1e-6)


def test_the_same_seed_draws_the_same_images():
    first, again, other = (
        source_visibility(load("dsprites", resolution=32), 10, seed)[0].change for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_bad_numbers_are_refused(striped):
    with pytest.raises(ValueError, match="num=0 is too small"):
        source_visibility(striped, 0)
    with pytest.raises(TypeError, match="seed=None"):
        source_overlap(striped, 1, None)
