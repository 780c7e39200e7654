"""Traversals: what the decoder draws when one latent moves and the others stay."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from lib.latents import QuantizedLatent
from lib.models.autoencoder import Autoencoder

# The end points of a continuous latent's traversal, as quantiles over reference latents.
_QUANTILES = (0.02, 0.98)


def traversals(
    model: Autoencoder, image: np.ndarray, reference: np.ndarray, num_steps: int = 7
) -> tuple[np.ndarray, np.ndarray]:
    """Decode an image's latents with one of them moved, for every latent.

    Args:
        model: a trained autoencoder.
        image: uint8, `(height, width, channels)`: where the traversals start.
        reference: `(n, num_latents)` latents of many images, as `lib.runs.reconstruct` returns
            them; a continuous latent moves between their 2 % and 98 % quantiles.
        num_steps: positions of a continuous latent; a quantized latent takes each of its code
            values, in increasing order.

    Returns:
        Images in [0, 1], `(num_latents, num_steps, height, width, channels)`, and the latents'
        positions, `(num_latents, num_steps)`.
    """
    code = model(jnp.asarray(image[None], jnp.float32) / 255).code
    if isinstance(model.latent, QuantizedLatent):
        start = code.quantized[0]
        positions = np.sort(np.asarray(model.latent.values[...]), axis=1)
    else:
        start = code.continuous[0]
        low, high = np.quantile(reference, _QUANTILES, axis=0)
        positions = np.linspace(low, high, num_steps, axis=1)
    num_latents, num_steps = positions.shape
    latents = np.tile(np.asarray(start), (num_latents, num_steps, 1))
    moved = np.arange(num_latents)
    latents[moved, :, moved] = positions
    graph, state = nnx.split(model)
    decode = jax.jit(lambda latents: nnx.merge(graph, state).decode(latents))
    images = np.asarray(decode(latents.reshape(-1, num_latents)))
    return images.reshape(num_latents, num_steps, *image.shape), positions
