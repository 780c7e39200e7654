"""Where the files of a set lie in the data folder."""

import dataclasses
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from lib.benchmarks.official.sets import OfficialSet

DATA_DIR_VARIABLE = "BENCHMARK_DATA_DIR"
_SPARE_BYTES = 16 << 20  # left free on the disk
# No space on the disk, none in the user's share of it, or none below a limit on files.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def default_data_dir() -> Path:
    """Folder of the published files where none is given.

    Returns:
        What the environment variable BENCHMARK_DATA_DIR says, or the user's folder of caches.
    """
    given = os.environ.get(DATA_DIR_VARIABLE)
    if given:
        return Path(given).expanduser()
    return platformdirs.user_cache_path("latent-quantization-book")


@dataclasses.dataclass(frozen=True)
class Places:
    """Where the files of a set lie.

    Args:
        official: the set.
        data_dir: folder of all sets; `default_data_dir()` where it is None or "".
    """

    official: OfficialSet
    data_dir: Path

    def __init__(self, official: OfficialSet, data_dir: str | Path | None):
        folder = Path(data_dir).expanduser() if data_dir else default_data_dir()
        object.__setattr__(self, "official", official)
        object.__setattr__(self, "data_dir", folder)

    @property
    def original(self) -> Path:
        """The published file."""
        return self.data_dir / self.official.file_name

    @property
    def partial(self) -> Path:
        """Folder of what has come of the published file until it is whole."""
        return self.data_dir / f"{self.official.file_name}.unfinished"

    @property
    def converted(self) -> Path:
        """Folder of the converted images and what is known of them."""
        return self.data_dir / self.official.name

    @property
    def unfinished(self) -> Path:
        """Folder of the converted images until they are whole."""
        return self.data_dir / f"{self.official.name}.unfinished"

    @property
    def way_out(self) -> str:
        """What to do where the file cannot be fetched."""
        return (
            "if you already have the file, pass its path: "
            f"python -m lib.benchmarks fetch {self.official.name} --file PATH, "
            f"or put it at {self.original}"
        )

    @contextmanager
    def locked(self, task: str) -> Iterator[None]:
        """Keep other processes from a task on this set; wait while one of them does it.

        Raises:
            OSError: the data folder cannot be written.
        """
        folder = self.data_dir / ".locks"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / f"{self.official.name}.{task}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                print(f"Waiting for another process: {task}.", file=sys.stderr, flush=True)
                lock.acquire()
        except OSError as error:
            raise type(error)(
                error.errno,
                f"data_dir={str(self.data_dir)!r} cannot be written ({error.strerror}); expected "
                f"a folder that can: pass another one, or set {DATA_DIR_VARIABLE}",
            ) from error
        try:
            yield
        finally:
            lock.release()

    def require_space(self, num_bytes: int, purpose: str) -> None:
        """Require so much free space in the data folder.

        Raises:
            DiskFullError: there is less.
        """
        free = shutil.disk_usage(self.data_dir).free
        if free < num_bytes + _SPARE_BYTES:
            raise DiskFullError(
                f"{purpose} needs {num_bytes + _SPARE_BYTES:,} bytes in {self.data_dir}, where "
                f"{free:,} are free"
            )


class DiskFullError(OSError):
    """The disk is full, or would be."""

    def __init__(self, reason: str):
        advice = f"make room, or use another folder (--data-dir, {DATA_DIR_VARIABLE})"
        super().__init__(errno.ENOSPC, f"{reason}; {advice}")


@contextmanager
def full_disk_named(failing: str) -> Iterator[None]:
    """Say what to do where an error comes from a full disk.

    Args:
        failing: what cannot be done.
    """
    try:
        yield
    except DiskFullError:
        raise
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError(f"{failing} ({error.strerror})") from error


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
