"""The published convolutional networks and the small MLPs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.latents import QuantizedLatent
from lib.models import QLAE
from lib.networks import (
    NETWORKS,
    ConvEncoder,
    MLPDecoder,
    MLPEncoder,
    PlainDecoder,
    StyleDecoder,
    TransposedConv,
    build_networks,
)
from tests.networks_of_golden import (
    fill_encoder,
    fill_plain_decoder,
    fill_style_decoder,
    widths,
)
from tests.quick import quickly

NETWORK_TOLERANCE = 2e-4


def _build(network, *sizes, **widths):
    """A network, its initial parameters drawn in one compiled call."""
    return quickly(lambda: network(*sizes, **widths, rngs=nnx.Rngs(0)))()


def test_golden_encoder(golden):
    file = golden("encoder")
    images = jnp.asarray(file["input_nchw"].transpose(0, 2, 3, 1))
    encoder = _build(
        ConvEncoder,
        images.shape[1],
        images.shape[3],
        file["pre_z"].shape[1],
        widths=widths(file, "param.conv.layers[{}].layers[0].weight"),
        dense_width=file["features"].shape[1],
    )
    fill_encoder(encoder, file, "param")
    features, outputs = quickly(lambda: (encoder.features(images), encoder(images)))()
    np.testing.assert_allclose(features, file["features"], atol=NETWORK_TOLERANCE)
    np.testing.assert_allclose(outputs, file["pre_z"], atol=NETWORK_TOLERANCE)


def test_golden_style_decoder(golden):
    file = golden("style_decoder")
    logits = file["logits_nchw"].transpose(0, 2, 3, 1)
    decoder = _build(
        StyleDecoder,
        logits.shape[1],
        logits.shape[3],
        file["latents"].shape[1],
        widths=widths(file, "param.style_conv_transpose.blocks[{}].forward_block.layers[0].weight"),
        dense_width=file["param.dense.layers[0].layers[0].bias"].shape[0],
    )
    fill_style_decoder(decoder, file, "param")
    decoded = quickly(decoder)(jnp.asarray(file["latents"]))
    np.testing.assert_allclose(decoded, logits, atol=NETWORK_TOLERANCE)


def test_golden_plain_decoder(golden):
    file = golden("image_decoder")
    logits = file["logits_nchw"].transpose(0, 2, 3, 1)
    decoder = _build(
        PlainDecoder,
        logits.shape[1],
        logits.shape[3],
        file["latents"].shape[1],
        widths=widths(file, "param.layers[3].layers[{}].layers[0].weight"),
        dense_width=file["param.layers[0].layers[0].layers[0].bias"].shape[0],
        first_width=file["param.layers[3].layers[0].layers[0].weight"].shape[1],
    )
    fill_plain_decoder(decoder, file)
    decoded = quickly(decoder)(jnp.asarray(file["latents"]))
    np.testing.assert_allclose(decoded, logits, atol=NETWORK_TOLERANCE)


@pytest.mark.parametrize("network", NETWORKS)
def test_activations_are_those_of_each_image_and_end_in_its_logits(network):
    sizes = {"resolution": 32, "channels": 3, "num_latents": 5, "width": 8}
    _, decoder = _build(build_networks, network, **sizes)
    latents = jax.random.normal(jax.random.key(0), (3, 5))
    activations = quickly(lambda latents: decoder.activations(latents))
    found, logits = activations(latents)
    np.testing.assert_allclose(logits, quickly(decoder)(latents), atol=1e-5)
    assert len(found) == {"mlp": 2, "style-mlp": 3}.get(network, 4)
    sides = [maps.shape[1] for maps in found if maps.ndim == 4]
    assert sides == ([] if "mlp" in network else [4, 8, 16])
    others, _ = activations(latents.at[1:].set(0.5))
    for maps, other in zip(found, others, strict=True):
        assert len(maps) == 3
        np.testing.assert_allclose(maps[0], other[0], atol=1e-5)
        assert not np.allclose(maps[1], other[1], atol=1e-4)


def test_encoder_and_decoder_may_have_different_widths():
    encoder, decoder = build_networks(
        "mlp",
        resolution=4,
        channels=1,
        num_latents=3,
        encoder_outputs=6,
        width=8,
        rngs=nnx.Rngs(0),
    )
    assert encoder(jnp.zeros((2, 4, 4, 1))).shape == (2, 6)
    assert decoder(jnp.zeros((2, 3))).shape == (2, 4, 4, 1)


@pytest.mark.parametrize("side", [1, 2, 5])
def test_doubling_equals_a_convolution_over_the_dilated_input(side):
    """The interleaved form against the definition, written with XLA's own input dilation."""
    layer = TransposedConv(3, 4, 4, rngs=nnx.Rngs(0))
    maps = jax.random.normal(jax.random.key(1), (2, side, side, 3))
    expected = jax.lax.conv_general_dilated(
        maps,
        layer.kernel[...],
        window_strides=(1, 1),
        padding=((2, 2), (2, 2)),
        lhs_dilation=(2, 2),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    np.testing.assert_allclose(layer(maps), expected, atol=2e-5)


def test_paper_scale_has_the_published_number_of_parameters():
    """7.65 million for QLAE at 64x64 with 12 latents of 10 values."""

    def build():
        rngs = nnx.Rngs(0)
        networks = build_networks(
            "convolutional", resolution=64, channels=3, num_latents=12, width=256, rngs=rngs
        )
        return QLAE(*networks, QuantizedLatent(12, 10, rngs=rngs))

    shapes = nnx.state(nnx.eval_shape(build), nnx.Param)
    count = sum(leaf.size for leaf in jax.tree.leaves(shapes))
    assert round(count / 1e6, 2) == 7.65


@pytest.mark.parametrize("network", NETWORKS)
def test_every_image_is_encoded_and_decoded_alone(network):
    """No layer mixes images of a batch: an image comes out the same in any company."""
    sizes = {"resolution": 32, "channels": 3, "num_latents": 5, "width": 8}
    encoder, decoder = _build(build_networks, network, **sizes)
    through = quickly(lambda images: decoder(encoder(images)))
    images = jax.random.uniform(jax.random.key(0), (3, 32, 32, 3))
    first = through(images)
    others = through(images.at[1:].set(0.5))
    assert first.shape == images.shape
    np.testing.assert_allclose(first[0], others[0], atol=1e-6)
    assert not np.allclose(first[1], others[1], atol=1e-3)


@pytest.mark.parametrize(("network", "feels"), [("mlp", False), ("style-mlp", True)])
def test_weight_decay_can_reach_what_no_norm_follows(network, feels):
    """Halved weights before a norm change nothing; those that the style passes do."""
    sizes = {"resolution": 4, "channels": 1, "num_latents": 3, "width": 64}
    _, decoder = _build(build_networks, network, **sizes)
    latents = jax.random.normal(jax.random.key(0), (3, 3))
    before = decoder(latents)
    layers = decoder.conditionings if feels else decoder.mlp.hidden
    for layer in layers:
        layer.kernel[...] *= 0.5
        layer.bias[...] *= 0.5
    change = jnp.abs(decoder(latents) - before).max() / jnp.abs(before).max()
    assert change > 0.2 if feels else change < 1e-3


def test_initial_parameters_follow_from_the_seed():
    def encoder(seed):
        return MLPEncoder(4, 1, 2, width=8, rngs=nnx.Rngs(seed)).mlp.head.kernel[...]

    np.testing.assert_array_equal(encoder(0), encoder(0))
    assert not np.array_equal(encoder(0), encoder(1))


def test_initial_kernels_span_the_inverse_root_of_the_inputs():
    """Uniform in +-1/sqrt(fan_in); the bound from the authors' layers, fan_in = 100 here."""
    head = MLPDecoder(100, 1, 5, width=100, rngs=nnx.Rngs(0)).mlp.head
    assert 0.0999 < float(jnp.max(jnp.abs(head.kernel[...]))) <= 0.1
    assert 0.099 < float(jnp.max(jnp.abs(head.bias[...]))) <= 0.1


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"network": "transformer"}, ValueError, "network='transformer' .*convolutional, .*mlp"),
        ({"resolution": 40}, ValueError, "resolution=40 is not a multiple of 16"),
        ({"resolution": 8}, ValueError, "resolution=8 .*>= 16"),
        ({"resolution": 16}, ValueError, "resolution=16 is too small .*at least 32"),
        ({"width": 12}, ValueError, "width=12 is not a multiple of 8"),
    ],
)
def test_bad_networks(changes, error, message):
    sizes = {"network": "convolutional", "resolution": 32, "channels": 3, "num_latents": 2}
    with pytest.raises(error, match=message):
        build_networks(**(sizes | {"width": 16} | changes), rngs=nnx.Rngs(0))
