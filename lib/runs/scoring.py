"""Scores of trained models on images of their benchmark."""

from functools import partial
from pathlib import Path

import jax
import numpy as np
from flax import nnx

from lib.benchmarks import BENCHMARKS, load
from lib.metrics import InfoMEC, UndefinedScoreError, infomec, psnr
from lib.runs.build import held_out
from lib.runs.config import RunConfig
from lib.runs.record import RunRecord
from lib.training import arithmetic

_EVALUATION_BATCH = 500
_GRID_BATCH = 20_000


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


def score(
    config: RunConfig, model: nnx.Module, data_dir: str | Path | None = None
) -> dict[str, object]:
    """Score a model on held-out images.

    Args:
        config: of its run.
        model: trained.
        data_dir: folder of official files, see `lib.benchmarks.load`.

    Returns:
        What a record holds of it, by the names of `RunRecord`: `scores`, `undefined`, `nmi`,
        `active` and `num_images`. A score that the protocol does not define is None.
    """
    sources, images = held_out(config, data_dir)
    sources = sources[:, BENCHMARKS[config.benchmark].grid.varying]
    with arithmetic(config.precision):
        latents, reconstructions = reconstruct(model, images)
    scores: dict[str, float | None] = dict.fromkeys(("infom", "infoe", "infoc"))
    try:
        scored = infomec(sources, latents, protocol=config.protocol)
        undefined = scored.undefined
        scores |= {"infoe": scored.infoe, "infoc": scored.infoc}
        if not undefined:
            scores["infom"] = scored.infom
    except UndefinedScoreError as error:
        scored, undefined = error, str(error)
    scores["num_active"] = int(scored.active.sum())
    scores["psnr"] = psnr(images, reconstructions)
    return {
        "scores": scores,
        "undefined": undefined,
        "nmi": scored.nmi.tolist(),
        "active": scored.active.tolist(),
        "num_images": len(images),
    }


def score_grid(
    record: RunRecord, *, protocol: str | None = None, data_dir: str | Path | None = None
) -> InfoMEC:
    """Score a run on every source combination of its benchmark, the full grid.

    The images of a rendered twin are drawn a part at a time and never held together. Most of them,
    or all but the held-out ones, are what the run was trained on.

    Args:
        record: of the run, with its folder.
        protocol: a name in `lib.metrics.PROTOCOLS`; None takes that of the run.
        data_dir: folder of official files, see `lib.benchmarks.load`.

    Raises:
        UndefinedScoreError: see `lib.metrics.infomec`.
    """
    config = record.config
    benchmark = load(config.benchmark, config.origin, config.resolution, data_dir)
    model = record.load_model()
    sources, latents = [], []
    with arithmetic(config.precision):
        for start in range(0, benchmark.grid.num_images, _GRID_BATCH):
            index = np.arange(start, min(start + _GRID_BATCH, benchmark.grid.num_images))
            sources.append(benchmark.grid.sources(index))
            latents.append(reconstruct(model, benchmark.images(sources[-1]))[0])
    varying = np.concatenate(sources)[:, benchmark.grid.varying]
    return infomec(varying, np.concatenate(latents), protocol=protocol or config.protocol)
