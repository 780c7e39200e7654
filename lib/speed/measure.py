"""How fast a configuration trains here, next to what the machine could do."""

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from itertools import cycle, pairwise

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import Mesh

from lib.checks import check_integer
from lib.models import MODELS, Step
from lib.runs import RunConfig, RunImages, build_model
from lib.runs.provenance import device
from lib.runs.train import run_keys
from lib.speed.limits import copying, multiplication, peak_memory, work
from lib.speed.plain import plain_copy
from lib.training import Program, arithmetic, build_mesh, build_optimizer
from lib.training.optimizer import learning_rates
from lib.training.step import gradient, is_due, own_parameters, updated

# What is measured takes turns, so that a machine that others use too is as busy for one as for
# the others.
_ROUNDS = 3
_HOST_BATCHES = 4
_SETTINGS = ("benchmark", "model", "profile", "network", "width", "resolution", "precision")
_DERIVED = ("steps_per_s", "fraction_of_matmul", "ratio")


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What was measured.

    Attributes:
        config: what was trained.
        steps: how many steps were timed, after one that was not.
        seeds: how many were trained at once, each with its own batches.
        num_devices: how many shared the work.
        device: their kind.
        images_per_s: over all seeds; compilation and the first step excluded.
        compile_s: seconds until the program of our step was compiled; next to 0 where this
            process had compiled it before.
        peak_memory_bytes: the most that was in use up to the end of the first step: on the
            fullest device where it keeps count, otherwise by this process.
        peak_memory_of: "device" or "process".
        matmul_flops_per_s: of products of large square matrices in the policy's arithmetic, of all
            devices used together.
        memory_bytes_per_s: read and written when 1 is added to a large array, of all devices.
        flops_per_image: floating-point operations, see `lib.speed.work`.
        bytes_per_step: least traffic of a step, of all seeds, see there.
        loss: the first objective's, a mean over the timed steps, of the first seed.
        plain_images_per_s: of the plain step with one seed on one device; None where not measured.
    """

    config: RunConfig
    steps: int
    seeds: int
    num_devices: int
    device: str
    images_per_s: float
    compile_s: float
    peak_memory_bytes: int
    peak_memory_of: str
    matmul_flops_per_s: float
    memory_bytes_per_s: float
    flops_per_image: float
    bytes_per_step: float
    loss: float
    plain_images_per_s: float | None = None

    @property
    def steps_per_s(self) -> float:
        """Steps a second; all seeds make theirs at once."""
        return self.images_per_s / (self.config.recipe.batch_size * self.seeds)

    @property
    def fraction_of_matmul(self) -> float:
        """The share of the matrix products' rate that training reaches."""
        return self.flops_per_image * self.images_per_s / self.matmul_flops_per_s

    @property
    def ratio(self) -> float | None:
        """How many times faster than the plain step; None where that was not measured."""
        return self.plain_images_per_s and self.images_per_s / self.plain_images_per_s

    def to_dict(self) -> dict[str, object]:
        """Settings, measurements and what follows from them, as JSON values; None left out."""
        settings = self.config.to_dict()
        values = {name: settings[name] for name in _SETTINGS} | {"batch": settings["batch_size"]}
        values |= {f.name: getattr(self, f.name) for f in fields(self) if f.name != "config"}
        values |= {name: getattr(self, name) for name in _DERIVED}
        return {name: value for name, value in values.items() if value is not None}

    def __str__(self) -> str:
        found = self.to_dict()
        side = found["resolution"]
        lines = [
            f"{found['model']} on {found['benchmark']}, {found['network']}, {side}x{side} pixels, "
            f"{found['precision']}: {self.seeds} x {found['batch']} images a step on {self.device}",
            f"{self.images_per_s:,.1f} images/s, {self.steps_per_s:,.2f} steps/s; compiled in "
            f"{self.compile_s:.1f} s; at most {self.peak_memory_bytes / 1e6:,.0f} MB "
            f"({self.peak_memory_of})",
            f"{self.flops_per_image / 1e9:.4g} GFLOP an image: {self.fraction_of_matmul:.1%} of "
            f"the matrix products' {self.matmul_flops_per_s / 1e9:,.0f} GFLOP/s",
        ]
        if self.plain_images_per_s:
            lines.append(f"plain step: {self.plain_images_per_s:,.1f} images/s, x {self.ratio:.2f}")
        return "\n".join(lines)


