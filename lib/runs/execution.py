"""Execute configurations: train, score, keep the records; go on with them, or find them again."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from lib.checks import check_number
from lib.models import MODELS
from lib.runs import provenance
from lib.runs.build import build_draw, build_model, images_sha256, run_keys
from lib.runs.config import RunConfig
from lib.runs.folders import RunFolders
from lib.runs.record import (
    PARAMETERS_FOLDER,
    RECORD_FILE,
    RunRecord,
    named_parameters,
    save_parameters,
    write_text,
)
from lib.runs.scoring import score
from lib.training import Checkpoints, build_mesh, train
from lib.training.checkpoints import digest
from lib.training.devices import is_first_process
from lib.training.scalars import check_tensorboard

# How often curves are read back: each time costs as much as some ten small steps.
_STEPS_A_REPORT, _FEWEST_REPORTS, _MOST_REPORTS = 100, 10, 50


def execute(config: RunConfig, out_dir: str | Path, **options: object) -> RunRecord:
    """Train and score a run, go on with it, or reuse it, as `out_dir` holds it.

    A record made by the same configuration and the same library source is reused, and a line says
    so; one made by other source is made again and replaced. A run that was interrupted goes on
    from its last checkpoint, and a line says from which step. While another process works on the
    run, this one waits for it.

    Args:
        config: what to run.
        out_dir: folder of runs, on any file system; each run gets a folder of its own there.
        **options: `checkpoint_s`, `tensorboard`, `num_devices` and `data_dir`, see
            `execute_seeds`.

    Returns:
        The record.

    Raises:
        OSError: `out_dir` or a checkpoint cannot be written; what is there is kept.
        lib.training.CheckpointMismatchError: the unfinished run in `out_dir` was begun by another
            version of the library or with another configuration; nothing is changed.
        FloatingPointError: the loss is not finite; names step and configuration, and the last
            checkpoint is kept.
    """
    return execute_seeds(config, [config.seed], out_dir, **options)[0]


def execute_seeds(
    config: RunConfig,
    seeds: Sequence[int],
    out_dir: str | Path,
    *,
    checkpoint_s: float = 300.0,
    tensorboard: bool = False,
    num_devices: int | None = None,
    data_dir: str | Path | None = None,
) -> list[RunRecord]:
    """Execute a configuration with several seeds at once.

    The runs are trained by one program, side by side on one device or spread over several, and
    each is, to rounding, the run that `execute` makes of its seed alone. Its record names the
    seeds it was trained with. Finished runs are reused.

    Args:
        config: what to run; its own seed does not matter.
        seeds: at least one, each once.
        out_dir: see `execute`.
        checkpoint_s: seconds between two checkpoints, at least 0; 0 writes one after every call
            of the compiled program. Each is written while the training goes on, so that of a
            process that is killed the newest one may be missing. One is also written, and waited
            for, on SIGTERM and SIGINT.
        tensorboard: also write event files for TensorBoard into the runs' folders.
        num_devices: how many devices share the seeds and their batches; None for all that divide
            them evenly.
        data_dir: folder of official files for runs with origin "official", see
            `lib.benchmarks.load`.

    Returns:
        The records, in the order of the seeds.

    Raises:
        ValueError: no seed, or one that occurs twice. For the rest see `execute`.
        ModuleNotFoundError: `tensorboard` without tensorboardX.
    """
    check_number("checkpoint_s", checkpoint_s, minimum=0)
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds={list(seeds)} must hold at least one seed, and each once.")
    configs = [config.replace(seed=seed) for seed in seeds]
    folders = RunFolders(Path(out_dir), configs)
    if tensorboard:
        check_tensorboard()
    made = []
    if folders.are_unfinished or any(folders.find(config)[0] is None for config in configs):
        with folders.locked():
            folders.install()
            made = folders.begun() or [c for c in configs if folders.find(c)[0] is None]
            if made:
                _make(made, folders, checkpoint_s, tensorboard, num_devices, data_dir)
    return [_read(config, folders, is_new=config in made) for config in configs]


def sweep(configs: Iterable[RunConfig], out_dir: str | Path, **options: object) -> list[RunRecord]:
    """Execute configurations one after another; options as for `execute`, records in order."""
    return [execute(config, out_dir, **options) for config in configs]


def _make(
    configs: Sequence[RunConfig],
    folders: RunFolders,
    checkpoint_s: float,
    tensorboard: bool,
    num_devices: int | None,
    data_dir: str | Path | None,
) -> None:
    """Train runs together, score each, and put them in their places."""
    clock = time.perf_counter()
    for config in configs:
        if reason := folders.find(config)[1]:
            print(f"The run in {folders.final(config)} {reason}; making it again.")
    config = configs[0]
    whole_batch = MODELS[config.model].needs_whole_batch
    mesh = build_mesh(len(configs), config.batch_size, num_devices, whole_batch=whole_batch)
    about = {
        "configuration": [c.to_dict() for c in configs],
        "source": provenance.code_digest(),
    }
    models = [build_model(c) for c in configs]
    folders.begin(configs)
    try:
        with Checkpoints(folders.checkpoints, about, checkpoint_s) as checkpoints:
            histories = train(
                models,
                build_draw(config, data_dir),
                config.recipe,
                keys=[run_keys(c.seed).batches for c in configs],
                label=_title(configs),
                reports=min(max(config.steps // _STEPS_A_REPORT, _FEWEST_REPORTS), _MOST_REPORTS),
                checkpoints=checkpoints,
                folders=[folders.unfinished(c) for c in configs],
                tensorboard=tensorboard,
                mesh=mesh,
            )
        train_s = histories[0].train_s
        for own, model, history in zip(configs, models, histories, strict=True):
            parameters = named_parameters(model)
            folder = folders.unfinished(own)
            save_parameters(folder / PARAMETERS_FOLDER, parameters)
            if not is_first_process():
                continue
            record = RunRecord(
                config=own,
                **score(own, model, data_dir),
                curves=history.curves,
                # To the seventh decimal, which float32 holds of them.
                code_values=[v.astype(float).round(7).tolist() for v in history.code_values],
                images_per_s=len(configs) * own.steps * own.batch_size / train_s,
                compile_s=history.compile_s,
                duration_s=history.earlier_s + time.perf_counter() - clock,
                started=history.started,
                resumed_from=history.resumed_from,
                trained_with=[c.seed for c in configs],
                device=provenance.device(mesh.size),
                versions=provenance.versions(),
                commit=provenance.commit(),
                code=provenance.code_digest(),
                images_sha256=images_sha256(own, data_dir),
                parameters_sha256=digest(parameters),
            )
            write_text(folder / RECORD_FILE, record.to_json())
        folders.install()
    finally:
        folders.end()


def _read(config: RunConfig, folders: RunFolders, *, is_new: bool) -> RunRecord:
    record, _ = folders.find(config)
    if record is None:
        raise OSError(
            f"The record of run {config.identity} is not in {folders.final(config)}; where several "
            "processes make a run, out_dir must be one folder for all of them."
        )
    if not is_new and is_first_process():
        print(
            f"Reused run {config.identity}: {_title([config])}, {config.steps:,} steps, "
            f"commit {record.commit}."
        )
    return record


def _title(configs: Sequence[RunConfig]) -> str:
    first = configs[0]
    seeds = ", ".join(str(config.seed) for config in configs)
    return f"{first.model} on {first.benchmark}, seed{'s' if len(configs) > 1 else ''} {seeds}"
