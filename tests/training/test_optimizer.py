"""What weight decay and the clip touch."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from lib.latents import QuantizedLatent
from lib.training import build_optimizer, weight_mask
from lib.training.optimizer import learning_rates
from tests.quick import quickly
from tests.training.small import build


class _Golden(nnx.Module):
    """A weight, a bias and code values, as in the golden file."""

    def __init__(self, weight, bias, values):
        self.kernel = nnx.Param(jnp.asarray(weight))
        self.bias = nnx.Param(jnp.asarray(bias))
        self.latent = QuantizedLatent(*values.shape, rngs=nnx.Rngs(0))
        self.latent.values[...] = values

    @classmethod
    def state(cls, file, prefix):
        names = ("weight", "bias", "values")
        return nnx.state(cls(**{name: file[f"{prefix}_{name}"] for name in names}), nnx.Param)


def test_golden_optimizer(golden):
    file = golden("optimizer")
    state = _Golden.state(file, "before")
    optimizer = build_optimizer(learning_rate=1e-3, weight_decay=0.1)
    optimizer_state, update = optimizer.init(state), quickly(optimizer.update)
    for step in range(3):
        gradients = _Golden.state(file, f"grad{step}")
        updates, optimizer_state = update(gradients, optimizer_state, state)
        state = jax.tree.map(jnp.add, state, updates)

    np.testing.assert_allclose(state["kernel"][...], file["after_weight"], atol=2e-5)
    np.testing.assert_allclose(state["bias"][...], file["after_bias"], atol=2e-5)
    np.testing.assert_allclose(state["latent"]["values"][...], file["after_values"], atol=2e-5)


@pytest.mark.parametrize("network", ["convolutional", "mlp"])
def test_everything_but_biases_and_code_values_is_a_weight(network):
    shapes = nnx.eval_shape(lambda: build(0, network, 32))
    mask, _ = jax.tree.flatten_with_path(weight_mask(nnx.state(shapes, nnx.Param)))
    # Such as "decoder.mlp.head.bias.value".
    found = [(jax.tree_util.keystr(path, simple=True, separator="."), leaf) for path, leaf in mask]
    excluded = {name for name, is_weight in found if not is_weight}
    assert "latent.values.value" in excluded
    assert {name.split(".")[-2] for name in excluded} == {"values", "bias"}
    assert {"kernel", "scale"} <= {name.split(".")[-2] for name, is_weight in found if is_weight}


def test_with_zero_gradients_only_weights_shrink():
    """One AdamW step without gradient multiplies a weight by 1 - rate * decay."""
    state = nnx.state(build(0), nnx.Param)
    optimizer = build_optimizer(learning_rate=0.01, weight_decay=2.0)

    @quickly
    def step(state):
        zeros = jax.tree.map(jnp.zeros_like, state)
        updates, _ = optimizer.update(zeros, optimizer.init(state), state)
        return optax.apply_updates(state, updates)

    after = step(state)
    for (path, before), (_, new) in zip(
        nnx.to_flat_state(state), nnx.to_flat_state(after), strict=True
    ):
        factor = 1 if path[-1] in ("bias", "values") else 0.98
        np.testing.assert_allclose(new[...], before[...] * factor, rtol=1e-6)


def test_schedules():
    """The cosine by hand: whole at 0, half in the middle, nothing at the end."""
    cosine = learning_rates(2.0, "cosine", 100)
    np.testing.assert_allclose([cosine(0), cosine(50), cosine(100)], [2, 1, 0], atol=1e-6)
    assert learning_rates(2.0, "constant", 100)(70) == 2.0


def test_weight_decay_may_be_traced():
    """Sweeping the decay compiles once; traced and constant decay give the same step."""
    state = nnx.state(build(0), nnx.Param)
    gradients = jax.tree.map(jnp.ones_like, state)

    @quickly
    def step(decay):
        optimizer = build_optimizer(0.1, decay)
        return optimizer.update(gradients, optimizer.init(state), state)[0]

    constant = build_optimizer(0.1, 0.5)
    expected, _ = quickly(constant.update)(gradients, constant.init(state), state)
    assert optax.tree.norm(expected) > 0
    for traced, fixed in zip(
        jax.tree.leaves(step(jnp.float32(0.5))), jax.tree.leaves(expected), strict=True
    ):
        np.testing.assert_allclose(traced, fixed, rtol=1e-5, atol=1e-7)
