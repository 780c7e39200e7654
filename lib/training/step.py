"""One training step: sample a batch, and move the parameters against the gradient of a loss."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.flatten_util import ravel_pytree
from jax.typing import ArrayLike

from lib.models import Step
from lib.training.devices import BATCH
from lib.training.sampler import ImageSampler

Terms = dict[str, jax.Array]


class TrainState(NamedTuple):
    """What one step hands to the next.

    Attributes:
        parameters: of the model.
        optimizer: the optimizer's state, one for each objective.
        sums: of each term of the loss over the steps since the last report, by name.
        bad_step: the first step whose loss was not finite, counted from 1; 0 where there is none.
    """

    parameters: nnx.State
    optimizer: tuple[Any, ...]
    sums: Terms
    bad_step: jax.Array


def train_step(
    graph: nnx.GraphDef,
    optimizers: Sequence[optax.GradientTransformation],
    sampler: ImageSampler,
    batch_size: int,
    num_parts: int,
    seed_key: jax.Array,
    taken: jax.Array,
    state: TrainState,
) -> TrainState:
    """Make one step: each objective that is due moves the parameters that it trains.

    Args:
        graph: of the model.
        optimizers: one for each objective.
        sampler: of the training images.
        batch_size: images of the whole batch.
        num_parts: devices that share the batch, along the mesh's axis `BATCH`.
        seed_key: the run's key of batches; with `taken`, it alone decides what is random here.
        taken: steps taken before this one.
        state: after these.

    Returns:
        The state after this step.
    """
    step_key = jax.random.fold_in(seed_key, taken)
    image_key, *noise_keys = jax.random.split(step_key, 1 + len(optimizers))
    noise = [jax.random.split(noise_key, batch_size) for noise_key in noise_keys]
    chosen, noise = _own_part((sampler.choose(image_key, batch_size), noise), num_parts)
    images = sampler.show(chosen)

    parameters, optimizer_states, terms = state.parameters, list(state.optimizer), {}
    for number, objective in enumerate(nnx.merge(graph, parameters).objectives):

        def minimise(parameters, optimizer_state, number=number):
            step = Step(noise[number], taken)
            gradients, own_terms = _mean_over_parts(
                gradient(graph, parameters, images, step, number), num_parts
            )
            return *updated(optimizers[number], parameters, gradients, optimizer_state), own_terms

        parameters, optimizer_states[number], own_terms = _where_due(
            minimise, taken, objective.every, parameters, optimizer_states[number]
        )
        terms |= own_terms

    is_bad = ~jnp.isfinite(sum(terms.values())) & (state.bad_step == 0)
    return TrainState(
        parameters,
        tuple(optimizer_states),
        sums=jax.tree.map(jnp.add, state.sums, terms),
        bad_step=jnp.where(is_bad, taken + 1, state.bad_step),
    )


def gradient(
    graph: nnx.GraphDef, parameters: nnx.State, images: jax.Array, step: Step, number: int
) -> tuple[nnx.State, Terms]:
    """The gradient of one objective's loss with respect to the parameters that it trains.

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
    gradients: nnx.State,
    state: Any,
) -> tuple[nnx.State, Any]:
    """All parameters and the optimizer's state, after an update of those that have a gradient."""
    own = own_parameters(parameters, tuple(gradients))
    updates, state = optimizer.update(gradients, state, own)
    return nnx.merge_state(parameters, jax.tree.map(jnp.add, own, updates)), state


def own_parameters(parameters: nnx.State, trains: Sequence[str] | None) -> nnx.State:
    """The part of a model's parameters that an objective trains, see `lib.models.Objective`."""
    if trains is None:
        return parameters
    flat = nnx.to_flat_state(parameters)
    return nnx.from_flat_state([(path, leaf) for path, leaf in flat if path[0] in trains])


def is_due(taken: ArrayLike, every: int) -> ArrayLike:
    """Whether an objective is minimised in the step after `taken` steps."""
    return (taken + 1) % every == 0


def _where_due(minimise, taken, every, parameters, optimizer_state):
    """Minimise in the steps in which it is due; in others nothing moves and all terms are 0."""
    if every == 1:
        return minimise(parameters, optimizer_state)
    terms = jax.eval_shape(minimise, parameters, optimizer_state)[2]

    def leave(parameters, optimizer_state):
        zeros = jax.tree.map(lambda term: jnp.zeros(term.shape, term.dtype), terms)
        return parameters, optimizer_state, zeros

    return jax.lax.cond(is_due(taken, every), minimise, leave, parameters, optimizer_state)


def _own_part(tree: Any, num_parts: int) -> Any:
    """The rows of this device, where several share a batch."""
    if num_parts == 1:
        return tree

    def rows(leaf):
        size = len(leaf) // num_parts
        return jax.lax.dynamic_slice_in_dim(leaf, jax.lax.axis_index(BATCH) * size, size)

    return jax.tree.map(rows, tree)


def _mean_over_parts(tree: Any, num_parts: int) -> Any:
    """The mean over the devices that share a batch, in a single all-reduce."""
    if num_parts == 1:
        return tree
    flat, unravel = ravel_pytree(tree)
    return unravel(jax.lax.pmean(flat, BATCH))
