"""Latent spaces that quantize nothing."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from lib.checks import check_integer
from lib.latents.code import Code


class ContinuousLatent(nnx.Module):
    """The latent space of a plain autoencoder: the encoder's output as it is."""

    inputs_per_latent: ClassVar[int] = 1
    outputs_per_latent: ClassVar[int] = 1

    def __call__(self, inputs: Float[Array, "n num_latents"]) -> Code:
        """Pass the inputs on, as a `Code` without indices."""
        return Code(continuous=inputs, decoder_input=inputs)


class UniformLatent(ContinuousLatent):
    """Continuous latents that a generator samples uniformly from [0, 1].

    Args:
        num_latents: number of latents, at least 1.

    Raises:
        TypeError, ValueError: a number that is not an integer or is too small.

    Source: the InfoWGAN-GP baseline of Hsu et al. 2023, arXiv 2305.18378, in the authors'
        configuration.
    """

    def __init__(self, num_latents: int):
        check_integer("num_latents", num_latents, minimum=1)
        self.num_latents = num_latents

    def sample(self, keys: Key[Array, " n"]) -> Float[Array, "n num_latents"]:
        """Draw `(n, num_latents)` latents, one row a random key."""
        return jax.vmap(lambda key: jax.random.uniform(key, (self.num_latents,)))(keys)


class GaussianLatent(nnx.Module):
    """Latents that are independent normal distributions: the space of a variational autoencoder.

    The encoder gives a mean and one more number a latent, whose softplus is the standard
    deviation.

    Source: Kingma & Welling 2014, arXiv 1312.6114; the softplus is the authors' of Hsu et al. 2023.
    """

    inputs_per_latent: ClassVar[int] = 2
    outputs_per_latent: ClassVar[int] = 1

    def __call__(
        self, inputs: Float[Array, "n num_inputs"], keys: Key[Array, " n"] | None = None
    ) -> Code:
        """Distributions from `(n, 2 * num_latents)` inputs: all means, then what gives the
        standard deviations.

        Args:
            inputs: the encoder's output.
            keys: one random key a row: the decoder reads a sample; None: it reads the means.
        """
        means, unscaled = jnp.split(inputs, 2, axis=1)
        standard_deviations = nnx.softplus(unscaled)
        if keys is None:
            return Code(means, means, standard_deviations=standard_deviations)
        shape = means.shape[1:]
        noise = jax.vmap(lambda key: jax.random.normal(key, shape))(keys)
        return Code(
            means, means + standard_deviations * noise, standard_deviations=standard_deviations
        )
