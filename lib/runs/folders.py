"""Where runs lie in a folder: finished, unfinished, and locked by the process that makes them."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from lib.files import locked, make_folder, write_text
from lib.runs.config import RunConfig
from lib.runs.record import (
    PARAMETERS_FOLDER,
    ScoringRecord,
    TrainingRecord,
    read_scoring,
    read_training,
)
from lib.runs.score import scoring_code
from lib.runs.train import training_code
from lib.source import changed
from lib.training.devices import is_first_process, wait_for_all

_CHECKPOINTS_FOLDER = "checkpoints"
_LOCKS_FOLDER = ".locks"
_UNFINISHED = ".unfinished"
_BEGUN_FILE = "begun.json"
_REPLACED_FOLDER = "replaced"


class RunFolders:
    """The folders of runs that are trained together.

    A trained run has a folder of its own, named after what its parameters depend on; its scores
    lie there too, a file a protocol. Until it is trained everything is written into a folder
    beside it, which holds the checkpoints and a folder for each of the runs; those are moved to
    their place when all of them are whole, so trained parameters are there whole or not at all.

    Args:
        out_dir: folder of all runs.
        configs: of the runs, which differ in their seed alone.
        images_sha256: digest of the official images, empty for a rendered twin; None where they
            are not at hand, and runs on any are found.

    Attributes:
        lock_files: what a process holds while it makes the runs.
    """

    def __init__(
        self, out_dir: Path, configs: Sequence[RunConfig], images_sha256: str | None = None
    ):
        self._out_dir = out_dir
        self._images_sha256 = images_sha256
        self._configs = tuple(configs)
        names = [self.final(config).name for config in configs]
        self.lock_files = [out_dir / _LOCKS_FOLDER / f"{name}.lock" for name in sorted(names)]
        joined = hashlib.sha256(" ".join(names).encode()).hexdigest()[:12]
        first = configs[0]
        name = names[0] if len(names) == 1 else f"{first.benchmark}-{first.model}-seeds-{joined}"
        self._unfinished = out_dir / f"{name}{_UNFINISHED}"

    @property
    def checkpoints(self) -> Path:
        """Where the checkpoints of the unfinished runs lie."""
        return self._unfinished / _CHECKPOINTS_FOLDER

    def final(self, config: RunConfig) -> Path:
        """The folder of a trained run."""
        return self._out_dir / f"{config.benchmark}-{config.model}-{config.training_identity}"

    def unfinished(self, config: RunConfig) -> Path:
        """The folder of a run until it is moved to its place."""
        return self._unfinished / self.final(config).name

    def find_training(self, config: RunConfig) -> tuple[TrainingRecord | None, str]:
        """What was trained, or why what is there cannot be used, if something is."""
        folder = self.final(config)
        try:
            found, training = read_training(folder)
        except OSError:
            return None, ""  # where it cannot be read for another reason, writing will say why
        except (ValueError, KeyError, TypeError):
            return None, "is damaged"
        same = found.training_settings() == config.training_settings()
        if not same or not (folder / PARAMETERS_FOLDER).is_dir():
            return None, "is damaged"
        if self._images_sha256 not in (None, training.images_sha256):
            return None, "was trained on other images"
        if files := changed(training.code, training_code(config)):
            return None, f"was trained by other code ({_few(files)})"
        return training, ""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from these runs; wait while one of them has them.

        Raises:
            OSError: the folder of runs cannot be written.
        """
        with ExitStack() as stack:
            if is_first_process():
                self._make(self._out_dir)
                (self._out_dir / _LOCKS_FOLDER).mkdir(exist_ok=True)
                for path in self.lock_files:
                    stack.enter_context(locked(path, f"it makes {path.stem}"))
            wait_for_all("runs are locked")
            yield
            wait_for_all("runs are done")

    @property
    def are_unfinished(self) -> bool:
        """Whether a process has begun with these runs and not come to their end."""
        return self._unfinished.is_dir()

    def begun(self) -> list[RunConfig]:
        """Those of the runs with which a process has begun; none where there is none."""
        names = self._note().get("runs", [])
        return [config for config in self._configs if self.final(config).name in names]

    def changed_code(self) -> list[str]:
        """Files that shape the parameters and have changed since a process began with the runs."""
        then = self._note().get("code")
        return [] if then is None else changed(then, training_code(self._configs[0]))

    def begin(self, configs: Sequence[RunConfig]) -> list[str]:
        """Make the folder of the unfinished runs, or find it again, and note what they are.

        Returns:
            What changed in all the times that the runs were gone on with: files of code, and what
            `note_change` noted.
        """
        files = sorted({*self._note().get("changed", []), *self.changed_code()})
        wait_for_all("what was noted is read")
        if is_first_process():
            self._make(self._unfinished)
            names = [self.final(config).name for config in configs]
            note = {"runs": names, "code": training_code(configs[0]), "changed": files}
            write_text(self._unfinished / _BEGUN_FILE, json.dumps(note))
        wait_for_all("the folder is made")
        return files

    def note_change(self, what: str) -> None:
        """Note beside unfinished runs what changed, so that their records will say so."""
        note = {**self._note()}
        note["changed"] = [*note.get("changed", []), what]
        write_text(self._unfinished / _BEGUN_FILE, json.dumps(note))

    def forget(self) -> None:
        """Remove the unfinished runs with their checkpoints, once all processes know of them."""
        wait_for_all("what was noted is read")
        if is_first_process():
            shutil.rmtree(self._unfinished, ignore_errors=True)
        wait_for_all("the folder is removed")

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
                self.find_training(c)[0] for c in rest
            ):
                for config in moved:
                    self._replace(config)
                shutil.rmtree(self._unfinished)
        wait_for_all("finished runs are in their place")

    def _note(self) -> Mapping[str, Any]:
        try:
            return json.loads((self._unfinished / _BEGUN_FILE).read_text())
        except FileNotFoundError:
            return {}

    def _replace(self, config: RunConfig) -> None:
        folder, replaced = self.final(config), self._unfinished / _REPLACED_FOLDER
        shutil.rmtree(replaced, ignore_errors=True)
        if folder.exists():
            folder.rename(replaced)
        self.unfinished(config).rename(folder)

    def _make(self, folder: Path) -> None:
        make_folder(folder, name="out_dir", advice="a folder that can be made or written")


def find_scoring(
    folder: Path, protocol: str, training: TrainingRecord
) -> tuple[ScoringRecord | None, str]:
    """What was scored of trained parameters, or why it cannot be used, if something is.

    Args:
        folder: of the trained run.
        protocol: a name in `lib.metrics.PROTOCOLS`.
        training: what was trained.
    """
    try:
        scoring = read_scoring(folder, protocol)
    except OSError:
        return None, ""
    except (ValueError, KeyError, TypeError):
        return None, "the scores are damaged"
    if scoring.parameters_sha256 != training.parameters_sha256:
        return None, "the scores are of other parameters"
    now = scoring_code(protocol)
    if other := sorted(name for name in now if scoring.code.get(name) != now[name]):
        return None, f"{_few(other)} new, or scored by other code"
    return scoring, ""


def _is_whole(folder: Path) -> bool:
    """Whether what was trained can be read; it is written after everything else."""
    try:
        read_training(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def _few(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
