"""The compiled training program: many steps a call, of several seeds, on several devices."""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh, PartitionSpec

from lib.training.data import Draw
from lib.training.devices import BATCH, SEEDS, place
from lib.training.optimizer import build_optimizer, learning_rates, weight_norm
from lib.training.precision import arithmetic
from lib.training.recipe import Recipe

# In JAX 0.10 XLA's CPU back end gives some convolutions to YNNPACK, which is slower at them than
# its own: without it the paper's QLAE trains 1.3 to 1.5 times faster on two cores.
_CPU_OPTIONS = {"xla_cpu_experimental_ynn_fusion_type": ""}


class Carry(NamedTuple):
    """What one step hands to the next; every array has a leading dimension of seeds.

    Attributes:
        parameters: of the models.
        optimizer: the optimizer's state.
        sums: of each term of the loss over the steps since the last report, by name.
        bad_step: the first step whose loss was not finite, counted from 1; 0 where there is none.
    """

    parameters: nnx.State
    optimizer: Any
    sums: dict[str, jax.Array]
    bad_step: jax.Array


class Report(NamedTuple):
    """What a call tells the host, one entry a seed.

    Attributes:
        sums: see `Carry`.
        bad_step: see `Carry`.
        weight_norm: of all parameters that weight decay touches, after the call.
        is_finite: whether all parameters and the whole optimizer's state are, after the call.
    """

    sums: dict[str, jax.Array]
    bad_step: jax.Array
    weight_norm: jax.Array
    is_finite: jax.Array


class Program:
    """The steps of several models that differ in their initial parameters and batches alone.

    Args:
        models: one a seed.
        draw: draws the training images.
        recipe: how to train.
        keys: JAX random keys, one a seed; the batch of step `i` depends on its key and `i` alone.
        mesh: see `lib.training.devices.build_mesh`.

    Attributes:
        carry: the state before the first step.
    """

    def __init__(
        self,
        models: Sequence[nnx.Module],
        draw: Draw,
        recipe: Recipe,
        keys: Sequence[jax.Array],
        mesh: Mesh,
    ):
        graphs, states = zip(*(nnx.split(model, nnx.Param) for model in models), strict=True)
        self._static = (graphs[0], recipe.batch_size, recipe.schedule, mesh)
        self._precision = recipe.precision
        numbers = {
            "learning_rate": jnp.float32(recipe.learning_rate),
            "weight_decay": jnp.float32(recipe.weight_decay),
            "clip": jnp.float32(recipe.clip),
            "steps": jnp.int32(recipe.steps),
        }
        self._inputs = place((numbers, draw), mesh)
        # Raw, since typed keys cannot be made of NumPy arrays.
        self._keys = place(np.stack([jax.random.key_data(key) for key in keys]), mesh, SEEDS)
        parameters = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
        optimizer = jax.vmap(_optimizer(numbers, recipe.schedule).init)(parameters)
        terms = jax.eval_shape(
            lambda key: _terms_of_one_image(graphs[0], states[0], draw, key), keys[0]
        )
        sums = {name: jnp.zeros(len(models), term.dtype) for name, term in terms.items()}
        carry = Carry(parameters, optimizer, sums, jnp.zeros(len(models), jnp.int32))
        self._mesh = mesh
        self.carry = self.place(carry)

    def place(self, carry: Carry) -> Carry:
        """Put a state on the program's devices."""
        return place(carry, self._mesh, SEEDS)

    def __call__(
        self, carry: Carry, start: int, stop: int, *, reset: bool = False
    ) -> tuple[Carry, Report]:
        """Make the steps from `start` to `stop`; `carry` is used up.

        Args:
            carry: the state after step `start`.
            start: steps made so far.
            stop: steps made afterwards; with `start`, only compiles.
            reset: whether a report has been read, so that its sums begin anew.
        """
        bounds = place((jnp.int32(start), jnp.int32(stop), jnp.asarray(reset)), self._mesh)
        with arithmetic(self._precision):
            return _jitted()(self._static, *self._inputs, self._keys, carry, *bounds)

    def compiled_text(self) -> str:
        """The optimized program as text, in XLA's notation."""
        bounds = place((jnp.int32(0), jnp.int32(1), jnp.asarray(False)), self._mesh)
        with arithmetic(self._precision):
            arguments = (self._static, *self._inputs, self._keys, self.carry, *bounds)
            return _jitted().lower(*arguments).compile().as_text()


