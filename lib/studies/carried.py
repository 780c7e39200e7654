"""What a study has so far, carried from one machine to the next in a few files of bounded size."""

import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from lib.files import make_folder, write_whole
from lib.runs.folders import RunFolders
from lib.studies.declaration import StudyRun
from lib.studies.state import StudyState, name_of
from lib.training import Checkpoints

MOST_BYTES, PART_BYTES = 60_000_000, 15_000_000
NOTE_FILE = "carried.json"
_SCHEMA = 1
_RUNS, _RECORDS = "runs", "records"
_CHECKPOINT_FILE = "checkpoint.npz"
_ABOUT = "about.json"
# Where a state of training has the averages of its optimizer.
_OPTIMIZER = "optimizer."


class Carried(NamedTuple):
    """What was written for the next machine.

    Attributes:
        num_bytes: of all files together.
        num_records: of the study.
        unfinished: the step of each unfinished run's checkpoint, by the name of the run.
        is_rounded: whether the optimizers' moments had to be rounded to bfloat16.
    """

    num_bytes: int
    num_records: int
    unfinished: dict[str, int]
    is_rounded: bool

    def __str__(self) -> str:
        told = [f"{self.num_records} records"]
        told += [f"{name}, at step {step:,}" for name, step in self.unfinished.items()]
        rounded = ", its optimizer's moments rounded to bfloat16" * self.is_rounded
        return f"{'; '.join(told)}{rounded} ({self.num_bytes / 1e6:.1f} MB)"


def pack(
    state: StudyState,
    folder: Path,
    about: Callable[[], Mapping[str, Any]],
    *,
    most_bytes: int = MOST_BYTES,
    part_bytes: int = PART_BYTES,
) -> Carried:
    """Write records, unfinished runs and speeds into a folder, in place of what it had.

    Of an unfinished run the newest checkpoint is taken, exactly, or with the moments of its
    optimizer rounded to bfloat16 where it does not fit otherwise. A run that goes on from such a
    checkpoint says so in its record.

    Args:
        state: of the study.
        folder: to write.
        about: makes JSON values to keep beside it, when everything else is ready to be written.
        most_bytes: of all files together.
        part_bytes: of a file.

    Raises:
        OSError: it would be larger than `most_bytes`, or cannot be written; what the folder held
            is kept.
    """
    checkpoints = {run: found for run in state.left() if (found := _newest(state, run))}
    for is_rounded in (False, True):
        content = _archive(state, checkpoints, is_rounded)
        if len(content) <= most_bytes or not checkpoints:
            break
    parts = [content[at : at + part_bytes] for at in range(0, len(content), part_bytes)]
    name = hashlib.sha256(content).hexdigest()[:12]
    files = {f"{name}.zip.{number}": part for number, part in enumerate(parts)}
    unfinished = {name_of(run): found.step for run, found in checkpoints.items()}
    note = {
        "schema": _SCHEMA,
        "study": state.study.name,
        "sha256": {name: hashlib.sha256(part).hexdigest() for name, part in files.items()},
        "unfinished": unfinished,
        "is_rounded": is_rounded,
        "about": about(),
    }
    files[NOTE_FILE] = (json.dumps(note, indent=1) + "\n").encode()
    num_bytes = sum(map(len, files.values()))
    if num_bytes > most_bytes:
        raise OSError(
            f"What study {state.study.name!r} has so far would take {num_bytes:,} bytes in "
            f"{folder}, and at most {most_bytes:,} are allowed. Nothing was written there; it is "
            f"still in {state.out_dir} and {state.records_dir}."
        )
    _replace(folder, files)
    num_records = len(state.runs) - len(state.left())
    return Carried(num_bytes, num_records, unfinished, is_rounded)


