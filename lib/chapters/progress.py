"""How far a chapter has come while it runs: shown on a terminal, kept in a file."""

import re
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from lib.chapters.book import BookError, needed
from lib.files import write_text

SOURCE_LINES_SHOWN = 12
ANSI_SEQUENCE = re.compile(r"\x1b\[[0-9;]*m")


class Progress:
    """Follows papermill through the cells of a chapter.

    Args:
        kept: file of the notebook as it was when the cell was begun that runs; it is there whole
            or not at all.
    """

    def __init__(self, kept: Path):
        self.kept = kept
        self.notebook: Any = None
        self._index: int | None = None
        self._outside = "before its first cell"

    def follow(self, manager: Any) -> None:
        """Be told by papermill's manager of an execution when a cell begins or fails."""
        self.notebook = manager.nb
        begin = manager.cell_start

        def begun(cell: Any, cell_index: int) -> None:
            begin(cell, cell_index)
            self._index = cell_index
            if cell.cell_type == "code":
                self.keep()
                self.write(" ")

        def failed(cell: Any, cell_index: int, exception: Exception) -> None:
            raise exception

        manager.cell_start, manager.cell_exception = begun, failed

    def end(self) -> None:
        """Note that all cells have been executed."""
        self._index, self._outside = None, "after its last cell"

    def keep(self) -> None:
        """Write the notebook as it is now."""
        write_text(self.kept, needed("nbformat").writes(self.notebook))

    def keep_stopped(self, message: str) -> str:
        """Write the notebook with a message on top, and say where it lies."""
        if self.notebook is None:
            return "Nothing was executed."
        top = needed("nbformat").v4.new_markdown_cell(f"```\n{message}\n```")
        self.notebook.cells.insert(0, top)
        try:
            self.keep()
        except OSError as error:
            return f"It could not be kept: {error.strerror}."
        return f"The chapter as far as it came: {self.kept}"

    @property
    def position(self) -> str:
        """Which cell of the source runs, by its position from 1 and its id, if one does."""
        if self._index is None:
            return self._outside
        return f"in cell {self._count(self._index + 1)} (id {self._cell.get('id')})"

    def code_shown(self) -> list[str]:
        """The first lines of the cell that runs."""
        lines = self._cell.source.splitlines() if self._index is not None else []
        left = len(lines) - SOURCE_LINES_SHOWN
        more = [f"    ... and {left} more lines"] if left > 0 else []
        return [f"    {line}" for line in lines[:SOURCE_LINES_SHOWN]] + more

    def reason(self, error: Exception) -> str:
        """What there is to say of an error that stopped the cell that runs."""
        if type(error).__name__ == "DeadKernelError":
            return "The kernel died while this cell ran; most often the memory was used up."
        if raised := self._raised():
            return ANSI_SEQUENCE.sub("", "\n".join(raised.traceback))
        return str(error) if isinstance(error, BookError) else f"{type(error).__name__}: {error}"

    def refused(self, given: Collection[str]) -> str | None:
        """The message of the error in the cell that runs, if one of the given parameters is meant.

        The library's checks begin with the parameter and its value: `seed=-1 is too small`.
        """
        raised = self._raised()
        return raised.evalue if raised and raised.evalue.partition("=")[0] in given else None

    def write(self, text: str) -> None:
        """Show the last line of what a cell writes over the one before; papermill calls this."""
        lines = [line for line in re.split(r"[\r\n]+", text) if line]
        if lines and sys.stdout.isatty():
            shown = f"cell {self._count(self._index + 1)} of {self._count(None)}  {lines[-1]}"
            sys.stdout.write(f"\r{shown[: shutil.get_terminal_size().columns - 1]}\033[K")

    def flush(self) -> None:
        """Bring to the terminal what was shown; papermill calls this, too."""
        sys.stdout.flush()

    def clear_line(self) -> None:
        """Take from the terminal what was shown."""
        if sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)

    @property
    def _cell(self) -> Any:
        return self.notebook.cells[self._index]

    def _raised(self) -> Any | None:
        """The error that the cell that runs has raised, as its notebook keeps it."""
        outputs = self._cell.get("outputs", []) if self._index is not None else []
        return next((output for output in outputs if output.output_type == "error"), None)

    def _count(self, end: int | None) -> int:
        """The number of cells before `end` but the one that papermill adds for the parameters."""
        cells = self.notebook.cells[:end]
        return sum("injected-parameters" not in cell.metadata.get("tags", []) for cell in cells)
