"""Measurements of speed: what they say must hang together; how fast it is, no test asks."""

import itertools
import json
import math
import subprocess
import sys
from itertools import pairwise
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.models import Autoencoder
from lib.networks import Conv, TransposedConv
from lib.runs import RunConfig, build_model
from lib.speed import measure, measure_in_turn, plain_copy, work
from lib.speed.__main__ import main
from lib.speed.limits import copying, multiplication
from lib.speed.plain import PlainConv
from lib.training import build_mesh
from tests.quick import quickly

SETTINGS = {
    "benchmark": "shapes3d",
    "model": "qlae",
    "profile": "smoke",
    "network": "mlp",
    "width": 32,
    "resolution": 16,
    "precision": "float32",
    "batch": 8,
    "steps": 4,
    "seeds": 2,
    "num_devices": 1,
}
CONFIG = RunConfig(
    "shapes3d", "qlae", "smoke", batch_size=8, training_images=100, evaluation_images=100
)
MEASURED = {
    "device",
    "images_per_s",
    "images_per_s_range",
    "others_share",
    "steps_per_s",
    "compile_s",
    "peak_memory_bytes",
    "peak_memory_of",
    "matmul_flops_per_s",
    "memory_bytes_per_s",
    "flops_per_image",
    "bytes_per_step",
    "fraction_of_matmul",
    "loss",
    "plain_images_per_s",
    "ratio",
}


def _untrained(config):
    """The shapes of a model, which is all that counting asks for."""
    return nnx.eval_shape(lambda: build_model(config))


def _batch(size, side):
    return jax.ShapeDtypeStruct((size, side, side, 3), jnp.float32)


def test_one_line_of_json_whose_numbers_hang_together(capsys):
    main(["--profile=smoke", "--batch=8", "--steps=4", "--seeds=2", "--plain", "--json"])
    [line] = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert set(found) == set(SETTINGS) | MEASURED
    assert {name: found[name] for name in SETTINGS} == SETTINGS
    no_rates = {"device", "peak_memory_of", "images_per_s_range", "others_share"}
    assert min(found[name] for name in MEASURED - no_rates) > 0
    slowest, fastest = found["images_per_s_range"]
    assert 0 < slowest <= found["images_per_s"] <= fastest
    assert 0 <= found["others_share"] <= 1
    assert found["steps_per_s"] == pytest.approx(found["images_per_s"] / 16)
    flops_per_s = found["flops_per_image"] * found["images_per_s"]
    assert found["fraction_of_matmul"] == pytest.approx(flops_per_s / found["matmul_flops_per_s"])
    assert found["ratio"] == pytest.approx(found["images_per_s"] / found["plain_images_per_s"])
    assert found["peak_memory_of"] == "process"  # a CPU keeps no count
    assert found["peak_memory_bytes"] > 50e6  # Python and JAX alone take more
    assert found["loss"] < 1.2 * math.log(2)  # an untrained decoder says 0.5 of every value


def test_cases_that_take_turns_train_as_each_does_alone():
    """One case has fewer steps than there are turns."""
    other = CONFIG.replace(seed=1)
    together = measure_in_turn([{"config": CONFIG, "steps": 7}, {"config": other, "steps": 2}])
    assert [speed.steps for speed in together] == [7, 2]
    assert together[0].loss == measure(CONFIG, steps=7).loss
    assert together[1].loss == measure(other, steps=2).loss


def test_a_rate_is_the_median_of_the_turns_and_a_busy_machine_is_told(monkeypatch):
    ticks = itertools.count()
    # Two readings of the clock a turn, later ones further apart: turns of 1, 3, 5, 7, 9 seconds.
    clock = SimpleNamespace(perf_counter=lambda: float(sum(range(next(ticks)))))
    module = sys.modules["lib.speed.measure"]  # whose name in its package is the function's
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "_seconds", lambda _: 1.0)
    readings = iter([(100.0, 50.0, 20.0), (200.0, 90.0, 40.0)])
    monkeypatch.setattr("lib.speed.limits.Others._times", lambda _: next(readings))
    speed = measure(CONFIG, steps=5)
    slowest, fastest = speed.images_per_s_range
    assert 8 / speed.images_per_s == pytest.approx((8 / slowest + 8 / fastest) / 2)
    assert 8 / slowest - 8 / fastest == pytest.approx(8)
    assert speed.others_share == pytest.approx(0.4)  # of 100 s, 40 idle and 20 its own
    assert "others kept 40% of the machine's cores busy" in str(speed)


def test_without_a_plain_step_there_is_no_ratio():
    speed = measure(CONFIG, steps=1)
    assert speed.ratio is None
    assert set(SETTINGS) | MEASURED == set(speed.to_dict()) | {"plain_images_per_s", "ratio"}
    assert "1 x 8 images a step" in str(speed)
    assert "plain" not in str(speed)


