"""The record of a finished run: JSON, with the parameters beside it."""

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from flax import nnx

from lib.runs.build import build_model
from lib.runs.config import RunConfig
from lib.training.checkpoints import digest

RECORD_FILE = "record.json"
PARAMETERS_FOLDER = "parameters"


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What a finished run was and what it measured.

    Attributes:
        config: what was run.
        scores: by name: infom, infoe, infoc, psnr (dB), num_active. None where undefined.
        undefined: why scores are None; empty where none is.
        nmi: `(num_sources, num_latents)`, as lists; of the sources that vary.
        active: one boolean a latent.
        num_images: how many held-out images were scored.
        curves: see `lib.training.History`.
        code_values: see `lib.training.History`, as lists.
        images_per_s: training speed, of all seeds that were trained at once, compilation
            excluded.
        compile_s: seconds spent compiling.
        duration_s: seconds of the whole run, data and evaluation included; of a process that was
            killed, what it trained up to the checkpoint from which the next one went on.
        started: UTC, ISO 8601.
        resumed_from: the steps at which a process went on with what another had begun.
        trained_with: the seeds of the runs that were trained at once, this one's among them.
        device: kind and number of those that were used, by the process that finished the run.
        versions: of Python and the libraries that shape the numbers.
        commit: of this repository; "unknown" outside one; "+" follows where files were changed.
        code: digest of the library's source; a run made by other code is not reused.
        images_sha256: digest of the official images as converted; empty for a rendered twin.
        parameters_sha256: of the final parameters, in the order of their names.
        folder: where the record lies; not part of the JSON.
    """

    config: RunConfig
    scores: dict[str, float | None]
    undefined: str
    nmi: list[list[float]]
    active: list[bool]
    num_images: int
    curves: dict[str, list[float]]
    code_values: list[list[list[float]]]
    images_per_s: float
    compile_s: float
    duration_s: float
    started: str
    resumed_from: list[int]
    trained_with: list[int]
    device: str
    versions: dict[str, str]
    commit: str
    code: str
    images_sha256: str
    parameters_sha256: str
    folder: Path | None = field(default=None, compare=False)

    @property
    def identity(self) -> str:
        """The identity of the configuration."""
        return self.config.identity

    def to_json(self) -> str:
        """The record as JSON text."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        del values["folder"]
        values |= {"config": self.config.to_dict(), "identity": self.identity}
        return json.dumps(values, indent=1)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the record in a run's folder.

        Raises:
            FileNotFoundError: there is none.
        """
        values = json.loads((folder / RECORD_FILE).read_text())
        return dataclasses.replace(cls.from_dict(values), folder=folder)

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> Self:
        """From the values of the JSON text.

        Raises:
            KeyError, TypeError, ValueError: they are not those of a record.
        """
        values = {name: value for name, value in values.items() if name != "identity"}
        return cls(**(values | {"config": RunConfig(**values["config"])}))

    def load_model(self) -> nnx.Module:
        """The trained model.

        Raises:
            ValueError: the parameters beside the record are not those that it names.
        """
        model = build_model(self.config)
        parameters = load_parameters(self.folder / PARAMETERS_FOLDER, model)
        found = digest(parameters)
        if found != self.parameters_sha256:
            raise ValueError(
                f"The parameters in {self.folder} have the digest {found}, but the record says "
                f"{self.parameters_sha256}; delete the folder and run again."
            )
        state = nnx.state(model, nnx.Param)
        for path, variable in nnx.to_flat_state(state):
            variable[...] = jnp.asarray(parameters[_name(path)])
        nnx.update(model, state)
        return model


def named_parameters(model: nnx.Module) -> dict[str, np.ndarray]:
    """The parameters of a model by their dotted path, in the order of the names."""
    flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
    named = {_name(path): np.asarray(variable[...]) for path, variable in flat}
    return dict(sorted(named.items()))


def write_text(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def save_parameters(folder: Path, parameters: dict[str, np.ndarray]) -> None:
    """Write parameters with orbax, waiting until they are on disk."""
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder.absolute(), parameters, force=True)


def load_parameters(folder: Path, model: nnx.Module) -> dict[str, np.ndarray]:
    """Read parameters of a model of the same structure."""
    target = jax.tree.map(
        lambda value: jax.ShapeDtypeStruct(value.shape, value.dtype), named_parameters(model)
    )
    with ocp.StandardCheckpointer() as checkpointer:
        restored = checkpointer.restore(folder.absolute(), target)
    return {name: np.asarray(value) for name, value in restored.items()}


def _name(path: tuple) -> str:
    return ".".join(str(part) for part in path)
