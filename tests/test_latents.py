"""Quantized and continuous latents."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.latents import ContinuousLatent, QuantizedLatent
from lib.models import commitment_loss, quantization_loss


def _quantizer(values) -> QuantizedLatent:
    latent = QuantizedLatent(*values.shape, rngs=nnx.Rngs(0))
    latent.values[...] = jnp.asarray(values)
    return latent


def test_golden_quantizer(golden):
    file = golden("quantizer")
    latent = _quantizer(file["values"])

    code = jax.jit(lambda x: latent(x))(file["x"])

    np.testing.assert_array_equal(code.indices, file["indices"])
    np.testing.assert_allclose(code.quantized, file["quantized"], atol=2e-5)
    np.testing.assert_allclose(code.decoder_input, file["z_hat"], atol=2e-5)
    quantization = quantization_loss(code.continuous, code.quantized)
    commitment = commitment_loss(code.continuous, code.quantized)
    np.testing.assert_allclose(quantization, file["quantization_loss"], atol=2e-5)
    np.testing.assert_allclose(commitment, file["commitment_loss"], atol=2e-5)


def test_golden_quantizer_gradients(golden):
    file = golden("quantizer")
    graph, state = nnx.split(_quantizer(file["values"]))

    def total(x, state):
        code = nnx.merge(graph, state)(x)
        quantization = quantization_loss(code.continuous, code.quantized)
        commitment = commitment_loss(code.continuous, code.quantized)
        downstream = jnp.sum(code.decoder_input * file["downstream_weight"], axis=1)
        return jnp.mean(0.01 * quantization + 0.01 * commitment) + jnp.mean(downstream)

    value, (grad_x, grad_state) = jax.value_and_grad(total, argnums=(0, 1))(file["x"], state)

    np.testing.assert_allclose(value, file["total"], atol=2e-5)
    np.testing.assert_allclose(grad_x, file["grad_x"], atol=2e-5)
    np.testing.assert_allclose(grad_state["values"][...], file["grad_values"], atol=2e-5)


def test_initial_values_are_evenly_spaced():
    # Worked out by hand: 5 values from -0.5 to 0.5.
    latent = QuantizedLatent(3, 5, rngs=nnx.Rngs(0))
    np.testing.assert_allclose(latent.values[...], [[-0.5, -0.25, 0, 0.25, 0.5]] * 3, atol=1e-7)


@pytest.mark.parametrize("num_values", [2, 3, 10])
def test_code_values_are_fixed_points(num_values):
    """Quantizing a code value gives itself and its own index, for odd and even numbers."""
    latent = QuantizedLatent(4, num_values, rngs=nnx.Rngs(0))
    indices = jnp.arange(num_values)[:, None] * jnp.ones((1, 4), int)
    code = latent(latent.look_up(indices))
    np.testing.assert_array_equal(code.indices, indices)
    np.testing.assert_array_equal(code.quantized, code.continuous)


def test_inputs_outside_the_codebook_take_the_outermost_value():
    latent = QuantizedLatent(2, 4, rngs=nnx.Rngs(0))
    code = latent(jnp.asarray([[-9.0, 9.0]]))
    np.testing.assert_array_equal(code.indices, [[0, 3]])


def test_straight_through_floats_are_not_what_metrics_see():
    """`x + (q - x)` rounds: distinct floats exceed the number of values; the indices do not."""
    latent = QuantizedLatent(1, 10, rngs=nnx.Rngs(0))
    code = latent(jax.random.normal(jax.random.key(0), (10_000, 1)))
    assert len(np.unique(code.decoder_input)) > 10
    assert len(np.unique(code.scored)) == 10
    assert code.scored is code.indices


def test_continuous_latent_passes_inputs_on():
    inputs = jax.random.normal(jax.random.key(0), (5, 3))
    code = ContinuousLatent()(inputs)
    assert code.indices is None
    assert code.quantized is None
    np.testing.assert_array_equal(code.scored, inputs)
    np.testing.assert_array_equal(code.decoder_input, inputs)


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ((0, 4), ValueError, "num_latents=0 .*>= 1"),
        ((-1, 4), ValueError, "num_latents=-1 .*>= 1"),
        ((4, 1), ValueError, "num_values=1 .*>= 2"),
        ((4, 2.0), TypeError, "num_values=2.0 .*float.*integer"),
        ((4, "6"), TypeError, "num_values='6' .*str.*integer"),
        ((True, 4), TypeError, "num_latents=True .*bool"),
    ],
)
def test_bad_sizes(sizes, error, message):
    with pytest.raises(error, match=message):
        QuantizedLatent(*sizes, rngs=nnx.Rngs(0))


def test_inputs_of_the_wrong_shape():
    with pytest.raises(ValueError, match=r"inputs has shape \(5, 3\); expected \(n, 4\)"):
        QuantizedLatent(4, 3, rngs=nnx.Rngs(0))(jnp.zeros((5, 3)))
