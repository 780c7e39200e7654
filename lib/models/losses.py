"""Losses as pure functions of arrays; each returns one value an image."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def binary_cross_entropy(
    logits: Float[Array, "n height width channels"],
    images: Float[Array, "n height width channels"],
) -> Float[Array, " n"]:
    """The reconstruction loss: cross-entropy in nats, a mean over all values of an image.

    Args:
        logits: of the reconstruction, before the sigmoid.
        images: the targets, in [0, 1].

    Source: the authors' configuration. Where images are not binary its minimum is the images'
        own entropy, not 0.
    """
    # softplus(l) - l x equals -x log(s) - (1 - x) log(1 - s) with s = sigmoid(l), and is stable.
    return jnp.mean(jax.nn.softplus(logits) - logits * images, axis=(1, 2, 3))


def quantization_loss(
    continuous: Float[Array, "n num_latents"], quantized: Float[Array, "n num_latents"]
) -> Float[Array, " n"]:
    """Pulls the chosen code values towards the encoder's output: a mean square over latents.

    Its gradient reaches the code values only.

    Source: Hsu et al. 2023, arXiv 2305.18378; the first term after van den Oord et al.
        2017 (VQ-VAE), equation 3.
    """
    return jnp.mean(jnp.square(jax.lax.stop_gradient(continuous) - quantized), axis=1)


def commitment_loss(
    continuous: Float[Array, "n num_latents"], quantized: Float[Array, "n num_latents"]
) -> Float[Array, " n"]:
    """Pulls the encoder's output towards the chosen code values: a mean square over latents.

    Its gradient reaches the encoder only.

    Source: Hsu et al. 2023, arXiv 2305.18378; after van den Oord et al. 2017
        (VQ-VAE), equation 3.
    """
    return jnp.mean(jnp.square(continuous - jax.lax.stop_gradient(quantized)), axis=1)
