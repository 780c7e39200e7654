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
from lib.runs.record import PARAMETERS_FOLDER, RECORD_FILE, RunRecord
from lib.training.devices import is_first_process, wait_for_all

_CHECKPOINTS_FOLDER = "checkpoints"
_LOCKS_FOLDER = ".locks"
_UNFINISHED = ".unfinished"


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

    def begin(self) -> None:
        """Make the folder of the unfinished runs, or find it again."""
        if is_first_process():
            self._make(self._unfinished)
        wait_for_all("the folder is made")

    def end(self) -> None:
        """Remove the folder of the unfinished runs, unless it holds a checkpoint to go on from."""
        if is_first_process() and not any(self.checkpoints.glob("[0-9]*")):
            shutil.rmtree(self._unfinished, ignore_errors=True)

    def install(self) -> None:
        """Move finished runs to their place, where they replace what cannot be used."""
        whole = [c for c in self._configs if (self.unfinished(c) / RECORD_FILE).is_file()]
        if is_first_process() and whole:
            for config in whole:
                folder, replaced = self.final(config), self._unfinished / "replaced"
                if folder.exists():
                    folder.rename(replaced)
                self.unfinished(config).rename(folder)
                shutil.rmtree(replaced, ignore_errors=True)
            shutil.rmtree(self._unfinished)
        wait_for_all("finished runs are in their place")

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
