"""Execute a configuration: train, score, keep the record; or find it again."""

import datetime
import json
import shutil
import time
import uuid
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import jax
import numpy as np
from flax import nnx

from lib.metrics import UndefinedScoreError, infomec, psnr
from lib.runs import provenance
from lib.runs.build import build_draw, build_model, held_out, run_keys
from lib.runs.config import RunConfig
from lib.runs.record import (
    PARAMETERS_FOLDER,
    RECORD_FILE,
    RunRecord,
    named_parameters,
    parameters_digest,
    save_parameters,
)
from lib.training import train

_EVALUATION_BATCH = 500


def execute(config: RunConfig, out_dir: str | Path) -> RunRecord:
    """Train and score a run, or reuse it where `out_dir` already holds it.

    A record made by the same configuration and the same library source is reused, and a line says
    so; one made by other source is made again and replaced.

    Args:
        config: what to run.
        out_dir: folder of runs; each gets a folder of its own there.

    Returns:
        The record.

    Raises:
        OSError: `out_dir` cannot be written.
        FloatingPointError: the loss is not finite; nothing is kept.
    """
    folder = Path(out_dir) / f"{config.benchmark}-{config.model}-{config.identity}"
    record, reason = _find(config, folder)
    if record is not None:
        print(
            f"Reused run {config.identity}: {_title(config)}, {config.steps:,} steps, "
            f"commit {record.commit}."
        )
        return record
    if reason:
        print(f"The run in {folder} {reason}; making it again.")
    # Everything is written beside the final place and renamed, so a run is there whole or not.
    unfinished = _create_beside(folder)
    try:
        _train_and_score(config, unfinished)
        return _install(config, unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def sweep(configs: Iterable[RunConfig], out_dir: str | Path) -> list[RunRecord]:
    """Execute configurations one after another; the records come in the same order."""
    return [execute(config, out_dir) for config in configs]


def reconstruct(model: nnx.Module, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Encode and reconstruct images in batches.

    Args:
        model: an autoencoder.
        images: uint8, `(n, height, width, channels)`.

    Returns:
        The latents that metrics see, `(n, num_latents)` (indices where the model quantizes), and
        the reconstructions as float32 in [0, 1].
    """
    graph, state = nnx.split(model)
    parts = [
        jax.device_get(_reconstruct_batch(graph, state, images[i : i + _EVALUATION_BATCH]))
        for i in range(0, len(images), _EVALUATION_BATCH)
    ]
    latents, reconstructions = zip(*parts, strict=True)
    return np.concatenate(latents), np.concatenate(reconstructions)


@partial(jax.jit, static_argnums=0)
def _reconstruct_batch(graph, state, images):
    output = nnx.merge(graph, state)(images.astype(np.float32) / 255)
    return output.code.scored, output.reconstructions


def _train_and_score(config: RunConfig, folder: Path) -> None:
    """Train, score, and write parameters and record into a folder."""
    clock = time.perf_counter()
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    model = build_model(config)
    batches_key = run_keys(config.seed).batches
    history = train(
        model, build_draw(config), config.recipe, key=batches_key, label=_title(config)
    )
    parameters = named_parameters(model)
    save_parameters(folder / PARAMETERS_FOLDER, parameters)

    sources, images = held_out(config)
    latents, reconstructions = reconstruct(model, images)
    scores: dict[str, float | None] = {}
    undefined = ""
    try:
        scored = infomec(sources, latents, protocol=config.protocol)
        scores |= {"infom": scored.infom, "infoe": scored.infoe, "infoc": scored.infoc}
    except UndefinedScoreError as error:
        scored, undefined = error, str(error)
        scores |= {"infom": None, "infoe": None, "infoc": None}
    scores["num_active"] = int(scored.active.sum())
    scores["psnr"] = psnr(images, reconstructions)
    record = RunRecord(
        config=config,
        scores=scores,
        undefined=undefined,
        nmi=scored.nmi.tolist(),
        active=scored.active.tolist(),
        num_images=len(images),
        curves=history.curves,
        code_values=[values.tolist() for values in history.code_values],
        images_per_s=config.steps * config.batch_size / history.train_s,
        compile_s=history.compile_s,
        duration_s=time.perf_counter() - clock,
        started=started,
        device=provenance.device(),
        versions=provenance.versions(),
        commit=provenance.commit(),
        code=provenance.code_digest(),
        parameters_sha256=parameters_digest(parameters),
    )
    (folder / RECORD_FILE).write_text(record.to_json())


def _title(config: RunConfig) -> str:
    return f"{config.model} on {config.benchmark}, seed {config.seed}"


def _create_beside(folder: Path) -> Path:
    unfinished = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}")
    try:
        unfinished.mkdir(parents=True)
    except OSError as error:
        raise type(error)(
            error.errno,
            f"out_dir={str(folder.parent)!r} cannot be written ({error.strerror}); expected a "
            "folder that can be made or written",
        ) from error
    return unfinished


def _find(config: RunConfig, folder: Path) -> tuple[RunRecord | None, str]:
    """The record in a run's folder, or why the run that is there cannot be used, if one is."""
    try:
        code = json.loads((folder / RECORD_FILE).read_text())["code"]
        if code != provenance.code_digest():
            return None, "was made by other code"
        record = RunRecord.read(folder)
    except OSError:
        return None, ""  # where it cannot be read for another reason, writing will say why
    except (ValueError, KeyError, TypeError):
        return None, "is damaged"
    if record.config != config or not (folder / PARAMETERS_FOLDER).is_dir():
        return None, "is damaged"
    return record, ""


def _install(config: RunConfig, unfinished: Path, folder: Path) -> RunRecord:
    """Move a finished run to its place; where another process was first, keep that one's."""
    replaced = unfinished.with_name(f"{unfinished.name}.replaced")
    try:
        if folder.exists() and _find(config, folder)[0] is None:
            folder.rename(replaced)
        unfinished.rename(folder)
    except OSError:
        if _find(config, folder)[0] is None:
            raise
    shutil.rmtree(replaced, ignore_errors=True)
    return RunRecord.read(folder)
