"""A small model and its data, for tests of training."""

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx

from lib.latents import QuantizedLatent
from lib.models import MODELS, QLAE, Autoencoder
from lib.networks import build_networks
from lib.training import ImageSampler, Recipe

RECIPE = Recipe(steps=50, batch_size=16, learning_rate=1e-3, schedule="cosine", weight_decay=0.1)


def build(seed: int, network: str = "mlp", resolution: int = 4, dtype=jnp.float32) -> QLAE:
    """A QLAE of three latents of four values."""
    rngs = nnx.Rngs(seed)
    sizes = {"resolution": resolution, "channels": 1, "num_latents": 3, "width": 8}
    networks = build_networks(network, **sizes, dtype=dtype, rngs=rngs)
    return QLAE(*networks, QuantizedLatent(3, 4, rngs=rngs))


def build_any(name: str, seed: int, **hyperparameters: object) -> Autoencoder:
    """A model of three latents, by its name."""
    networks = partial(build_networks, "mlp", resolution=4, channels=1, width=8)
    return MODELS[name].build(networks, 3, rngs=nnx.Rngs(seed), **hyperparameters)


def _show(resolution: jax.Array, seeds: jax.Array) -> jax.Array:
    side = jnp.linspace(0, 1, resolution.shape[0])
    waves = jnp.sin(seeds[:, :1, None] * 9 * side[:, None] + seeds[:, 1:, None] * 7 * side)
    return (0.5 + 0.5 * waves)[..., None]


def waves(resolution: int = 4) -> ImageSampler:
    """Images of a wave each, of a random direction and length."""
    choose = jax.tree_util.Partial(_choose)
    return ImageSampler(choose, jax.tree_util.Partial(_show, jnp.zeros(resolution)))


def _choose(key: jax.Array, num: int) -> jax.Array:
    return jax.random.uniform(key, (num, 2))


def parameters(model: nnx.Module) -> list[jax.Array]:
    """All parameters."""
    return jax.tree.leaves(nnx.state(model, nnx.Param))
