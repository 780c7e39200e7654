"""The configuration of a run: everything that shapes its numbers, checked at once."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

from lib.benchmarks import BENCHMARKS, OFFICIAL_RESOLUTION, ORIGINS
from lib.checks import check_choice, check_integer, nearest
from lib.metrics import PROTOCOLS
from lib.models import MODELS
from lib.networks import NETWORKS, check_sizes
from lib.profiles import PROFILES
from lib.settings import Settings, choice, integer
from lib.training import Recipe


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataSettings(Settings):
    """Which images a run is trained and scored on.

    Attributes:
        origin: "rendered" for the rendered twin, "official" for the published images.
        resolution: side of the images in pixels.
        training_images: how many source combinations are drawn and kept for training; 0 draws new
            ones at every step.
        evaluation_images: how many source combinations are held out of training and scored.
    """

    origin: str = choice(ORIGINS, "rendered")
    resolution: int = integer(minimum=1)
    training_images: int = integer(minimum=0)
    evaluation_images: int = integer(minimum=100)


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkSettings(Settings):
    """The networks of a run's model.

    Attributes:
        network: one of `lib.networks.NETWORKS`.
        width: of the networks, see `lib.networks.build_networks`.
        num_latents: latents of the model; where not given, twice the number of sources that vary.
    """

    network: str = choice(NETWORKS)
    width: int = integer(minimum=1)
    num_latents: int = integer(minimum=1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScoringSettings(Settings):
    """How a trained model is scored.

    Attributes:
        protocol: of the scores, see `lib.metrics.infomec`.
    """

    protocol: str = choice(PROTOCOLS, "corrected")


_PARTS: Mapping[str, type[Settings]] = {
    "data": DataSettings,
    "networks": NetworkSettings,
    "recipe": Recipe,
    "scoring": ScoringSettings,
}


@dataclasses.dataclass(frozen=True, init=False)
class RunConfig:
    """A run's benchmark, model, profile and seed, and every setting that follows from them.

    Args:
        benchmark: name of a benchmark, such as "shapes3d".
        model: name of a model, one of `lib.models.MODELS`.
        profile: one of `PROFILES`: where the settings that are not given come from.
        seed: of the initial parameters and of the batches, from 0 to 2**32 - 1.
        **settings: settings that differ from the profile's, of any of the parts below, by name.
            None leaves a setting to the profile. A hyperparameter that follows
            "num_training_images" is their number where it is not given.

    Attributes:
        data: which images.
        networks: which networks.
        hyperparameters: the model's own, an instance of its class's `Settings`.
        recipe: how the model is trained.
        scoring: how the trained model is scored.

    Raises:
        TypeError: an unknown name, or a value of the wrong type.
        ValueError: a value that is out of range; names the parameter and what is allowed.

    Example:
        >>> from lib.runs import RunConfig
        >>> config = RunConfig("shapes3d", "qlae", "smoke", seed=3, num_values=6)
        >>> config.hyperparameters.num_values, config.recipe.steps
        (6, 60)
        >>> config.replace(seed=4).identity == config.identity
        False
    """

    benchmark: str
    model: str
    profile: str
    seed: int
    data: DataSettings
    networks: NetworkSettings
    hyperparameters: Settings
    recipe: Recipe
    scoring: ScoringSettings

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
        kinds = {**_PARTS, "hyperparameters": MODELS[model].Settings}
        given = {name: value for name, value in settings.items() if value is not None}
        allowed = [name for kind in kinds.values() for name in kind.names()]
        if len({*allowed, "benchmark", "model", "profile", "seed"}) < len(allowed) + 4:
            raise ValueError(
                f"model={model!r} gives a hyperparameter a name that every run has already; its "
                f"own are {', '.join(kinds['hyperparameters'].names())}."
            )
        for name, value in given.items():
            _check_name(name, value, allowed, model)
        _check_defaults(f"recipes of {model}", MODELS[model].recipes, allowed)
        shared = [name for kind in _PARTS.values() for name in kind.names()]
        _check_defaults(f"profiles of {benchmark}", BENCHMARKS[benchmark].profiles, shared)
        resolved = {
            "num_latents": 2 * len(BENCHMARKS[benchmark].grid.varying),
            **_default_settings(profile, benchmark, model),
            **given,
        }
        parts = {
            part: kind(**{name: resolved[name] for name in kind.names() if name in resolved})
            for part, kind in kinds.items()
        }
        own = parts["hyperparameters"]
        followed = _followed(benchmark, own, parts["data"]).items()
        parts["hyperparameters"] = dataclasses.replace(
            own, **{name: value for name, value in followed if name not in given}
        )
        chosen = {"benchmark": benchmark, "model": model, "profile": profile, "seed": int(seed)}
        for name, value in {**chosen, **parts}.items():
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        """Refuse parts that do not fit one another."""
        data, networks = self.data, self.networks
        check_sizes(networks.network, data.resolution, networks.width)
        if data.origin == "official":
            check_integer("resolution", data.resolution, minimum=1, maximum=OFFICIAL_RESOLUTION)
        num_images = BENCHMARKS[self.benchmark].grid.num_images
        if data.evaluation_images + max(data.training_images, 1) > num_images:
            raise ValueError(
                f"evaluation_images={data.evaluation_images} and training_images="
                f"{data.training_images} ask for more than the {num_images} source "
                f"combinations of {self.benchmark}; expected at most that many together."
            )
        MODELS[self.model].check(
            networks.num_latents,
            self.hyperparameters,
            steps=self.recipe.steps,
            precision=self.recipe.precision,
        )

    def to_dict(self) -> dict[str, Any]:
        """All settings by name, the hyperparameters among them; `RunConfig(**d)` is equal."""
        found = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            found |= value.to_dict() if isinstance(value, Settings) else {field.name: value}
        return found

    def replace(self, **changes: object) -> Self:
        """The same configuration with other settings; what is not named stays as it is.

        Hyperparameters that follow the number of training images go on to do so.

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
        followed = _followed(self.benchmark, self.hyperparameters, self.data).items()
        kept = {
            name: value for name, value in self.to_dict().items() if (name, value) not in followed
        }
        return type(self)(**(kept | changes))

    @cached_property
    def identity(self) -> str:
        """Twelve hexadecimal digits that equal configurations share and others do not."""
        return _digest(self.to_dict())

    @cached_property
    def training_identity(self) -> str:
        """Twelve hexadecimal digits of what the trained parameters depend on."""
        return _digest(self.training_settings())

    def training_settings(self) -> dict[str, Any]:
        """The settings that shape the trained parameters: neither the profile nor the scoring."""
        left_out = {"profile", *self.scoring.names()}
        return {name: value for name, value in self.to_dict().items() if name not in left_out}


