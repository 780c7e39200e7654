"""Chapters executed several at once, each in a process of its own."""

import contextlib
import multiprocessing
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path

from lib.chapters import BookError, ChapterInterrupted, Execution, execute_chapter
from lib.chapters.book import read_cells
from lib.chapters.run import sigterm_raises
from lib.process import local_devices

# More at once would need more memory than a laptop has.
_MOST_JOBS = 4
# What takes times is executed with nothing beside it.
_TIMES = re.compile(r"^(import time\b|from (time|lib\.speed) import)", re.MULTILINE)


def executed(
    chapters: Mapping[Path, Mapping[str, object]], out_dir: Path, cwd: Path, jobs: int | None
) -> Iterator[Execution]:
    """Execute chapters, and tell of each as it ends; those that take times come last, one by one.

    Where one fails, or after Ctrl-C or SIGTERM, the others are stopped.

    Args:
        chapters: the parameters of each, by its notebook.
        out_dir, cwd: see `lib.chapters.execute_chapter`, which tells of errors, too.
        jobs: how many at once; None for one a core, up to four, and for one where JAX has an
            accelerator.
    """
    together = [source for source in chapters if jobs != 1 and not _takes_times(source)]
    if jobs is None and len(together) > 1:
        jobs = min(os.cpu_count(), _MOST_JOBS) if local_devices()[0] == "cpu" else 1
    if len(together) < 2 or jobs == 1:
        together = []
    else:
        print(f"{len(together)} chapters, {jobs} at once", flush=True)
        yield from _at_once({source: chapters[source] for source in together}, out_dir, cwd, jobs)
    for source in chapters:
        if source not in together:
            print(source.stem, flush=True)
            yield execute_chapter(source, out_dir, chapters[source], cwd=cwd)


def _at_once(
    chapters: Mapping[Path, Mapping[str, object]], out_dir: Path, cwd: Path, jobs: int
) -> Iterator[Execution]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["papermill", __name__])
    waiting, running = list(chapters.items()), {}
    with sigterm_raises():
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    source, parameters = waiting.pop(0)
                    end, childs_end = context.Pipe(duplex=False)
                    arguments = (childs_end, source, out_dir, parameters, cwd)
                    child = context.Process(target=_execute, args=arguments)
                    child.start()
                    childs_end.close()
                    running[end] = child
                for end in wait(running):
                    found = _received(end, running.pop(end))
                    if isinstance(found, BaseException):
                        raise found
                    yield found
        except BaseException as stop:
            for child in running.values():
                child.terminate()
            told = [str(_received(end, child)) for end, child in running.items()]
            if isinstance(stop, KeyboardInterrupt):
                number = stop.args[0] if stop.args else signal.SIGINT
                raise ChapterInterrupted("\n".join(told), number) from None
            raise


def _received(end: Connection, child: multiprocessing.Process) -> Execution | BaseException:
    """What a process made of its chapter."""
    try:
        found = end.recv()
    except EOFError:
        child.join()
        found = BookError(f"a process that executed a chapter ended with {child.exitcode}")
    child.join()
    return found


def _execute(
    end: Connection, source: Path, out_dir: Path, parameters: Mapping[str, object], cwd: Path
) -> None:
    """Execute a chapter in this process: its parent tells it when to stop, also by dying."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # one line of progress would hide another
    threading.Thread(target=_follow, daemon=True).start()
    try:
        end.send(execute_chapter(source, out_dir, parameters, cwd=cwd))
    except (BookError, KeyboardInterrupt) as error:
        with contextlib.suppress(BrokenPipeError):  # nobody is there to be told
            end.send(error)


def _follow() -> None:
    multiprocessing.parent_process().join()
    os.kill(os.getpid(), signal.SIGTERM)


def _takes_times(source: Path) -> bool:
    return any(
        cell["cell_type"] == "code" and _TIMES.search(cell["source"]) for cell in read_cells(source)
    )
