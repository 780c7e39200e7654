"""How fast a configuration trains here, next to what the machine could do."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import Any, NamedTuple

import jax
import numpy as np
from flax import nnx
from jax.sharding import Mesh

from lib.checks import check_integer
from lib.models import MODELS
from lib.runs import RunConfig, RunImages, build_model
from lib.runs.provenance import device
from lib.runs.train import run_keys
from lib.speed.limits import Others, copying, multiplication, peak_memory, work
from lib.speed.plain_step import plain_stepper
from lib.training import Program, build_mesh
from lib.training.sampler import ImageSampler

# What is measured takes turns, so that a machine that others use too is as busy for one as for
# the others.
_ROUNDS = 5
# The share of a machine's cores that others may keep busy for it to be called idle.
_IDLE = 0.1
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
        images_per_s: over all seeds, the median of the turns; compilation and the first step
            excluded.
        images_per_s_range: of the slowest turn and of the fastest.
        others_share: the share of the machine's cores that other processes kept busy meanwhile;
            None where the system does not tell.
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
        plain_images_per_s: of the plain step with one seed on one device, the median of its turns;
            None where not measured.
    """

    config: RunConfig
    steps: int
    seeds: int
    num_devices: int
    device: str
    images_per_s: float
    images_per_s_range: tuple[float, float]
    others_share: float | None
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

    @property
    def was_busy(self) -> str:
        """Words: that others used the machine meanwhile; empty where it was idle otherwise."""
        if self.others_share is None:
            return "whether others used the machine meanwhile is not known"
        if self.others_share <= _IDLE:
            return ""
        return f"others kept {self.others_share:.0%} of the machine's cores busy meanwhile"

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
        slowest, fastest = self.images_per_s_range
        lines = [
            f"{found['model']} on {found['benchmark']}, {found['network']}, {side}x{side} pixels, "
            f"{found['precision']}: {self.seeds} x {found['batch']} images a step on {self.device}",
            f"{self.images_per_s:,.1f} images/s ({slowest:,.1f} to {fastest:,.1f}), "
            f"{self.steps_per_s:,.2f} steps/s; compiled in {self.compile_s:.1f} s; at most "
            f"{self.peak_memory_bytes / 1e6:,.0f} MB ({self.peak_memory_of})",
            f"{self.flops_per_image / 1e9:.4g} GFLOP an image: {self.fraction_of_matmul:.1%} of "
            f"the matrix products' {self.matmul_flops_per_s / 1e9:,.0f} GFLOP/s",
        ]
        if self.plain_images_per_s:
            lines.append(f"plain step: {self.plain_images_per_s:,.1f} images/s, x {self.ratio:.2f}")
        if self.was_busy:
            lines.append(f"The machine was not idle: {self.was_busy}.")
        return "\n".join(lines)


class Prepared(NamedTuple):
    """A configuration's training, ready to make steps.

    Attributes:
        program: its compiled program, on its mesh.
        model: untrained, of the first seed.
        sampler: of its images.
        key: of the first seed's batches.
    """

    program: Program
    model: nnx.Module
    sampler: ImageSampler
    key: jax.Array


def prepared(config: RunConfig, num_seeds: int = 1, num_devices: int | None = None) -> Prepared:
    """The training of a configuration, of several seeds from its own on, before the first step."""
    mesh = run_mesh(config, num_seeds, num_devices)
    configs = [config.replace(seed=config.seed + i) for i in range(num_seeds)]
    models = [build_model(c) for c in configs]
    keys = [run_keys(c.seed).batches for c in configs]
    sampler = RunImages.of(config).sampler
    program = Program(models, sampler, config.recipe, keys, mesh)
    return Prepared(program, models[0], sampler, keys[0])