def _followed(benchmark: str, own: Settings, data: DataSettings) -> dict[str, int]:
    """The hyperparameters that follow a number of the run, with this number."""
    unseen = BENCHMARKS[benchmark].grid.num_images - data.evaluation_images
    numbers = {"num_training_images": data.training_images or max(unseen, 1)}
    return {name: numbers[which] for name, which in own.following().items()}


def title(configs: Sequence[RunConfig]) -> str:
    """Words for runs that differ in their seed alone."""
    first = configs[0]
    seeds = ", ".join(str(config.seed) for config in configs)
    return f"{first.model} on {first.benchmark}, seed{'s' if len(configs) > 1 else ''} {seeds}"


def _digest(settings: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]


def _check_name(name: str, value: object, allowed: list[str], model: str) -> None:
    if name in allowed:
        return
    owners = [owner for owner, kind in MODELS.items() if name in kind.Settings.names()]
    hint = f" It is a setting of {', '.join(owners)}." if owners else nearest(name, allowed)
    raise TypeError(
        f"{name}={value!r} is no setting of a run of {model}; expected one of "
        f"{', '.join(sorted(allowed))}.{hint}"
    )


def _check_defaults(
    owner: str,
    defaults: Mapping[str | tuple[str, str], Mapping[str, object]],
    allowed: Sequence[str],
) -> None:
    """Refuse settings that a model or a benchmark gives where no run would take them."""
    for key, settings in defaults.items():
        profile, *benchmark = (key,) if isinstance(key, str) else key
        for known, names in ((PROFILES, [profile]), (BENCHMARKS, benchmark)):
            for name in set(names) - set(known):
                raise ValueError(
                    f"{owner}: {key!r} names {name!r}; expected one of {', '.join(known)}."
                    f"{nearest(name, known)}"
                )
        for name in settings.keys() - set(allowed):
            raise TypeError(
                f"{owner}: {key!r} has {name!r}, which is no setting there; expected one of "
                f"{', '.join(sorted(allowed))}.{nearest(name, allowed)}"
            )


def _default_settings(profile: str, benchmark: str, model: str) -> dict[str, object]:
    """The settings of a run by its profile, as its benchmark and its model change them.

    What a benchmark changes goes before what a profile based on another changes, and what a model
    changes before both.
    """
    chain = [profile]
    while base := PROFILES[chain[0]].based_on:
        chain.insert(0, base)
    settings: dict[str, object] = {}
    for name in chain:
        settings |= {**PROFILES[name].settings, **BENCHMARKS[benchmark].profiles.get(name, {})}
    for key in (*chain, *((name, benchmark) for name in chain)):
        settings |= MODELS[model].recipes.get(key, {})
    return settings
