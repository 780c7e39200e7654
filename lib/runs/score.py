"""Scoring of trained models on images of their benchmark."""

import hashlib
import math
import numbers
import time
from functools import partial

import jax
import numpy as np
from flax import nnx

from lib.metrics import PROTOCOLS, InfoMEC, infomec
from lib.metrics.evaluation import Evaluation
from lib.runs import provenance
from lib.runs.config import RunConfig
from lib.runs.images import RunImages
from lib.runs.record import RunRecord, ScoringRecord
from lib.scores import SCORES
from lib.source import module_digests
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

    Raises:
        TypeError: images of another type.
        ValueError: no image, or without four axes.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or len(images) == 0:
        raise (TypeError if images.dtype != np.uint8 else ValueError)(
            f"images are {images.dtype} of shape {images.shape}; expected uint8 of (n, height, "
            "width, channels), at least one."
        )
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
    config: RunConfig, model: nnx.Module, images: RunImages, parameters_sha256: str
) -> ScoringRecord:
    """Score a model on held-out images.

    Args:
        config: of its run.
        model: trained.
        images: of its run.
        parameters_sha256: of the model's parameters.

    Returns:
        What is kept of it: every score of `lib.scores.SCORES`, None where it is not defined.
    """
    started, clock = provenance.now(), time.perf_counter()
    sources, held_out = images.held_out
    with arithmetic(config.recipe.precision):
        latents, reconstructions = reconstruct(model, held_out)
    evaluation = Evaluation(
        sources=sources[:, images.benchmark.grid.varying],
        latents=latents,
        images=held_out,
        reconstructions=reconstructions,
        protocol=config.scoring.protocol,
    )
    scores = {name: _computed(name, evaluation) for name in SCORES}
    return ScoringRecord(
        scores=scores,
        undefined=evaluation.undefined,
        nmi=evaluation.nmi.tolist(),
        active=evaluation.active.tolist(),
        num_images=len(held_out),
        duration_s=time.perf_counter() - clock,
        started=started,
        device=provenance.device(1),
        versions=provenance.versions(),
        commit=provenance.commit(),
        code=scoring_code(config.scoring.protocol),
        parameters_sha256=parameters_sha256,
    )


def _computed(name: str, evaluation: Evaluation) -> float | int | bool | None:
    try:
        value = SCORES[name].compute(evaluation)
    except Exception as error:
        raise ValueError(
            f"score {name!r} failed: {type(error).__name__}: {error} The trained run is kept; the "
            "same call scores it."
        ) from error
    return _plain(name, value)


def _plain(name: str, value: object) -> float | int | bool | None:
    """A score as JSON can hold it: None where it is not defined or not finite."""
    if value is None or isinstance(value, bool | np.bool_):
        return value if value is None else bool(value)
    if not isinstance(value, numbers.Real):
        raise TypeError(
            f"score {name!r} is a {type(value).__name__}; expected a number, a bool or None."
        )
    if not math.isfinite(value):
        return None
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def scoring_code(protocol: str) -> dict[str, str]:
    """For each score, twelve hexadecimal digits of the code that shapes it under a protocol."""
    shared = PROTOCOLS.module(protocol), __name__
    return {name: _digest(SCORES.module(name), *shared) for name in SCORES}


def _digest(*modules: str) -> str:
    return hashlib.sha256(str(module_digests(modules)).encode()).hexdigest()[:12]


def score_grid(record: RunRecord, *, protocol: str | None = None) -> InfoMEC:
    """Score a run on every source combination of its benchmark, the full grid.

    The images of a rendered twin are drawn a part at a time and never held together. Most of them,
    or all but the held-out ones, are what the run was trained on.

    Args:
        record: of the run, with its folder.
        protocol: a name in `lib.metrics.PROTOCOLS`; None takes that of the run.

    Raises:
        UndefinedScoreError: see `lib.metrics.infomec`.
    """
    benchmark = record.images.benchmark
    model = record.load_model()
    sources, latents = [], []
    with arithmetic(record.config.recipe.precision):
        for start in range(0, benchmark.grid.num_images, _GRID_BATCH):
            index = np.arange(start, min(start + _GRID_BATCH, benchmark.grid.num_images))
            sources.append(benchmark.grid.sources(index))
            latents.append(reconstruct(model, benchmark.images(sources[-1]))[0])
    varying = np.concatenate(sources)[:, benchmark.grid.varying]
    protocol = protocol or record.config.scoring.protocol
    return infomec(varying, np.concatenate(latents), protocol=protocol)
