"""The GANs against golden values, and what the two of them sample."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.latents import QuantizedLatent
from lib.models import QLInfoWGANGP, gradient_penalty, latent_loss
from lib.models.losses import commitment_loss, quantization_loss
from lib.networks import ConvEncoder, StyleDecoder
from tests.models.small import build, images, step
from tests.networks_of_golden import fill_encoder, fill_linear, fill_style_decoder, widths
from tests.quick import quickly


@pytest.fixture(scope="module")
def filled(golden):
    """The model with the file's parameters."""
    file = golden("quantized_infogan")
    encoder, generator = "param.encoder.base", "param.generator"
    values = np.stack(
        [file[f"param.latent._values_per_latent[{i}]"] for i in range(file["z_fake"].shape[1])]
    )
    image_shape = file["real_nchw"].shape

    def make():
        rngs = nnx.Rngs(0)
        sizes = {"channels": image_shape[1], "rngs": rngs}
        return QLInfoWGANGP(
            ConvEncoder(
                image_shape[2],
                num_outputs=len(values),
                widths=widths(file, f"{encoder}.conv.layers[{{}}].layers[0].weight"),
                dense_width=file[f"{encoder}.head.weight"].shape[1],
                **sizes,
            ),
            StyleDecoder(
                image_shape[2],
                num_inputs=len(values),
                widths=widths(
                    file,
                    f"{generator}.style_conv_transpose.blocks[{{}}].forward_block.layers[0].weight",
                ),
                dense_width=file[f"{generator}.dense.layers[0].layers[0].bias"].shape[0],
                **sizes,
            ),
            QuantizedLatent(*values.shape, rngs=rngs),
            rngs=rngs,
        )

    model = quickly(make)()
    fill_encoder(model.encoder, file, encoder)
    fill_style_decoder(model.decoder, file, generator)
    fill_linear(model.critic, file, "param.encoder.critic")
    model.latent.values[...] = jnp.asarray(values)
    return model, file


def test_golden_quantized_infogan(filled):
    model, file = filled
    real = jnp.asarray(file["real_nchw"].transpose(0, 2, 3, 1))
    share = jnp.asarray(file["epsilon"])
    latents = jnp.asarray(file["z_fake"])

    @quickly
    def compute(model):
        made = model.decode(latents)
        value, code = model.judge(made)
        real_value, _ = model.judge(real)
        gradients = jax.grad(lambda x: jnp.sum(model.judge(x)[0]))(
            share * real + (1 - share) * made
        )
        terms = model.critic_terms_between(real, latents, made, share)
        generator = -jnp.mean(value) + sum(model.latent_terms(code, latents).values())
        return made, value, real_value, code, gradients, sum(terms.values()), generator

    made, value, real_value, code, gradients, critic, generator = compute(model)
    expected = file["x_fake_nchw"].transpose(0, 2, 3, 1)
    np.testing.assert_allclose(made, expected, atol=2e-4)
    np.testing.assert_allclose(value, file["value_fake"][:, 0], atol=2e-4)
    np.testing.assert_allclose(real_value, file["value_real"][:, 0], atol=2e-4)
    norms = jnp.sqrt(jnp.sum(gradients**2, axis=(1, 2, 3)))
    np.testing.assert_allclose(norms, file["gradient_norm"], atol=2e-4)
    # The square of a norm of 5 is as exact as the norm times ten.
    penalty = gradient_penalty(gradients)
    np.testing.assert_allclose(penalty, file["gradient_penalty"], rtol=2e-4)
    losses = {
        "latent_loss": latent_loss(code.decoder_input, latents),
        "quantization_loss": quantization_loss(code.continuous, code.quantized),
        "commitment_loss": commitment_loss(code.continuous, code.quantized),
    }
    for name, loss in losses.items():
        np.testing.assert_allclose(loss, file[name], atol=2e-5)
    np.testing.assert_allclose(critic, file["critic_loss"], rtol=2e-4)
    np.testing.assert_allclose(generator, file["generator_loss"], rtol=2e-4)


def test_the_terms_of_a_step_are_those_of_its_samples():
    """What `critic_terms` draws, put into `critic_terms_between`, gives the same."""
    model = build("qlinfowgan_gp")

    @quickly
    def compute(model):
        keys = jax.vmap(jax.random.split)(step().keys)
        latents, made = model.generate(keys[:, 0])
        share = jax.vmap(jax.random.uniform)(keys[:, 1]).reshape(-1, 1, 1, 1)
        between = model.critic_terms_between(images(), latents, made, share)
        return model.critic_terms(images(), step()), between

    terms, expected = compute(model)
    for name, term in expected.items():
        np.testing.assert_allclose(terms[name], term, rtol=1e-6)


def test_samples_are_uniform_over_each_latents_code_values():
    model = build("qlinfowgan_gp", num_values=[2, 3, 4, 5])
    latents, made = model.generate(jax.random.split(jax.random.key(0), 6000))
    assert made.shape == (6000, 8, 8, 3)
    for column, number in zip(np.asarray(latents).T, (2, 3, 4, 5), strict=True):
        values, counts = np.unique(column, return_counts=True)
        np.testing.assert_allclose(values, np.linspace(-0.5, 0.5, number), atol=1e-6)
        # Five standard deviations of a count.
        assert np.abs(counts - 6000 / number).max() < 5 * np.sqrt(6000 / number)


def test_continuous_samples_are_uniform_from_0_to_1():
    latents, _ = build("infowgan_gp").generate(jax.random.split(jax.random.key(0), 6000))
    assert 0 <= latents.min() < 0.01
    assert 0.99 < latents.max() < 1
    np.testing.assert_allclose(latents.mean(0), 0.5, atol=5 * np.sqrt(1 / 12 / 6000))


def test_the_critic_reads_the_encoders_features():
    model = build("infowgan_gp")
    value, code = model.judge(images())
    features = model.encoder.features(images())
    np.testing.assert_allclose(value, model.critic(features)[:, 0], atol=1e-6)
    np.testing.assert_allclose(code.continuous, model.encoder(images()), atol=1e-6)
