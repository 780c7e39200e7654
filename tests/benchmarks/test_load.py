import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks import BENCHMARKS, load


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "shapes2d"}, ValueError, "name='shapes2d' is unknown; expected one of shapes3d"),
        ({"name": None}, ValueError, "name=None"),
        (
            {"origin": "drawn"},
            ValueError,
            "origin='drawn' is unknown; expected one of rendered, official",
        ),
        ({"resolution": 0}, ValueError, "resolution=0 is too small; expected an integer >= 1"),
        ({"resolution": -4}, ValueError, "resolution=-4"),
        ({"resolution": 64.0}, TypeError, "resolution=64.0"),
        ({"resolution": "64"}, TypeError, "resolution='64' is a str; expected an integer"),
        ({"resolution": True}, TypeError, "resolution=True"),
        ({"data_dir": "data"}, ValueError, "data_dir='data' is of no use"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        load(**({"name": "shapes3d"} | arguments))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_draws_what_it_promises(name):
    benchmark = load(name, resolution=np.int64(16))
    sources = benchmark.grid.sources(np.array([0, benchmark.grid.num_images - 1]))
    images = benchmark.images(sources)
    assert images.shape == (2, 16, 16, benchmark.channels)
    assert images.dtype == np.uint8
    assert len(np.unique(images)) > 10
    for source in benchmark.sources:
        assert source.description
        assert len(set(source.labels)) == len(source.labels)


def test_images_are_rendered_in_chunks_without_a_seam():
    benchmark = load("shapes3d", resolution=16)
    # 300 is more than two chunks and no multiple of one.
    sources = benchmark.grid.sources(np.arange(0, 480_000, 1600))
    whole = benchmark.images(sources)
    pieces = np.concatenate([benchmark.images(sources[:7]), benchmark.images(sources[7:])])
    np.testing.assert_array_equal(whole, pieces)
    assert benchmark.images(sources[:0]).shape == (0, 16, 16, 3)


def test_images_are_what_render_gives_inside_jit_and_vmap():
    benchmark = load("shapes3d", resolution=16)
    sources = benchmark.grid.sources(np.arange(0, 480_000, 9_999))
    images = benchmark.images(sources)
    for render in (benchmark.render, jax.jit(benchmark.render), jax.vmap(benchmark.render)):
        light = np.asarray(render(jax.numpy.asarray(sources)))
        assert light.dtype == np.float32
        # Rounding to whole grey levels is off by half a level at most.
        assert np.abs(light * 255 - images).max() <= 0.5 + 1e-3


@pytest.mark.parametrize(
    ("sources", "error", "message"),
    [
        ([[0, 0, 10, 0, 0, 0]], ValueError, "object_hue=10 is outside the grid; expected 0 to 9"),
        ([[0, 0, 0, 0, 0, -1]], ValueError, "orientation=-1"),
        ([[0, 0, 0]], ValueError, r"shape \(1, 3\); expected \(n, 6\)"),
        ([0, 0, 0, 0, 0, 0], ValueError, r"shape \(6,\); expected \(n, 6\)"),
        ([[0.5, 0, 0, 0, 0, 0]], TypeError, "float64"),
    ],
)
def test_images_refuse_bad_sources(sources, error, message):
    with pytest.raises(error, match=message):
        load("shapes3d", resolution=16).images(np.array(sources))


def test_sampling_covers_the_grid_inside_jit_and_draws_what_it_says():
    benchmark = load("shapes3d", resolution=8)
    sources, images = jax.jit(benchmark.sample, static_argnums=1)(jax.random.key(0), 600)
    np.testing.assert_allclose(images * 255, benchmark.images(np.asarray(sources)), atol=0.51)
    # 600 uniform draws miss one of at most 15 values with probability below 15 * (14/15)**600.
    for values, size in zip(np.asarray(sources).T, benchmark.grid.sizes, strict=True):
        np.testing.assert_array_equal(np.unique(values), np.arange(size))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_what_a_renderer_looks_up_is_no_constant_of_the_program(name):
    """Tables are tens of megabytes at 64 pixels: as constants they are compiled and kept again."""
    benchmark = load(name, resolution=16)
    sources = jnp.zeros((2, benchmark.grid.num_sources), jnp.int32)
    program = jax.jit(lambda draw, sources: draw(sources)).lower(benchmark.bound, sources)
    assert len(program.as_text()) < 500_000
