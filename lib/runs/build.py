"""Model and data of a run, from its configuration."""

from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from lib.benchmarks import BENCHMARKS, Split, load
from lib.models import MODELS
from lib.networks import build_networks
from lib.runs.config import RunConfig
from lib.training import PRECISIONS, Draw, draw_images

# Which source combinations are held out, and which of the others are kept for training, is the
# same for every run, so that runs differ by their own seed alone.
SPLIT_SEED = 0


class RunKeys(NamedTuple):
    """The random keys of a run.

    Attributes:
        parameters: of the initial parameters.
        batches: of the training images.
    """

    parameters: jax.Array
    batches: jax.Array


def run_keys(seed: int) -> RunKeys:
    """Split a run's seed once into its keys."""
    return RunKeys(*jax.random.split(jax.random.key(seed)))


def build_model(config: RunConfig) -> nnx.Module:
    """The untrained model, its parameters drawn from the configuration's seed."""
    rngs = nnx.Rngs(params=run_keys(config.seed).parameters)
    networks = partial(
        build_networks,
        config.network,
        resolution=config.resolution,
        channels=BENCHMARKS[config.benchmark].channels,
        width=config.width,
        dtype=PRECISIONS[config.precision],
    )
    return MODELS[config.model].build(
        networks, config.num_latents, rngs=rngs, **config.hyperparameters
    )


def build_draw(config: RunConfig, data_dir: str | Path | None = None) -> Draw:
    """What draws the training images of a run inside the compiled step.

    Args:
        config: of the run.
        data_dir: folder of official files, see `lib.benchmarks.load`.
    """
    data = (_data(config, data_dir), config.evaluation_images)
    if config.training_images == 0:
        return _draw_any(*data)
    return _draw_kept(*data, config.training_images)


def held_out(
    config: RunConfig, data_dir: str | Path | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Sources and images on which a run is scored; training never sees these combinations.

    Args:
        config: of the run.
        data_dir: folder of official files, see `lib.benchmarks.load`.

    Returns:
        Sources `(evaluation_images, num_sources)` and uint8 images of them.
    """
    return _held_out(_data(config, data_dir), config.evaluation_images)


def images_sha256(config: RunConfig, data_dir: str | Path | None = None) -> str:
    """Digest of the official images of a run; empty for a rendered twin, which the source decides.

    Args:
        config: of the run.
        data_dir: folder of official files, see `lib.benchmarks.load`.
    """
    return load(*_data(config, data_dir)).images_sha256


class _Data(NamedTuple):
    """Which images: the arguments of `load`."""

    name: str
    origin: str
    resolution: int
    data_dir: str | None


def _data(config: RunConfig, data_dir: str | Path | None) -> _Data:
    is_official = config.origin == "official"
    folder = str(data_dir) if is_official and data_dir else None
    return _Data(config.benchmark, config.origin, config.resolution, folder)


# The functions below are cached so that the runs of a sweep draw their images once, and so that
# JAX sees the same function, and compiles it once, for all of them.


@lru_cache(maxsize=2)
def _held_out(data: _Data, num_held_out: int) -> tuple[np.ndarray, np.ndarray]:
    benchmark = load(*data)
    split = Split(benchmark.grid, num_held_out, SPLIT_SEED)
    sources = benchmark.grid.sources(split.held_out)
    images = benchmark.images(sources)
    images.setflags(write=False)
    return sources, images


@lru_cache(maxsize=2)
def _draw_kept(data: _Data, num_held_out: int, num_images: int) -> Draw:
    benchmark = load(*data)
    split = Split(benchmark.grid, num_held_out, SPLIT_SEED)
    generator = np.random.default_rng(SPLIT_SEED)
    ranks = generator.choice(split.num_training, num_images, replace=False)
    index = np.asarray(split.training_index(jnp.asarray(ranks, jnp.int32)))
    return draw_images(benchmark.images(benchmark.grid.sources(index)))


@lru_cache
def _draw_any(data: _Data, num_held_out: int) -> Draw:
    benchmark = load(*data)
    split = Split(benchmark.grid, num_held_out, SPLIT_SEED)
    return Draw(
        jax.tree_util.Partial(split.sample_training), jax.tree_util.Partial(benchmark.render)
    )
