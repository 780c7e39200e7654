"""Execute configurations: train and score, go on with what was begun, or find it again."""

import dataclasses
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from flax import nnx

from lib.checks import check_choice, check_number
from lib.models import MODELS
from lib.runs import provenance
from lib.runs.config import RunConfig, title
from lib.runs.folders import RunFolders, find_scoring
from lib.runs.images import RunImages
from lib.runs.parameters import named_parameters, save_parameters
from lib.runs.record import (
    PARAMETERS_FOLDER,
    RunRecord,
    TrainingRecord,
    load_model,
    read_training,
    write_scoring,
    write_training,
)
from lib.runs.score import score
from lib.runs.train import train_together, training_code
from lib.training import Checkpoints, build_mesh
from lib.training.checkpoints import digest
from lib.training.devices import is_first_process, wait_for_all
from lib.training.scalars import check_tensorboard

UNFINISHED = ("ask", "continue", "restart")


class ChangedCodeError(RuntimeError):
    """Unfinished runs were begun by other code, and nobody has said whether to go on with them."""


def execute(config: RunConfig, out_dir: str | Path, **options: object) -> RunRecord:
    """Train and score a run, go on with it, or reuse it, as `out_dir` holds it.

    Parameters that were trained with the same settings by the same code are found again, and so
    are their scores; a line says so. What is new alone is made: another protocol or another score
    is computed of kept parameters. A training that was interrupted goes on from its last
    checkpoint. While another process works on the run, this one waits for it.

    Args:
        config: what to run.
        out_dir: folder of runs, on any file system; each run gets a folder of its own there.
        **options: `checkpoint_s`, `tensorboard`, `num_devices`, `data_dir` and `unfinished`, see
            `execute_seeds`.

    Returns:
        The record.

    Raises:
        OSError: `out_dir` or a checkpoint cannot be written; what is there is kept.
        ChangedCodeError: see `unfinished`.
        lib.training.CheckpointMismatchError: the unfinished run in `out_dir` has another
            configuration; nothing is changed.
        FloatingPointError: the loss is not finite; names step and configuration, and the last
            checkpoint is kept.

    Example:
        >>> from lib.runs import RunConfig, execute
        >>> config = RunConfig("shapes3d", "qlae", "smoke")
        >>> record = execute(config, "runs")
        >>> record.scores["collapsed"]
        False
        >>> model = record.load_model()
        >>> sources, images = record.images.held_out
        >>> images.shape
        (1000, 16, 16, 3)
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
    unfinished: str = "ask",
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
        unfinished: what to do with a training that was interrupted and whose code has changed
            since: "continue" goes on with it, and the record says so; "restart" begins anew;
            "ask" raises `ChangedCodeError`, which names the changed files and both ways.

    Returns:
        The records, in the order of the seeds.

    Raises:
        ValueError: no seed, or one that occurs twice. For the rest see `execute`.
        ModuleNotFoundError: `tensorboard` without tensorboardX.
    """
    check_number("checkpoint_s", checkpoint_s, minimum=0)
    check_choice("unfinished", unfinished, UNFINISHED)
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds={list(seeds)} must hold at least one seed, and each once.")
    if tensorboard:
        check_tensorboard()
    configs = [config.replace(seed=seed) for seed in seeds]
    folders = RunFolders(Path(out_dir), configs, _images_sha256(config, data_dir))
    models = {}
    if folders.are_unfinished or not all(_is_done(own, folders) for own in configs):
        images = RunImages.of(config, data_dir)
        with folders.locked():
            folders.install()
            untrained = [own for own in configs if folders.find_training(own)[0] is None]
            _settle(folders, unfinished, is_needed=bool(untrained))
            if untrained := folders.begun() or untrained:
                mesh = build_mesh(
                    len(untrained),
                    config.recipe.batch_size,
                    num_devices,
                    whole_batch=MODELS[config.model].needs_whole_batch,
                )
                models = _train(untrained, folders, images, mesh, checkpoint_s, tensorboard)
            for own in configs:
                _score(own, folders.final(own), images, models.get(own))
    return [_read(own, folders, data_dir, is_new=own in models) for own in configs]


def sweep(configs: Iterable[RunConfig], out_dir: str | Path, **options: object) -> list[RunRecord]:
    """Execute configurations one after another; options as for `execute`, records in order."""
    return [execute(config, out_dir, **options) for config in configs]


def score_again(
    folder: str | Path, protocols: Sequence[str] = (), *, data_dir: str | Path | None = None
) -> list[RunRecord]:
    """Score trained runs under protocols, whatever code trained them.

    What was scored already, by the code as it is now, is found again.

    Args:
        folder: of a run, or of many.
        protocols: names in `lib.metrics.PROTOCOLS`; none for the one each run was made for.
        data_dir: folder of official files, see `lib.benchmarks.load`.

    Returns:
        A record for each run and protocol.

    Raises:
        FileNotFoundError: there is no trained run.
        OSError: the scores cannot be written.
    """
    if isinstance(protocols, str):
        protocols = [protocols]
    folder = Path(folder)
    run_folders = [folder, *sorted(path for path in folder.glob("*") if path.is_dir())]
    found = []
    for run_folder in run_folders:
        try:
            found.append((run_folder, read_training(run_folder)[0]))
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError) as error:
            print(f"{run_folder} is left out: {error}", file=sys.stderr)
    if not found:
        raise FileNotFoundError(f"{folder} holds no trained run; expected a folder of runs.")
    records = []
    for run_folder, trained in found:
        for protocol in protocols or [trained.scoring.protocol]:
            config = trained.replace(protocol=protocol)
            folders = RunFolders(run_folder.parent, [config])
            with folders.locked():
                _score(config, run_folder, RunImages.of(config, data_dir))
            record = RunRecord.read(run_folder, protocol)
            records.append(dataclasses.replace(record, data_dir=data_dir))
    return records


