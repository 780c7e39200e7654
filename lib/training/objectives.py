"""Gradients and updates of a model's objectives, each of its own part of the parameters."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.typing import ArrayLike

from lib.models import Step

Terms = dict[str, jax.Array]


def own_parameters(parameters: nnx.State, trains: Sequence[str] | None) -> nnx.State:
    """The part of a model's parameters that an objective trains, see `lib.models.Objective`."""
    if trains is None:
        return parameters
    flat = nnx.to_flat_state(parameters)
    return nnx.from_flat_state([(path, leaf) for path, leaf in flat if path[0] in trains])


def gradient(
    graph: nnx.GraphDef, parameters: nnx.State, images: jax.Array, step: Step, number: int
) -> tuple[nnx.State, Terms]:
    """The gradient of one objective's loss with respect to its own parameters.

    Args:
        graph: of the model.
        parameters: all parameters of the model.
        images: a batch in [0, 1].
        step: see `lib.models.Step`.
        number: of the objective among the model's.

    Returns:
        The gradient, and the terms of the loss.
    """

    def loss(own):
        model = nnx.merge(graph, nnx.merge_state(parameters, own))
        terms = model.objectives[number].terms(images, step)
        return sum(terms.values()), terms

    trains = nnx.merge(graph, parameters).objectives[number].trains
    return jax.grad(loss, has_aux=True)(own_parameters(parameters, trains))


def updated(
    optimizer: optax.GradientTransformation,
    parameters: nnx.State,
    own_gradient: nnx.State,
    state: Any,
) -> tuple[nnx.State, Any]:
    """All parameters and the optimizer's state after an update of an objective's own ones."""
    own = own_parameters(parameters, tuple(own_gradient))
    updates, state = optimizer.update(own_gradient, state, own)
    return nnx.merge_state(parameters, jax.tree.map(jnp.add, own, updates)), state


def is_due(taken: ArrayLike, every: int) -> ArrayLike:
    """Whether an objective is minimised in the step after `taken` steps."""
    return (taken + 1) % every == 0


def num_due(start: int, stop: int, every: int) -> int:
    """How often it is minimised in the steps from `start` to `stop`."""
    return stop // every - start // every