def unpack(folder: Path, state: StudyState) -> dict[str, Any]:
    """Put what `pack` wrote where the study's runs and records lie; returns what lay beside it.

    A record that is there already is kept, and so is a run that is as far or further.

    Raises:
        FileNotFoundError: the folder holds nothing that `pack` wrote.
        ValueError: it is damaged, or of another study.
        OSError: it cannot be written to the folder of runs or records.
    """
    note, content = _read(folder)
    if note["study"] != state.study.name:
        raise ValueError(
            f"{folder} is of the study {note['study']!r}; expected {state.study.name!r}."
        )
    make_folder(state.out_dir, name="out", advice="a folder that can be made or written")
    with tempfile.TemporaryDirectory(dir=state.out_dir, prefix=".unpacked-") as scratch:
        unpacked = Path(scratch)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(unpacked)
        for run in state.runs:
            _install(state, run, unpacked / _RUNS)
        for file in sorted((unpacked / _RECORDS).rglob("*.json")):
            place = state.records_dir / file.relative_to(unpacked / _RECORDS)
            if not place.exists() or file.parent.name != state.study.name:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(file, place)
    return note["about"]


class _Checkpoint(NamedTuple):
    step: int
    arrays: dict[str, np.ndarray]
    about: dict[str, Any]
    notes: dict[str, Any]
    is_rounded: bool = False

    def packed(self, is_rounded: bool) -> bytes:
        """As one file of NumPy's, each array as its first bytes, its second bytes and so on.

        So ordered, the bytes of exponents, which are alike, are compressed.
        """
        planes, kinds = {}, {}
        for name, array in self.arrays.items():
            value = array
            if is_rounded and name.startswith(_OPTIMIZER) and array.dtype == np.float32:
                value = array.astype(jnp.bfloat16)
            kinds[name] = [str(value.dtype), str(array.dtype), array.shape]
            planes[name] = np.frombuffer(value.tobytes(), np.uint8).reshape(-1, value.itemsize).T
        told = {"step": self.step, "about": self.about, "notes": self.notes, "kinds": kinds}
        stream = io.BytesIO()
        np.savez_compressed(stream, **planes, **{_ABOUT: np.asarray(json.dumps(told))})
        return stream.getvalue()

    @classmethod
    def unpacked(cls, file: Path) -> "_Checkpoint":
        with np.load(file) as planes:
            told = json.loads(str(planes[_ABOUT]))
            arrays = {
                name: np.frombuffer(planes[name].T.tobytes(), jnp.dtype(kept))
                .reshape(shape)
                .astype(kind)
                for name, (kept, kind, shape) in told["kinds"].items()
            }
        is_rounded = any(kept != kind for kept, kind, _ in told["kinds"].values())
        return cls(told["step"], arrays, told["about"], told["notes"], is_rounded)


def _newest(state: StudyState, run: StudyRun) -> _Checkpoint | None:
    """The newest checkpoint of an unfinished run; None where there is none."""
    folder = _folders(state, run).checkpoints
    steps = _steps(folder)
    if not steps:
        return None
    # What orbax has of the notes tells the shapes, without which arrays cannot be asked for.
    notes = json.loads((folder / str(steps[-1]) / "notes" / "metadata").read_text())
    target = {name: np.empty(shape, kind) for name, (shape, kind) in notes["layout"].items()}
    with Checkpoints(folder, notes["about"]) as checkpoints:
        saved = checkpoints.restore(target)
    return saved and _Checkpoint(saved.step, saved.arrays, notes["about"], saved.notes)


