import jax
import numpy as np
import pytest

from lib.benchmarks import SourceGrid, Split, load

GRID = SourceGrid(("a", "b", "c"), (2, 3, 4))


@pytest.mark.parametrize("num_held_out", [0, 1, 7, 23])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_training_indices_are_exactly_the_rest(num_held_out, seed):
    halves = Split(GRID, num_held_out, seed)
    ranks = np.arange(halves.num_training)
    training = np.asarray(jax.jit(halves.training_index)(ranks))
    # One to one and onto: with uniform ranks, every combination left is equally likely.
    rest = np.setdiff1d(np.arange(GRID.num_images), halves.held_out)
    np.testing.assert_array_equal(training, rest)


def test_held_out_is_sorted_distinct_and_follows_the_seed():
    held_out = Split(GRID, 9, seed=3).held_out
    assert held_out.dtype == np.int32
    assert (np.diff(held_out) > 0).all()
    np.testing.assert_array_equal(held_out, Split(GRID, 9, seed=3).held_out)
    assert (held_out != Split(GRID, 9, seed=4).held_out).any()
    with pytest.raises(ValueError, match="read-only"):
        held_out[0] = 0


def test_training_samples_are_uniform_and_never_held_out():
    halves = Split(GRID, 9, seed=0)
    num = 15_000
    draw = jax.jit(halves.sample_training, static_argnums=1)
    counts = np.bincount(GRID.index(np.asarray(draw(jax.random.key(0), num))), minlength=24)
    assert counts[halves.held_out].sum() == 0
    rest = np.delete(counts, halves.held_out)
    # 15 combinations, 1,000 expected of each: chi-squared with 14 degrees of freedom stays below
    # 36.1 in 999 of 1,000 draws.
    assert ((rest - 1000) ** 2 / 1000).sum() < 36.1


def test_shapes3d_samples_keep_off_the_held_out():
    grid = load("shapes3d").grid
    halves = Split(grid, 10_000)
    index = grid.index(np.asarray(halves.sample_training(jax.random.key(1), 20_000)))
    assert not np.isin(index, halves.held_out).any()


@pytest.mark.parametrize(
    ("num_held_out", "seed", "error", "message"),
    [
        (-1, 0, ValueError, "num_held_out=-1"),
        (24, 0, ValueError, "num_held_out=24 leaves nothing to train on; expected 0 to 23"),
        (2.0, 0, TypeError, "num_held_out=2.0"),
        ("2", 0, TypeError, "num_held_out='2'"),
        (2, -1, ValueError, "seed=-1"),
        (2, None, TypeError, "seed=None"),
    ],
)
def test_bad_splits_are_refused(num_held_out, seed, error, message):
    with pytest.raises(error, match=message):
        Split(GRID, num_held_out, seed)
