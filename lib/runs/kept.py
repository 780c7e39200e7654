"""Recorded runs: records with a few images, small enough to be kept in the repository."""

import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image, UnidentifiedImageError

import lib
from lib.files import write_text
from lib.pixels import to_uint8
from lib.runs.record import RunRecord
from lib.runs.score import reconstruct
from lib.training import arithmetic

_NUM_IMAGES = 8
# No plain text: a chapter is made from the folders that its code names.
_BOOKS_OWN = Path("book", "results")


@dataclass(frozen=True)
class RecordedRun:
    """A run's record, with a few images instead of its parameters.

    Attributes:
        record: what the run was and what it measured.
        originals: a few held-out images, uint8, `(n, height, width, channels)`.
        reconstructions: what the model made of them, likewise.
    """

    record: RunRecord
    originals: np.ndarray
    reconstructions: np.ndarray

    @classmethod
    def of(cls, record: RunRecord) -> Self:
        """From a run whose parameters are still there; the images are spread over the held-out."""
        _, images = record.images.held_out
        chosen = images[np.linspace(0, len(images) - 1, _NUM_IMAGES, dtype=int)]
        with arithmetic(record.config.recipe.precision):
            _, reconstructions = reconstruct(record.load_model(), chosen)
        return cls(record, chosen, to_uint8(reconstructions))

    def write(self, folder: Path) -> Path:
        """Write one JSON file, named after the run; one of the same configuration is replaced."""
        folder.mkdir(parents=True, exist_ok=True)
        config = self.record.config
        path = folder / f"{config.benchmark}-{config.model}-{config.identity}.json"
        values = self.record.to_dict() | {
            "images": {
                "originals": _png(self.originals),
                "reconstructions": _png(self.reconstructions),
            }
        }
        write_text(path, json.dumps(values) + "\n")
        return path

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that `write` made.

        Raises:
            ValueError: it is no recorded run.
        """
        try:
            values = json.loads(path.read_text())
            images = values.pop("images")
            record = RunRecord.from_dict(values)
            return cls(record, *(_pictures(images[n]) for n in ("originals", "reconstructions")))
        except (ValueError, KeyError, TypeError, UnidentifiedImageError) as error:
            raise ValueError(
                f"{path} is no recorded run ({error}); `make record` writes them."
            ) from error


def recorded_runs(folder: str | Path, benchmark: str) -> list[RecordedRun]:
    """All recorded runs on a benchmark, by model and seed; none where there is no folder."""
    paths = records_folder(folder).glob(f"{benchmark}-*.json")
    runs = [RecordedRun.read(path) for path in paths]
    return sorted(runs, key=lambda run: (run.record.config.model, run.record.config.seed))


def records_folder(folder: str | Path) -> Path:
    """The folder of records that a page names, wherever the page runs.

    Where there is no `book/results`, as on Colab, the library has a copy of the book's own.
    """
    folder = Path(folder)
    if not folder.exists() and folder.is_relative_to(_BOOKS_OWN):
        return Path(lib.__file__).parent / "results" / folder.relative_to(_BOOKS_OWN)
    return folder


def _png(pictures: np.ndarray) -> str:
    """Pictures one below another as one PNG, in base64."""
    stream = io.BytesIO()
    column = pictures.reshape(-1, *pictures.shape[2:])
    Image.fromarray(column.squeeze(-1) if column.shape[-1] == 1 else column).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def _pictures(png: str) -> np.ndarray:
    column = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))
    width = column.shape[1]
    return column.reshape(-1, width, width, 1 if column.ndim == 2 else column.shape[2])
