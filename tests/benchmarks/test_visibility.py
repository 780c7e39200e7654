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