def _terms_of_one_image(graph, state, draw, key):
    """The terms of the loss of one image, whose names and types are those of a batch."""
    return nnx.merge(graph, state).terms(draw(key, 1))


def _optimizer(numbers: dict[str, jax.Array], schedule: str):
    rates = learning_rates(numbers["learning_rate"], schedule, numbers["steps"])
    return build_optimizer(rates, numbers["weight_decay"], numbers["clip"])


@lru_cache
def _jitted():
    return jax.jit(_run, static_argnums=0, donate_argnums=4, compiler_options=_compiler_options())


def _compiler_options() -> dict[str, str] | None:
    if jax.default_backend() != "cpu":
        return None
    try:
        jax.jit(lambda: 0, compiler_options=_CPU_OPTIONS)()
    except jax.errors.JaxRuntimeError:  # another version of XLA, without this option
        return None
    return _CPU_OPTIONS


def _run(static, numbers, draw, keys, carry, start, stop, reset):
    *_, mesh = static
    whole, by_seed = PartitionSpec(), PartitionSpec(SEEDS)
    return jax.shard_map(
        partial(_run_on_one_device, static),
        mesh=mesh,
        in_specs=(whole, whole, by_seed, by_seed, whole, whole, whole),
        out_specs=by_seed,
        # The gradients are averaged by hand, all at once, and not a parameter at a time.
        check_vma=False,
    )(numbers, draw, keys, carry, start, stop, reset)


def _run_on_one_device(static, numbers, draw, keys, carry, start, stop, reset):
    graph, batch_size, schedule, mesh = static
    optimizer = _optimizer(numbers, schedule)
    num_parts = mesh.shape[BATCH]
    part_size = batch_size // num_parts

    def loss(parameters, images):
        terms = nnx.merge(graph, parameters).terms(images)
        return sum(terms.values()), terms

    def step_of_one(parameters, optimizer_state, key):
        chosen = draw.choose(key, batch_size)
        if num_parts > 1:
            first = jax.lax.axis_index(BATCH) * part_size
            chosen = jax.lax.dynamic_slice_in_dim(chosen, first, part_size)
        gradients, terms = jax.grad(loss, has_aux=True)(parameters, draw.show(chosen))
        if num_parts > 1:
            gradients, terms = _mean_over_parts((gradients, terms))
        updates, optimizer_state = optimizer.update(gradients, optimizer_state, parameters)
        return jax.tree.map(jnp.add, parameters, updates), optimizer_state, terms

    def step(index, carry):
        step_keys = jax.vmap(jax.random.fold_in, (0, None))(jax.random.wrap_key_data(keys), index)
        parameters, optimizer_state, terms = _for_each_seed(step_of_one)(
            carry.parameters, carry.optimizer, step_keys
        )
        is_bad = ~jnp.isfinite(sum(terms.values())) & (carry.bad_step == 0)
        bad_step = jnp.where(is_bad, index + 1, carry.bad_step)
        sums = jax.tree.map(jnp.add, carry.sums, terms)
        return Carry(parameters, optimizer_state, sums, bad_step)

    kept = jax.tree.map(lambda total: jnp.where(reset, 0, total), carry.sums)
    carry = jax.lax.fori_loop(start, stop, step, carry._replace(sums=kept))
    norms = jax.vmap(weight_norm)(carry.parameters)
    is_finite = jax.vmap(_is_finite)((carry.parameters, carry.optimizer))
    return carry, Report(carry.sums, carry.bad_step, norms, is_finite)


def _for_each_seed(function):
    """`jax.vmap`, but one seed alone keeps the plain operations and not batched ones."""

    def mapped(*trees):
        if jax.tree.leaves(trees)[0].shape[0] > 1:
            return jax.vmap(function)(*trees)
        result = function(*jax.tree.map(lambda leaf: leaf[0], trees))
        return jax.tree.map(lambda leaf: leaf[None], result)

    return mapped


def _is_finite(tree):
    return jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]).all()


def _mean_over_parts(tree):
    """The mean of a tree over the devices that share a batch, in a single all-reduce."""
    flat, unravel = ravel_pytree(tree)
    return unravel(jax.lax.pmean(flat, BATCH))