def _is_done(config: RunConfig, folders: RunFolders) -> bool:
    training, _ = folders.find_training(config)
    if training is None:
        return False
    protocol = config.scoring.protocol
    return find_scoring(folders.final(config), protocol, training)[0] is not None


def _images_sha256(config: RunConfig, data_dir: str | Path | None) -> str | None:
    """Digest of a run's official images; None where they are not there, empty for a twin."""
    try:
        return RunImages.of(config, data_dir).benchmark.images_sha256
    except FileNotFoundError:
        return None


def _settle(folders: RunFolders, unfinished: str, is_needed: bool) -> None:
    """Do what was said about an unfinished training whose code has changed; or ask."""
    files = folders.changed_code()
    if not is_needed or (files and unfinished == "restart"):
        folders.forget()
    elif files and unfinished == "ask":
        raise ChangedCodeError(
            f"The unfinished training in {folders.checkpoints.parent} was begun by other code: "
            f"{', '.join(files)} changed since. Go on with it (unfinished='continue', on the "
            "command line --unfinished continue), or begin anew (unfinished='restart', "
            "--unfinished restart). Nothing was changed."
        )
    elif files and is_first_process():
        print(f"Going on with a training although {', '.join(files)} changed since it began.")


def _train(configs, folders, images, mesh, checkpoint_s, tensorboard):
    """Train runs together, put them in their places, and return the models."""
    clock = time.perf_counter()
    for config in configs:
        if reason := folders.find_training(config)[1]:
            print(f"The run in {folders.final(config)} {reason}; making it again.")
    about = {
        "configuration": [config.training_settings() for config in configs],
        "images": images.benchmark.images_sha256,
    }
    changed_code = folders.begin(configs)
    try:
        with Checkpoints(folders.checkpoints, about, checkpoint_s) as checkpoints:
            places = [folders.unfinished(config) for config in configs]
            models, histories = train_together(
                configs, images, mesh, checkpoints, places, tensorboard
            )
        for config, model, history in zip(configs, models, histories, strict=True):
            parameters, folder = named_parameters(model), folders.unfinished(config)
            save_parameters(folder / PARAMETERS_FOLDER, parameters)
            if not is_first_process():
                continue
            num_images = len(configs) * config.recipe.steps * config.recipe.batch_size
            training = TrainingRecord(
                curves=history.curves,
                # To the seventh decimal, which float32 holds of them.
                code_values=[v.astype(float).round(7).tolist() for v in history.code_values],
                images_per_s=num_images / history.train_s,
                compile_s=history.compile_s,
                duration_s=history.earlier_s + time.perf_counter() - clock,
                started=history.started,
                resumed_from=history.resumed_from,
                changed_code=changed_code,
                trained_with=[c.seed for c in configs],
                device=provenance.device(mesh.size),
                versions=provenance.versions(),
                commit=provenance.commit(),
                code=training_code(config),
                images_sha256=images.benchmark.images_sha256,
                parameters_sha256=digest(parameters),
            )
            write_training(folder, config, training)
        folders.install()
        return dict(zip(configs, models, strict=True))
    finally:
        folders.end()


def _score(
    config: RunConfig, folder: Path, images: RunImages, model: nnx.Module | None = None
) -> None:
    """Score a trained run, unless that was done; the model is read where it is not at hand."""
    _, training = read_training(folder)
    scoring, reason = find_scoring(folder, config.scoring.protocol, training)
    if scoring is None:
        # By all processes together, as orbax reads; then the first one scores and writes.
        model = model or load_model(folder, config, training)
        if is_first_process():
            if reason:
                print(f"The run in {folder}: {reason}; scoring it again.")
            scoring = score(config, model, images, training.parameters_sha256)
            write_scoring(folder, config.scoring.protocol, scoring)
    wait_for_all("a run is scored")


def _read(
    config: RunConfig, folders: RunFolders, data_dir: str | Path | None, *, is_new: bool
) -> RunRecord:
    folder = folders.final(config)
    try:
        record = RunRecord.read(folder, config.scoring.protocol)
    except FileNotFoundError as error:
        raise OSError(
            f"The record of run {config.identity} is not in {folder}; where several processes "
            "make a run, out_dir must be one folder for all of them."
        ) from error
    if not is_new and is_first_process():
        print(
            f"Reused run {config.identity}: {title([config])}, {config.recipe.steps:,} steps, "
            f"commit {record.training.commit}."
        )
    return dataclasses.replace(record, config=config, data_dir=data_dir)
