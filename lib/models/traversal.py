"""Traversals: what the decoder draws when one latent moves and the others stay."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

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
        num_steps: positions of a continuous latent. A quantized latent takes each of its code
            values, in increasing order; one of vectors takes the most frequent vectors. Where a
            latent has fewer than another it stays at its last.

    Returns:
        Images in [0, 1], `(num_latents, num_steps, height, width, channels)`, and the latents'
        positions, `(num_latents, num_steps)`: values, or of vectors the indices.
    """
    code = model(jnp.asarray(image[None], jnp.float32) / 255).code
    if code.indices is None:
        low, high = np.quantile(reference, _QUANTILES, axis=0)
        positions = np.linspace(low, high, num_steps, axis=1)
        latents = _moved(np.asarray(code.continuous[0]), positions)
    else:
        orders = model.latent.order(reference)
        longest = max(map(len, orders))
        chosen = np.stack([np.pad(o, (0, longest - len(o)), mode="edge") for o in orders])
        latents = model.latent.look_up(jnp.asarray(_moved(np.asarray(code.indices[0]), chosen)))
        is_scalar = latents.shape[1] == len(chosen)
        positions = chosen
        if is_scalar:
            positions = np.asarray(model.latent.look_up(jnp.asarray(chosen.T))).T
    graph, state = nnx.split(model)
    decode = jax.jit(lambda latents: nnx.merge(graph, state).decode(latents))
    images = np.asarray(decode(jnp.asarray(latents, jnp.float32)))
    return images.reshape(*positions.shape, *image.shape), positions


def _moved(start: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Rows that are `start` but for one entry: for each entry, at each of its positions."""
    num_latents, num_steps = positions.shape
    rows = np.tile(start, (num_latents, num_steps, 1))
    moved = np.arange(num_latents)
    rows[moved, :, moved] = positions
    return rows.reshape(-1, num_latents)
