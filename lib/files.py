"""Files that are there whole or not at all, writable folders, locks between processes."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all, whenever the process ends."""
    with write_whole(path) as file:
        file.write(text.encode("utf-8"))


@contextmanager
def write_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write bytes to that takes its name when all is on disk, and not otherwise.

    Raises:
        OSError: it cannot be written; names the file.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        if error.filename == str(unfinished):
            error.filename = str(path)
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def make_folder(folder: Path, *, name: str, advice: str) -> None:
    """Make a folder, with those above it, or find it; it must be writable.

    Args:
        folder: to make.
        name: of the parameter that names it, for messages.
        advice: what to pass instead, for messages.

    Raises:
        OSError: it cannot be made or written; names the parameter.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise type(error)(
            error.errno,
            f"{name}={str(folder)!r} cannot be written ({error.strerror}); expected {advice}",
        ) from error


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Hold a lock file; where another process holds it, refuse.

    Args:
        path: of the lock file, in a folder that is there. Beside it lies, while it is held, a note
            of who holds it.

    Raises:
        BlockingIOError: another process holds it; says which one, and since when.
    """
    holder = path.with_suffix(".holder")
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        told = holder.read_text(encoding="utf-8") if holder.is_file() else "process unknown"
        raise BlockingIOError(errno.EWOULDBLOCK, told) from error
    try:
        write_text(holder, f"process {os.getpid()} since {datetime.now():%Y-%m-%d %H:%M:%S}")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def locked(path: Path, waiting_for: str) -> Iterator[None]:
    """Hold a lock file; where another process holds it, say so on stderr and wait.

    Args:
        path: of the lock file, in a folder that is there.
        waiting_for: what the other process does, for the message.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"Waiting for another process: {waiting_for}.", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
