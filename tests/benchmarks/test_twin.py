"""What a benchmark says of itself, and one that a user adds in a file of their own."""

import json

import numpy as np
import pytest

from lib.benchmarks import BENCHMARKS, Source, Twin, add_twin, load
from lib.source import module_digests
from tests.child import output_of

# All that a user writes.
BARS = '''
import jax.numpy as jnp
from lib.benchmarks import Source, Twin, add_twin

STEPS = tuple(str(step) for step in range(30))


def renderer(resolution):
    """A bar on black: its height from below and its brightness."""

    def draw(sources):
        height, light = jnp.moveaxis(jnp.asarray(sources), -1, 0)[..., None, None]
        rows = jnp.arange(resolution)[:, None] * jnp.ones(resolution)
        bar = 30 * rows >= resolution * (29 - height)
        return (bar * (light + 1) / 30.0)[..., None].astype(jnp.float32)

    return draw


add_twin(
    Twin(
        name="bars",
        title="Bars",
        sources=(Source("height", STEPS), Source("light", STEPS)),
        renderer=renderer,
        channels=1,
        profiles={"smoke": {"steps": 20}},
    ), __name__)
'''
USE = """
import json, sys
from lib.benchmarks import BENCHMARKS, load
from lib.runs import RunConfig, execute
bars = load("bars", resolution=15)
config = RunConfig("bars", "autoencoder", "smoke", training_images=300, evaluation_images=200)
record = execute(config, sys.argv[1])
print(json.dumps({
    "names": list(BENCHMARKS),
    "image": bars.images([[9, 14]])[0, :, 0, 0].tolist(),
    "scores": record.scores,
}))
"""


def test_a_twin_in_a_file_of_ones_own_is_found_drawn_and_trained_on(tmp_path):
    assert len(BARS.strip().splitlines()) < 30
    (tmp_path / "bars.py").write_text(BARS)
    said = output_of("-c", USE, tmp_path / "runs", extensions=tmp_path / "bars.py")
    found = json.loads(said.splitlines()[-1])
    # Those of the book come first, in the order of its tables.
    assert found["names"] == ["shapes3d", "mpi3d", "falcor3d", "isaac3d", "dsprites", "bars"]
    # Lit is row r from 30 r = 15 (29 - 9) on, with 15 / 30 of the light, 127.5 of 255.
    assert found["image"] == [0] * 10 + [128] * 5
    assert np.isfinite(found["scores"]["psnr"])


@pytest.fixture
def own_twin():
    """A twin without a published file, for as long as a test lasts."""
    twin = Twin("own", "Own", (Source("one", ("a", "b")),), renderer=lambda _: None)
    add_twin(twin, __name__)
    yield twin
    BENCHMARKS._entries.pop("own")


def test_official_images_of_a_twin_without_a_published_file_are_refused(own_twin):
    with pytest.raises(ValueError, match="own has no published file; expected origin='rendered'"):
        load("own", origin="official")


def test_a_name_of_another_module_is_refused(own_twin):
    with pytest.raises(ValueError, match=r"'shapes3d' of .*test_twin is there already"):
        add_twin(Twin("shapes3d", "Own", own_twin.sources, renderer=lambda _: None), __name__)


def test_what_a_twin_was_made_by_is_its_file_and_what_it_draws_with():
    found = module_digests([BENCHMARKS.module("mpi3d")])
    files = {name.removeprefix("lib/benchmarks/") for name in found}
    assert files == {
        "grid.py",
        "sources.py",
        "twin.py",
        *(
            f"scene/{name}.py"
            for name in ("arm", "booth", "camera", "objects", "penumbra", "tracer", "vectors")
        ),
        "twins/mpi3d.py",
    }
