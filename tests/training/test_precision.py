"""Precision policies: what stays float32, and how far they agree."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.training import PRECISIONS, Program, build_mesh, train
from tests.quick import quickly
from tests.training.small import RECIPE, build, parameters, waves

# Half of bfloat16's spacing, 2**-9, is the rounding of one product; a loss of a few layers stays
# within a few of them.
LOSS_TOLERANCE = 0.02


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", ["mlp", "convolutional"])
def test_parameters_state_latents_and_logits_are_float32(precision, network):
    side = 32
    model = quickly(lambda: build(0, network, side, PRECISIONS[precision]))()
    recipe = dataclasses.replace(RECIPE, precision=precision)
    mesh = build_mesh(1, recipe.batch_size)
    program = Program([model], waves(side), recipe, [jax.random.key(0)], mesh)
    kinds = {str(leaf.dtype) for leaf in jax.tree.leaves(program.state)}
    assert kinds == {"float32", "int32"}  # int32 counts steps
    output = nnx.eval_shape(lambda m: m(jnp.zeros((2, side, side, 1))), model)
    kinds = {str(leaf.dtype) for leaf in jax.tree.leaves(output)}
    assert kinds == {"float32", "int32"}  # int32 are the indices


def test_bfloat16_computes_in_bfloat16():
    """Its products round to 8 bits, so outputs differ, and by about that much."""
    images = jax.random.uniform(jax.random.key(0), (4, 32, 32, 1))

    def encoded(network, dtype):
        return quickly(lambda: build(0, network, 32, dtype).encoder(images))()

    for network in ("mlp", "convolutional"):
        whole, rounded = (np.asarray(encoded(network, t)) for t in (jnp.float32, jnp.bfloat16))
        difference = np.abs(whole - rounded).max() / np.abs(whole).max()
        assert 1e-5 < difference < 0.1, network


@pytest.mark.parametrize("precision", ["tensorfloat32", "bfloat16"])
def test_losses_agree_with_float32(precision):
    curves = {}
    for name in ("float32", precision):
        model = build(0, dtype=PRECISIONS[name])
        recipe = dataclasses.replace(RECIPE, precision=name)
        [history] = train([model], waves(), recipe, keys=[jax.random.key(0)], label="test")
        curves[name] = history.curves["loss"]
        assert {p.dtype for p in parameters(model)} == {np.dtype("float32")}
    np.testing.assert_allclose(curves[precision], curves["float32"], rtol=LOSS_TOLERANCE)
    assert curves[precision][-1] < curves[precision][0]
