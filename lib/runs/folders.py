"""Where runs lie in a folder: finished, unfinished, and locked by the process that makes them."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lib.runs import provenance
from lib.runs.config import RunConfig
from lib.runs.record import PARAMETERS_FOLDER, RECORD_FILE, RunRecord, write_text
from lib.training.devices import is_first_process, wait_for_all

_CHECKPOINTS_FOLDER = "checkpoints"
_LOCKS_FOLDER = ".locks"
_UNFINISHED = ".unfinished"
_BEGUN_FILE = "begun.json"
_REPLACED_FOLDER = "replaced"


class RunFolders:
    """The folders of runs that are made together.

    A finished run has a folder of its own. Until then everything is written into a folder beside
    it, which holds the checkpoints and a folder for each of the runs; those are moved to their
    place when all of them are whole, so a run is there whole or not at all.

    Args:
        out_dir: folder of all runs.
        configs: of the runs, which differ in their seed alone.
    """

    def __init__(self, out_dir: Path, configs: Sequence[RunConfig]):
        self._out_dir = out_dir
        self._configs = tuple(configs)
        names = [self.final(config).name for config in configs]
        self._locks = sorted(names)
        joined = hashlib.sha256(" ".join(names).encode()).hexdigest()[:12]
        first = configs[0]
        name = names[0] if len(names) == 1 else f"{first.benchmark}-{first.model}-seeds-{joined}"
        self._unfinished = out_dir / f"{name}{_UNFINISHED}"

    @property
    def checkpoints(self) -> Path:
        """Where the checkpoints of the unfinished runs lie."""
        return self._unfinished / _CHECKPOINTS_FOLDER

    def final(self, config: RunConfig) -> Path:
        """The folder of a finished run."""
        return self._out_dir / f"{config.benchmark}-{config.model}-{config.identity}"

    def unfinished(self, config: RunConfig) -> Path:
        """The folder of a run until it is moved to its place."""
        return self._unfinished / self.final(config).name

    def find(self, config: RunConfig) -> tuple[RunRecord | None, str]:
        """The record of a finished run, or why the run that is there cannot be used, if one is."""
        folder = self.final(config)
        try:
            code = json.loads((folder / RECORD_FILE).read_text())["code"]
            if code != provenance.code_digest():
                return None, "was made by other code"
            record = RunRecord.read(folder)
        except OSError:
            return None, ""  # where it cannot be read for another reason, writing will say why
        except (ValueError, KeyError, TypeError):
            return None, "is damaged"
        if record.config != config or not (folder / PARAMETERS_FOLDER).is_dir():
            return None, "is damaged"
        return record, ""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from these runs; wait while one of them has them.

        Raises:
            OSError: the folder of runs cannot be written.
        """
        with ExitStack() as stack:
            if is_first_process():
                self._make(self._out_dir / _LOCKS_FOLDER)
                for name in self._locks:
                    lock = FileLock(self._out_dir / _LOCKS_FOLDER / f"{name}.lock")
                    try:
                        lock.acquire(timeout=0)
                    except Timeout:
                        print(f"Waiting for another process that makes {name}.", flush=True)
                        lock.acquire()
                    stack.callback(lock.release)
            wait_for_all("runs are locked")
            yield
            wait_for_all("runs are done")

    @property
    def are_unfinished(self) -> bool:
        """Whether a process has begun with these runs and not come to their end."""
        return self._unfinished.is_dir()

    def begun(self) -> list[RunConfig]:
        """Those of the runs with which a process has begun; none where there is none."""
        try:
            names = json.loads((self._unfinished / _BEGUN_FILE).read_text())
        except FileNotFoundError:
            return []
        return [config for config in self._configs if self.final(config).name in names]

    def begin(self, configs: Sequence[RunConfig]) -> None:
        """Make the folder of the unfinished runs, or find it again, and note which they are."""
        if is_first_process():
            self._make(self._unfinished)
            names = [self.final(config).name for config in configs]
            write_text(self._unfinished / _BEGUN_FILE, json.dumps(names))
        wait_for_all("the folder is made")

    def end(self) -> None:
        """Remove the folder of the unfinished runs, unless it holds a checkpoint to go on from."""
        if is_first_process() and not any(self._unfinished.glob(f"{_CHECKPOINTS_FOLDER}*/[0-9]*")):
            shutil.rmtree(self._unfinished, ignore_errors=True)

    def install(self) -> None:
        """Move the runs to their place if all of them are whole; they replace what is there."""
        if is_first_process() and (begun := self.begun()):
            moved = [config for config in begun if self.unfinished(config).is_dir()]
            rest = [config for config in begun if config not in moved]
            if all(_is_whole(self.unfinished(c)) for c in moved) and all(
                self.find(c)[0] for c in rest
            ):
                for config in moved:
                    self._replace(config)
                shutil.rmtree(self._unfinished)
        wait_for_all("finished runs are in their place")

    def _replace(self, config: RunConfig) -> None:
        folder, replaced = self.final(config), self._unfinished / _REPLACED_FOLDER
        shutil.rmtree(replaced, ignore_errors=True)
        if folder.exists():
            folder.rename(replaced)
        self.unfinished(config).rename(folder)

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise type(error)(
                error.errno,
                f"out_dir={str(self._out_dir)!r} cannot be written ({error.strerror}); expected a "
                "folder that can be made or written",
            ) from error


def _is_whole(folder: Path) -> bool:
    """Whether a run's record can be read; it is written after everything else."""
    try:
        return RunRecord.read(folder).folder == folder
    except (OSError, ValueError, KeyError, TypeError):
        return False
