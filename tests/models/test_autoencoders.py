"""The autoencoder and QLAE: what their losses are and which parameters each term reaches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.models import (
    MODELS,
    QLAE,
    Autoencoder,
    binary_cross_entropy,
    commitment_loss,
    quantization_loss,
)
from lib.networks import build_networks


@pytest.fixture
def images():
    return jax.random.uniform(jax.random.key(0), (6, 8, 8, 3))


def _model(name="qlae", **hyperparameters):
    rngs = nnx.Rngs(0)
    networks = build_networks("mlp", resolution=8, channels=3, num_latents=4, width=16, rngs=rngs)
    return MODELS[name].build(*networks, 4, rngs=rngs, **hyperparameters)


def _reached(model, images, term) -> set[str]:
    """Which of encoder, latent and decoder a term's gradient reaches."""
    graph, state = nnx.split(model, nnx.Param)
    gradients = jax.grad(lambda s: nnx.merge(graph, s).terms(images)[term])(state)
    flat = nnx.to_flat_state(gradients)
    return {path[0] for path, gradient in flat if jnp.any(gradient[...] != 0)}


@pytest.mark.parametrize(
    ("term", "destinations"),
    [
        ("reconstruction", {"encoder", "decoder"}),
        ("quantization", {"latent"}),
        ("commitment", {"encoder"}),
    ],
)
def test_gradient_destinations_of_qlae(images, term, destinations):
    assert _reached(_model(), images, term) == destinations


def test_the_autoencoder_has_the_reconstruction_loss_alone(images):
    model = _model("autoencoder")
    assert _reached(model, images, "reconstruction") == {"encoder", "decoder"}
    assert list(model.terms(images)) == ["reconstruction"]


def test_terms_are_the_weighted_losses(images):
    model = _model(num_values=3, quantization_weight=0.5, commitment_weight=0.25)
    code, logits = model(images)
    terms = model.terms(images)
    quantization = quantization_loss(code.continuous, code.quantized)
    commitment = commitment_loss(code.continuous, code.quantized)
    assert jnp.mean(quantization) > 0
    np.testing.assert_allclose(terms["quantization"], 0.5 * jnp.mean(quantization), rtol=1e-6)
    np.testing.assert_allclose(terms["commitment"], 0.25 * jnp.mean(commitment), rtol=1e-6)
    reconstruction = jnp.mean(binary_cross_entropy(logits, images))
    np.testing.assert_allclose(terms["reconstruction"], reconstruction, rtol=1e-6)


def test_quantization_loss_by_hand():
    """Two latents off by 0.3 and 0.1: a mean over latents of squares, 0.05."""
    continuous, quantized = jnp.asarray([[0.3, -0.1]]), jnp.asarray([[0.0, 0.0]])
    np.testing.assert_allclose(quantization_loss(continuous, quantized), [0.05], rtol=1e-6)
    np.testing.assert_allclose(commitment_loss(continuous, quantized), [0.05], rtol=1e-6)


def test_binary_cross_entropy_by_hand():
    """At logit 0 every value costs ln 2; a confident right answer costs nothing."""
    images = jnp.asarray([[[[0.0], [1.0]]], [[[0.3], [0.9]]]])
    np.testing.assert_allclose(
        binary_cross_entropy(jnp.zeros_like(images), images), [np.log(2)] * 2, rtol=1e-6
    )
    confident = jnp.asarray([[[[-40.0], [40.0]]]])
    np.testing.assert_allclose(binary_cross_entropy(confident, images[:1]), [0.0], atol=1e-6)


def test_decoding_the_quantized_code_reconstructs(images):
    model = _model()
    code, logits = model(images)
    decoded = model.decode(model.latent.look_up(code.indices))
    np.testing.assert_allclose(decoded, nnx.sigmoid(logits), atol=1e-5)


@pytest.mark.parametrize(
    ("hyperparameters", "error", "message"),
    [
        ({"quantization_weight": -1.0}, ValueError, "quantization_weight=-1.0 .*>= 0"),
        ({"commitment_weight": float("nan")}, ValueError, "commitment_weight=nan .*finite"),
        ({"commitment_weight": "0.1"}, TypeError, "commitment_weight='0.1' is a str"),
        ({"num_values": 1}, ValueError, "num_values=1 .*>= 2"),
    ],
)
def test_bad_hyperparameters_are_refused_at_construction(hyperparameters, error, message):
    with pytest.raises(error, match=message):
        _model(**hyperparameters)


def test_a_new_model_needs_a_class_of_its_terms(images):
    """A subclass that overrides `terms` trains like the others."""

    class Sparse(Autoencoder):
        def terms(self, images):
            size = jnp.mean(jnp.abs(self(images).code.continuous))
            return super().terms(images) | {"sparsity": size}

    assert issubclass(QLAE, Autoencoder)
    networks = build_networks(
        "mlp", resolution=8, channels=3, num_latents=4, width=16, rngs=nnx.Rngs(0)
    )
    assert _reached(Sparse(*networks), images, "sparsity") == {"encoder"}
