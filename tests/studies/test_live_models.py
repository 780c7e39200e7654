"""Where the sliders of a model's latents stand and go."""

from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.models import MODELS
from lib.networks import build_networks
from lib.studies.live_models import _reordered, travel
from lib.studies.words import latent_words

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3), dtype=np.uint8)
NETWORKS = partial(build_networks, "style-mlp", resolution=4, channels=3, width=8)


def _model(kind: str) -> nnx.Module:
    return MODELS[kind].build(NETWORKS, 3, rngs=nnx.Rngs(0))


def _read(model: nnx.Module) -> np.ndarray:
    return np.asarray(model(jnp.asarray(IMAGES, jnp.float32) / 255).code.decoder_input)


@pytest.mark.parametrize("settings", [{}, {"global_values": True}])
def test_a_quantized_latent_goes_through_its_code_values_and_starts_at_the_images(settings):
    model = MODELS["qlae"].build(NETWORKS, 3, rngs=nnx.Rngs(0), **settings)
    went = travel(model, IMAGES)
    for latent, positions, starts in zip(
        _read(model).T, went.positions, went.starts.T, strict=True
    ):
        assert len(positions) == 10
        assert (np.diff(positions) > 0).all()
        np.testing.assert_allclose(positions[starts], latent, atol=1e-6)


def test_a_continuous_latent_goes_through_its_range_and_starts_at_the_nearest_step():
    model = _model("autoencoder")
    went = travel(model, IMAGES)
    for latent, positions, starts in zip(
        _read(model).T, went.positions, went.starts.T, strict=True
    ):
        low, high = np.quantile(latent, [0.02, 0.98])
        assert positions[[0, -1]] == pytest.approx([low, high])
        inside = (latent > low) & (latent < high)
        step = positions[1] - positions[0]
        assert np.abs(positions[starts] - latent)[inside].max() <= step / 2 + 1e-6


def test_a_decoder_of_reordered_latents_draws_the_same():
    decoder, order = _model("autoencoder").decoder, np.array([2, 0, 1])
    latents = jnp.asarray(np.random.default_rng(1).normal(size=(5, 3)), jnp.float32)
    drawn = _reordered(decoder, order)(latents[:, order])
    np.testing.assert_allclose(drawn, decoder(latents), atol=1e-5)
    assert not np.allclose(decoder(latents[:, order]), decoder(latents), atol=1e-3)


@pytest.mark.parametrize(
    ("nmi", "active", "words"),
    [
        ([0.03, 0.97, 0.05], True, "mostly shape, NMI 0.97; nothing else above 0.1"),
        ([0.2, 0.5, 0.05], True, "mostly shape, NMI 0.50; also floor hue, NMI 0.20"),
        (
            [0.3, 0.4, 0.2],
            True,
            "a mixture: shape, NMI 0.40; also floor hue, NMI 0.30; scale, NMI 0.20",
        ),
        ([0.03, 0.09, 0.05], True, "about no source: no NMI reaches 0.1"),
        ([0.3, 0.4, 0.2], False, "inactive: it hardly moves from image to image"),
    ],
)
def test_what_a_latent_is_about_is_said_in_words(nmi, active, words):
    assert latent_words(np.array(nmi), ["floor hue", "shape", "scale"], active) == words
