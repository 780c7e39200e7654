"""The training step that `lib.speed.measure` times beside ours: a call and a copy for each."""

from collections.abc import Callable
from functools import partial
from itertools import cycle

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from lib.models import Step
from lib.runs import RunConfig
from lib.speed.plain import plain_copy
from lib.training import arithmetic, build_optimizer
from lib.training.optimizer import learning_rates
from lib.training.recipe import Recipe
from lib.training.sampler import ImageSampler
from lib.training.step import gradient, is_due, own_parameters, updated

_HOST_BATCHES = 4


def optimizers_of(model: nnx.Module, recipe: Recipe) -> list[optax.GradientTransformation]:
    """The optimizer of each of a model's objectives, its numbers being constants."""
    betas = {"beta1": recipe.beta1, "beta2": recipe.beta2}
    return [
        build_optimizer(
            learning_rates(recipe.learning_rate, recipe.schedule, recipe.steps // objective.every),
            recipe.weight_decay,
            recipe.clip,
            **betas,
        )
        for objective in model.objectives
    ]


def plain_stepper(
    model: nnx.Module, sampler: ImageSampler, key: jax.Array, config: RunConfig
) -> Callable[[], dict[str, np.ndarray]]:
    """Makes one plain step a call, after a first that compiles; returns the terms of its losses.

    Args:
        model: untrained; left as it is.
        sampler: of its images.
        key: of its batches.
        config: how it is trained.
    """
    graph, parameters = nnx.split(plain_copy(model), nnx.Param)
    recipe = config.recipe
    optimizers = optimizers_of(model, recipe)
    sample = jax.jit(lambda sampler, key: sampler(key, recipe.batch_size))
    batch_key, noise_key = jax.random.split(key)
    batch_keys = jax.random.split(batch_key, _HOST_BATCHES)
    batches = cycle([np.asarray(sample(sampler, batch_key)) for batch_key in batch_keys])

    def step(number, parameters, state, images, key, taken):
        step = Step(jax.random.split(key, recipe.batch_size), taken)
        own_gradient, terms = gradient(graph, parameters, images, step, number)
        return *updated(optimizers[number], parameters, own_gradient, state), terms

    # Through NumPy, since a parameter made of a Python number has a weak type, and after the first
    # step it has not. Compiled beforehand, so that no compilation can be timed.
    parameters = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)), parameters)
    states = [
        optimizer.init(own_parameters(parameters, objective.trains))
        for optimizer, objective in zip(optimizers, model.objectives, strict=True)
    ]
    inputs = jnp.asarray(next(batches)), noise_key, jnp.int32(0)
    with arithmetic(recipe.precision):
        compiled = [
            jax.jit(partial(step, number)).lower(parameters, state, *inputs).compile()
            for number, state in enumerate(states)
        ]
    taken = 0

    def make_step() -> dict[str, np.ndarray]:
        nonlocal parameters, taken
        images, found = jnp.asarray(next(batches)), {}
        keys = jax.random.split(jax.random.fold_in(noise_key, taken), len(states))
        for number, objective in enumerate(model.objectives):
            if is_due(taken, objective.every):
                parameters, states[number], terms = compiled[number](
                    parameters, states[number], images, keys[number], jnp.int32(taken)
                )
                found |= jax.device_get(terms)
        taken += 1
        return found

    make_step()
    return make_step
