"""Scalars of a run as it goes: a line of JSON a report, and TensorBoard events on request."""

import json
from collections.abc import Mapping
from pathlib import Path

SCALARS_FILE = "scalars.jsonl"
TENSORBOARD_FOLDER = "tensorboard"


class Scalars:
    """Writes the scalars of one run into its folder.

    Args:
        folder: of the run; made where it is missing.
        start: steps made so far; what an interrupted run wrote of later ones is taken back.
        tensorboard: also write event files for TensorBoard, which needs tensorboardX.

    Raises:
        ModuleNotFoundError: tensorboardX is asked for and not installed.
    """

    def __init__(self, folder: Path, start: int, *, tensorboard: bool = False):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / SCALARS_FILE
        kept = [line for line in _lines(path) if json.loads(line)["step"] <= start]
        rewritten = path.with_name(f"{path.name}.unfinished")
        rewritten.write_text("".join(kept))
        rewritten.replace(path)
        self._file = path.open("a")
        self._events = _event_writer(folder, start) if tensorboard else None

    def write(self, entry: Mapping[str, float]) -> None:
        """Add an entry, which holds "step"."""
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        if self._events is not None:
            for name, value in entry.items():
                if name != "step":
                    self._events.add_scalar(name, value, entry["step"])

    def __enter__(self) -> "Scalars":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if self._events is not None:
            self._events.close()


def _lines(path: Path) -> list[str]:
    """The whole lines; a process that was killed may have left a part of one."""
    text = path.read_text() if path.is_file() else ""
    return [line for line in text.splitlines(keepends=True) if line.endswith("\n")]


def check_tensorboard() -> None:
    """Require what writes event files.

    Raises:
        ModuleNotFoundError: tensorboardX is not installed.
    """
    try:
        import tensorboardX  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "tensorboard=True needs tensorboardX; `pip install tensorboardX`."
        ) from error


def _event_writer(folder: Path, start: int):
    check_tensorboard()
    from tensorboardX import SummaryWriter

    # TensorBoard then hides what an interrupted run wrote of later steps.
    return SummaryWriter(str(folder / TENSORBOARD_FOLDER), purge_step=start + 1)