class _Timed:
    """A configuration that is measured: compiled, and one step taken, when it is made."""

    def __init__(self, config, steps, num_seeds, num_devices, plain):
        self.config, self.steps, self.num_seeds = config, steps, num_seeds
        self.mesh = run_mesh(config, num_seeds, num_devices)
        self.prepared = prepared(config, num_seeds, num_devices)
        program = self.prepared.program
        began = time.perf_counter()
        state, _ = jax.block_until_ready(program(program.state, 0, 0))
        self.compile_s = time.perf_counter() - began
        self._state, _ = jax.block_until_ready(program(state, 0, 1))
        self.peak = peak_memory(self.mesh)
        precision = config.recipe.precision
        self._limits = {
            "multiply": multiplication(self.mesh, precision),
            "copy": copying(self.mesh),
        }
        self._plain = plain_stepper(*self.prepared[1:], config) if plain else None
        self._ends = np.linspace(1, steps + 1, min(steps, _ROUNDS) + 1, dtype=int).tolist()
        self._fastest = dict.fromkeys(self._limits, float("inf"))
        self.rates: dict[str, list[float]] = {"ours": [], "plain": []}

    def take_turn(self, number: int) -> None:
        """Make a part of the steps, and then of all that is measured beside them."""
        if number >= len(self._ends) - 1:
            return
        start, stop = self._ends[number : number + 2]
        began = time.perf_counter()
        self._state, self._report = jax.block_until_ready(
            self.prepared.program(self._state, start, stop, reset=start == 1)
        )
        self._note("ours", stop - start, time.perf_counter() - began)
        for name, turn in self._limits.items():
            fastest = min(_seconds(turn) for _ in range(_ROUNDS))
            self._fastest[name] = min(self._fastest[name], fastest)
        if self._plain:
            self._note(
                "plain", stop - start, sum(_seconds(self._plain) for _ in range(start, stop))
            )

    def _note(self, name: str, steps: int, seconds: float) -> None:
        self.rates[name].append(steps * self.config.recipe.batch_size / seconds)

    def speed(self, others_share: float | None) -> Speed:
        """What was measured in all turns."""
        program, model, sampler, key = self.prepared
        batch_size, num_seeds = self.config.recipe.batch_size, self.num_seeds
        images = jax.eval_shape(lambda key: sampler(key, batch_size), key)
        flops, moved = work(model, images)
        limits = {name: turn.amount / self._fastest[name] for name, turn in self._limits.items()}
        ours, plain = self.rates["ours"], self.rates["plain"]
        return Speed(
            config=self.config,
            steps=self.steps,
            seeds=num_seeds,
            num_devices=self.mesh.size,
            device=device(self.mesh.size),
            images_per_s=num_seeds * median(ours),
            images_per_s_range=(num_seeds * min(ours), num_seeds * max(ours)),
            others_share=others_share,
            compile_s=self.compile_s,
            peak_memory_bytes=self.peak[0],
            peak_memory_of=self.peak[1],
            matmul_flops_per_s=limits["multiply"],
            memory_bytes_per_s=limits["copy"],
            flops_per_image=flops / batch_size,
            bytes_per_step=num_seeds * moved,
            loss=sum(float(self._report.sums[name][0]) for name in program.terms[0]) / self.steps,
            plain_images_per_s=median(plain) if plain else None,
        )


def measure(
    config: RunConfig,
    *,
    steps: int,
    num_seeds: int = 1,
    num_devices: int | None = None,
    plain: bool = False,
) -> Speed:
    """Train for a few steps and time them; the training is thrown away.

    Steps, products of matrices and copies take turns. The rate of steps is the median of the turns,
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
    case = {"steps": steps, "num_seeds": num_seeds, "num_devices": num_devices, "plain": plain}
    return measure_in_turn([{"config": config} | case])[0]


def measure_in_turn(cases: Sequence[Mapping[str, Any]]) -> list[Speed]:
    """Measure several cases in turn, a few steps of each, over and over.

    Args:
        cases: the arguments of `measure` by name, one mapping a case. All are in memory together,
            so the peak that a case tells is that of it and those before it.

    Raises:
        ValueError: see `measure`.
    """
    for case in cases:
        check_integer("steps", case["steps"], minimum=1)
        check_integer("num_seeds", case.get("num_seeds", 1), minimum=1)
    usual = {"num_seeds": 1, "num_devices": None, "plain": False}
    timed = [_Timed(**usual | case) for case in cases]
    with Others() as others:
        for number in range(_ROUNDS):
            for case in timed:
                case.take_turn(number)
    return [case.speed(others.share) for case in timed]


def run_mesh(config: RunConfig, num_seeds: int, num_devices: int | None) -> Mesh:
    """The devices on which seeds of a run are trained together, see `lib.training.build_mesh`."""
    whole_batch = MODELS[config.model].needs_whole_batch
    return build_mesh(num_seeds, config.recipe.batch_size, num_devices, whole_batch=whole_batch)


def _seconds(function: Callable[[], object]) -> float:
    """How long it takes until all that `function` returns is there."""
    started = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - started
