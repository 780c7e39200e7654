"""The compiled program: seeds side by side, batches over devices, compiled once."""

import dataclasses
import json
import logging
import re
from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from lib.training import Program, build_mesh, build_optimizer, train
from lib.training.program import _FEW_STEPS
from tests.child import output_of
from tests.models.small import step
from tests.quick import quick_environment, quickly
from tests.simulated import simulated_devices
from tests.training.small import RECIPE, build, build_any, parameters, waves


@pytest.fixture(scope="module")
def on_devices() -> dict[str, dict]:
    """What `on_many_devices` prints, in a process that simulates eight devices."""
    environment = simulated_devices(8, quick_environment())
    return json.loads(output_of("-m", "tests.training.on_many_devices", env=environment))


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


def test_what_is_random_about_an_image_does_not_depend_on_the_devices(on_devices):
    np.testing.assert_allclose(on_devices["GAN on 4"], on_devices["GAN on 1"], atol=1e-4)


def test_a_step_has_one_all_reduce(on_devices):
    """It stands once in the program, in the body of the loop; one device needs none."""
    counts = {n: f["all_reduces"] for n, f in on_devices.items() if "devices," in n}
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


def test_all_calls_use_one_compiled_program(caplog):
    recipe = dataclasses.replace(RECIPE, batch_size=12)  # which no other test compiles
    program = Program([build(0)], waves(), recipe, [jax.random.key(0)], build_mesh(1, 12))
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        state, _ = program(program.state, 0, 0)
        state, _ = program(state, 0, 1)
        state, _ = program(program.to_mesh(state), 1, 9, reset=True)
        again = Program([build(1)], waves(), recipe, [jax.random.key(1)], build_mesh(1, 12))
        again(again.state, 0, 1)
    compiled = [r for r in caplog.messages if re.match(r"Compiling (jit\()?_run\b", r)]
    assert len(compiled) == 1


