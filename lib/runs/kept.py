"""Recorded runs: records with a few images, small enough to be kept in the repository."""

import base64
import dataclasses
import io
import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image, UnidentifiedImageError

import lib
from lib.benchmarks import BENCHMARKS
from lib.checks import check_choice
from lib.files import write_text
from lib.pixels import to_uint8
from lib.runs.config import RunConfig
from lib.runs.parameters import named_parameters, write_arrays
from lib.runs.record import RunRecord
from lib.runs.score import reconstruct
from lib.training import arithmetic

# As many images as have so many pixels together, in whole images between these numbers.
_PIXELS, _FEWEST, _MOST = 6_144, 2, 8
_MOST_MODEL_BYTES = 1_000_000
# No plain text: a chapter is made from the folders that its code names.
_BOOKS_OWN = Path("book", "results")


@dataclass(frozen=True)
class RecordedRun:
    """A run's record, with a few images and perhaps a smaller model instead of its parameters.

    Attributes:
        record: what the run was and what it measured; the code values of its training are left
            out, which would be most of it.
        originals: a few held-out images, uint8, `(n, height, width, channels)`.
        reconstructions: what the model made of them, likewise.
        file: that it was read from, beside which the model may lie; None where it was not.
    """

    record: RunRecord
    originals: np.ndarray
    reconstructions: np.ndarray
    file: Path | None = None

    @classmethod
    def of(cls, record: RunRecord) -> Self:
        """From a run whose parameters are still there; the images are spread over the held-out."""
        _, images = record.images.held_out
        num = min(max(_PIXELS // record.config.data.resolution**2, _FEWEST), _MOST)
        chosen = images[np.linspace(0, len(images) - 1, num, dtype=int)]
        with arithmetic(record.config.recipe.precision):
            _, reconstructions = reconstruct(record.load_model(), chosen)
        training = dataclasses.replace(record.training, code_values=[])
        small = dataclasses.replace(record, training=training)
        return cls(small, chosen, to_uint8(reconstructions))

    @staticmethod
    def path_of(folder: Path, config: RunConfig) -> Path:
        """The file of a run's record in a folder."""
        return folder / f"{config.benchmark}-{config.model}-{config.identity}.json"

    @classmethod
    def find(cls, folder: Path, config: RunConfig, *, with_model: bool = False) -> Self | None:
        """The recorded run of a configuration in a folder; None where it is not there, or damaged.

        Args:
            folder: of records.
            config: of the run.
            with_model: whether its model must be there, too.
        """
        try:
            found = cls.read(cls.path_of(folder, config))
        except (FileNotFoundError, ValueError):
            return None
        return None if with_model and found.record.kept_model is None else found

    def write(self, folder: Path) -> Path:
        """Write one JSON file, named after the run; one of the same configuration is replaced."""
        folder.mkdir(parents=True, exist_ok=True)
        path = self.path_of(folder, self.record.config)
        values = self.record.to_dict() | {
            "images": {
                "originals": _encoded(self.originals),
                "reconstructions": _encoded(self.reconstructions),
            }
        }
        write_text(path, json.dumps(values, separators=(",", ":")) + "\n")
        return path

    def write_model(self, folder: Path) -> Path:
        """Write the trained model beside the record, its parameters rounded to fit a megabyte.

        Raises:
            ValueError: it is too large for that.
        """
        folder.mkdir(parents=True, exist_ok=True)
        config, parameters = self.record.config, named_parameters(self.record.load_model())
        # What `OwnModel.load` reads, too.
        settings = config.to_dict() | {"channels": BENCHMARKS[config.benchmark].channels}
        about = {"kind": config.model, "settings": settings}
        about["parameters_sha256"] = self.record.parameters_sha256
        path = self.path_of(folder, config).with_suffix(".npz")
        write_arrays(path, parameters, about, _MOST_MODEL_BYTES)
        return path

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that `write` made.

        Raises:
            ValueError: it is no recorded run.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            images = values.pop("images")
            record = RunRecord.from_dict(values)
            if (model := path.with_suffix(".npz")).is_file():
                record = dataclasses.replace(record, kept_model=model)
            pictures = (_decoded(images[name]) for name in ("originals", "reconstructions"))
            return cls(record, *pictures, file=path)
        except (ValueError, KeyError, TypeError, AttributeError, UnidentifiedImageError) as error:
            raise ValueError(
                f"{path} is no recorded run ({error}); `make record` and `make study` write them."
            ) from error


def read_records(paths: Iterable[Path]) -> list[RecordedRun]:
    """The recorded runs of files, each run once.

    Warns:
        RuntimeWarning: a file that is no recorded run, or one of a run that another has already;
            it is left out.
    """
    found: dict[str, RecordedRun] = {}
    for path in sorted(paths):
        try:
            run = RecordedRun.read(path)
            first = found.setdefault(run.record.identity, run)
            if first is not run:
                raise ValueError(f"{path} is of the same run as {first.file}")
        except ValueError as error:
            warnings.warn(f"Left out: {error}", RuntimeWarning, stacklevel=3)
    return list(found.values())


def recorded_runs(folder: str | Path, benchmark: str) -> list[RecordedRun]:
    """All recorded runs on a benchmark, by model and seed; none where there is no folder.

    Raises:
        ValueError: no such benchmark.

    Warns:
        RuntimeWarning: a file that is left out, see `read_records`.

    Example:
        >>> from lib.runs import recorded_runs, table
        >>> runs = recorded_runs("book/results/main", "shapes3d")
        >>> scores = table(run.record for run in runs)
        >>> sorted(set(scores["model"]))
        ['autoencoder', 'qlae']
    """
    check_choice("benchmark", benchmark, BENCHMARKS)
    runs = read_records(records_folder(folder).glob(f"{benchmark}-*.json"))
    return sorted(runs, key=lambda run: (run.record.config.model, run.record.config.seed))


def records_folder(folder: str | Path) -> Path:
    """The folder of records that a page names, wherever the page runs.

    Where there is no `book/results`, as on Colab, the library has a copy of the book's own.
    """
    folder = Path(folder)
    if not folder.exists() and folder.is_relative_to(_BOOKS_OWN):
        return Path(lib.__file__).parent / "results" / folder.relative_to(_BOOKS_OWN)
    return folder


def _encoded(pictures: np.ndarray) -> str:
    """Pictures one below another as one lossless image, in base64."""
    stream = io.BytesIO()
    column = pictures.reshape(-1, *pictures.shape[2:])
    if column.shape[-1] == 1:  # WebP, which takes a third less room, knows no grey
        Image.fromarray(column.squeeze(-1)).save(stream, "PNG", optimize=True)
    else:
        Image.fromarray(column).save(stream, "WEBP", lossless=True, quality=100, method=6)
    return base64.b64encode(stream.getvalue()).decode()


def _decoded(text: str) -> np.ndarray:
    column = np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))
    width = column.shape[1]
    return column.reshape(-1, width, width, 1 if column.ndim == 2 else column.shape[2])
