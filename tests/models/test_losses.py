"""Losses against golden values, by hand, and where theory says what they are."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.models import (
    activity_loss,
    binary_cross_entropy,
    commitment_loss,
    decompose_divergence,
    gradient_penalty,
    kernel_total_correlation,
    kl_divergence,
    latent_loss,
    nonnegativity_loss,
    normalized_hessian_penalty,
    quantization_loss,
)
from tests.quick import quickly

TOLERANCE = 2e-5


def test_golden_binary_cross_entropy(golden):
    file = golden("losses")
    logits, target = (file[k].transpose(0, 2, 3, 1) for k in ("logits_nchw", "target_nchw"))
    found = binary_cross_entropy(jnp.asarray(logits), jnp.asarray(target))
    np.testing.assert_allclose(found, file["binary_cross_entropy"], atol=TOLERANCE)


def test_golden_divergence(golden):
    """The file holds a mean over latents, the library sums."""
    file = golden("losses")
    found = kl_divergence(jnp.asarray(file["z_mu"]), jnp.asarray(file["z_sigma"]))
    mean = found / file["z_mu"].shape[1]
    np.testing.assert_allclose(mean, file["vae_kl_mean_over_latents"], atol=TOLERANCE)


def test_golden_decomposition(golden):
    file = golden("losses")
    latents = [jnp.asarray(file[k]) for k in ("z_mu", "z_sigma", "z_sample")]
    parts = _decomposed(*latents, int(file["dataset_size"]))
    for name, part in parts._asdict().items():
        np.testing.assert_allclose(part, file[f"tc_{name}"], atol=TOLERANCE)


def test_golden_biological_losses(golden):
    file = golden("losses")
    latents = jnp.asarray(file["bio_z"])
    np.testing.assert_allclose(nonnegativity_loss(latents), file["bio_nonnegative"], atol=TOLERANCE)
    np.testing.assert_allclose(activity_loss(latents), file["bio_activity"], atol=TOLERANCE)


def test_binary_cross_entropy_by_hand():
    """At logit 0 every value costs ln 2; a confident right answer costs nothing."""
    images = jnp.asarray([[[[0.0], [1.0]]], [[[0.3], [0.9]]]])
    np.testing.assert_allclose(
        binary_cross_entropy(jnp.zeros_like(images), images), [np.log(2)] * 2, rtol=1e-6
    )
    confident = jnp.asarray([[[[-40.0], [40.0]]]])
    np.testing.assert_allclose(binary_cross_entropy(confident, images[:1]), [0.0], atol=1e-6)


def test_quantization_loss_by_hand():
    """Two latents off by 0.3 and 0.1: a mean over latents of squares, 0.05."""
    continuous, quantized = jnp.asarray([[0.3, -0.1]]), jnp.asarray([[0.0, 0.0]])
    for loss in (quantization_loss, commitment_loss, latent_loss):
        np.testing.assert_allclose(loss(continuous, quantized), [0.05], rtol=1e-6)


def test_biological_losses_by_hand():
    latents = jnp.asarray([[1.0, -2.0], [3.0, 0.0]])
    np.testing.assert_allclose(nonnegativity_loss(latents), [1.0, 0.0])
    np.testing.assert_allclose(activity_loss(latents), [2.5, 4.5])


def test_gradient_penalty_is_0_where_the_norm_is_1():
    gradients = jnp.zeros((3, 2, 2, 1)).at[0].set(0.5).at[1].set(1.0)
    np.testing.assert_allclose(gradient_penalty(gradients), [0.0, 1.0, 1.0], atol=1e-5)
    slope = jax.grad(lambda g: gradient_penalty(g).sum())(jnp.zeros((1, 2, 2, 1)))
    assert jnp.isfinite(slope).all()  # also where the critic is flat


def test_divergence_is_0_at_the_prior_and_positive_elsewhere():
    zeros, ones = jnp.zeros((1, 3)), jnp.ones((1, 3))
    np.testing.assert_allclose(kl_divergence(zeros, ones), [0.0], atol=1e-7)
    slopes = jax.grad(lambda m, d: kl_divergence(m, d).sum(), argnums=(0, 1))(zeros, ones)
    for slope in slopes:
        np.testing.assert_allclose(slope, 0.0, atol=1e-7)
    # By hand: a mean of 1 costs 1/2 a latent; a deviation of e costs (e**2 - 1) / 2 - 1.
    np.testing.assert_allclose(kl_divergence(ones, ones), [1.5], rtol=1e-6)
    np.testing.assert_allclose(
        kl_divergence(zeros, ones * np.e), [3 * ((np.e**2 - 1) / 2 - 1)], rtol=1e-6
    )


def _normal(*shape, seed=0):
    return jax.random.normal(jax.random.key(seed), shape)


def _decomposed(means, deviations, samples, size):
    return quickly(partial(decompose_divergence, dataset_size=size))(means, deviations, samples)


def test_the_parts_of_the_divergence_sum_to_it():
    """As sampled: the log density of the own distribution less that of the prior."""
    means, deviations = _normal(50, 4), jnp.exp(_normal(50, 4, seed=1) / 2)
    samples = means + deviations * _normal(50, 4, seed=2)
    parts = _decomposed(means, deviations, samples, 10_000)
    means, deviations, samples = map(np.asarray, (means, deviations, samples))
    own = -np.sum((samples - means) ** 2 / deviations**2 / 2 + np.log(deviations), axis=1)
    prior = -np.sum(samples**2 / 2, axis=1)
    np.testing.assert_allclose(sum(parts), own - prior, atol=1e-4)


def _total_correlation(means, size):
    """Of normal latents of deviation 1/2; corrected for the constant of the data set's size."""
    num_latents = means.shape[1]
    deviations = jnp.full_like(means, 0.5)
    samples = means + deviations * _normal(*means.shape, seed=3)
    found = _decomposed(means, deviations, samples, size).total_correlation
    return float(jnp.mean(found)) - (num_latents - 1) * np.log(size)


