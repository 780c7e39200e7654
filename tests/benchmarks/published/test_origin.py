"""Official images through `load` and through whole runs, on a small set in the published format."""

import hashlib
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks import SourceGrid, load
from lib.benchmarks.published import OfficialFileError
from lib.runs import RunConfig, RunImages, execute
from tests.benchmarks.published import small_sets
from tests.child import output_of
from tests.simulated import simulated_devices

SIZES = (3, 4, 2, 5, 2, 3)


@pytest.fixture
def data_dir(tmp_path):
    """A folder with the file of a small set that takes the place of Shapes3D."""
    twin = small_sets.small("shapes3d", sizes=SIZES)
    small_sets.write(twin, tmp_path / twin.published.file_name)
    with small_sets.in_its_place(twin):
        yield tmp_path


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
    path = data_dir / "3dshapes.h5"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(OfficialFileError, match=r"3dshapes\.h5"):
        load("shapes3d", origin="official", data_dir=data_dir)


@pytest.mark.parametrize("training_images", [400, 0])
def test_a_run_learns_from_official_images(data_dir, published, tmp_path, training_images):
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
    assert record.config.data.origin == "official"
    assert record.scoring.num_images == 100
    images = load("shapes3d", "official", data_dir=data_dir).images_sha256
    assert record.training.images_sha256 == images
    assert images == hashlib.sha256(published.tobytes()).hexdigest()
    loss = record.training.curves["reconstruction"]
    assert loss[-1] < loss[0]


def test_several_processes_cannot_ask_the_host_for_images(data_dir, monkeypatch):
    settings = {"origin": "official", "training_images": 0, "evaluation_images": 100}
    config = RunConfig("shapes3d", "autoencoder", "smoke", **settings)
    images = RunImages.of(config, data_dir)
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with pytest.raises(ValueError, match=r"training_images=0 .* 2 processes cannot; give a number"):
        _ = images.sampler


def test_two_devices_and_two_seeds_share_the_images(tmp_path):
    words = ("-m", "tests.benchmarks.published.on_two_devices", tmp_path)
    losses = json.loads(output_of(*words, env=simulated_devices(2)).splitlines()[-1])
    np.testing.assert_allclose(losses["2"], losses["1"], atol=1e-5)
    first, second = losses["1"]
    assert first != second