def _archive(
    state: StudyState, checkpoints: Mapping[StudyRun, _Checkpoint], is_rounded: bool
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for run in state.left():
            folders = _folders(state, run)
            unfinished = folders.checkpoints.parent
            if run in checkpoints:
                for file in _files(unfinished, besides="checkpoints"):
                    archive.write(file, _RUNS / file.relative_to(state.out_dir))
                place = _RUNS / unfinished.relative_to(state.out_dir) / _CHECKPOINT_FILE
                archive.writestr(str(place), checkpoints[run].packed(is_rounded))
            for file in _files(folders.final(run.config)):  # trained, and not yet recorded
                archive.write(file, _RUNS / file.relative_to(state.out_dir))
            failure = state.failure_file(run)
            if failure.is_file():
                archive.write(failure, _RUNS / failure.relative_to(state.out_dir))
        for name in (state.study.name, "speed"):
            for file in _files(state.records_dir / name):
                archive.write(file, _RECORDS / file.relative_to(state.records_dir))
    return stream.getvalue()


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, the note last, and remove those of an earlier note; all of it or nothing."""
    make_folder(folder, name="to", advice="a folder that can be made or written")
    new = [name for name in files if not (folder / name).exists()]
    try:
        for name, content in files.items():
            with write_whole(folder / name) as file:
                file.write(content)
    except OSError as error:
        for name in new:
            (folder / name).unlink(missing_ok=True)
        raise OSError(
            error.errno,
            f"What the study has so far could not be written to {folder} ({error.strerror}); "
            "what was there is kept. Make room, and give the same command again",
        ) from error
    for path in folder.glob("*.zip.*"):
        if path.name not in files:
            path.unlink()


def _read(folder: Path) -> tuple[dict[str, Any], bytes]:
    """The note of `pack`, and the archive of which it tells."""
    file = folder / NOTE_FILE
    if not file.is_file():
        raise FileNotFoundError(
            f"{folder} has no {NOTE_FILE}; expected a folder that `make campaign` has written."
        )
    try:
        note = json.loads(file.read_text(encoding="utf-8"))
        if note["schema"] != _SCHEMA:
            raise ValueError(f"its schema is {note['schema']}, and schema {_SCHEMA} is read here")
        content = b""
        for name, sha256 in note["sha256"].items():
            part = (folder / name).read_bytes()
            if hashlib.sha256(part).hexdigest() != sha256:
                raise ValueError(f"{name} is not what was written")
            content += part
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{folder} cannot be gone on from: {error}. Copy it again.") from error
    return note, content


def _install(state: StudyState, run: StudyRun, runs: Path) -> None:
    """Move what is of a run to its place, unless there is as much already."""
    ours, theirs = _folders(state, run), RunFolders(runs, [run.config])
    failure = state.failure_file(run)
    unpacked = runs / failure.relative_to(state.out_dir)
    if unpacked.is_file() and not failure.exists():
        failure.parent.mkdir(exist_ok=True)
        unpacked.rename(failure)
    final, unfinished = ours.final(run.config), ours.checkpoints.parent
    if final.exists():
        return
    if theirs.final(run.config).is_dir():
        theirs.final(run.config).rename(final)
    if not theirs.are_unfinished:
        return
    file = theirs.checkpoints.parent / _CHECKPOINT_FILE
    found = _Checkpoint.unpacked(file)
    file.unlink()
    if max(_steps(ours.checkpoints), default=-1) >= found.step:
        return
    with Checkpoints(theirs.checkpoints, found.about) as checkpoints:
        checkpoints.save(found.step, found.arrays, found.notes)
    if found.is_rounded:
        theirs.note_change(f"moments rounded to bfloat16 at step {found.step}")
    shutil.rmtree(unfinished, ignore_errors=True)
    theirs.checkpoints.parent.rename(unfinished)


def _folders(state: StudyState, run: StudyRun) -> RunFolders:
    return RunFolders(state.out_dir, [run.config])


def _steps(checkpoints: Path) -> list[int]:
    return sorted(int(path.name) for path in checkpoints.glob("*") if path.name.isdigit())


def _files(folder: Path, besides: str | None = None) -> Iterator[Path]:
    """The files in a folder, if it is there, but for folders whose names begin with `besides`."""
    for path in sorted(folder.rglob("*")):
        first = path.relative_to(folder).parts[0]
        if path.is_file() and not (besides and first.startswith(besides)):
            yield path