def test_total_correlation_is_near_0_for_independent_and_positive_for_duplicated_latents():
    """Independent: about 0. The second the first again: their mutual information, known here.

    Two normal variables of variance 1 + 1/4 and covariance 1 share -ln(1 - (1 / 1.25)**2) / 2.
    """
    one, other = _normal(4000, 1), _normal(4000, 1, seed=1)
    independent = _total_correlation(jnp.concatenate([one, other], axis=1), 4000)
    duplicated = _total_correlation(jnp.concatenate([one, one], axis=1), 4000)
    assert abs(independent) < 0.05
    np.testing.assert_allclose(duplicated, -np.log(1 - 0.8**2) / 2, atol=0.05)


def test_the_size_of_the_data_set_shifts_parts_and_has_no_gradient():
    means, deviations, samples = _normal(9, 3), jnp.ones((9, 3)), _normal(9, 3, seed=1)
    small, large = (_decomposed(means, deviations, samples, n) for n in (10, 1000))
    shift = large.total_correlation - small.total_correlation
    np.testing.assert_allclose(shift, 2 * np.log(100), atol=1e-4)

    def correlation(size, means):
        return decompose_divergence(means, deviations, samples, size).total_correlation.sum()

    slopes = [quickly(jax.grad(partial(correlation, size)))(means) for size in (10, 1000)]
    np.testing.assert_allclose(*slopes, atol=1e-5)


@quickly
def _information(latents):
    return jnp.mean(kernel_total_correlation(latents, jnp.std(latents, axis=0)))


