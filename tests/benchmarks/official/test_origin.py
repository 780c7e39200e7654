"""Official images through `load` and through whole runs, on a small set in the published format."""

import dataclasses
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks import BENCHMARKS, Source, SourceGrid, load
from lib.benchmarks.official import OFFICIAL, OfficialFileError, sets
from lib.runs import RunConfig, execute
from tests.benchmarks.official import small_sets

SIZES = (3, 4, 2, 5, 2, 3)


@pytest.fixture
def data_dir(monkeypatch, tmp_path):
    """A folder with the file of a small set that takes the place of Shapes3D."""
    official = small_sets.small("shapes3d", sizes=SIZES)
    names = zip(small_sets.NAMES, SIZES, strict=True)
    scene = types.SimpleNamespace(
        SOURCES=tuple(Source(name, "", "", tuple(map(str, range(size)))) for name, size in names),
        PUBLICATION=official.publication,
    )
    monkeypatch.setitem(sets.OFFICIAL, "shapes3d", official)
    entry = dataclasses.replace(BENCHMARKS["shapes3d"], scene=scene)
    monkeypatch.setitem(BENCHMARKS, "shapes3d", entry)
    small_sets.write(official, tmp_path / official.file_name)
    return tmp_path


@pytest.fixture
def published():
    return small_sets.make_images(small_sets.small("shapes3d", sizes=SIZES))


def test_images_are_those_of_the_file_however_they_are_asked_for(data_dir, published):
    benchmark = load("shapes3d", origin="official", data_dir=data_dir)
    index = np.array([719, 0, 5, 5, 300])
    sources = benchmark.grid.sources(index)
    np.testing.assert_array_equal(benchmark.images(sources), published[index])
    for render in (benchmark.render, jax.jit(benchmark.render), jax.vmap(benchmark.render)):
        light = np.asarray(render(jnp.asarray(sources)))
        assert light.dtype == np.float32
        np.testing.assert_allclose(light * 255, published[index], atol=1e-3)
    drawn, light = jax.jit(lambda key: benchmark.sample(key, 7))(jax.random.key(0))
    found = published[benchmark.grid.index(np.asarray(drawn))]
    np.testing.assert_allclose(np.asarray(light) * 255, found, atol=1e-3)


def test_smaller_images_are_means_over_pixels(data_dir, published):
    sources = SourceGrid(small_sets.NAMES, SIZES).sources([1, 2])
    small = load("shapes3d", "official", 16, data_dir).images(sources).astype(float)
    area_mean = published[[1, 2]].reshape(2, 16, 4, 16, 4, 3).mean(axis=(2, 4))
    assert np.abs(small - area_mean).max() <= 0.5 + 1e-3
    odd = load("shapes3d", "official", 24, data_dir).images(sources)
    assert odd.shape == (2, 24, 24, 3)
    np.testing.assert_allclose(odd.mean(), published[[1, 2]].mean(), atol=1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"resolution": 65}, ValueError, r"official images have 64 pixels .*; expected 1 to 64"),
        ({"name": "mpi3d"}, FileNotFoundError, "-m lib.benchmarks fetch mpi3d"),
    ],
)
def test_what_is_not_there_is_named(data_dir, arguments, error, message):
    with pytest.raises(error, match=message):
        load(**({"name": "shapes3d", "origin": "official", "data_dir": data_dir} | arguments))


def test_a_damaged_file_is_named(data_dir):
    path = data_dir / OFFICIAL["shapes3d"].file_name
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(OfficialFileError, match=r"3dshapes\.h5"):
        load("shapes3d", origin="official", data_dir=data_dir)


@pytest.mark.parametrize("training_images", [400, 0])
def test_a_run_learns_from_official_images(data_dir, tmp_path, training_images):
    config = RunConfig(
        "shapes3d",
        "autoencoder",
        "smoke",
        origin="official",
        steps=20,
        training_images=training_images,
        evaluation_images=100,
    )
    assert config.identity != config.replace(origin="rendered").identity
    record = execute(config, tmp_path / "runs", data_dir=data_dir)
    assert record.config.origin == "official"
    assert record.num_images == 100
    loss = record.curves["reconstruction"]
    assert loss[-1] < loss[0]
