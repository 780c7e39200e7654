"""Traversals of quantized and continuous latents."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.models import MODELS, traversals
from lib.networks import build_networks

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)


def _model(name):
    rngs = nnx.Rngs(0)
    networks = build_networks("mlp", resolution=8, channels=3, num_latents=3, width=16, rngs=rngs)
    return MODELS[name].build(*networks, 3, rngs=rngs)


def test_a_quantized_latent_takes_each_of_its_values_in_order():
    model = _model("qlae")
    shuffled = RNG.permuted(np.asarray(model.latent.values[...]), axis=1)
    model.latent.values[...] = jnp.asarray(shuffled)
    images, positions = traversals(model, IMAGE, np.zeros((1, 3), int))
    np.testing.assert_array_equal(positions, np.sort(shuffled, axis=1))
    assert images.shape == (3, 10, 8, 8, 3)


@pytest.mark.parametrize("name", ["qlae", "autoencoder"])
def test_every_image_is_the_code_with_one_latent_moved(name):
    """Each picture equals a decoding worked out here, one at a time."""
    model = _model(name)
    reference = RNG.normal(size=(200, 3))
    images, positions = traversals(model, IMAGE, reference, num_steps=4)
    code = model(jnp.asarray(IMAGE[None], jnp.float32) / 255).code
    start = np.asarray(code.continuous if code.quantized is None else code.quantized)
    for latent in range(3):
        for step in range(positions.shape[1]):
            moved = start.copy()
            moved[0, latent] = positions[latent, step]
            expected = model.decode(jnp.asarray(moved))[0]
            np.testing.assert_allclose(images[latent, step], expected, atol=1e-5)


def test_a_continuous_latent_moves_between_quantiles_of_the_reference():
    reference = np.linspace(0, 1, 1001)[:, None] * np.asarray([1.0, 10.0, -2.0])
    _, positions = traversals(_model("autoencoder"), IMAGE, reference, num_steps=3)
    np.testing.assert_allclose(positions[1], [0.2, 5.0, 9.8], atol=1e-6)
