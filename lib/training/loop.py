"""The training loop: many steps per call, with the data drawn on the device."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from lib.checks import check_choice, check_integer, check_number
from lib.latents import CodeValues
from lib.training.optimizer import build_optimizer, learning_rates, weight_norm
from lib.training.progress import Progress

SCHEDULES = ("constant", "cosine")

# Draws a batch inside the compiled step: (key, batch_size) -> images (n, h, w, c) in [0, 1].
# A jax.tree_util.Partial, so that arrays bound to it are arguments and not constants.
Draw = Callable[[jax.Array, int], jax.Array]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is trained.

    Attributes:
        steps: gradient steps, at least 1.
        batch_size: images a step, at least 1.
        learning_rate: of Adam, above 0; the first step's where the schedule is not constant.
        schedule: "constant" or "cosine" (to 0 at the last step).
        weight_decay: of the weights, at least 0.
        clip: of each element of the weights' gradients, above 0.
    """

    steps: int
    batch_size: int
    learning_rate: float
    schedule: str
    weight_decay: float
    clip: float = 1.0

    def __post_init__(self):
        check_integer("steps", self.steps, minimum=1)
        check_integer("batch_size", self.batch_size, minimum=1)
        check_number("learning_rate", self.learning_rate, minimum=0, exclusive=True)
        check_choice("schedule", self.schedule, SCHEDULES)
        check_number("weight_decay", self.weight_decay, minimum=0)
        check_number("clip", self.clip, minimum=0, exclusive=True)


@dataclass
class History:
    """What is kept of a training run.

    Attributes:
        curves: equally long lists by name: "step", "loss", each term of the loss (means since the
            previous entry), and "weight_norm".
        code_values: arrays `(num_latents, num_values)` at the same steps, the initial values
            first; empty where the model has none.
        compile_s: seconds spent compiling.
        train_s: seconds spent training, compilation excluded.
    """

    curves: dict[str, list[float]] = field(default_factory=dict)
    code_values: list[np.ndarray] = field(default_factory=list)
    compile_s: float = 0.0
    train_s: float = 0.0


def train(
    model: nnx.Module,
    draw: Draw,
    recipe: Recipe,
    *,
    key: jax.Array,
    label: str,
    reports: int = 50,
) -> History:
    """Train a model in place.

    The batch of step `i` depends on `key` and `i` alone.

    Args:
        model: has `terms(images)`, the named terms of its loss.
        draw: `jax.tree_util.Partial` that draws images inside the compiled step.
        recipe: how to train.
        key: a JAX random key, of the batches.
        label: names the run in the progress display.
        reports: how many times the curves are read back from the device, at least 1.

    Returns:
        The history of the run.

    Raises:
        FloatingPointError: the loss is not finite; names the step.
    """
    check_integer("reports", reports, minimum=1)
    graph, state = nnx.split(model, nnx.Param)
    numbers = {
        "learning_rate": jnp.float32(recipe.learning_rate),
        "weight_decay": jnp.float32(recipe.weight_decay),
        "clip": jnp.float32(recipe.clip),
        "steps": jnp.int32(recipe.steps),
    }
    static = (graph, recipe.batch_size, recipe.schedule)
    # Copies, because the compiled steps reuse the memory of what they are given.
    state = jax.tree.map(jnp.copy, state)
    optimizer_state = _initialise(state, numbers, recipe.schedule)
    boundaries = np.unique(np.linspace(0, recipe.steps, min(reports, recipe.steps) + 1, dtype=int))

    history = History()
    history.code_values += _code_values(state)
    run = partial(_run_steps, static, numbers, draw, key)
    started = time.perf_counter()
    # A call of no steps compiles, and hands the states back as they are.
    state, optimizer_state, *_ = jax.block_until_ready(run(state, optimizer_state, 0, 0))
    history.compile_s = time.perf_counter() - started

    progress = Progress(label, recipe.steps, recipe.batch_size)
    for start, stop in itertools.pairwise(boundaries.tolist()):
        state, optimizer_state, sums, norm = run(state, optimizer_state, int(start), int(stop))
        means = {name: float(total) / float(stop - start) for name, total in sums.items()}
        entry = {
            "step": int(stop),
            "loss": sum(means.values()),
            **means,
            "weight_norm": float(norm),
        }
        for name, value in entry.items():
            history.curves.setdefault(name, []).append(value)
        history.code_values += _code_values(state)
        if not np.isfinite(entry["loss"]):
            raise FloatingPointError(
                f"{label}: the loss is {entry['loss']} between steps {start} and {stop}; "
                "lower the learning rate or look at the data."
            )
        progress.update(stop, entry["loss"])
    history.train_s = progress.close()
    nnx.update(model, state)
    return history


def _optimizer(numbers: dict[str, jax.Array], schedule: str):
    rates = learning_rates(numbers["learning_rate"], schedule, numbers["steps"])
    return build_optimizer(rates, numbers["weight_decay"], numbers["clip"])


@partial(jax.jit, static_argnames="schedule")
def _initialise(state, numbers, schedule):
    return _optimizer(numbers, schedule).init(state)


@partial(jax.jit, static_argnums=0, donate_argnums=(4, 5))
def _run_steps(static, numbers, draw, key, state, optimizer_state, start, stop):
    """Steps `start` to `stop`; returns both states, sums of the terms, and the weights' norm."""
    graph, batch_size, schedule = static
    optimizer = _optimizer(numbers, schedule)

    def loss(state, images):
        terms = nnx.merge(graph, state).terms(images)
        return sum(terms.values()), terms

    def step(index, carry):
        state, optimizer_state, sums = carry
        images = draw(jax.random.fold_in(key, index), batch_size)
        gradients, terms = jax.grad(loss, has_aux=True)(state, images)
        updates, optimizer_state = optimizer.update(gradients, optimizer_state, state)
        state = jax.tree.map(jnp.add, state, updates)
        return state, optimizer_state, jax.tree.map(jnp.add, sums, terms)

    names = jax.eval_shape(lambda: loss(state, draw(key, batch_size))[1])
    zeros = {name: jnp.zeros((), term.dtype) for name, term in names.items()}
    carry = (state, optimizer_state, zeros)
    state, optimizer_state, sums = jax.lax.fori_loop(start, stop, step, carry)
    return state, optimizer_state, sums, weight_norm(state)


def _code_values(state: nnx.State) -> list[np.ndarray]:
    return [np.array(v[...]) for _, v in nnx.to_flat_state(state) if isinstance(v, CodeValues)]