def measure(
    config: RunConfig,
    *,
    steps: int,
    num_seeds: int = 1,
    num_devices: int | None = None,
    plain: bool = False,
) -> Speed:
    """Train for a few steps and time them; the training is thrown away.

    Steps, products of matrices and copies take turns. The rate of steps is a mean over the turns,
    of which each is one call of the compiled program; the machine's own rates, which are a limit,
    are those of the fastest turn.

    Args:
        config: what to train.
        steps: how many steps to time, at least 1.
        num_seeds: how many seeds to train at once, from the configuration's own on.
        num_devices: how many devices share the work; None for all that divide it evenly.
        plain: also time one seed trained the plain way on one device, in turn with ours: layers
            by their definition, a compiled call for every step, its images copied from the host
            (drawn beforehand, which is not timed), the terms of its loss read back.

    Raises:
        ValueError: fewer than one step or seed; devices that cannot share the work.
    """
    check_integer("steps", steps, minimum=1)
    check_integer("num_seeds", num_seeds, minimum=1)
    mesh = run_mesh(config, num_seeds, num_devices)
    configs = [config.replace(seed=config.seed + i) for i in range(num_seeds)]
    models = [build_model(c) for c in configs]
    keys = [run_keys(c.seed).batches for c in configs]
    sampler, recipe = RunImages.of(config).sampler, config.recipe
    program = Program(models, sampler, recipe, keys, mesh)
    began = time.perf_counter()
    state, _ = jax.block_until_ready(program(program.state, 0, 0))
    compile_s = time.perf_counter() - began
    state, _ = jax.block_until_ready(program(state, 0, 1))
    peak, peak_of = peak_memory(mesh)

    turns = {"multiply": multiplication(mesh, recipe.precision), "copy": copying(mesh)}
    plain_step = _plain_stepper(models[0], config, sampler, keys[0]) if plain else None
    seconds = dict.fromkeys(("ours", "plain"), 0.0)
    fastest = dict.fromkeys(turns, float("inf"))
    ends = np.linspace(1, steps + 1, min(steps, _ROUNDS) + 1, dtype=int).tolist()
    for start, stop in pairwise(ends):
        began = time.perf_counter()
        state, report = jax.block_until_ready(program(state, start, stop, reset=start == 1))
        seconds["ours"] += time.perf_counter() - began
        for name, turn in turns.items():
            fastest[name] = min(fastest[name], *(_seconds(turn) for _ in range(_ROUNDS)))
        if plain_step:
            seconds["plain"] += sum(_seconds(plain_step) for _ in range(start, stop))
    rates = {name: turn.amount / fastest[name] for name, turn in turns.items()}
    images = jax.eval_shape(lambda key: sampler(key, recipe.batch_size), keys[0])
    flops, moved = work(models[0], images)
    return Speed(
        config=config,
        steps=steps,
        seeds=num_seeds,
        num_devices=mesh.size,
        device=device(mesh.size),
        images_per_s=num_seeds * steps * recipe.batch_size / seconds["ours"],
        compile_s=compile_s,
        peak_memory_bytes=peak,
        peak_memory_of=peak_of,
        matmul_flops_per_s=rates["multiply"],
        memory_bytes_per_s=rates["copy"],
        flops_per_image=flops / recipe.batch_size,
        bytes_per_step=num_seeds * moved,
        loss=sum(float(report.sums[name][0]) for name in program.terms[0]) / steps,
        plain_images_per_s=steps * recipe.batch_size / seconds["plain"] if plain else None,
    )


def run_mesh(config: RunConfig, num_seeds: int, num_devices: int | None) -> Mesh:
    """The devices on which seeds of a run are trained together, see `lib.training.build_mesh`."""
    whole_batch = MODELS[config.model].needs_whole_batch
    return build_mesh(num_seeds, config.recipe.batch_size, num_devices, whole_batch=whole_batch)


def _seconds(function: Callable[[], object]) -> float:
    """How long it takes until all that `function` returns is there."""
    started = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - started


def _plain_stepper(model, config, sampler, key) -> Callable[[], dict[str, np.ndarray]]:
    """Makes one plain step a call, after a first that compiles; returns the terms of its losses."""
    graph, parameters = nnx.split(plain_copy(model), nnx.Param)
    recipe = config.recipe
    betas = {"beta1": recipe.beta1, "beta2": recipe.beta2}
    optimizers = [
        build_optimizer(
            learning_rates(recipe.learning_rate, recipe.schedule, recipe.steps // objective.every),
            recipe.weight_decay,
            recipe.clip,
            **betas,
        )
        for objective in model.objectives
    ]
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
