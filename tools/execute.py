"""Chapters executed several at once, each in a process of its own."""

import contextlib
import multiprocessing
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path

from lib.chapters import BookError, ChapterInterrupted, Execution, execute_chapter
from lib.chapters.book import read_cells
from lib.chapters.run import sigterm_raises
from lib.process import local_devices, usable_cores

# More at once would need more memory than a laptop has.
_MOST_JOBS = 4
# What takes times is executed with nothing beside it.
_TAKES_TIMES = re.compile(
    r"\bperf_counter\b|\.images_per_s\(|^from lib\.speed import", re.MULTILINE
)


def executed(
    chapters: Mapping[Path, Mapping[str, object]], out_dir: Path, cwd: Path, jobs: int | None
) -> Iterator[Execution]:
    """Execute chapters, in the order in which they end; those that take times last, one by one.

    Where one fails, or after Ctrl-C or SIGTERM, the others are stopped.

    Args:
        chapters: the parameters of each, by its notebook.
        out_dir, cwd: see `lib.chapters.execute_chapter`.
        jobs: how many at once; None for one a core, up to four, and for one where JAX has an
            accelerator.

    Raises:
        BookError, ChapterInterrupted: as `lib.chapters.execute_chapter` raises; a process of a
            chapter was killed; JAX does not come up.
    """
    together = [source for source in chapters if jobs != 1 and not _takes_times(source)]
    if jobs is None and len(together) > 1:
        jobs = _default_jobs()
    if len(together) < 2 or jobs == 1:
        together = []
    else:
        jobs = min(jobs, len(together))
        print(f"{len(together)} chapters, {jobs} at once", flush=True)
        yield from _at_once({source: chapters[source] for source in together}, out_dir, cwd, jobs)
    for source in chapters:
        if source not in together:
            print(source.stem, flush=True)
            yield execute_chapter(source, out_dir, chapters[source], cwd=cwd)


def _default_jobs() -> int:
    try:
        platform, _ = local_devices()
    except OSError as error:
        raise BookError(str(error)) from error
    return min(len(usable_cores()), _MOST_JOBS) if platform == "cpu" else 1


def _takes_times(source: Path) -> bool:
    codes = (cell["source"] for cell in read_cells(source) if cell["cell_type"] == "code")
    return any(_TAKES_TIMES.search(code) for code in codes)


def _at_once(
    chapters: Mapping[Path, Mapping[str, object]], out_dir: Path, cwd: Path, jobs: int
) -> Iterator[Execution]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["papermill", __name__])
    waiting, running, cores = list(chapters.items()), {}, usable_cores()
    # Each has cores of its own: with shared ones it takes a fifth longer.
    shares = [cores[number::jobs] or cores for number in range(jobs)]
    with sigterm_raises():
        try:
            while waiting or running:
                while waiting and shares:
                    (source, parameters), share = waiting.pop(0), shares.pop(0)
                    end, childs_end = context.Pipe(duplex=False)
                    arguments = (childs_end, share, source, out_dir, parameters, cwd)
                    child = context.Process(target=_execute, args=arguments, daemon=True)
                    child.start()
                    childs_end.close()
                    running[end] = source, child, share
                for end in wait(running):
                    source, child, share = running.pop(end)
                    shares.append(share)
                    found = _received(end, source, child)
                    if isinstance(found, BaseException):
                        raise found
                    yield found
        except BaseException as stop:
            for _, child, _ in running.values():
                child.terminate()
            others = [_received(end, source, child) for end, (source, child, _) in running.items()]
            if not isinstance(stop, KeyboardInterrupt):
                raise
            is_told = isinstance(stop, ChapterInterrupted)
            number = stop.signal if is_told else stop.args[0] if stop.args else signal.SIGINT
            told = [other for other in others if isinstance(other, BaseException)]
            told = map(str, [stop, *told] if is_told else told)
            raise ChapterInterrupted("\n".join(told) or "Interrupted.", number) from None


def _received(
    end: Connection, source: Path, child: multiprocessing.Process
) -> Execution | BaseException:
    """What a process made of its chapter."""
    try:
        found = end.recv()
    except (EOFError, OSError):
        child.join()
        number = -child.exitcode
        how = f"by {signal.Signals(number).name}" if number > 0 else f"with {child.exitcode}"
        memory = "; most often the memory was used up" * (number == signal.SIGKILL)
        return BookError(f"chapter {source.stem!r}: its process was ended {how}{memory}")
    child.join()
    return found


def _execute(
    end: Connection,
    cores: Sequence[int],
    source: Path,
    out_dir: Path,
    parameters: Mapping[str, object],
    cwd: Path,
) -> None:
    """Execute a chapter in this process: its parent tells it when to stop, also by dying."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # one line of progress would hide another
    threading.Thread(target=_follow, daemon=True).start()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    try:
        end.send(execute_chapter(source, out_dir, parameters, cwd=cwd))
    except (BookError, KeyboardInterrupt) as error:
        with contextlib.suppress(BrokenPipeError):  # nobody is there to be told
            end.send(error)


def _follow() -> None:
    multiprocessing.parent_process().join()
    os.kill(os.getpid(), signal.SIGTERM)
