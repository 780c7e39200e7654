"""The compiled training program: many steps a call, of several seeds, on several devices."""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import Mesh, PartitionSpec

from lib.models import Step
from lib.training.devices import BATCH, SEEDS, to_mesh
from lib.training.optimizer import build_optimizer, learning_rates, weight_norm
from lib.training.precision import arithmetic
from lib.training.recipe import Recipe
from lib.training.sampler import ImageSampler
from lib.training.step import TrainState, own_parameters, train_step

# In JAX 0.10 XLA's CPU back end gives some convolutions to YNNPACK, which is slower at them than
# its own: without it the paper's QLAE trains 1.3 to 1.5 times faster on two cores.
_CPU_OPTIONS = {"xla_cpu_experimental_ynn_fusion_type": ""}
# So few steps take less time than a CPU's compiler takes to make them fast.
_FEW_STEPS = 100
_QUICK_CPU_OPTIONS = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}


class Report(NamedTuple):
    """What a call tells the host, one entry a seed.

    Attributes:
        sums, bad_step: see `TrainState`.
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
        models: one a seed; each has `objectives`, see `lib.models.Objective`.
        sampler: of the training images.
        recipe: how to train.
        keys: JAX random keys, one a seed; the batch of step `i` depends on its key and `i` alone.
        mesh: see `lib.training.devices.build_mesh`.

    Attributes:
        state: before the first step; its arrays have a leading dimension of seeds.
        terms: the names of the terms of each objective's loss.
        periods: in which steps each objective is minimised: multiples of its period.

    Raises:
        ValueError: fewer steps than a period; a mesh that divides the batch of a model that needs
            it whole; two terms of one name; an objective that trains what the model does not have.
    """

    def __init__(
        self,
        models: Sequence[nnx.Module],
        sampler: ImageSampler,
        recipe: Recipe,
        keys: Sequence[jax.Array],
        mesh: Mesh,
    ):
        graphs, states = zip(*(nnx.split(model, nnx.Param) for model in models), strict=True)
        objectives = models[0].objectives
        self.periods = tuple(objective.every for objective in objectives)
        if recipe.steps < max(self.periods):
            raise ValueError(
                f"steps={recipe.steps} are too few; expected at least {max(self.periods)}, the "
                "period of one of the model's objectives."
            )
        if models[0].needs_whole_batch and mesh.shape[BATCH] > 1:
            raise ValueError(
                f"{mesh.shape[BATCH]} devices cannot share a batch of a "
                f"{type(models[0]).__name__}, whose loss ties its images together; build the mesh "
                "with whole_batch=True."
            )
        self._static = (graphs[0], recipe.batch_size, recipe.schedule, mesh)
        self._run = _jitted(recipe.steps <= _FEW_STEPS)
        self._precision = recipe.precision
        numbers = {
            "learning_rate": jnp.float32(recipe.learning_rate),
            "weight_decay": jnp.float32(recipe.weight_decay),
            "clip": jnp.float32(recipe.clip),
            "beta1": jnp.float32(recipe.beta1),
            "beta2": jnp.float32(recipe.beta2),
            "steps": jnp.int32(recipe.steps),
        }
        self._inputs = to_mesh((numbers, sampler), mesh)
        # Raw, since typed keys cannot be made of NumPy arrays.
        self._keys = to_mesh(np.stack([jax.random.key_data(key) for key in keys]), mesh, SEEDS)
        parameters = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
        for objective in objectives:
            for name in objective.trains or ():
                if not hasattr(models[0], name):
                    raise ValueError(
                        f"trains={objective.trains} names {name!r}, which is no attribute of a "
                        f"{type(models[0]).__name__}."
                    )
        optimizer = tuple(
            jax.vmap(_optimizer(numbers, recipe.schedule, o.every).init)(
                own_parameters(parameters, o.trains)
            )
            for o in objectives
        )
        found = jax.eval_shape(
            lambda key: _terms_of_one_image(graphs[0], states[0], sampler, key), keys[0]
        )
        self.terms = tuple(tuple(terms) for terms in found)
        names = [name for terms in self.terms for name in terms]
        if len(set(names)) < len(names):
            raise ValueError(f"The terms {names} of the objectives must have different names.")
        sums = {
            name: jnp.zeros(len(models), t.dtype) for terms in found for name, t in terms.items()
        }
        state = TrainState(parameters, optimizer, sums, jnp.zeros(len(models), jnp.int32))
        self._mesh = mesh
        self.state = self.to_mesh(state)

    def to_mesh(self, state: TrainState) -> TrainState:
        """Put a state on the program's devices."""
        return to_mesh(state, self._mesh, SEEDS)

    def __call__(
        self, state: TrainState, start: int, stop: int, *, reset: bool = False
    ) -> tuple[TrainState, Report]:
        """Make the steps from `start` to `stop`; the arrays of `state` are used up.

        Args:
            state: after step `start`.
            start: steps made so far.
            stop: steps made afterwards; with `start`, only compiles.
            reset: whether a report has been read, so that its sums begin anew.
        """
        bounds = to_mesh((jnp.int32(start), jnp.int32(stop), jnp.asarray(reset)), self._mesh)
        with arithmetic(self._precision):
            return self._run(self._static, *self._inputs, self._keys, state, *bounds)

    def compiled_text(self) -> str:
        """The optimized program as text, in XLA's notation."""
        bounds = to_mesh((jnp.int32(0), jnp.int32(1), jnp.asarray(False)), self._mesh)
        with arithmetic(self._precision):
            arguments = (self._static, *self._inputs, self._keys, self.state, *bounds)
            return self._run.lower(*arguments).compile().as_text()


