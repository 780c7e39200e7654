"""Small models, and which of their parts a term of a loss reaches."""

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx

from lib.models import MODELS, Autoencoder, Step
from lib.networks import build_networks

NETWORKS = partial(build_networks, "mlp", resolution=8, channels=3, width=16)


def build(name: str, num_latents: int = 4, **hyperparameters: object) -> Autoencoder:
    """A model on images of 8x8 pixels, by its name."""
    return MODELS[name].build(NETWORKS, num_latents, rngs=nnx.Rngs(0), **hyperparameters)


def images(num: int = 6) -> jax.Array:
    """Random images."""
    return jax.random.uniform(jax.random.key(0), (num, 8, 8, 3))


def step(num: int = 6, taken: int = 0, seed: int = 0) -> Step:
    """A training step of as many images."""
    return Step(jax.random.split(jax.random.key(seed), num), jnp.int32(taken))


def destinations(model: Autoencoder, number: int = 0) -> dict[str, set[str]]:
    """For each term of an objective, the parts of the model that its gradient reaches.

    Terms and gradients must be finite.
    """
    graph, state = nnx.split(model, nnx.Param)

    def terms(state):
        return nnx.merge(graph, state).objectives[number].terms(images(), step())

    found, pull_back = jax.vjp(terms, state)
    reached = {}
    for name, term in found.items():
        (gradients,) = pull_back({other: jnp.float32(other == name) for other in found})
        assert jnp.isfinite(term)
        assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))
        flat = nnx.to_flat_state(gradients)
        reached[name] = {path[0] for path, gradient in flat if jnp.any(gradient[...] != 0)}
    return reached