def test_kernel_total_correlation_orders_codes_by_their_dependence():
    """Independent < correlated < duplicated, for normal and for quantized latents."""
    one, other = _normal(256, 1), _normal(256, 1, seed=1)
    for shape in (lambda z: z, lambda z: jnp.round(jnp.tanh(z) * 3) / 3):
        pairs = [shape(jnp.concatenate([one, x], axis=1)) for x in (other, one + other, one)]
        independent, correlated, duplicated = map(_information, pairs)
        assert independent + 0.1 < correlated < duplicated - 0.1
        assert abs(independent) < 0.15


def test_kernel_total_correlation_is_near_the_truth_for_correlated_normal_latents():
    """-ln(1 - r**2) / 2 = 0.51 at r = 0.8; kernels blur it, so that it comes out lower."""
    one, other = _normal(1000, 1), _normal(1000, 1, seed=1)
    latents = jnp.concatenate([one, 0.8 * one + 0.6 * other], axis=1)
    assert 0.35 < _information(latents) < 0.55


def test_kernel_total_correlation_does_not_change_with_the_scale_of_a_latent():
    latents = _normal(64, 5)
    scaled = latents * jnp.asarray([0.01, 1, 7, 100, 3])
    np.testing.assert_allclose(_information(scaled), _information(latents), atol=1e-4)


def _penalty(function, num_latents=3, num_perturbations=2):
    latents = _normal(40, num_latents)
    keys = jax.random.split(jax.random.key(1), 40)
    return _penalty_of([function], latents, jnp.std(latents, axis=0), keys, num_perturbations)


def _penalty_of(functions, latents, scales, keys, num_perturbations=2):
    penalty = partial(
        normalized_hessian_penalty,
        lambda z: [function(z) for function in functions],
        num_perturbations=num_perturbations,
    )
    return quickly(penalty)(latents, scales, keys)


def test_the_hessian_penalty_is_0_for_a_sum_of_functions_of_one_latent_each():
    additive = _penalty(lambda z: jnp.stack([jnp.sum(z**2, 1), jnp.sum(z**2 * z[:1], 1)], 1))
    np.testing.assert_allclose(additive, 0.0, atol=1e-3)


@pytest.mark.parametrize("function", [lambda z: z[:, :1] * z[:, 1:2], lambda z: jnp.prod(z, 1)])
def test_the_hessian_penalty_is_high_where_latents_only_interfere(function):
    """Of z0 z1 the Hessian is off the diagonal alone: the ratio is 1, estimated from many."""
    assert 0.85 < float(jnp.median(_penalty(function, num_perturbations=400))) < 1.15


def test_the_hessian_penalty_is_the_share_of_squares_off_the_diagonal():
    """Of z0**2 + z0 z1: diagonal 2, 0 and twice 1 off it: 2 / (4 + 2) = 1/3, at unit deviations."""
    latents = _normal(200, 2)
    keys = jax.random.split(jax.random.key(1), 200)

    def bent(z):
        return z[:, :1] ** 2 + z[:, :1] * z[:, 1:]

    found = _penalty_of([bent], latents, jnp.ones(2), keys, num_perturbations=500)
    np.testing.assert_allclose(jnp.mean(found), 1 / 3, atol=0.02)


def test_the_hessian_penalty_does_not_change_with_scale():
    def bent(z):
        return jnp.tanh(z @ jnp.asarray([[1.0, -0.5], [0.3, 0.8], [0.2, 0.1]]))

    np.testing.assert_allclose(
        _penalty(bent), _penalty(lambda z: 1000 * bent(z)), rtol=1e-2, atol=1e-4
    )


def test_the_hessian_penalty_sums_over_activations():
    latents = _normal(5, 2)

    def penalty(*functions):
        keys = jax.random.split(jax.random.key(0), 5)
        return _penalty_of(functions, latents, jnp.ones(2), keys)

    def product(z):
        return z[:, :1] * z[:, 1:]

    def mixture(z):
        return product(z) + z**2

    np.testing.assert_allclose(
        penalty(product, mixture), penalty(product) + penalty(mixture), rtol=1e-4
    )
