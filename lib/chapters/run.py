"""One chapter executed by papermill: followed on the way, kept whole or as far as it came."""

import contextlib
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.chapters.book import BookError, needed, read_cells
from lib.chapters.declared import check_parameters, declared_parameters
from lib.chapters.made_from import RECORD_KEY, made_from
from lib.chapters.page import page_of
from lib.chapters.progress import Progress
from lib.files import claimed, make_folder, write_text

KERNEL_START_S = 180
WARNING = re.compile(r"\b\w*(?:Warning|WARNING|ERROR)\b")
_ENGINE = "lib.chapters"
_WRITABLE = "a folder that can be made, read and written"


class ChapterFailed(BookError):
    """A chapter stopped; the message names it and the cell."""


class ChapterInterrupted(KeyboardInterrupt):
    """A signal stopped a chapter; the message names it and the cell.

    Attributes:
        signal: the number of the signal.
    """

    def __init__(self, message: str, number: int):
        super().__init__(message)
        self.signal = number

    def __reduce__(self) -> tuple:
        return type(self), (str(self), self.signal)  # it may have to reach another process


@dataclass(frozen=True)
class Execution:
    """One executed chapter.

    Args:
        name: name of the chapter.
        notebook: the executed copy.
        page: the same as one HTML file; None where it was not asked for.
        seconds: how long it took.
    """

    name: str
    notebook: Path
    page: Path | None
    seconds: float


def execute_chapter(
    source: Path,
    out_dir: Path,
    parameters: Mapping[str, object],
    *,
    cwd: Path,
    with_page: bool = False,
) -> Execution:
    """Execute one chapter and keep the executed copy; the source stays as it is.

    What an earlier execution left, whose record still tells what that was made from, is replaced
    once everything has been made. A chapter that does not come so far leaves `NAME.failed.ipynb`,
    which begins with where it stopped.

    Args:
        source: the chapter's notebook.
        out_dir: folder for the executed copy.
        parameters: of the chapter, by name; the others are what it declares.
        cwd: folder in which the chapter runs.
        with_page: whether to make one HTML file of it, too.

    Raises:
        BookError: for a parameter that does not fit what the chapter declares or that a cell
            refuses, for a folder that cannot be written or is not there, for a package that is not
            installed, or if another process executes the chapter into this folder; no output is
            touched then.
        ChapterFailed: if a cell raises, the kernel dies, or something cannot be written.
        ChapterInterrupted: after Ctrl-C or SIGTERM; the kernel is stopped, too.
    """
    out_dir = out_dir.absolute()  # papermill changes into `cwd`
    changed = check_parameters(source, parameters)
    if "results_dir" in changed and not (cwd / changed["results_dir"]).is_dir():
        raise BookError(
            f"chapter {source.stem!r}: results_dir={changed['results_dir']!r} is not there; "
            "expected a folder of recorded runs."
        )
    declared = declared_parameters(source)
    settings = {name: parameter.default for name, parameter in declared.items()} | changed
    record = {
        "profile": settings.get("profile"),
        "made_from": made_from(source, cwd),  # now, as files may be edited while it runs
        "has_own_parameters": bool(parameters.keys() - {"profile"}),
    }
    of_page = ("altair", "vl_convert", "sphinx-mathjax-offline") if with_page else ()
    for module in ("papermill", "nbformat", "nbconvert", *of_page):
        needed(module)
    try:
        make_folder(out_dir, name="out", advice=_WRITABLE)
        if "runs_dir" in settings:
            make_folder(cwd / settings["runs_dir"], name="runs_dir", advice=_WRITABLE)
        with claimed(out_dir / f".{source.stem}.lock"):
            return _execute(source, out_dir, changed, cwd, record, with_page)
    except BlockingIOError as error:
        raise BookError(
            f"chapter {source.stem!r} is being executed into {out_dir} already, by "
            f"{error.strerror}; wait for it, stop it, or name another folder"
        ) from error
    except OSError as error:
        raise BookError(f"chapter {source.stem!r}: {error.strerror or error}") from error


