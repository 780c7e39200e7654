"""The training loop."""

import dataclasses
import signal

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from lib.models import QLAE
from lib.training import Checkpoints, ImageSampler, Recipe, build_optimizer, train
from lib.training.progress import Progress
from tests.quick import quickly
from tests.training.small import build, parameters

RECIPE = Recipe(steps=30, batch_size=8, learning_rate=1e-2, schedule="cosine", weight_decay=0.1)


def _choose_noise(scale, key, num):
    return scale * jax.random.uniform(key, (num, 4, 4, 1))


def _noise(scale):
    """Images that are chosen as they are shown."""
    choose = jax.tree_util.Partial(_choose_noise, jnp.float32(scale))
    return ImageSampler(choose, jax.tree_util.Partial(jnp.asarray))


SAMPLER = _noise(1)


def _image_key(key, taken):
    """What a step draws its images with; the other key is for what is random in the loss."""
    return jax.random.split(jax.random.fold_in(key, taken))[0]


def test_equals_a_plain_loop():
    """The compiled loop does what one step after another does, written out in the open."""
    trained = build(0)
    [history] = train([trained], SAMPLER, RECIPE, keys=[jax.random.key(5)], label="test", reports=4)

    graph, state = nnx.split(build(0), nnx.Param)
    rates = [0.01 * 0.5 * (1 + np.cos(np.pi * step / 30)) for step in range(30)]
    optimizer = build_optimizer(lambda step: jnp.asarray(rates)[step], 0.1)
    optimizer_state, update = optimizer.init(state), quickly(optimizer.update)
    losses = []

    @quickly
    @jax.value_and_grad
    def loss_and_gradients(state, images):
        return sum(nnx.merge(graph, state).terms(images, None).values())

    for step in range(30):
        images = SAMPLER(_image_key(jax.random.key(5), step), 8)
        loss, gradients = loss_and_gradients(state, images)
        updates, optimizer_state = update(gradients, optimizer_state, state)
        state = optax.apply_updates(state, updates)
        losses.append(float(loss))

    for ours, plain in zip(parameters(trained), jax.tree.leaves(state), strict=True):
        np.testing.assert_allclose(ours, plain, atol=1e-5)
    assert history.curves["step"] == [7, 15, 22, 30]
    means = [np.mean(part) for part in np.split(np.asarray(losses), [7, 15, 22])]
    np.testing.assert_allclose(history.curves["loss"], means, rtol=1e-4)


def test_same_seed_same_parameters_and_reports_change_nothing():
    one, two, other = build(0), build(0), build(0)
    train([one], SAMPLER, RECIPE, keys=[jax.random.key(1)], label="test", reports=3)
    train([two], SAMPLER, RECIPE, keys=[jax.random.key(1)], label="test", reports=30)
    train([other], SAMPLER, RECIPE, keys=[jax.random.key(2)], label="test")
    for a, b, c in zip(parameters(one), parameters(two), parameters(other), strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


def test_history_holds_terms_and_code_values():
    model = build(0)
    [history] = train([model], SAMPLER, RECIPE, keys=[jax.random.key(1)], label="test", reports=5)
    curves = history.curves
    total = np.sum([curves[k] for k in ("reconstruction", "quantization", "commitment")], axis=0)
    np.testing.assert_allclose(curves["loss"], total, rtol=1e-6)
    assert len(history.code_values) == 6
    np.testing.assert_allclose(history.code_values[0][0], np.linspace(-0.5, 0.5, 4), atol=1e-7)
    np.testing.assert_array_equal(history.code_values[-1], model.latent.values[...])
    assert not np.array_equal(history.code_values[0], history.code_values[-1])


def test_weight_decay_shrinks_the_weights():
    norms = []
    for decay in (0.0, 5.0):
        recipe = dataclasses.replace(RECIPE, weight_decay=decay)
        [history] = train([build(0)], SAMPLER, recipe, keys=[jax.random.key(0)], label="test")
        norms.append(history.curves["weight_norm"][-1])
    assert norms[1] < 0.7 * norms[0]


def test_a_loss_that_is_not_finite_stops_and_names_step_and_recipe():
    with pytest.raises(
        FloatingPointError, match=r"qlae: the loss is not finite at step 1 of 30.*Rec"
    ):
        train([build(0)], _noise(jnp.nan), RECIPE, keys=[jax.random.key(0)], label="qlae")


def _choose_noise_that_breaks(key, num):
    """Noise, but in one of thirty steps it is not a number."""
    chosen, noise = jax.random.split(key)
    is_broken = jax.random.uniform(chosen) < 1 / 30
    return jnp.where(is_broken, jnp.nan, jax.random.uniform(noise, (num, 4, 4, 1)))


def test_the_step_that_spoils_the_loss_is_named_though_calls_are_long():
    sampler = SAMPLER._replace(choose=jax.tree_util.Partial(_choose_noise_that_breaks))
    recipe = dataclasses.replace(RECIPE, steps=500)
    for step in range(1, 501):
        if jnp.isnan(sampler(_image_key(jax.random.key(7), step - 1), 1)).any():
            break
    assert step > 20
    with pytest.raises(FloatingPointError, match=f"not finite at step {step} of 500"):
        train([build(0)], sampler, recipe, keys=[jax.random.key(7)], label="qlae", reports=1)


def test_a_bias_that_is_not_finite_stops_the_run_though_the_loss_is_finite(monkeypatch):
    """The last step spoils a bias, which neither this step's loss nor the weights' norm shows."""
    model = build(0)
    model.encoder.mlp.head.bias[...] = jnp.inf
    terms = {"constant": jnp.float32(1)}
    monkeypatch.setattr(QLAE, "terms", lambda self, images, step: terms)
    with pytest.raises(FloatingPointError, match="the state is not finite after step 1 of 30"):
        train([model], SAMPLER, RECIPE, keys=[jax.random.key(0)], label="qlae", reports=1)


@pytest.mark.parametrize("at_step", [7, 30])
def test_a_signal_is_never_lost(at_step, tmp_path, monkeypatch):
    """Ctrl-C while a report is written, also that of the last step: saved, then raised."""
    update = Progress.update

    def interrupt(progress, step, loss):
        update(progress, step, loss)
        if step == at_step:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Progress, "update", interrupt)
    keys = [jax.random.key(0)]
    with Checkpoints(tmp_path, {}) as checkpoints, pytest.raises(KeyboardInterrupt):
        train([build(0)], SAMPLER, RECIPE, keys=keys, label="t", reports=4, checkpoints=checkpoints)
    monkeypatch.undo()
    whole, resumed = build(0), build(0)
    train([whole], SAMPLER, RECIPE, keys=keys, label="t", reports=4)
    with Checkpoints(tmp_path, {}) as checkpoints:
        [history] = train(
            [resumed], SAMPLER, RECIPE, keys=keys, label="t", reports=4, checkpoints=checkpoints
        )
    assert history.resumed_from == [at_step]
    for one, other in zip(parameters(whole), parameters(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_log_has_few_lines_with_loss_speed_and_time_left(capsys):
    train([build(0)], SAMPLER, RECIPE, keys=[jax.random.key(0)], label="qlae, seed 0", reports=30)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    assert lines[-1].startswith("qlae, seed 0  step 30/30  loss 0.")
    assert "images/s" in lines[-1]
    assert lines[-1].endswith("0 s left")
