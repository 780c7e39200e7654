"""The files of the page on adding one's own, outside the library: as they stand there."""

import json
import re
from pathlib import Path

import pytest

from tests.child import output_of, python
from tests.quick import quick_environment

ROOT = Path(__file__).resolve().parents[1]

PAGE = ROOT / "book" / "contributing.md"
_BLOCK = re.compile(r"```\{code-block\} python\n:caption: (\S+)\n\n(.*?)```", re.DOTALL)
TOYS = dict(_BLOCK.findall(PAGE.read_text(encoding="utf-8")))
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
    assert set(TOYS) == {"sparse.py", "bars.py", "spread.py", "strict.py", "bars_study.py"}
    for name, text in TOYS.items():
        assert len(text.strip().splitlines()) < 30
        (folder / name).write_text(text)
    return folder


def _trained(*words: object, extensions: Path) -> str:
    """What Python says that trains for a moment, on images that trace no scene."""
    return output_of(*words, extensions=extensions, env=quick_environment())


def test_toys_are_trained_scored_and_drawn_without_touching_another_file(folder, tmp_path):
    scores, config, code, chart = json.loads(_trained("-c", USE, tmp_path, extensions=folder))
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
    words += ["evaluation_images=100", "training_images=100"]
    said = _trained("-m", "lib.runs", *words, extensions=folder)
    assert "spread 0." in said
    assert "bars" in output_of("-m", "lib.runs", "--help", extensions=folder)


def test_a_study_is_planned(folder):
    said = output_of("-m", "lib.studies", "plan", "bars", extensions=folder)
    assert "2 × autoencoder on bars" in said
    assert "2 × sparse on bars" in said
    assert "4 runs are left" in said


def test_a_score_that_is_added_is_computed_of_kept_models(folder, tmp_path):
    """Trained without it; then it is there, and nothing is trained again."""
    words = ["dsprites", "qlae", "--profile", "smoke", "--out", str(tmp_path), "--set", "steps=5"]
    words += ["evaluation_images=100", "training_images=100"]
    assert "spread" not in _trained("-m", "lib.runs", *words, extensions=folder / "sparse.py")
    said = _trained("-m", "lib.runs", *words, extensions=folder)
    assert "spread new, or scored by other code; scoring it again" in said
    assert "spread 0." in said
    assert "making it again" not in said
    [run] = [path for path in tmp_path.iterdir() if path.name != ".locks"]
    assert "spread 0." in _trained("-m", "lib.runs", "score", run, extensions=folder)


def test_an_extension_that_is_not_there_is_named(tmp_path):
    for command in ("lib.runs", "lib.benchmarks"):
        done = python("-m", command, "--help", extensions=tmp_path / "none.py")
        assert done.returncode == 1
        [line] = done.stderr.splitlines()
        assert re.search(r"rror: .* names .*none\.py, which is not there", line)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import numpy\nnumpy.nothing_of_this_name\n", r".*nothing_of_.*\n.*mine\.py, line 2"),
        ("import not_installed\n", r"No module named 'not_installed'\n.*mine\.py, line 1"),
        ("def (\n", r"invalid syntax .*\n.*mine\.py"),
    ],
    ids=["raises", "misses a package", "no Python"],
)
def test_an_extension_that_cannot_be_imported_is_named(tmp_path, code, reason):
    (tmp_path / "mine.py").write_text(code)
    done = python("-m", "lib.runs", "--help", extensions=tmp_path)
    assert done.returncode == 1
    assert re.fullmatch(rf"Error: {reason}, which .* names, cannot be imported\.\n", done.stderr)


def test_two_extensions_of_one_name_are_both_named(tmp_path):
    for name in ("first", "second"):
        (tmp_path / f"{name}.py").write_text(TOYS["spread.py"])
    done = python("-m", "lib.runs", "--help", extensions=tmp_path)
    assert done.returncode == 1
    assert re.search(r"'spread' of .*second\.py is there already, from .*first\.py;", done.stderr)