def _execute(
    source: Path,
    out_dir: Path,
    changed: dict[str, object],
    cwd: Path,
    record: dict[str, object],
    with_page: bool,
) -> Execution:
    name, target, page = source.stem, out_dir / source.name, None
    progress = Progress(out_dir / f"{name}.failed.ipynb")
    started = time.perf_counter()
    try:
        with sigterm_raises():
            _run_papermill(source, changed, cwd, progress)
            progress.end()
            seconds = time.perf_counter() - started
            notebook = progress.notebook
            # papermill's own record holds paths of this machine, and readers download this file.
            notebook.metadata.pop("papermill", None)
            notebook.metadata[RECORD_KEY] = record | {"seconds": round(seconds, 1)}
            progress.keep()
            if with_page:
                page = target.with_suffix(".html")
                write_text(page, page_of(notebook, name, source.parent))
            progress.kept.replace(target)
    except KeyboardInterrupt as stop:
        logging.getLogger("asyncio").addFilter(_is_awaited)
        number = signal.Signals(stop.args[0] if stop.args else signal.SIGINT)
        told = f"chapter {name!r} was stopped by {number.name} {progress.position}"
        raise ChapterInterrupted(f"{told}.\n{progress.keep_stopped(told)}", number) from None
    except Exception as error:
        if refused := progress.refused(changed):
            progress.kept.unlink(missing_ok=True)
            raise BookError(f"chapter {name!r}: {refused}") from None
        head = f"chapter {name!r} failed {progress.position}, profile {record['profile']!r}:"
        told = "\n".join([head, *progress.code_shown(), progress.reason(error)])
        raise ChapterFailed(f"{told}\n{progress.keep_stopped(told)}") from error
    finally:
        progress.clear_line()
    return Execution(name, target, page, seconds)


def warnings_of(notebook: Path) -> Iterator[str]:
    """Warnings that an executed chapter gave: the position of the cell, and the first line."""
    for position, cell in enumerate(read_cells(notebook), start=1):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                for line in "".join(output["text"]).splitlines():
                    if WARNING.search(line):
                        yield f"cell {position}: {line.strip()}"


def _is_awaited(record: logging.LogRecord) -> bool:
    """False for the end of a cell that was stopped: nbclient no longer asks how it ended."""
    return "never retrieved" not in str(record.msg)


@contextlib.contextmanager
def sigterm_raises() -> Iterator[None]:
    """SIGTERM stops what runs as Ctrl-C does, so that the kernel is stopped, too."""

    def stop(number: int, _: object) -> None:
        raise KeyboardInterrupt(number)

    if threading.current_thread() is not threading.main_thread():
        yield  # Python hands signals to the main thread only
        return
    earlier = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)


def _run_papermill(
    source: Path, parameters: dict[str, object], cwd: Path, progress: Progress
) -> None:
    papermill = needed("papermill")
    from papermill.engines import NBClientEngine, papermill_engines

    class Followed(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
            progress.follow(nb_man)
            return super().execute_managed_notebook(nb_man, kernel_name, **options)

    papermill_engines.register(_ENGINE, Followed)
    logging.getLogger("papermill").addHandler(logging.NullHandler())  # it is said here anyway
    # The kernel of this interpreter's environment goes before one that the user has installed.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    # Chapters compile many of the same programs; what one has compiled the next one finds.
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cwd / "_build" / "compiled"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    for attempt in (1, 2):
        try:
            papermill.execute_notebook(
                str(source),
                None,
                parameters=parameters,
                engine_name=_ENGINE,
                kernel_name="python3",
                progress_bar=False,
                stdout_file=progress,
                stderr_file=progress,
                start_timeout=KERNEL_START_S,
                shutdown_kernel="immediate",  # what has run its last cell has nothing to put away
                cwd=str(cwd),
            )
        except RuntimeError as error:
            # A kernel can lose the race for its ports against another one before it runs a cell.
            if attempt == 2 or "before replying to kernel_info" not in str(error):
                raise
            print(f"{source.stem}: the kernel did not start, trying once more", flush=True)
        else:
            return
