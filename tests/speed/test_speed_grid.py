"""The grid of speeds: what is there is not measured again, and what fails does not stop it."""

import json

import jax
import pytest

from lib.runs import RunConfig
from lib.speed.grid import measure_grid

CONFIG = RunConfig(
    "shapes3d", "qlae", "smoke", batch_size=8, training_images=100, evaluation_images=100
)
GRID = {"precisions": ["float32", "bfloat16"], "batch_sizes": [8, 4], "num_seeds": [1, 2]}


class Speed:
    def __init__(self, case):
        self._case = case

    def to_dict(self):
        return dict(zip(("precision", "batch", "seeds"), self._case, strict=True))


@pytest.fixture
def made(monkeypatch) -> list:
    """The cases that were measured, in their order; one has too little memory."""
    made = []

    def measure(config, *, steps, num_seeds, num_devices, plain):
        recipe = config.recipe
        made.append((recipe.precision, recipe.batch_size, num_seeds))
        assert (plain, num_devices) == (num_seeds == 1, 1)
        if made[-1] == ("bfloat16", 4, 1):
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory\nmore")
        return Speed(made[-1])

    monkeypatch.setattr("lib.speed.grid.measure", measure)
    monkeypatch.setattr("lib.speed.grid.longest_kernels", lambda _: made.append("kernels") or {})
    monkeypatch.setattr("lib.speed.grid.compiled_traffic", lambda _: {})
    return made


def test_it_goes_on_where_it_was_stopped_until_the_code_changes(made, tmp_path, monkeypatch):
    few = GRID | {"num_seeds": [1]}
    file = measure_grid(CONFIG, tmp_path, **few)
    assert file.name == "cpu.json"
    first = [("float32", 8, 1), ("bfloat16", 8, 1)]
    assert made == [*first, "kernels", ("float32", 4, 1), ("bfloat16", 4, 1)]
    found = json.loads(file.read_text())
    assert [m["batch"] for m in found["measured"]] == [8, 8, 4]
    problem = "RESOURCE_EXHAUSTED: out of memory"
    assert found["failed"] == [{"case": ["bfloat16", 4, 1], "problem": problem}]

    made.clear()
    measure_grid(CONFIG, tmp_path, **GRID)
    assert made == [(p, b, 2) for b in (8, 4) for p in ("float32", "bfloat16")]
    assert len(json.loads(file.read_text())["measured"]) == 7

    made.clear()
    monkeypatch.setattr("lib.speed.grid.training_code", lambda _: {"lib/x.py": "another"})
    measure_grid(CONFIG, tmp_path, **few)
    assert made[:3] == [*first, "kernels"]
    assert len(json.loads(file.read_text())["measured"]) == 3