def _terms_of_one_image(graph, state, sampler, key):
    """The terms of each loss for one image, whose names and types are those of a batch."""
    objectives = nnx.merge(graph, state).objectives
    image_key, *noise_keys = jax.random.split(key, 1 + len(objectives))
    images = sampler(image_key, 1)
    return [
        dict(objective.terms(images, Step(noise_key[None], jnp.int32(0))))
        for objective, noise_key in zip(objectives, noise_keys, strict=True)
    ]


def _optimizer(numbers: dict[str, jax.Array], schedule: str, every: int):
    """The optimizer of an objective that takes a step in every so many of the run's."""
    rates = learning_rates(numbers["learning_rate"], schedule, numbers["steps"] // every)
    betas = {name: numbers[name] for name in ("beta1", "beta2")}
    return build_optimizer(rates, numbers["weight_decay"], numbers["clip"], **betas)


@lru_cache
def _jitted(quick: bool):
    options = _CPU_OPTIONS | (_QUICK_CPU_OPTIONS if quick else {})
    known = {name: value for name, value in options.items() if _is_known({name: value})}
    return jax.jit(_run, static_argnums=0, donate_argnums=4, compiler_options=known)


def _is_known(option: dict[str, object]) -> bool:
    """Whether this is a CPU, and its version of XLA has the option."""
    if jax.default_backend() != "cpu":
        return False
    try:
        jax.jit(lambda: 0, compiler_options=option)()
    except jax.errors.JaxRuntimeError:
        return False
    return True


def _run(static, numbers, sampler, keys, state, start, stop, reset):
    *_, mesh = static
    whole, by_seed = PartitionSpec(), PartitionSpec(SEEDS)
    return jax.shard_map(
        partial(_run_on_one_device, static),
        mesh=mesh,
        in_specs=(whole, whole, by_seed, by_seed, whole, whole, whole),
        out_specs=by_seed,
        # The gradients are averaged by hand, all at once, and not a parameter at a time.
        check_vma=False,
    )(numbers, sampler, keys, state, start, stop, reset)


def _run_on_one_device(static, numbers, sampler, keys, state, start, stop, reset):
    graph, batch_size, schedule, mesh = static
    periods = [o.every for o in nnx.merge(graph, state.parameters).objectives]
    optimizers = [_optimizer(numbers, schedule, period) for period in periods]

    def step(seed_key, taken, state):
        key = jax.random.wrap_key_data(seed_key)
        return train_step(
            graph, optimizers, sampler, batch_size, mesh.shape[BATCH], key, taken, state
        )

    kept = jax.tree.map(lambda total: jnp.where(reset, 0, total), state.sums)
    state = state._replace(sums=kept)
    if len(keys) > 1:
        of_each = jax.vmap(step, (0, None, 0))
        state = jax.lax.fori_loop(start, stop, partial(of_each, keys), state)
    else:
        # One seed alone keeps plain operations, and not batched ones with a dimension of 1, which
        # would be put on and taken off all parameters in every step.
        alone = jax.tree.map(lambda leaf: leaf[0], state)
        alone = jax.lax.fori_loop(start, stop, partial(step, keys[0]), alone)
        state = jax.tree.map(lambda leaf: leaf[None], alone)
    norms = jax.vmap(weight_norm)(state.parameters)
    is_finite = jax.vmap(_is_finite)((state.parameters, state.optimizer))
    return state, Report(state.sums, state.bad_step, norms, is_finite)


def _is_finite(tree):
    return jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]).all()