def test_steps_of_a_program_that_is_compiled_without_pains_are_the_same():
    """A CPU's is where there are few of them."""
    found, texts = [], set()
    for steps in (_FEW_STEPS, _FEW_STEPS + 1):
        recipe = dataclasses.replace(RECIPE, steps=steps, schedule="constant")
        program = Program([build(0)], waves(), recipe, [jax.random.key(0)], build_mesh(1, 16))
        texts.add(program.compiled_text())
        found.append(program(program.state, 0, 20)[0].parameters)
    assert len(texts) == 2
    for one, other in zip(*map(jax.tree.leaves, found), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_report_begins_anew_when_it_was_read():
    program = Program([build(0)], waves(), RECIPE, [jax.random.key(0)], build_mesh(1, 16))
    state, first = program(program.state, 0, 2)
    state, both = program(state, 2, 4)
    loss = {name: float(total[0]) for name, total in both.sums.items()}
    state, last = program(state, 4, 5, reset=True)
    assert float(last.sums["reconstruction"][0]) < 0.5 * loss["reconstruction"]
    assert loss["reconstruction"] > float(first.sums["reconstruction"][0])


def test_devices_that_cannot_share_the_work(monkeypatch):
    with pytest.raises(ValueError, match=r"num_devices=2 is too large; expected .*<= 1"):
        build_mesh(1, 16, 2)
    monkeypatch.setattr(jax, "devices", lambda: [None] * 6)
    assert build_mesh(1, 16).size == 2  # the most of six that divide sixteen images
    with pytest.raises(ValueError, match="6 devices cannot share 1 seeds and batches of 16 images"):
        build_mesh(1, 16, 6)


def test_two_objectives_equal_a_plain_loop():
    """Critic and encoder in every step, generator and code values in every third, by hand."""
    recipe = dataclasses.replace(RECIPE, steps=7, batch_size=4, beta1=0.0, beta2=0.9)
    model, key = build_any("qlinfowgan_gp", 0, critic_steps=3), jax.random.key(3)
    graph, state = nnx.split(model, nnx.Param)
    model_terms = {"critic_terms": ("critic", "encoder"), "generator_terms": ("decoder", "latent")}
    optimizers, values = {}, {name: [] for name in model_terms}
    for name, updates in zip(model_terms, (7, 2), strict=True):  # of 7 steps, two are the third
        rates = [1e-3 * 0.5 * (1 + np.cos(np.pi * i / updates)) for i in range(updates)]
        optimizer = build_optimizer(
            lambda i, rates=rates: jnp.asarray(rates)[i], 0.1, beta1=0.0, beta2=0.9
        )
        optimizers[name] = quickly(optimizer.update), optimizer.init(state)

    def loss(name, state, images, moment):
        return sum(getattr(nnx.merge(graph, state), name)(images, moment).values())

    losses = {name: quickly(jax.value_and_grad(partial(loss, name))) for name in model_terms}
    for i in range(7):
        image_key, *noise_keys = jax.random.split(jax.random.fold_in(key, i), 3)
        images = waves()(image_key, 4)
        for (name, parts), noise_key in zip(model_terms.items(), noise_keys, strict=True):
            if name == "generator_terms" and (i + 1) % 3:
                continue
            moment = step(4)._replace(keys=jax.random.split(noise_key, 4))

            value, gradients = losses[name](state, images, moment)
            update, memory = optimizers[name]
            updates, memory = update(gradients, memory, state)
            optimizers[name] = update, memory
            flat, moved = nnx.to_flat_state(state), optax.apply_updates(state, updates)
            chosen = [
                (path, new if path[0] in parts else old)
                for (path, old), (_, new) in zip(flat, nnx.to_flat_state(moved), strict=True)
            ]
            state = nnx.from_flat_state(chosen)
            values[name].append(float(value))

    [history] = train([model], waves(), recipe, keys=[key], label="test", reports=2)
    for ours, plain in zip(parameters(model), jax.tree.leaves(state), strict=True):
        np.testing.assert_allclose(ours, plain, atol=1e-5)
    assert history.curves["step"] == [3, 7]
    critic = values["critic_terms"]
    expected = [np.mean(critic[:3]), np.mean(critic[3:])]
    np.testing.assert_allclose(history.curves["loss"], expected, rtol=1e-4)
    names = [name for name in history.curves if name.startswith("generator")]
    totals = np.sum([history.curves[name] for name in names], axis=0)
    np.testing.assert_allclose(totals, values["generator_terms"], rtol=1e-4)


def test_an_objective_of_parts_that_are_not_there(monkeypatch):
    model = build_any("infowgan_gp", 0)
    objective = model.objectives[0]._replace(trains=("encodr",))
    monkeypatch.setattr(type(model), "objectives", (objective,))
    with pytest.raises(ValueError, match="names 'encodr', which is no attribute of a InfoWGANGP"):
        train([model], waves(), RECIPE, keys=[jax.random.key(0)], label="t")


def test_fewer_steps_than_a_period():
    recipe = dataclasses.replace(RECIPE, steps=4)
    with pytest.raises(ValueError, match="steps=4 are too few; expected at least 5"):
        train([build_any("infowgan_gp", 0)], waves(), recipe, keys=[jax.random.key(0)], label="t")


@pytest.mark.parametrize("name", ["beta_tcvae", "tripod"])
def test_a_loss_that_ties_images_together_is_not_divided(monkeypatch, name):
    model = build_any(name, 0)
    devices = build_mesh(1, 1).devices.ravel()
    monkeypatch.setattr(jax, "devices", lambda: [*devices] * 4)
    assert build_mesh(2, 16, whole_batch=model.needs_whole_batch).shape == {"seeds": 2, "batch": 1}
    with pytest.raises(ValueError, match="4 devices cannot share 1 seeds and whole batches of 16"):
        build_mesh(1, 16, 4, whole_batch=True)

    divided = SimpleNamespace(shape={"batch": 2})
    with pytest.raises(ValueError, match=r"2 devices cannot share a batch of a .*ties its images"):
        Program([model], waves(), RECIPE, [jax.random.key(0)], divided)
