"""What a study is: variants of models, run with the same seeds on the same images."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Self

from lib.benchmarks import BENCHMARKS
from lib.checks import check_choice, check_integer
from lib.runs import RunConfig, sweep
from lib.studies.results import Results

_MOST_SEEDS = 1_000  # more is a slip of the hand, and would fill the memory with configurations
_NOTHING: Mapping[str, object] = MappingProxyType({})

# So many models do not get the laptop profile's long training: at most so much of everything, and
# a rate at which no trial run on seeds from 1000 on ended without an active latent.
SHORT: Mapping[str, float] = MappingProxyType(
    {
        "width": 96,
        "steps": 800,
        "learning_rate": 2e-3,
        "training_images": 20_000,
        "evaluation_images": 3_000,
    }
)


class Variant(NamedTuple):
    """What is run under a name.

    Attributes:
        model: name of a model.
        settings: that differ from the profile's, see `lib.runs.RunConfig`; None for the profile's.
    """

    model: str
    settings: Mapping[str, object] = _NOTHING


@dataclass(frozen=True)
class Study:
    """A grid of runs: each variant with each seed. Making it checks it and trains nothing.

    Attributes:
        benchmark: name of a benchmark.
        variants: what is run, by the name it has in figures.
        profile: see `lib.runs.RunConfig`.
        seed: the first seed.
        num_seeds: how many seeds, from the first on, at most 1,000.
        settings: of all runs, where their variant has none of its own; None for the profile's.
        bounds: what no setting that a profile gives exceeds, in the laptop profile.
        origin: of the images, "rendered" or "official".

    Raises:
        TypeError, ValueError: a bad value; names the parameter.

    Example:
        >>> from lib.studies import Study, Variant
        >>> variants = {"QLAE": Variant("qlae"), "no decay": Variant("qlae", {"weight_decay": 0.0})}
        >>> study = Study("shapes3d", variants, "smoke", num_seeds=2)
        >>> list(study.configs)
        [('QLAE', 0), ('QLAE', 1), ('no decay', 0), ('no decay', 1)]
    """

    benchmark: str
    variants: Mapping[str, Variant]
    profile: str = "laptop"
    seed: int = 0
    num_seeds: int = 1
    settings: Mapping[str, object] = field(default_factory=dict)
    bounds: Mapping[str, float] = field(default_factory=dict)
    origin: str = "rendered"

    def __post_init__(self):
        check_choice("benchmark", self.benchmark, BENCHMARKS)
        check_integer("seed", self.seed, minimum=0)
        check_integer("num_seeds", self.num_seeds, minimum=1, maximum=_MOST_SEEDS)
        if not self.variants:
            raise ValueError("variants must name at least one model, got none.")
        _ = self.configs

    @classmethod
    def beside_autoencoder(
        cls,
        benchmark: str,
        model: str = "qlae",
        profile: str = "laptop",
        seed: int = 0,
        num_seeds: int = 1,
        *,
        settings: Mapping[str, object] = _NOTHING,
        origin: str = "rendered",
    ) -> Self:
        """A model beside the plain autoencoder, with the same images, networks, steps and seeds.

        Args:
            benchmark, profile, seed, num_seeds, origin: see the class.
            model: name of a model; with "autoencoder" there is only that one.
            settings: of the model's runs, but not of the autoencoder's; None for the profile's.

        Raises:
            TypeError, ValueError: a bad value; names the parameter.
        """
        given = {name: value for name, value in settings.items() if value is not None}
        if model == "autoencoder" and given:
            name, value = next(iter(given.items()))
            raise ValueError(
                f"{name}={value!r} is a setting of the model beside the plain autoencoder; with "
                "model='autoencoder' there is none, so expected None."
            )
        variants = {"autoencoder": Variant("autoencoder"), model: Variant(model, given)}
        return cls(benchmark, variants, profile, seed, num_seeds, origin=origin)

    @property
    def seeds(self) -> range:
        """The seeds of every variant."""
        return range(self.seed, self.seed + self.num_seeds)

    @cached_property
    def configs(self) -> dict[tuple[str, int], RunConfig]:
        """The configuration of each run, by variant and seed."""
        return {
            (name, seed): RunConfig(
                self.benchmark, variant.model, self.profile, seed, **self._settings(variant)
            )
            for name, variant in self.variants.items()
            for seed in self.seeds
        }

    def run(self, runs_dir: str | Path = "runs", data_dir: str | Path | None = None) -> Results:
        """Make the runs that are not there yet, and find the others again.

        Args:
            runs_dir: folder of runs.
            data_dir: folder of official files; None or "" for the default.

        Raises:
            OSError: runs or official images cannot be read or written.
        """
        records = sweep(self.configs.values(), runs_dir, data_dir=data_dir or None)
        return Results(records, [name for name, _ in self.configs])

    def _settings(self, variant: Variant) -> dict[str, object]:
        settings: dict[str, object] = {"origin": self.origin}
        if self.profile == "laptop" and self.bounds:
            usual = RunConfig(self.benchmark, variant.model, self.profile).to_dict()
            settings |= {name: min(usual[name], most) for name, most in self.bounds.items()}
        for given in (self.settings, variant.settings):
            settings |= {name: value for name, value in given.items() if value is not None}
        return settings
