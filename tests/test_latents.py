"""Quantized and continuous latents."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.latents import (
    MAX_VALUES,
    ContinuousLatent,
    FiniteScalarLatent,
    GaussianLatent,
    GlobalQuantizedLatent,
    QuantizedLatent,
    VectorQuantizedLatent,
)
from lib.models import commitment_loss, quantization_loss
from tests.quick import quickly


def _quantizer(values) -> QuantizedLatent:
    latent = QuantizedLatent(*values.shape, rngs=nnx.Rngs(0))
    latent.values[...] = jnp.asarray(values)
    return latent


def test_golden_quantizer(golden):
    file = golden("quantizer")
    latent = _quantizer(file["values"])

    code = quickly(latent)(file["x"])

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

    gradients = quickly(jax.value_and_grad(total, argnums=(0, 1)))
    value, (grad_x, grad_state) = gradients(file["x"], state)

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
        ((4, [3, 3, 3]), ValueError, r"num_values=\[3, 3, 3\] lists 3 latents, but num_latents=4"),
        ((2, (3, 1)), ValueError, "num_values=1 .*>= 2"),
        ((2, 2**24 + 1), ValueError, "num_values=16777217 .*<= 16777216.*float32"),
    ],
)
def test_bad_sizes(sizes, error, message):
    with pytest.raises(error, match=message):
        QuantizedLatent(*sizes, rngs=nnx.Rngs(0))


def test_inputs_of_the_wrong_shape():
    with pytest.raises(ValueError, match=r"inputs has shape \(5, 3\); expected \(n, 4\)"):
        QuantizedLatent(4, 3, rngs=nnx.Rngs(0))(jnp.zeros((5, 3)))


def test_golden_vector_quantization(golden):
    file = golden("losses")
    vectors, inputs = file["vq_embeddings"], jnp.asarray(file["vq_input"])
    latent = VectorQuantizedLatent(
        inputs.shape[1] // vectors.shape[1], *vectors.shape, rngs=nnx.Rngs(0)
    )
    latent.vectors[...] = jnp.asarray(vectors)
    code = quickly(latent)(inputs)
    np.testing.assert_array_equal(code.indices, file["vq_indices"])
    np.testing.assert_allclose(code.quantized, file["vq_quantized"], atol=2e-5)
    np.testing.assert_allclose(code.decoder_input, file["vq_quantized"], atol=2e-5)
    quantization = quantization_loss(code.continuous, code.quantized)
    commitment = commitment_loss(code.continuous, code.quantized)
    np.testing.assert_allclose(quantization, file["vq_quantization_loss"], atol=2e-5)
    np.testing.assert_allclose(commitment, file["vq_commitment_loss"], atol=2e-5)


def test_golden_global_codebook(golden):
    file = golden("losses")
    inputs, values = jnp.asarray(file["global_input"]), file["global_values"]
    latent = GlobalQuantizedLatent(inputs.shape[1], len(values), rngs=nnx.Rngs(0))
    assert latent.values.shape == (1, len(values))
    latent.values[...] = jnp.asarray(values)[None]
    code = quickly(latent)(inputs)
    np.testing.assert_array_equal(code.indices, file["global_indices"])
    np.testing.assert_allclose(code.quantized, file["global_quantized"], atol=2e-5)


def test_each_latent_may_have_its_own_number_of_values():
    """As many separate quantizers of one latent each would do."""
    numbers = [2, 5, 3]
    latent = QuantizedLatent(3, numbers, rngs=nnx.Rngs(0))
    inputs = jax.random.normal(jax.random.key(0), (500, 3))
    code = quickly(latent)(inputs)
    for column, number in enumerate(numbers):
        one = QuantizedLatent(1, number, rngs=nnx.Rngs(0))
        alone = quickly(one)(inputs[:, column : column + 1])
        np.testing.assert_array_equal(code.indices[:, column], alone.indices[:, 0])
        np.testing.assert_allclose(code.quantized[:, column], alone.quantized[:, 0], atol=1e-7)


def test_values_that_a_latent_does_not_have_are_never_chosen_nor_trained():
    latent = QuantizedLatent(2, [2, 4], rngs=nnx.Rngs(0))
    latent.values[...] = latent.values[...].at[0, 2:].set(0.1)
    inputs = jax.random.uniform(jax.random.key(0), (300, 2), minval=-1, maxval=1)
    assert latent(inputs).indices[:, 0].max() == 1
    graph, state = nnx.split(latent)

    def loss(state):
        return jnp.sum(quantization_loss(inputs, nnx.merge(graph, state)(inputs).quantized))

    gradient = quickly(jax.grad(loss))(state)["values"][...]
    np.testing.assert_array_equal(gradient[0, 2:], 0.0)
    assert (gradient[1] != 0).all()


@pytest.mark.parametrize("kind", [QuantizedLatent, GlobalQuantizedLatent])
def test_fixed_values_get_no_gradient(kind):
    inputs = jax.random.normal(jax.random.key(0), (50, 3))
    for learn_values in (True, False):
        latent = kind(3, 4, learn_values=learn_values, rngs=nnx.Rngs(0))
        graph, state = nnx.split(latent)

        def loss(state, graph=graph):
            return jnp.sum(quantization_loss(inputs, nnx.merge(graph, state)(inputs).quantized))

        assert np.any(quickly(jax.grad(loss))(state)["values"][...] != 0) == learn_values


def test_the_most_values_are_all_different_in_float32():
    """At the limit; one float32 cannot tell apart would be a value that is never chosen."""
    values = QuantizedLatent(1, MAX_VALUES, rngs=nnx.Rngs(0)).values[0]
    assert jnp.all(values[1:] > values[:-1])


@pytest.mark.parametrize("num_values", [2, 3, 10, 12])
def test_the_grid_has_its_ends_at_one_and_all_its_points_are_reached(num_values):
    latent = FiniteScalarLatent(2, num_values)
    inputs = jnp.linspace(-9, 9, 4001)[:, None] * jnp.ones((1, 2))
    code = quickly(latent)(inputs)
    np.testing.assert_array_equal(np.unique(code.indices), np.arange(num_values))
    expected = np.linspace(-1, 1, num_values)
    np.testing.assert_allclose(np.unique(np.asarray(code.quantized)), expected, atol=1e-6)
    distances = np.abs(np.tanh(np.asarray(inputs))[:, :, None] - expected)
    # Nearest, but for ties to rounding.
    chosen = np.take_along_axis(distances, np.asarray(code.indices)[..., None], axis=2)[..., 0]
    np.testing.assert_allclose(chosen, distances.min(axis=2), atol=1e-6)


def test_the_grid_passes_gradients_on_to_the_tanh():
    inputs = jnp.asarray([[0.3, -1.2]])
    found = jax.grad(lambda x: jnp.sum(FiniteScalarLatent(2, 5)(x).decoder_input))(inputs)
    np.testing.assert_allclose(found, 1 - jnp.tanh(inputs) ** 2, rtol=1e-5)


def test_gaussian_latents_have_the_means_and_standard_deviations_of_the_inputs():
    means, unscaled = jnp.asarray([1.0, -2.0]), jnp.asarray([0.0, 3.0])
    inputs = jnp.tile(jnp.concatenate([means, unscaled]), (20_000, 1))
    code = GaussianLatent()(inputs, jax.random.split(jax.random.key(0), 20_000))
    standard_deviations = np.log1p(np.exp(np.asarray(unscaled)))  # the softplus
    np.testing.assert_allclose(code.standard_deviations[0], standard_deviations, rtol=1e-5)
    np.testing.assert_allclose(code.decoder_input.mean(0), means, atol=5 * 3.05 / 141)
    np.testing.assert_allclose(code.decoder_input.std(0), standard_deviations, rtol=0.03)
    still = GaussianLatent()(inputs)
    np.testing.assert_array_equal(still.decoder_input, still.continuous)
    np.testing.assert_array_equal(still.scored[0], means)


def test_a_sample_depends_on_its_own_key_alone():
    keys, inputs = jax.random.split(jax.random.key(0), 8), jnp.zeros((8, 6))
    together = GaussianLatent()(inputs, keys).decoder_input
    alone = GaussianLatent()(inputs[2:3], jax.random.split(jax.random.key(0), 8)[2:3])
    np.testing.assert_array_equal(together[2:3], alone.decoder_input)
