"""The compiled program: seeds side by side, batches over devices, compiled once."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from lib.training import Program, build_mesh, train
from lib.training.program import _jitted
from tests.training.small import RECIPE, build, parameters, waves

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def on_devices() -> dict[str, dict]:
    """What `on_many_devices` prints, in a process that simulates eight devices."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.on_many_devices"],
        cwd=ROOT,
        env=os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("num_devices", [2, 4, 8])
def test_devices_that_share_a_batch_change_nothing(on_devices, num_devices):
    one, many = (on_devices[f"{n} devices, 1 seeds"] for n in (1, num_devices))
    assert many["mesh"] == {"seeds": 1, "batch": num_devices}
    np.testing.assert_allclose(many["losses"], one["losses"], atol=1e-5)
    np.testing.assert_allclose(many["parameters"], one["parameters"], atol=1e-5)


@pytest.mark.parametrize("num_devices", [1, 8])
def test_seeds_and_batches_can_be_spread_together(on_devices, num_devices):
    together = on_devices[f"{num_devices} devices, 2 seeds"]
    alone = on_devices["1 devices, 1 seeds"]
    assert together["mesh"] == (
        {"seeds": 2, "batch": 4} if num_devices == 8 else {"seeds": 1, "batch": 1}
    )
    np.testing.assert_allclose(together["losses"][0], alone["losses"][0], atol=1e-5)
    np.testing.assert_allclose(together["parameters"][0], alone["parameters"][0], atol=1e-5)
    assert np.abs(np.subtract(*together["parameters"])).max() > 0.1


def test_a_step_has_one_all_reduce(on_devices):
    """It stands once in the program, in the body of the loop; one device needs none."""
    counts = {name: found["all_reduces"] for name, found in on_devices.items()}
    assert counts == {name: 0 if name.startswith("1 ") else 1 for name in counts}


def test_seeds_at_once_equal_each_alone():
    keys = [jax.random.key(seed) for seed in range(3)]
    together = [build(seed) for seed in range(3)]
    histories = train(together, waves(), RECIPE, keys=keys, label="test", reports=2)
    for seed, model, history in zip(range(3), together, histories, strict=True):
        alone = build(seed)
        [expected] = train([alone], waves(), RECIPE, keys=[keys[seed]], label="test", reports=2)
        np.testing.assert_allclose(history.curves["loss"], expected.curves["loss"], atol=1e-5)
        np.testing.assert_allclose(history.code_values, expected.code_values, atol=1e-5)
        for one, other in zip(parameters(model), parameters(alone), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_all_calls_use_one_compiled_program():
    recipe = dataclasses.replace(RECIPE, batch_size=12)  # which no other test compiles
    program = Program([build(0)], waves(), recipe, [jax.random.key(0)], build_mesh(1, 12))
    before = _jitted()._cache_size()
    carry, _ = program(program.carry, 0, 0)
    carry, _ = program(carry, 0, 1)
    carry, _ = program(program.place(carry), 1, 9, reset=True)
    again = Program([build(1)], waves(), recipe, [jax.random.key(1)], build_mesh(1, 12))
    again(again.carry, 0, 1)
    assert _jitted()._cache_size() == before + 1


def test_a_report_begins_anew_when_it_was_read():
    program = Program([build(0)], waves(), RECIPE, [jax.random.key(0)], build_mesh(1, 16))
    carry, first = program(program.carry, 0, 2)
    carry, both = program(carry, 2, 4)
    loss = {name: float(total[0]) for name, total in both.sums.items()}
    carry, last = program(carry, 4, 5, reset=True)
    assert float(last.sums["reconstruction"][0]) < 0.5 * loss["reconstruction"]
    assert loss["reconstruction"] > float(first.sums["reconstruction"][0])


def test_devices_that_cannot_share_the_work(monkeypatch):
    with pytest.raises(ValueError, match=r"num_devices=2 is too large; expected .*<= 1"):
        build_mesh(1, 16, 2)
    monkeypatch.setattr(jax, "devices", lambda: [None] * 6)
    assert build_mesh(1, 16).size == 2  # the most of six that divide sixteen images
    with pytest.raises(ValueError, match="6 devices cannot share 1 seeds and batches of 16 images"):
        build_mesh(1, 16, 6)
