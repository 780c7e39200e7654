"""Traversals of quantized and continuous latents."""

import jax.numpy as jnp
import numpy as np
import pytest

from lib.models import traversals
from tests.models.small import build

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)


def _model(name, **hyperparameters):
    return build(name, 3, **hyperparameters)


def test_a_quantized_latent_takes_each_of_its_values_in_order():
    model = _model("qlae")
    shuffled = RNG.permuted(np.asarray(model.latent.values[...]), axis=1)
    model.latent.values[...] = jnp.asarray(shuffled)
    images, positions = traversals(model, IMAGE, np.zeros((1, 3), int))
    np.testing.assert_array_equal(positions, np.sort(shuffled, axis=1))
    assert images.shape == (3, 10, 8, 8, 3)


@pytest.mark.parametrize("name", ["qlae", "tripod", "beta_vae", "autoencoder"])
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


def test_latents_of_fewer_values_stay_at_their_last():
    images, positions = traversals(_model("qlae", num_values=[2, 4, 3]), IMAGE, np.zeros((1, 3)))
    assert images.shape == (3, 4, 8, 8, 3)
    np.testing.assert_allclose(positions[0], [-0.5, 0.5, 0.5, 0.5])
    np.testing.assert_array_equal(images[0, 1], images[0, 3])
    np.testing.assert_allclose(positions[1], np.linspace(-0.5, 0.5, 4), atol=1e-6)


def test_latents_that_share_a_codebook_take_all_its_values():
    _, positions = traversals(_model("qlae", global_values=True), IMAGE, np.zeros((1, 3)))
    np.testing.assert_allclose(positions, [np.linspace(-0.5, 0.5, 10)] * 3, atol=1e-6)


def test_a_latent_of_vectors_takes_the_most_frequent_ones():
    model = _model("vqvae", num_vectors=20, vector_size=5)
    reference = np.asarray([[7, 1, 2], [7, 1, 3], [4, 1, 3], [9, 1, 3], [9, 1, 0], [7, 1, 0]])
    images, positions = traversals(model, IMAGE, reference)
    np.testing.assert_array_equal(positions, [[7, 9, 4], [1, 1, 1], [3, 0, 2]])
    code = model(jnp.asarray(IMAGE[None], jnp.float32) / 255).code
    indices = np.asarray(code.indices).copy()
    indices[0, 2] = 2
    expected = model.decode(model.latent.look_up(jnp.asarray(indices)))[0]
    np.testing.assert_allclose(images[2, 2], expected, atol=1e-5)
