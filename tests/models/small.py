"""Small models, and which of their parts a term of a loss reaches."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from lib.models import MODELS, Autoencoder, Step
from lib.networks import build_networks
from tests.quick import quickly

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
        found = nnx.merge(graph, state).objectives[number].terms(images(), step())
        return found, found

    reached = {}
    gradients_of, found = quickly(jax.jacrev(terms, has_aux=True))(state)
    for name, gradients in gradients_of.items():
        assert np.isfinite(found[name])
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))
        flat = nnx.to_flat_state(gradients)
        reached[name] = {path[0] for path, gradient in flat if np.any(np.asarray(gradient[...]))}
    return reached
