"""Checkpoints of an unfinished run, written by orbax while the training goes on."""

import hashlib
import json
import logging
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import jax
import numpy as np
import orbax.checkpoint as ocp

from lib.training.devices import gather_numbers, is_first_process, wait_for_all

KEPT = 3
_DAMAGED = "damaged"


class CheckpointMismatchError(ValueError):
    """A checkpoint was made by another run, or by another version of the library."""


class Saved(NamedTuple):
    """What a checkpoint holds.

    Attributes:
        step: steps made so far.
        arrays: of the tree that was saved, as NumPy arrays.
        notes: what was saved beside them.
    """

    step: int
    arrays: Any
    notes: dict[str, Any]


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep orbax from warning of folders without metadata, and of nothing that is an error.

    A process that is killed while it deletes an old checkpoint leaves such a folder; whether a
    checkpoint is whole is found out when it is read.
    """
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


class Checkpoints:
    """The last few checkpoints of a run.

    Arrays are saved whole, by name, so that a run may go on with another number of devices. Each
    is written beside its place and renamed, so one whose writing was cut short is never seen, and
    carries a digest, so one that was damaged later is noticed.

    Args:
        folder: where they lie, the same for all processes.
        about: what the run is: its configuration and the source that trains it, as JSON values. A
            checkpoint of another run is refused.
        every_s: seconds between two checkpoints, at least 0.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any], every_s: float = 300.0):
        self._folder = folder.absolute()
        self._about = json.loads(json.dumps(about))
        self._every_s = every_s
        self._saved_at = time.monotonic()
        if is_first_process():
            self._delete_half_written()
        with _without_warnings():
            self._manager = ocp.CheckpointManager(
                self._folder,
                options=ocp.CheckpointManagerOptions(max_to_keep=KEPT, create=True),
            )

    def is_due(self) -> bool:
        """Whether enough time has gone by since the last one, or since the start."""
        return time.monotonic() - self._saved_at >= self._every_s

    def save(self, step: int, tree: Any, notes: Mapping[str, Any]) -> None:
        """Save a tree of NumPy arrays; returns before it is on disk.

        Args:
            step: steps made so far.
            tree: whose arrays must not be changed afterwards.
            notes: JSON values to keep beside it.

        Raises:
            OSError: this checkpoint or the one before it could not be written.
        """
        named = _named(tree)
        notes = {
            "about": self._about,
            "layout": _layout(named),
            "sha256": digest(named),
            "notes": notes,
        }
        try:
            self._manager.check_for_errors()
            self._manager.save(
                step,
                args=ocp.args.Composite(
                    arrays=ocp.args.StandardSave(named), notes=ocp.args.JsonSave(notes)
                ),
            )
        except Exception as error:  # orbax and its storage raise many kinds
            raise self._not_written(error) from error
        self._saved_at = time.monotonic()

    def restore(self, tree: Any) -> Saved | None:
        """The newest checkpoint that is whole, or None where there is none.

        Args:
            tree: of arrays, or of shapes and types, in the structure that was saved.

        Raises:
            CheckpointMismatchError: it is of another run, source or layout; nothing is changed.

        Warns:
            RuntimeWarning: a newer one is damaged; it is set aside.
        """
        for step in sorted(self._manager.all_steps(), reverse=True):
            found = self._read(step, tree)
            if gather_numbers(isinstance(found, Saved)).all():
                return found
            self._set_aside(step, found)
        return None

    def _read(self, step: int, tree: Any) -> Saved | Exception:
        """A checkpoint, or what makes it damaged."""
        try:
            notes = self._manager.restore(
                step, args=ocp.args.Composite(notes=ocp.args.JsonRestore())
            )["notes"]
            about, layout, sha256 = notes["about"], notes["layout"], notes["sha256"]
        except (MemoryError, PermissionError):
            raise
        except Exception as error:  # a damaged file makes orbax and its storage raise many kinds
            return error
        self._check(step, about, layout, _layout(_named(tree)))
        try:
            target = {name: np.empty(shape, kind) for name, (shape, kind) in layout.items()}
            named = self._manager.restore(
                step, args=ocp.args.Composite(arrays=ocp.args.StandardRestore(target))
            )["arrays"]
        except (MemoryError, PermissionError):
            raise
        except Exception as error:
            return error
        if digest(named) != sha256:
            return ValueError("its arrays are not those that were saved")
        leaves = [named[name] for name in _named(tree)]
        return Saved(step, jax.tree.unflatten(jax.tree.structure(tree), leaves), notes["notes"])

    def wait(self) -> None:
        """Wait until everything is on disk.

        Raises:
            OSError: it could not be written.
        """
        try:
            self._manager.wait_until_finished()
        except Exception as error:
            raise self._not_written(error) from error

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.wait()
        finally:
            self._manager.close()

    def _delete_half_written(self) -> None:
        # Orbax would in a thread that outlives its manager: it may delete what a next one writes.
        for path in self._folder.glob(f"*{ocp.path.step.TMP_DIR_SUFFIX}*"):
            shutil.rmtree(path, ignore_errors=True)

    def _not_written(self, error: Exception) -> OSError:
        return OSError(
            f"A checkpoint could not be written to {self._folder}: {_first_line(error)}. The "
            "run stops here, and those written before are kept. Make room, or make the folder "
            "writable, and start the run again: it goes on from the last one."
        )

    def _check(self, step: int, about: Any, layout: Any, expected_layout: Any) -> None:
        for name, wanted in self._about.items():
            if about.get(name) != wanted:
                raise CheckpointMismatchError(
                    f"The checkpoint of step {step} in {self._folder} is of another {name}: "
                    f"{_difference(about.get(name), wanted)}. Nothing was changed. Go on with "
                    "that one, or move or delete the folder to start anew."
                )
        if layout != expected_layout:
            raise CheckpointMismatchError(
                f"The checkpoint of step {step} in {self._folder} has another layout: "
                f"{_difference(layout, expected_layout)}. Nothing was changed. Go on with the "
                "version that made it, or move or delete the folder to start anew."
            )

    def _set_aside(self, step: int, found: Saved | Exception) -> None:
        reason = "to another process" if isinstance(found, Saved) else _first_line(found)
        aside = (
            self._folder.with_name(f"{self._folder.name}-{_DAMAGED}") / f"{step}-{uuid4().hex[:8]}"
        )
        warnings.warn(
            f"The checkpoint of step {step} in {self._folder} is damaged ({reason}). It is moved "
            f"to {aside}, and the one before it is taken; without one the run begins anew.",
            RuntimeWarning,
            stacklevel=4,
        )
        wait_for_all(f"damaged {step}")
        if is_first_process():
            aside.parent.mkdir(exist_ok=True)
            (self._folder / str(step)).rename(aside)
        wait_for_all(f"set aside {step}")
        self._manager.reload()


def digest(named: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over name, type, shape and bytes of each array, in the order of the names."""
    sha256 = hashlib.sha256()
    for name, value in sorted(named.items()):
        sha256.update(f"{name} {value.dtype} {value.shape}\n".encode())
        sha256.update(np.ascontiguousarray(value).data)
    return sha256.hexdigest()


def _named(tree: Any) -> dict[str, Any]:
    paths, _ = jax.tree.flatten_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in paths}


def _layout(named: Mapping[str, Any]) -> dict[str, list]:
    return {name: [list(leaf.shape), str(leaf.dtype)] for name, leaf in named.items()}


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:600] if lines else ''}"


def _difference(found: Any, wanted: Any) -> str:
    """The first entries that differ, or the values themselves."""
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        pairs = [(one, other) for one, other in zip(found, wanted, strict=True) if one != other]
        if pairs:
            return _difference(*pairs[0])
    if isinstance(found, dict) and isinstance(wanted, dict):
        names = [n for n in [*found, *wanted] if found.get(n) != wanted.get(n)]
        shown = list(dict.fromkeys(names))[:3]
        return ", ".join(f"{n} is {found.get(n)} there and {wanted.get(n)} here" for n in shown)
    return f"{found} there and {wanted} here"
