"""A model, a twin, a score and a protocol of one's own: a file each, outside the library."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

TOYS = {
    "sparse.py": """
from dataclasses import dataclass
import jax.numpy as jnp
from lib.models import Autoencoder
from lib.settings import Settings, number

@dataclass(frozen=True, kw_only=True)
class SparseSettings(Settings):
    sparsity_weight: float = number(0.01)

class Sparse(Autoencoder, name="sparse"):
    label = "sparse autoencoder"
    Settings = SparseSettings
    recipes = {"laptop": {"weight_decay": 0.01}}

    def terms(self, images, step):
        size = jnp.mean(jnp.abs(self(images).code.continuous))
        return super().terms(images, step) | {"sparsity": self.settings.sparsity_weight * size}
""",
    "bars.py": """
import jax.numpy as jnp
from lib.benchmarks import Source, Twin, add_twin

def renderer(resolution):
    places = jnp.arange(resolution) / resolution

    def draw(sources):
        row, column = sources[..., 0, None] / 16, sources[..., 1, None] / 16
        down = (jnp.abs(places - row) < 0.1)[..., :, None]
        across = (jnp.abs(places - column) < 0.1)[..., None, :]
        return (down | across)[..., None].astype(jnp.float32)

    return draw

SIXTEEN = tuple(str(place) for place in range(16))
SOURCES = (Source("row", SIXTEEN), Source("column", SIXTEEN))
add_twin(Twin("bars", "Bars", SOURCES, renderer, channels=1), __name__)
""",
    "spread.py": """
from lib.scores import Score, add_score

def spread(evaluation):
    return float(evaluation.reconstructions.std())

add_score(Score(name="spread", label="spread of pixels", compute=spread, digits=3), __name__)
""",
    "strict.py": """
from dataclasses import replace
from lib.metrics import PROTOCOLS
from lib.metrics.protocol import add_protocol

strict = replace(PROTOCOLS["corrected"], name="strict", source="mine", least_nmi=0.2)
add_protocol(strict, __name__)
""",
}
USE = """
import json, sys
from lib import figures
from lib.metrics import infomec
from lib.models import MODELS
from lib.runs import RunConfig, execute, table
settings = {"training_images": 100, "evaluation_images": 100}
config = RunConfig("bars", "sparse", "smoke", protocol="strict", steps=20, **settings)
record = execute(config, sys.argv[1])
looks = {"x": "model", "scores": "spread", "color": "score"}
chart = figures.score_intervals(table([record]), **looks).to_dict()
print(json.dumps([record.scores, record.config.to_dict(), sorted(record.training.code), chart]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    for name, text in TOYS.items():
        assert len(text.strip().splitlines()) < 30
        (folder / name).write_text(text)
    return folder


def _done(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | {"LATENT_QUANTIZATION_EXTENSIONS": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def _run(folder: Path, *words: str) -> str:
    done = _done(folder, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_toys_are_trained_scored_and_drawn_without_touching_another_file(folder, tmp_path):
    scores, config, code, chart = json.loads(_run(folder, "-c", USE, str(tmp_path)))
    assert scores["spread"] > 0
    assert {"infom", "psnr"} <= set(scores)
    assert (config["protocol"], config["sparsity_weight"]) == ("strict", 0.01)
    assert config["weight_decay"] == 0.01  # of the laptop profile, on which smoke is based
    assert config["num_latents"] == 4
    assert {f"{folder.name}/bars.py", f"{folder.name}/sparse.py"} <= set(code)
    assert f"{folder.name}/spread.py" not in code
    drawn = json.dumps(chart)
    assert "spread of pixels" in drawn
    assert "sparse autoencoder" in drawn


def test_the_command_line_knows_them(folder, tmp_path):
    words = ["bars", "sparse", "--profile", "smoke", "--out", str(tmp_path), "--set", "steps=5"]
    said = _run(folder, "-m", "lib.runs", *words, "evaluation_images=100", "training_images=100")
    assert "spread 0." in said
    assert "bars" in _run(folder, "-m", "lib.runs", "--help")


def test_a_score_that_is_added_is_computed_of_kept_models(folder, tmp_path):
    """Trained without it; then it is there, and nothing is trained again."""
    words = ["shapes3d", "qlae", "--profile", "smoke", "--out", str(tmp_path), "--set", "steps=5"]
    words += ["evaluation_images=100", "training_images=100"]
    assert "spread" not in _run(folder / "sparse.py", "-m", "lib.runs", *words)
    said = _run(folder, "-m", "lib.runs", *words)
    assert "spread new, or scored by other code; scoring it again" in said
    assert "spread 0." in said
    assert "making it again" not in said
    [run] = [path for path in tmp_path.iterdir() if path.name != ".locks"]
    assert "spread 0." in _run(folder, "-m", "lib.runs", "score", str(run))


def test_an_extension_that_is_not_there_is_named(tmp_path):
    for command in ("lib.runs", "lib.benchmarks"):
        done = _done(tmp_path / "none.py", "-m", command, "--help")
        assert done.returncode == 1
        [line] = done.stderr.splitlines()
        assert re.search(r"rror: .* names .*none\.py, which is not there", line)
