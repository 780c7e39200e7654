"""The images of a run: those it is trained on and those it is scored on, resolved once."""

import dataclasses
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

import jax
import jax.numpy as jnp
import numpy as np

from lib.benchmarks import Benchmark, Split, load
from lib.runs.config import DataSettings, RunConfig
from lib.training import ImageSampler, image_sampler

# Which source combinations are held out, and which of the others are kept for training, is the
# same for every run, so that runs differ by their own seed alone.
SPLIT_SEED = 0


@dataclasses.dataclass(frozen=True)
class RunImages:
    """Everything that runs on the same images take from their benchmark.

    Attributes:
        benchmark: the benchmark.
        settings: how many images, and of which size and origin.
    """

    benchmark: Benchmark
    settings: DataSettings

    @classmethod
    def of(cls, config: RunConfig, data_dir: str | Path | None = None) -> Self:
        """The images of a run; runs on the same images share one object.

        Args:
            config: of the run.
            data_dir: folder of official files, see `lib.benchmarks.load`; not looked at where the
                run is on a rendered twin.

        Raises:
            FileNotFoundError: official images that are not there; says how to get them.
            lib.benchmarks.published.OfficialFileError: they are there and not as published.
        """
        folder = str(data_dir) if config.data.origin == "official" and data_dir else None
        return _shared(cls, config.benchmark, config.data, folder)

    @cached_property
    def split(self) -> Split:
        """The source combinations that are held out of training, and the others."""
        return Split(self.benchmark.grid, self.settings.evaluation_images, SPLIT_SEED)

    @cached_property
    def held_out(self) -> tuple[np.ndarray, np.ndarray]:
        """What runs are scored on: sources `(evaluation_images, num_sources)`, uint8 images."""
        sources = self.benchmark.grid.sources(self.split.held_out)
        images = self.benchmark.images(sources)
        images.setflags(write=False)
        return sources, images

    @cached_property
    def sampler(self) -> ImageSampler:
        """Samples the training images inside the compiled step.

        Raises:
            ValueError: several processes and official images that are looked up on the host, which
                no compiled program of several hosts can ask.
        """
        num_images = self.settings.training_images
        if not num_images and self.settings.origin == "official" and jax.process_count() > 1:
            raise ValueError(
                "training_images=0 looks official images up on the host while a step runs, which "
                f"{jax.process_count()} processes cannot; give a number that fits into the memory "
                f"of a device, at most {self.split.num_training:,}."
            )
        if not num_images:
            choose = jax.tree_util.Partial(self.split.sample_training)
            return ImageSampler(choose, self.benchmark.bound)
        generator = np.random.default_rng(SPLIT_SEED)
        ranks = generator.choice(self.split.num_training, num_images, replace=False)
        index = np.asarray(self.split.training_index(jnp.asarray(ranks, jnp.int32)))
        return image_sampler(self.benchmark.images(self.benchmark.grid.sources(index)))


# The runs of a sweep share their images, and JAX sees one function, which it compiles once.
@lru_cache(maxsize=2)
def _shared(kind: type, name: str, settings: DataSettings, data_dir: str | None) -> RunImages:
    return kind(load(name, settings.origin, settings.resolution, data_dir), settings)