def test_work_of_the_laptop_profiles_mlp_counted_by_hand():
    """768 -> 192 -> 192 -> 12 and back: three products a layer, but none towards the images."""
    batch = 64
    flops, moved = work(_untrained(RunConfig("shapes3d", "qlae", "laptop")), _batch(batch, 16))
    widths = (768, 192, 192, 12, 192, 192, 768)
    layers = list(pairwise(widths))
    products = 3 * sum(a * b for a, b in layers) - 768 * 192
    assert flops == 2 * batch * products

    def values(a, b):
        return batch * a + a * b + batch * b

    num_parameters = sum(a * b + b for a, b in layers)
    num_parameters += 4 * 2 * 192  # scales and biases of the layer norms
    num_parameters += 12 * 5  # code values
    by_products = 3 * sum(values(a, b) for a, b in layers) - values(768, 192)
    assert moved == 4 * (by_products + 7 * num_parameters)


def test_work_of_the_papers_qlae():
    """About 2.8 GFLOP an image, three times the forward pass; zeros between pixels are no work."""
    model = _untrained(RunConfig("shapes3d", "qlae", "paper"))
    flops, _ = work(model, _batch(8, 64))
    assert 2.6e9 < flops / 8 < 2.9e9


def test_work_of_a_doubling_layer_counted_by_hand():
    """Each of 8x8 pixels reads 2x2 of 5 channels into 7; and two products more for gradients."""

    class Doubling(Autoencoder):
        def __init__(self):
            self.layer = TransposedConv(5, 7, 4, rngs=nnx.Rngs(0))
            self.before = Conv(3, 5, 3, rngs=nnx.Rngs(1))

        def terms(self, images, step):
            return {"sum": jnp.sum(self.layer(self.before(images)) ** 2)}

    flops, _ = work(Doubling(), _batch(1, 4))
    assert flops == 2 * (3 * 8 * 8 * 4 * 5 * 7 + 2 * 4 * 4 * 9 * 3 * 5)


def test_the_plain_networks_compute_the_same_loss_and_gradients():
    config = RunConfig("shapes3d", "qlae", "paper", resolution=32, width=16)
    model = nnx.jit(lambda: build_model(config))()
    plain = plain_copy(model)
    layers = [layer for _, layer in nnx.iter_modules(plain)]
    assert sum(isinstance(layer, PlainConv) for layer in layers) == 12 + 12 + 1
    assert not any(isinstance(layer, Conv | TransposedConv) for layer in layers)
    assert isinstance(model.decoder.to_image, Conv)
    images = jax.random.uniform(jax.random.key(0), (4, 32, 32, 3))

    def loss_and_gradients(model):
        graph, parameters = nnx.split(model, nnx.Param)
        loss = jax.value_and_grad(lambda p: sum(nnx.merge(graph, p).terms(images, None).values()))
        loss, gradients = quickly(loss)(parameters)
        return loss, dict(nnx.to_flat_state(gradients))

    (loss, ours), (plain_loss, theirs) = loss_and_gradients(model), loss_and_gradients(plain)
    np.testing.assert_allclose(loss, plain_loss, atol=2e-4)
    assert set(ours) == set(theirs)
    for path, gradient in ours.items():
        expected = theirs[path][...]
        scale = float(jnp.max(jnp.abs(expected)))
        np.testing.assert_allclose(gradient[...], expected, atol=2e-4 * max(scale, 1e-3))


def test_what_takes_turns_does_what_it_counts():
    mesh = build_mesh(1, 1)
    multiply, copy = multiplication(mesh, "float32"), copying(mesh)
    side = round((multiply.amount / 2) ** (1 / 3))
    first, second = multiply(), multiply()
    assert first.shape == second.shape == (1, side, side)
    assert 0.5 < float(jnp.std(second) / jnp.std(first)) < 2
    values = copy()
    assert copy.amount == 2 * values.nbytes
    assert float(values[0, 0]) == 2  # once to compile, once here


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--model qlea", "model='qlea' is unknown; expected one of autoencoder, beta_vae"),
        ("--steps 0", "--steps=0 is too small"),
        ("--seeds 0", "--seeds=0 is too small"),
        ("--batch -1", "batch_size=-1 is too small"),
        ("--precision half", "precision='half' is unknown; expected one of float32"),
        ("--profile paper --resolution 40", "resolution=40 is not a multiple of 16"),
        ("--devices 99", "num_devices=99 is too large"),
        ("--steps many", "argument --steps: invalid int value"),
    ],
)
def test_bad_words_end_with_one_line_and_status_2(words, message, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"error: {message}" in said.err.splitlines()[-1]


def test_the_library_trains_without_its_outermost_layer():
    script = "import sys, lib.training; assert not {'lib.runs', 'lib.speed'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", script], check=True)
