"""Training of runs: from configurations to trained models."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
from flax import nnx
from jax.sharding import Mesh

from lib.benchmarks import BENCHMARKS
from lib.models import MODELS
from lib.networks import build_networks
from lib.runs.config import NetworkSettings, RunConfig, title
from lib.runs.images import RunImages
from lib.settings import Settings
from lib.source import module_digests
from lib.training import PRECISIONS, Checkpoints, History, train

# How often curves are read back: each time costs as much as some ten small steps.
_STEPS_A_REPORT, _FEWEST_REPORTS, _MOST_REPORTS = 100, 10, 50


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
    return build_of(
        config.model,
        config.networks,
        config.hyperparameters,
        resolution=config.data.resolution,
        channels=BENCHMARKS[config.benchmark].channels,
        precision=config.recipe.precision,
        seed=config.seed,
    )


def build_of(
    kind: str,
    sizes: NetworkSettings,
    hyperparameters: Settings,
    *,
    resolution: int,
    channels: int,
    precision: str,
    seed: int,
) -> nnx.Module:
    """The untrained model of a name, for images of any origin.

    Args:
        kind: name of the model, one of `lib.models.MODELS`.
        sizes: of networks and latents.
        hyperparameters: of the model's class.
        resolution: side of the images in pixels.
        channels: of the images.
        precision: of the networks, one of `lib.training.PRECISIONS`.
        seed: from which the parameters are drawn.
    """
    networks = partial(
        build_networks,
        sizes.network,
        resolution=resolution,
        channels=channels,
        width=sizes.width,
        dtype=PRECISIONS[precision],
    )
    rngs = nnx.Rngs(params=run_keys(seed).parameters)
    return MODELS[kind].build(networks, sizes.num_latents, rngs=rngs, **hyperparameters.to_dict())


def training_code(config: RunConfig) -> dict[str, str]:
    """Digests of the files that shape the parameters of a run, see `lib.source.module_digests`."""
    own = BENCHMARKS.module(config.benchmark), MODELS.module(config.model)
    return module_digests([*own, __name__])


def train_together(
    configs: Sequence[RunConfig],
    images: RunImages,
    mesh: Mesh,
    checkpoints: Checkpoints,
    folders: Sequence[Path],
    tensorboard: bool,
) -> tuple[list[nnx.Module], list[History]]:
    """Train runs that differ in their seed alone by one program; see `lib.training.train`."""
    recipe = configs[0].recipe
    models = [build_model(config) for config in configs]
    histories = train(
        models,
        images.sampler,
        recipe,
        keys=[run_keys(config.seed).batches for config in configs],
        label=title(configs),
        reports=min(max(recipe.steps // _STEPS_A_REPORT, _FEWEST_REPORTS), _MOST_REPORTS),
        checkpoints=checkpoints,
        folders=folders,
        tensorboard=tensorboard,
        mesh=mesh,
    )
    return models, histories
