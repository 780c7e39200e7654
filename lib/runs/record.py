"""The record of a run: what was trained and what was scored, as JSON, beside the parameters."""

import dataclasses
import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from flax import nnx

from lib.benchmarks import BENCHMARKS
from lib.files import write_text
from lib.runs.config import RunConfig
from lib.runs.images import RunImages
from lib.runs.parameters import load_parameters, read_arrays, set_parameters
from lib.runs.train import build_model
from lib.training.checkpoints import digest

# Of what `RunRecord.to_dict` gives; a change of its entries makes it one more.
SCHEMA = 1
TRAINING_FILE = "training.json"
PARAMETERS_FOLDER = "parameters"


@dataclass(frozen=True, kw_only=True)
class TrainingRecord:
    """What was trained, where, when and by which code.

    Attributes:
        curves: see `lib.training.History`.
        code_values: see `lib.training.History`, as lists.
        images_per_s: training speed, of all seeds that were trained at once, compilation
            excluded.
        compile_s: seconds spent compiling.
        duration_s: seconds of the whole training, data included; of a process that was killed,
            what it trained up to the checkpoint from which the next one went on.
        started: UTC, ISO 8601.
        resumed_from: the steps at which a process went on with what another had begun.
        changed_code: what had changed when it went on all the same, as it was told to: files, and
            the optimizer's moments, where these were rounded on the way from another machine.
        trained_with: the seeds of the runs that were trained at once, this one's among them.
        device: kind and number of those that were used, by the process that finished the run.
        versions: of Python and the libraries that shape the numbers.
        commit: of this repository; "unknown" outside one; "+" follows where files were changed.
        code: digests of the files that shape the parameters, see `lib.source.module_digests`.
        images_sha256: digest of the official images as converted; empty for a rendered twin.
        parameters_sha256: of the final parameters, in the order of their names.
    """

    curves: dict[str, list[float]]
    code_values: list[list[list[float]]]
    images_per_s: float
    compile_s: float
    duration_s: float
    started: str
    resumed_from: list[int]
    changed_code: list[str]
    trained_with: list[int]
    device: str
    versions: dict[str, str]
    commit: str
    code: dict[str, str]
    images_sha256: str
    parameters_sha256: str


