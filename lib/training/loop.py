"""The training loop: hundreds of steps a call, and between calls what a run must survive."""

import dataclasses
import datetime
import signal
import time
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import Mesh

from lib.checks import check_integer
from lib.latents import CodeValues
from lib.training.checkpoints import Checkpoints
from lib.training.devices import build_mesh, gather_numbers, is_first_process, to_host
from lib.training.interruption import Interruption
from lib.training.program import Program, Report
from lib.training.progress import Progress
from lib.training.recipe import Recipe
from lib.training.sampler import ImageSampler
from lib.training.scalars import Scalars
from lib.training.step import TrainState

# How long a call of the program should take: short enough that a signal is heeded in time, long
# enough that what the host does between two calls does not count.
_CALL_S = 2.0


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@dataclass
class History:
    """What is kept of a training run.

    Attributes:
        curves: equally long lists by name: "step", "loss" (of the first objective), each term of
            each loss (means since the previous entry), and "weight_norm".
        code_values: arrays `(num_latents, num_values)` at the same steps, the initial values
            first; empty where the model has none.
        compile_s: seconds spent compiling, by all processes that worked on the run.
        train_s: seconds spent training, compilation and saving excluded, up to the last
            checkpoint of each process that was killed.
        resumed_from: the steps at which a process went on with what another had begun.
        earlier_s: seconds that those other processes spent compiling and training.
        started: when the first of them began, UTC, ISO 8601.
    """

    curves: dict[str, list[float]] = field(default_factory=dict)
    code_values: list[np.ndarray] = field(default_factory=list)
    compile_s: float = 0.0
    train_s: float = 0.0
    resumed_from: list[int] = field(default_factory=list)
    earlier_s: float = 0.0
    started: str = field(default_factory=_now)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; `History.from_dict` reads them."""
        values = dataclasses.asdict(self)
        return values | {"code_values": [v.tolist() for v in self.code_values]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "History":
        """From what `to_dict` returned."""
        code_values = [np.asarray(v, np.float32) for v in values["code_values"]]
        return cls(**(values | {"code_values": code_values}))


def train(
    models: Sequence[nnx.Module],
    sampler: ImageSampler,
    recipe: Recipe,
    *,
    keys: Sequence[jax.Array],
    label: str,
    reports: int = 50,
    checkpoints: Checkpoints | None = None,
    folders: Sequence[Path] = (),
    tensorboard: bool = False,
    mesh: Mesh | None = None,
) -> list[History]:
    """Train models in place, all at once.

    The batch of step `i` of a model depends on its key and `i` alone, so a model trained among
    others, on several devices, or in several pieces is, to rounding, the one trained alone; on
    the same devices the pieces change nothing at all.

    Args:
        models: one a seed, of the same structure, see `lib.models.Autoencoder`.
        sampler: samples the images inside the compiled step.
        recipe: how to train.
        keys: a JAX random key for each model, of its batches.
        label: names the run in the progress display and in errors.
        reports: how many times the curves are read back from the device, at least 1.
        checkpoints: where the state is kept at intervals and on SIGTERM or SIGINT, and found
            again; None keeps nothing.
        folders: one a model, for its scalars; none writes none.
        tensorboard: also write the scalars for TensorBoard.
        mesh: the devices, see `build_mesh`; None for all that divide the work evenly.

    Returns:
        The history of each model.

    Raises:
        FloatingPointError: the loss, a parameter or the optimizer's state is not finite; names
            the step and the recipe. The last checkpoint is kept.
        OSError: a checkpoint cannot be written.
        CheckpointMismatchError: a checkpoint is of another run.
    """
    check_integer("reports", reports, minimum=1)
    whole_batch = models[0].needs_whole_batch
    mesh = mesh or build_mesh(len(models), recipe.batch_size, whole_batch=whole_batch)
    program = Program(models, sampler, recipe, keys, mesh)
    step, state, histories = _begin(program, len(models), checkpoints)
    is_first = is_first_process()
    if step and is_first:
        print(f"{label}: going on from step {step:,} of {recipe.steps:,}.", flush=True)

    started = time.perf_counter()
    state, report = program(state, step, step)  # a call of no steps only compiles
    jax.block_until_ready(report)
    for history in histories:
        history.compile_s += time.perf_counter() - started

    ends = _report_ends(recipe.steps, reports, max(program.periods))
    pace = _Pace()
    with ExitStack() as stack:
        scalars = []
        for folder in folders if is_first else ():
            scalars.append(stack.enter_context(Scalars(folder, step, tensorboard=tensorboard)))
        progress = Progress(label, step, recipe.steps, recipe.batch_size * len(models))
        stack.callback(progress.close)
        interruption = stack.enter_context(Interruption())
        number = 0  # of a signal that asks for an end
        while step < recipe.steps and not number:
            last_end, end = ends[bisect_right(ends, step) - 1], ends[bisect_right(ends, step)]
            start, step = step, min(end, step + pace.steps)
            began = time.perf_counter()
            state, report = program(state, start, step, reset=start == last_end)
            report = to_host(report)
            took = time.perf_counter() - began
            _check_finite(report, label, step, recipe)
            for history in histories:
                history.train_s += took
            if step == end:
                _extend(histories, state, report, _means(program, report, last_end, step), step)
                if is_first:
                    progress.update(step, histories[0].curves["loss"][-1])
                for file, history in zip(scalars, histories, strict=False):
                    file.write({name: values[-1] for name, values in history.curves.items()})
            number = pace.settle(step - start, took, interruption.signal)
            is_last = bool(number) or step == recipe.steps
            if checkpoints and (is_last or pace.is_due(checkpoints)):
                notes = {"histories": [history.to_dict() for history in histories]}
                checkpoints.save(step, to_host(state), notes)
        if checkpoints:
            checkpoints.wait()
    if number := int(gather_numbers(interruption.signal).max()):  # perhaps one since the last call
        if checkpoints and is_first:
            print(f"{label}: stopped; it can go on from step {step:,}.", flush=True)
        signal.raise_signal(number)
    parameters = to_host(state.parameters)
    for position, model in enumerate(models):
        nnx.update(model, jax.tree.map(lambda leaf, i=position: jnp.asarray(leaf[i]), parameters))
    return histories


def _begin(
    program: Program, num_models: int, checkpoints: Checkpoints | None
) -> tuple[int, TrainState, list[History]]:
    """The step to go on from, the state there, and the histories so far."""
    state = program.state
    saved = checkpoints.restore(state) if checkpoints else None
    if saved is None:
        initial = _code_values(state, num_models)
        return 0, state, [History(code_values=[] if v is None else [v]) for v in initial]
    histories = [History.from_dict(values) for values in saved.notes["histories"]]
    for history in histories:
        history.resumed_from.append(saved.step)
        history.earlier_s = history.compile_s + history.train_s
    return saved.step, program.to_mesh(saved.arrays), histories


class _Pace:
    """How many steps the next call makes, agreed among all processes.

    Attributes:
        steps: of the next call.
    """

    def __init__(self):
        self.steps = 1

    def settle(self, steps: int, seconds: float, signal_number: int) -> int:
        """Set the next call's length from the last one's.

        Returns:
            The number of a signal that came to any of the processes, or 0.
        """
        fitting = max(1, int(steps * _CALL_S / max(seconds, 1e-6)))
        said = gather_numbers(min(fitting, 2 * self.steps), signal_number)
        self.steps = int(said[:, 0].min())
        return int(said[:, 1].max())

    def is_due(self, checkpoints: Checkpoints) -> bool:
        """Whether the first process's clock says that it is time for a checkpoint."""
        return bool(gather_numbers(checkpoints.is_due())[0, 0])


