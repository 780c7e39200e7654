"""Where the files of a published set lie, and what can be wrong with them."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from tqdm import tqdm

from lib.benchmarks.twin import BENCHMARKS, Twin
from lib.checks import check_choice
from lib.files import locked, make_folder

DATA_DIR_VARIABLE = "BENCHMARK_DATA_DIR"
_SPARE_BYTES = 16 << 20  # left free on the disk
# No space on the disk, none in the user's share of it, or none below a limit on files.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class OfficialFileError(ValueError):
    """A file, or what an address answers, is not what was published.

    It is a `ValueError`, since its bytes are wrong: a missing file is a `FileNotFoundError`, and a
    full disk or a folder that cannot be written another `OSError`.
    """


class DiskFullError(OSError):
    """The disk is full, or would be."""

    def __init__(self, reason: str):
        advice = f"make room, or use another folder (--data-dir, {DATA_DIR_VARIABLE})"
        super().__init__(errno.ENOSPC, f"{reason}; {advice}")


def find_published(name: str | Twin) -> Twin:
    """The benchmark of that name, which must have a published file; a twin is returned as it is.

    Raises:
        ValueError: unknown name, or a benchmark without a published file.
    """
    if isinstance(name, Twin):
        return name
    check_choice("name", name, BENCHMARKS)
    if BENCHMARKS[name].published is None:
        having = [other for other, twin in BENCHMARKS.items() if twin.published]
        raise ValueError(f"{name} has no published file; expected one of {', '.join(having)}.")
    return BENCHMARKS[name]


def data_folder(data_dir: str | Path | None = None) -> Path:
    """The folder of all published files.

    Args:
        data_dir: the folder; where it is None or "", what the environment variable
            BENCHMARK_DATA_DIR says, or the user's folder of caches.
    """
    given = data_dir or os.environ.get(DATA_DIR_VARIABLE)
    if given:
        return Path(given).expanduser()
    return platformdirs.user_cache_path("latent-quantization-book")


class SetFiles:
    """Where the files of a published set lie.

    Args:
        twin: the benchmark.
        data_dir: folder of all sets, as `data_folder` takes it.

    Attributes:
        partial: folder of what has come of a download that is not finished.
        converted: folder of the converted images and of what is known of them.
        unfinished: folder of the converted images until they are whole.
    """

    def __init__(self, twin: Twin, data_dir: str | Path | None):
        self.twin = twin
        self.data_dir = data_folder(data_dir)
        self.partial = self.data_dir / f"{twin.published.file_name}.unfinished"
        self.converted = self.data_dir / twin.name
        self.unfinished = self.data_dir / f"{twin.name}.unfinished"

    @property
    def original(self) -> Path:
        """The published file: the one that is there, else the one that would be downloaded."""
        published = self.twin.published
        paths = [self.data_dir / file.file_name for file in (published, *published.others)]
        return next((path for path in paths if path.is_file()), paths[0])

    @property
    def way_out(self) -> str:
        """What to do where the file cannot be downloaded."""
        return (
            "if you already have the file, pass its path: "
            f"python -m lib.benchmarks fetch {self.twin.name} --file PATH, "
            f"or put it at {self.original}"
        )

    @contextmanager
    def locked(self, task: str) -> Iterator[None]:
        """Keep other processes from a task on this set; wait while one of them does it.

        Raises:
            OSError: the data folder cannot be written.
        """
        advice = f"a folder that can: pass another one, or set {DATA_DIR_VARIABLE}"
        make_folder(self.data_dir, name="data_dir", advice=advice)
        folder = self.data_dir / ".locks"
        folder.mkdir(exist_ok=True)
        with locked(folder / f"{self.twin.name}.{task}.lock", task):
            yield

    def require_space(self, num_bytes: int, purpose: str) -> None:
        """Require so much free space in the data folder, or raise `DiskFullError`."""
        free = shutil.disk_usage(self.data_dir).free
        if free < num_bytes + _SPARE_BYTES:
            raise DiskFullError(
                f"{purpose} needs {num_bytes + _SPARE_BYTES:,} bytes in {self.data_dir}, where "
                f"{free:,} are free"
            )


@contextmanager
def full_disk_named(failing: str) -> Iterator[None]:
    """Say what to do where an error, in `failing`, comes from a full disk."""
    try:
        yield
    except DiskFullError:
        raise
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError(f"{failing} ({error.strerror})") from error


@contextmanager
def replacement_advised(twin: Twin) -> Iterator[None]:
    """Say what to do where a published file on disk is found wrong."""
    try:
        yield
    except OfficialFileError as error:
        raise OfficialFileError(
            f"{error} Replace that file by the published one, or remove it and run "
            f"python -m lib.benchmarks fetch {twin.name}."
        ) from error


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def progress_bar(progress: bool | None, **options: object) -> tqdm:
    """A bar on stderr, with tqdm's options; where `progress` is None, only on a terminal."""
    disable = None if progress is None else not progress
    return tqdm(unit_scale=True, mininterval=0.5, disable=disable, **options)