@dataclass(frozen=True, kw_only=True)
class ScoringRecord:
    """What was measured of trained parameters, where, when and by which code.

    Attributes:
        scores: by name, see `lib.scores.SCORES`. None where undefined.
        undefined: why scores are None; empty where none is.
        nmi: `(num_sources, num_latents)`, as lists; of the sources that vary.
        active: one boolean a latent.
        num_images: how many held-out images were scored.
        duration_s: seconds that it took; None where that was not measured.
        started, device, versions, commit: as of `TrainingRecord`.
        code: the digest of the code behind each score.
        parameters_sha256: of the parameters that were scored.
    """

    scores: dict[str, float | None]
    undefined: str
    nmi: list[list[float]]
    active: list[bool]
    num_images: int
    duration_s: float | None
    started: str
    device: str
    versions: dict[str, str]
    commit: str
    code: dict[str, str]
    parameters_sha256: str


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What a finished run was and what it measured.

    Attributes:
        config: what was run.
        training: what was trained.
        scoring: what was scored.
        folder: where the parameters lie; not part of what is written.
        kept_model: a file of rounded parameters, where these are kept instead; likewise.
        data_dir: folder of official files for `images`; not part of what is written.
    """

    config: RunConfig
    training: TrainingRecord
    scoring: ScoringRecord
    folder: Path | None = field(default=None, compare=False)
    kept_model: Path | None = field(default=None, compare=False)
    data_dir: str | Path | None = field(default=None, compare=False)

    @property
    def images(self) -> RunImages:
        """The images of the run; runs on the same images share one object."""
        return RunImages.of(self.config, self.data_dir)

    @property
    def identity(self) -> str:
        """The identity of the configuration."""
        return self.config.identity

    @property
    def scores(self) -> dict[str, float | None]:
        """The scores by name, see `lib.scores.SCORES`; None where undefined."""
        return self.scoring.scores

    @property
    def parameters_sha256(self) -> str:
        """The digest of the trained parameters."""
        return self.training.parameters_sha256

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; `from_dict` reads them."""
        return {
            "schema": SCHEMA,
            "identity": self.identity,
            "config": self.config.to_dict(),
            "training": dataclasses.asdict(self.training),
            "scoring": dataclasses.asdict(self.scoring),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """From the values of `to_dict`.

        Raises:
            KeyError, TypeError, ValueError: they are not those of a record.
        """
        if (schema := values.get("schema", 1)) != SCHEMA:  # the first ones do not tell
            raise ValueError(
                f"its schema is {schema}, and this version of the library reads schema {SCHEMA}"
            )
        record = cls(
            config=RunConfig(**values["config"]),
            training=TrainingRecord(**values["training"]),
            scoring=ScoringRecord(**values["scoring"]),
        )
        record._check()
        return record

    def _check(self) -> None:
        """Refuse numbers that do not fit the configuration or one another."""
        num_sources = len(BENCHMARKS[self.config.benchmark].grid.varying)
        num_latents, nmi = self.config.networks.num_latents, self.scoring.nmi
        if len(nmi) != num_sources or {len(row) for row in nmi} != {num_latents}:
            raise ValueError(f"its NMI has not {num_sources} rows of {num_latents} numbers")
        if len(self.scoring.active) != num_latents:
            raise ValueError(f"it tells of {len(self.scoring.active)} latents, not {num_latents}")
        if len({len(curve) for curve in self.training.curves.values()}) > 1:
            raise ValueError("its curves have different lengths")
        if self.scoring.parameters_sha256 != self.training.parameters_sha256:
            raise ValueError("its scores are of other parameters than those that were trained")

    @classmethod
    def read(cls, folder: Path, protocol: str | None = None) -> Self:
        """Read the record in a run's folder, as it was scored under a protocol.

        Args:
            folder: of the run.
            protocol: a name in `lib.metrics.PROTOCOLS`; None takes that of the configuration that
                the run was trained for.

        Raises:
            FileNotFoundError: there is none.
            KeyError, TypeError, ValueError: what is there is no record.
        """
        config, training = read_training(folder)
        if protocol is not None:
            config = config.replace(protocol=protocol)
        scoring = read_scoring(folder, config.scoring.protocol)
        return cls(config=config, training=training, scoring=scoring, folder=folder)

    def load_model(self) -> nnx.Module:
        """The trained model, with rounded parameters where these were kept instead.

        Raises:
            FileNotFoundError: neither is there.
            ValueError: the parameters beside the record are not those that it names.
        """
        if self.folder is None and self.kept_model is None:
            raise FileNotFoundError(
                f"The parameters of run {self.identity} were not kept with its record; execute "
                "its configuration to train them again."
            )
        if self.kept_model is None:
            return load_model(self.folder, self.config, self.training)
        parameters, about = read_arrays(self.kept_model)
        if about.get("parameters_sha256") != self.parameters_sha256:
            raise ValueError(f"{self.kept_model} holds the model of another run than its record.")
        model = _shapes(self.config)
        set_parameters(model, parameters)
        return model


def write_training(folder: Path, config: RunConfig, training: TrainingRecord) -> None:
    """Write what was trained into a run's folder."""
    values = {"config": config.to_dict(), "training": dataclasses.asdict(training)}
    write_text(folder / TRAINING_FILE, json.dumps(values, indent=1))


def read_training(folder: Path) -> tuple[RunConfig, TrainingRecord]:
    """Read what was trained.

    Raises:
        OSError, KeyError, TypeError, ValueError: it is not there, or damaged.
    """
    values = json.loads((folder / TRAINING_FILE).read_text())
    return RunConfig(**values["config"]), TrainingRecord(**values["training"])


def write_scoring(folder: Path, protocol: str, scoring: ScoringRecord) -> None:
    """Write what was scored under a protocol into a run's folder."""
    text = json.dumps(dataclasses.asdict(scoring), indent=1)
    write_text(_scoring_file(folder, protocol), text)


def read_scoring(folder: Path, protocol: str) -> ScoringRecord:
    """Read what was scored under a protocol.

    Raises:
        OSError, KeyError, TypeError, ValueError: it is not there, or damaged.
    """
    return ScoringRecord(**json.loads(_scoring_file(folder, protocol).read_text()))


def _scoring_file(folder: Path, protocol: str) -> Path:
    return folder / f"scores-{protocol}.json"


def load_model(folder: Path, config: RunConfig, training: TrainingRecord) -> nnx.Module:
    """The trained model in a run's folder.

    Raises:
        ValueError: the parameters are not those that the record names.
    """
    model = _shapes(config)
    parameters = load_parameters(folder / PARAMETERS_FOLDER, model)
    found = digest(parameters)
    if found != training.parameters_sha256:
        raise ValueError(
            f"The parameters in {folder} have the digest {found}, but the record says "
            f"{training.parameters_sha256}; delete the folder and run again."
        )
    set_parameters(model, parameters)
    return model


def _shapes(config: RunConfig) -> nnx.Module:
    """A model of shapes alone: drawing parameters that others replace would take seconds."""
    return nnx.eval_shape(partial(build_model, config))
