import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks import SourceGrid, load

SHAPES3D = load("shapes3d").grid
SMALL = SourceGrid(("a", "b", "c"), (2, 3, 4))


def test_order_is_the_published_one():
    # Products of the sizes that follow: 15, 4*15, 8*4*15, ...
    assert SHAPES3D.strides == (48_000, 4_800, 480, 60, 15, 1)
    np.testing.assert_array_equal(SHAPES3D.sources([0, 1, 15, 479_999])[2], [0, 0, 0, 0, 1, 0])
    np.testing.assert_array_equal(SHAPES3D.sources(479_999), [9, 9, 9, 7, 3, 14])


def test_every_index_of_shapes3d_comes_back():
    index = np.arange(SHAPES3D.num_images)
    sources = SHAPES3D.sources(index)
    assert sources.dtype == np.int32
    np.testing.assert_array_equal(SHAPES3D.index(sources), index)


def test_traced_and_checked_agree():
    index = np.arange(SMALL.num_images)
    sources = jax.jit(SMALL.traced_sources)(index)
    np.testing.assert_array_equal(sources, SMALL.sources(index))
    np.testing.assert_array_equal(jax.jit(SMALL.traced_index)(sources), index)


def test_numpy_integers_are_integers():
    grid = SourceGrid(("a", "b"), (np.int64(2), np.uint8(3)))
    assert grid == SourceGrid(("a", "b"), (2, 3))
    np.testing.assert_array_equal(grid.sources(np.uint64(5)), [1, 2])
    assert grid.index(np.array([1, 2], np.uint8)) == 5


def test_entropies_are_logarithms_of_sizes():
    np.testing.assert_allclose(SMALL.entropies, [math.log(2), math.log(3), math.log(4)])


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([[0, 3, 0]], r"b=3 is outside the grid; expected 0 to 2"),
        ([[0, -1, 0]], r"b=-1 is outside the grid; expected 0 to 2"),
        ([[0, 0, 0], [2, 0, 0]], r"a=2 is outside the grid; expected 0 to 1"),
        ([[0, 0]], r"shape \(1, 2\); expected \(n, 3\).*a, b, c"),
        (0, r"shape \(\); expected \(n, 3\)"),
    ],
)
def test_sources_outside_the_grid_are_named(sources, message):
    with pytest.raises(ValueError, match=message):
        SMALL.index(np.array(sources))


@pytest.mark.parametrize("index", [-1, 24])
def test_index_outside_the_grid_is_named(index):
    with pytest.raises(ValueError, match=rf"index={index} is outside the grid; expected 0 to 23"):
        SMALL.sources(np.array([0, index]))


def test_values_that_are_no_integers_are_refused():
    with pytest.raises(TypeError, match="sources has dtype float64; expected integers"):
        SMALL.check(np.array([[0.0, 1.0, 2.0]]))
    with pytest.raises(TypeError, match="index has dtype bool"):
        SMALL.sources(np.array([True]))
    with pytest.raises(TypeError, match="traced_sources"):
        jax.jit(SMALL.sources)(jnp.arange(2))


@pytest.mark.parametrize(
    ("names", "sizes", "error", "message"),
    [
        ((), (), ValueError, "at least one source"),
        (("a",), (2, 3), ValueError, "one size a name"),
        (("a", "a"), (2, 3), ValueError, "distinct names"),
        (("a",), (0,), ValueError, "size of a=0"),
        (("a",), (2.0,), TypeError, "size of a=2.0"),
        (("a",), ("2",), TypeError, "size of a='2'"),
        (("a", "b"), (2**16, 2**15), ValueError, "at most"),
    ],
)
def test_bad_grids_are_refused(names, sizes, error, message):
    with pytest.raises(error, match=message):
        SourceGrid(names, sizes)
