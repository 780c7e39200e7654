"""What makes a run be trained again, what only be scored again, and what neither."""

import ast
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.child import output_of

ROOT = Path(__file__).resolve().parents[2]
DIGESTS = """
import json
from lib.runs import RunConfig
from lib.runs.score import scoring_code
from lib.runs.train import training_code
config = RunConfig("shapes3d", "qlae", "smoke")
print(json.dumps([training_code(config), scoring_code("corrected")]))
"""


def _digests(library: Path) -> list[dict[str, str]]:
    """The digests of training and of scoring, by a copy of the library."""
    environment = os.environ | {"PYTHONPATH": str(library.parent)}
    return json.loads(output_of("-c", DIGESTS, cwd=library.parent, env=environment))


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("copy") / "lib"
    shutil.copytree(ROOT / "lib", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def before(library) -> list[dict[str, str]]:
    return _digests(library)


def _reworded(text: str) -> str:
    """The same program with other docstrings and comments, formatted by another hand."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant("Other words.")
    return f"# Another comment.\n{ast.unparse(tree)}\n"


def test_words_and_formatting_change_no_digest(library, before):
    """Of every file at once: docstrings, comments, blank lines, quotes, line breaks."""
    changed = library.parent.with_name("reworded") / "lib"
    shutil.copytree(library, changed)
    for file in changed.rglob("*.py"):
        file.write_text(_reworded(file.read_text()))
    assert _digests(changed) == before


# File, a text in it that is there once, what it becomes; or None, to add a line at the end.
NOTHING = [
    ("models/losses.py", "import jax\n", "import jax\n# A comment.\n"),
    ("latents/code.py", "expected integers from", "wanted are integers from"),
    ("checks.py", "is too small; expected", "is not large enough; expected"),
    ("models/qlae.py", 'color, marker = "#2f78d6"', 'color, marker = "#2f78d7"'),
    ("figures/theme.py", None, "X = 1"),
    ("studies/__init__.py", None, "X = 1"),
    ("benchmarks/published/__init__.py", None, "X = 1"),
    ("speed/measure.py", None, "X = 1"),
    ("runs/__main__.py", None, "X = 1"),
    ("models/tripod.py", None, "X = 1"),  # another model
    ("benchmarks/twins/mpi3d.py", None, "X = 1"),  # another benchmark
]
SCORED_AGAIN = [
    ("metrics/scores/reconstruction.py", None, "X = 1"),
    ("metrics/infomec.py", "shares.max(axis=1, initial=0)", "shares.max(axis=1, initial=1)"),
    ("metrics/protocols/corrected.py", "chance=0.01", "chance=0.02"),
]
TRAINED_AGAIN = [
    ("models/losses.py", "jax.nn.softplus(logits)", "2 * jax.nn.softplus(logits)"),
    ("benchmarks/twins/shapes3d.py", "LARGEST_ANGLE = 30.0", "LARGEST_ANGLE = 31.0"),
    ("benchmarks/scene/tracer.py", None, "X = 1"),
    ("networks/dense.py", "bound = 1 / math.sqrt(math.prod", "bound = 2 / math.sqrt(math.prod"),
    ("training/optimizer.py", "optax.scale_by_adam", "optax.scale_by_amsgrad"),
    ("latents/quantized.py", "np.linspace(-0.5, 0.5, number)", "np.linspace(-1, 1, number)"),
]


def _edit(file: Path, old: str | None, new: str) -> None:
    text = file.read_text()
    if old is None:
        file.write_text(f"{text}\n{new}\n")
    else:
        assert text.count(old) == 1, f"{old!r} in {file}"
        file.write_text(text.replace(old, new))


def _after(library: Path, edits) -> list[dict[str, str]]:
    changed = library.parent.with_name("changed") / "lib"
    shutil.rmtree(changed.parent, ignore_errors=True)
    shutil.copytree(library, changed)
    for name, old, new in edits:
        _edit(changed / name, old, new)
    return _digests(changed)


def _pairs(library, before):
    return zip(_after(library, NOTHING), before, strict=True)


def test_what_shapes_no_number_makes_nothing_again(library, before):
    changed = [set(now.items()) - set(then.items()) for now, then in _pairs(library, before)]
    assert changed == [set(), set()]


def test_a_changed_score_is_scored_again_and_not_trained(library, before):
    training, scoring = _after(library, SCORED_AGAIN)
    assert training == before[0]
    assert all(scoring[name] != before[1][name] for name in ("infom", "infoe", "infoc", "psnr"))


def test_what_shapes_parameters_is_trained_again_and_named(library, before):
    training, _ = _after(library, TRAINED_AGAIN)
    changed = {name for name in training if training[name] != before[0].get(name)}
    assert changed == {f"lib/{name}" for name, *_ in TRAINED_AGAIN}
