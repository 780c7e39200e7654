"""Execution of one chapter with papermill, and what is said when a cell fails."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from .chapters import BookError, check_parameters, declared_parameters
from .dependencies import made_from

KERNEL_START_S = 180
SOURCE_LINES_SHOWN = 12
RECORD_KEY = "latent_quantization_book"
WARNING = re.compile(r"\b\w*(?:Warning|WARNING|ERROR)\b")
ANSI_SEQUENCE = re.compile(r"\x1b\[[0-9;]*m")


class ChapterFailed(BookError):
    """A chapter stopped; the message names it and the cell."""


@dataclass(frozen=True)
class Execution:
    """One executed chapter.

    Args:
        name: name of the chapter.
        notebook: the executed copy.
        seconds: how long it took.
    """

    name: str
    notebook: Path
    seconds: float


def execute_chapter(
    source: Path,
    out_dir: Path,
    *,
    profile: str,
    cwd: Path,
    runs_dir: Path,
    parameters: Mapping[str, object] | None = None,
) -> Execution:
    """Execute one chapter and keep the executed copy; the source stays as it is.

    A chapter that fails leaves the copy of an earlier execution where it is, whose record still
    tells what that was made from.

    Args:
        source: the chapter's notebook.
        out_dir: folder for the executed copy.
        profile: passed on as the chapter's parameter `profile`.
        cwd: folder in which the chapter runs.
        runs_dir: folder where finished runs are kept and found again; passed on as the parameter
            `runs_dir` where the chapter declares one, relative to `cwd` where it lies inside.
        parameters: further parameters of the chapter, by name.

    Raises:
        BookError: for a parameter that the chapter does not declare; nothing is written then.
        ChapterFailed: if a cell raises, or the kernel dies.
    """
    given = {"profile": profile, **(parameters or {})}
    if "runs_dir" in declared_parameters(source):
        inside = runs_dir.is_relative_to(cwd)
        given.setdefault("runs_dir", str(runs_dir.relative_to(cwd) if inside else runs_dir))
    changed = check_parameters(source, given)

    out_dir.mkdir(parents=True, exist_ok=True)
    target = out_dir / source.name
    unfinished = out_dir / f"{source.stem}.failed.ipynb"
    record = {
        "profile": profile,
        "made_from": made_from(source, cwd),  # now, as files may be edited while it runs
        "has_own_parameters": bool(parameters),
    }
    started = time.perf_counter()
    try:
        _run_papermill(source, unfinished, changed, cwd)
    except PapermillExecutionError as error:
        cell = _failed_cell(source, error.source, error.exec_count)
        reason = ANSI_SEQUENCE.sub("", "\n".join(error.traceback))
        raise ChapterFailed(
            _message(source, profile, cell, error.source, reason, unfinished)
        ) from (error)
    except DeadKernelError as error:
        running = _running_cell(unfinished)
        cell = _failed_cell(source, running, None)
        reason = "The kernel died while this cell ran; most often the memory was used up."
        raise ChapterFailed(_message(source, profile, cell, running, reason, unfinished)) from error
    seconds = time.perf_counter() - started

    notebook = nbformat.read(unfinished, as_version=4)
    # papermill's own record holds absolute paths of this machine, and readers download this file.
    notebook.metadata.pop("papermill", None)
    notebook.metadata[RECORD_KEY] = record | {"seconds": round(seconds, 1)}
    nbformat.write(notebook, unfinished)
    unfinished.replace(target)
    return Execution(source.stem, target, seconds)


def earlier_execution(source: Path, out_dir: Path, cwd: Path) -> Path | None:
    """Executed copy from an earlier build, if nothing that it is made from has changed since.

    One that was executed with parameters of its own is not the book's page.
    """
    target = out_dir / source.name
    if not target.is_file():
        return None
    record = nbformat.read(target, as_version=4).metadata.get(RECORD_KEY, {})
    is_current = record.get("made_from") == made_from(source, cwd)
    return target if is_current and not record["has_own_parameters"] else None


def warnings_of(notebook: Path) -> Iterator[str]:
    """Warnings that an executed chapter gave: the position of the cell, and the first line."""
    for position, cell in enumerate(nbformat.read(notebook, as_version=4).cells, start=1):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                for line in output.text.splitlines():
                    if WARNING.search(line):
                        yield f"cell {position}: {line.strip()}"


class _LastLine:
    """Shows on a terminal the last line that a chapter has written, over the one before."""

    def write(self, text: str) -> None:
        lines = [line for line in re.split(r"[\r\n]+", text) if line.strip()]
        if lines:
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write(f"\r{lines[-1][:width]}\033[K")

    def flush(self) -> None:
        sys.stdout.flush()


def _run_papermill(source: Path, target: Path, parameters: dict[str, object], cwd: Path) -> None:
    # The kernel of this interpreter's environment goes before one that the user has installed.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    # Chapters compile many of the same programs; what one has compiled the next one finds.
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cwd / "_build" / "compiled"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    for attempt in (1, 2):
        try:
            papermill.execute_notebook(
                str(source),
                str(target),
                parameters=parameters,
                kernel_name="python3",
                progress_bar=False,
                stderr_file=_LastLine() if sys.stdout.isatty() else None,
                start_timeout=KERNEL_START_S,
                cwd=str(cwd),
            )
        except RuntimeError as error:
            # A kernel can lose the race for its ports against another one before it runs a cell.
            if attempt == 2 or "before replying to kernel_info" not in str(error):
                raise
            print(f"{source.stem}: the kernel did not start, trying once more", flush=True)
        else:
            return


def _failed_cell(source: Path, text: str, exec_count: int | None) -> str:
    """Which cell of the source it is: its position from 1 and its id, or how papermill counts."""
    for position, cell in enumerate(nbformat.read(source, as_version=4).cells, start=1):
        if cell.cell_type == "code" and cell.source == text:
            return f"cell {position} (id {cell.get('id')})"
    return f"In [{exec_count}], which papermill added for the parameters"


def _running_cell(notebook: Path) -> str:
    """Source of the last cell that was started."""
    started = [
        cell.source
        for cell in nbformat.read(notebook, as_version=4).cells
        if cell.metadata.get("papermill", {}).get("start_time")
    ]
    return started[-1] if started else ""


def _message(
    source: Path, profile: str, cell: str, text: str, reason: str, unfinished: Path
) -> str:
    lines = text.splitlines()
    shown = [f"    {line}" for line in lines[:SOURCE_LINES_SHOWN]]
    if len(lines) > SOURCE_LINES_SHOWN:
        shown.append(f"    ... and {len(lines) - SOURCE_LINES_SHOWN} more lines")
    return "\n".join(
        [
            f"chapter {source.stem!r} failed in {cell}, profile {profile!r}:",
            *shown,
            reason,
            f"The chapter as far as it came: {unfinished}",
        ]
    )
