"""The configuration of a run: everything that shapes its numbers, checked at once."""

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from types import MappingProxyType
from typing import Self

from lib.benchmarks import BENCHMARKS, OFFICIAL_RESOLUTION, ORIGINS
from lib.checks import check_choice, check_integer
from lib.metrics import PROTOCOLS
from lib.models import MODELS
from lib.networks import check_sizes
from lib.runs.profiles import PROFILES, default_settings
from lib.training import Recipe


@dataclass(frozen=True, init=False, eq=False)
class RunConfig:
    """A run's benchmark, model, profile and seed, and every setting that follows from them.

    Args:
        benchmark: name of a benchmark, such as "shapes3d".
        model: name of a model, one of `lib.models.MODELS`.
        profile: "smoke", "laptop" or "paper": where the settings that are not given come from.
        seed: of the initial parameters and of the batches, from 0 to 2**32 - 1.
        **settings: settings that differ from the profile's; any attribute below, or one of the
            model's hyperparameters, see its class. None leaves a setting to the profile.

    Attributes:
        origin: "rendered" for the rendered twin, "official" for the published images.
        resolution: side of the images in pixels.
        num_latents: latents of the model; where not given, twice the number of sources that vary.
        network: one of `lib.networks.NETWORKS`.
        width: of the networks, see `lib.networks.build_networks`.
        steps, batch_size, learning_rate, schedule, weight_decay, clip, beta1, beta2, precision:
            see `lib.training.Recipe`.
        training_images: how many source combinations are drawn and kept for training; 0 draws new
            ones at every step.
        evaluation_images: how many source combinations are held out of training and scored.
        protocol: of the scores, see `lib.metrics.infomec`.
        hyperparameters: the model's own, by name.

    Raises:
        TypeError: an unknown name, or a value of the wrong type.
        ValueError: a value that is out of range; names the parameter and what is allowed.
    """

    benchmark: str
    model: str
    profile: str
    seed: int
    origin: str
    resolution: int
    num_latents: int
    network: str
    width: int
    steps: int
    batch_size: int
    learning_rate: float
    schedule: str
    weight_decay: float
    clip: float
    beta1: float
    beta2: float
    precision: str
    training_images: int
    evaluation_images: int
    protocol: str
    hyperparameters: Mapping[str, object]

    def __init__(
        self,
        benchmark: str,
        model: str,
        profile: str = "laptop",
        seed: int = 0,
        **settings: object,
    ):
        check_choice("benchmark", benchmark, BENCHMARKS)
        check_choice("model", model, MODELS)
        check_choice("profile", profile, PROFILES)
        check_integer("seed", seed, minimum=0, maximum=2**32 - 1)
        known = {f.name for f in fields(self)} - {"hyperparameters"}
        hyperparameters = dict(MODELS[model].hyperparameters)
        given = {name: value for name, value in settings.items() if value is not None}
        for name, value in given.items():
            _check_name(name, value, known | set(hyperparameters), model)
        resolved = {
            "benchmark": benchmark,
            "model": model,
            "profile": profile,
            "seed": seed,
            "origin": "rendered",
            "num_latents": 2 * len(BENCHMARKS[benchmark].grid.varying),
            "protocol": "corrected",
            **hyperparameters,
            **default_settings(profile, benchmark, model),
            **given,
        }
        own = {name: resolved.pop(name) for name in hyperparameters}
        object.__setattr__(self, "hyperparameters", MappingProxyType(own))
        for name, value in resolved.items():
            object.__setattr__(self, name, value)
        self._check()
        # 1 and 1.0, or a number of NumPy's, are the same setting and must have the same identity.
        kinds = {f.name: f.type for f in fields(self)}
        for name, value in resolved.items():
            object.__setattr__(self, name, kinds[name](value))
        own = {name: _plain(value, type(hyperparameters[name])) for name, value in own.items()}
        if "dataset_size" in hyperparameters and "dataset_size" not in given:
            own["dataset_size"] = self._num_training_images
        object.__setattr__(self, "hyperparameters", MappingProxyType(own))

    def _check(self) -> None:
        check_integer("num_latents", self.num_latents, minimum=1)
        check_sizes(self.network, self.resolution, self.width)
        check_integer("training_images", self.training_images, minimum=0)
        check_integer("evaluation_images", self.evaluation_images, minimum=100)
        check_choice("protocol", self.protocol, PROTOCOLS)
        check_choice("origin", self.origin, ORIGINS)
        if self.origin == "official":
            check_integer("resolution", self.resolution, minimum=1, maximum=OFFICIAL_RESOLUTION)
        num_images = BENCHMARKS[self.benchmark].grid.num_images
        wanted = self.evaluation_images + max(self.training_images, 1)
        if wanted > num_images:
            raise ValueError(
                f"evaluation_images={self.evaluation_images} and training_images="
                f"{self.training_images} ask for more than the {num_images} source "
                f"combinations of {self.benchmark}; expected at most that many together."
            )
        _ = self.recipe
        MODELS[self.model].check(
            self.num_latents, steps=self.steps, precision=self.precision, **self.hyperparameters
        )

    @property
    def _num_training_images(self) -> int:
        """How many images training draws from."""
        unseen = BENCHMARKS[self.benchmark].grid.num_images - self.evaluation_images
        return self.training_images or unseen

    @cached_property
    def recipe(self) -> Recipe:
        """How the model is trained."""
        return Recipe(
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            weight_decay=self.weight_decay,
            clip=self.clip,
            beta1=self.beta1,
            beta2=self.beta2,
            precision=self.precision,
        )

    def to_dict(self) -> dict[str, object]:
        """All settings by name, the hyperparameters among them; `RunConfig(**d)` is equal."""
        settings = {f.name: getattr(self, f.name) for f in fields(self)}
        return settings | dict(settings.pop("hyperparameters"))

    def replace(self, **changes: object) -> Self:
        """The same configuration with other settings; what is not named stays as it is.

        Raises:
            TypeError: a benchmark, a model or a profile, from which the settings follow; or an
                unknown name.
            ValueError: a value that is out of range.
        """
        for name in ("benchmark", "model", "profile"):
            if name in changes:
                raise TypeError(
                    f"{name}={changes[name]!r} cannot be replaced, since other settings follow "
                    "from it; make a new RunConfig."
                )
        return type(self)(**(self.to_dict() | changes))

    @cached_property
    def identity(self) -> str:
        """Twelve hexadecimal digits that equal configurations share and others do not."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def __reduce__(self) -> tuple:
        return _from_dict, (self.to_dict(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunConfig) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.identity)


def _plain(value: object, kind: type) -> object:
    """A hyperparameter as a plain number of its kind, or a tuple of integers."""
    return tuple(map(int, value)) if isinstance(value, list | tuple) else kind(value)


def _from_dict(settings: dict[str, object]) -> RunConfig:
    return RunConfig(**settings)


def _check_name(name: str, value: object, allowed: set[str], model: str) -> None:
    if name in allowed:
        return
    owners = [owner for owner, kind in MODELS.items() if name in kind.hyperparameters]
    near = difflib.get_close_matches(name, allowed, n=1)
    hint = f" It is a setting of {', '.join(owners)}." if owners else ""
    hint = f" Did you mean {near[0]}?" if near and not owners else hint
    raise TypeError(
        f"{name}={value!r} is no setting of a run of {model}; expected one of "
        f"{', '.join(sorted(allowed))}.{hint}"
    )