def _check_finite(report: Report, label: str, step: int, recipe: Recipe) -> None:
    is_bad = (report.bad_step > 0) | ~report.is_finite
    if not is_bad.any():
        return
    model = int(is_bad.argmax())
    bad_step = int(report.bad_step[model])
    found = f"state is not finite after step {step}"
    if bad_step:
        found = f"loss is not finite at step {bad_step}"
    which = f", model {model + 1} of {len(is_bad)}" if len(is_bad) > 1 else ""
    raise FloatingPointError(
        f"{label}{which}: the {found} of {recipe.steps}; the last checkpoint before it, if there "
        f"is one, is kept. Lower the learning rate or look at the data. The recipe: {recipe}."
    )


def _report_ends(steps: int, reports: int, period: int) -> list[int]:
    """The steps after which the curves are read back, each a multiple of `period` but the last."""
    num = steps // period
    ends = np.linspace(0, num, min(reports, num) + 1, dtype=int) * period
    return [*ends[:-1].tolist(), steps]


def _means(program: Program, report: Report, start: int, stop: int) -> dict[str, np.ndarray]:
    """The first loss and each term, one entry a seed: means over steps in which it is minimised."""
    means = {
        name: report.sums[name] / (stop // period - start // period)
        for names, period in zip(program.terms, program.periods, strict=True)
        for name in names
    }
    return {"loss": sum(means[name] for name in program.terms[0])} | means


def _extend(
    histories: list[History],
    state: TrainState,
    report: Report,
    means: dict[str, np.ndarray],
    step: int,
) -> None:
    """Add an entry to each history."""
    code_values = _code_values(state, len(histories))
    for seed, history in enumerate(histories):
        entry = {
            "step": step,
            **{name: float(values[seed]) for name, values in means.items()},
            "weight_norm": float(report.weight_norm[seed]),
        }
        for name, value in entry.items():
            history.curves.setdefault(name, []).append(value)
        if code_values[seed] is not None:
            history.code_values.append(code_values[seed])


def _code_values(state: TrainState, num_models: int) -> list[np.ndarray | None]:
    """The code values of each model; None where it has none."""
    flat = nnx.to_flat_state(state.parameters)
    values = [to_host(v[...]) for _, v in flat if isinstance(v, CodeValues)]
    return list(values[0]) if values else [None] * num_models
