"""Parameters of models by name: as orbax keeps those of a run, and as one file of NumPy's."""

import io
import json
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from flax import nnx

from lib.files import write_whole
from lib.training.checkpoints import digest

_ABOUT = "about.json"
_STEP = "#step"  # of a parameter that is kept as int8
_LARGEST = 127, 63, 31  # of such numbers; smaller ones are compressed further


def set_parameters(model: nnx.Module, parameters: Mapping[str, np.ndarray]) -> None:
    """Give a model, which may be one of shapes alone, parameters of all its names."""
    flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
    given = [(path, value.replace(jnp.asarray(parameters[_name(path)]))) for path, value in flat]
    nnx.update(model, nnx.from_flat_state(given))


def named_parameters(model: nnx.Module) -> dict[str, np.ndarray]:
    """The parameters of a model by their dotted path, in the order of the names."""
    flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
    named = {_name(path): np.asarray(variable[...]) for path, variable in flat}
    return dict(sorted(named.items()))


def save_parameters(folder: Path, parameters: dict[str, np.ndarray]) -> None:
    """Write parameters with orbax, waiting until they are on disk."""
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder.absolute(), parameters, force=True)


def load_parameters(folder: Path, model: nnx.Module) -> dict[str, np.ndarray]:
    """Read parameters of a model of the same structure, which may be one of shapes alone."""
    flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
    target = {_name(path): jax.ShapeDtypeStruct(value.shape, value.dtype) for path, value in flat}
    with ocp.StandardCheckpointer() as checkpointer:
        restored = checkpointer.restore(folder.absolute(), target)
    return {name: np.asarray(value) for name, value in restored.items()}


def write_arrays(
    path: Path,
    parameters: Mapping[str, np.ndarray],
    about: Mapping[str, Any],
    most_bytes: int | None = None,
) -> None:
    """Write parameters, and what they are, into one file that NumPy can read.

    Args:
        path: of an `.npz` file; one that is there is replaced, at once and as a whole.
        parameters: by name, float32.
        about: JSON values.
        most_bytes: that the file may have: the parameters are compressed as float16 or, where that
            is too large, matrices as int8, with the size of a step for each output, the finest
            that fits. None keeps them as they are.

    Raises:
        ValueError: the file would be larger all the same; it is not written.
    """
    if most_bytes is None:
        content = _packed(np.savez, parameters, about)
    else:
        ways = _as_float16, *(partial(_as_int8, largest=largest) for largest in _LARGEST)
        packed = (_packed(np.savez_compressed, way(parameters), about) for way in ways)
        content = next((each for each in packed if len(each) <= most_bytes), b"")
        if not content:
            raise ValueError(
                f"The model for {path.name} has more than {most_bytes:,} bytes even as int8; keep "
                "that of smaller networks."
            )
    with write_whole(path) as file:
        file.write(content)


def read_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Parameters as float32 by name, and what they are, from a file of `write_arrays`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is none of `write_arrays`, or damaged.
    """
    try:
        if path.is_file() and not zipfile.is_zipfile(path):
            raise ValueError("it is no .npz file")
        with np.load(path) as file:
            arrays = dict(file)
        about = json.loads(str(arrays.pop(_ABOUT)))
        if digest(arrays) != about.pop("sha256", None):
            raise ValueError("its arrays are not those that were written")
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} holds no parameters that can be read ({error}).") from error
    parameters = {
        name: value.astype(np.float32) * arrays.get(name + _STEP, np.float32(1))
        for name, value in arrays.items()
        if not name.endswith(_STEP)
    }
    return parameters, about


def _packed(write: Any, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> bytes:
    stream, text = io.BytesIO(), json.dumps({**about, "sha256": digest(arrays)})
    write(stream, **arrays, **{_ABOUT: np.asarray(text)})
    return stream.getvalue()


def _as_float16(parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value.astype(np.float16) for name, value in parameters.items()}


def _as_int8(parameters: Mapping[str, np.ndarray], largest: int) -> dict[str, np.ndarray]:
    """Weights as int8, with a step for each of their outputs, the last axis; others float16."""
    found = _as_float16(parameters)
    for name, value in parameters.items():
        if value.ndim > 1 and value.size > 1_000:
            step = np.abs(value).max(axis=tuple(range(value.ndim - 1))).astype(np.float32) / largest
            found[name] = np.round(value / np.where(step > 0, step, 1)).astype(np.int8)
            found[name + _STEP] = step
    return found


def _name(path: tuple) -> str:
    return ".".join(str(part) for part in path)
