"""Reference tiles, read from a folder that the user has."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

from lib.benchmarks.likeness.sheets import SHEETS
from lib.benchmarks.publication import OFFICIAL_RESOLUTION
from lib.benchmarks.twin import BENCHMARKS
from lib.checks import check_choice

SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclasses.dataclass(frozen=True)
class References:
    """Reference tiles of one benchmark, at 64 x 64 pixels.

    Attributes:
        benchmark: name of the benchmark.
        files: what they were read from, for tables.
        images: the tiles, row by row.
        row_lengths: number of tiles in each row.
        sources: what each tile shows; None where that is not known.
        sources_are: "known", "guessed" (see `SHEETS`), or "random" where `sources` is None.
    """

    benchmark: str
    files: str
    images: UInt8[np.ndarray, "n size size 3"]
    row_lengths: tuple[int, ...]
    sources: Int[np.ndarray, "n num_sources"] | None
    sources_are: str


def read_references(folder: Path, names: Iterable[str] | None = None) -> list[References]:
    """Read all reference tiles in a folder: known sheets, and square pictures named NAME-*.

    Args:
        folder: of sheets named as in `SHEETS`, or of one file a tile, named by the benchmark and
            whatever comes after a hyphen, such as `mpi3d-7.png`. A sheet comes before tiles.
        names: benchmarks to read; all that are there by default.

    Returns:
        Those of each benchmark of which there are any, in the order of `BENCHMARKS`. Tiles of other
        sizes are brought to 64 x 64 pixels by means over areas, so large ones are antialiased.

    Raises:
        FileNotFoundError: there is no such folder, or nothing in it that is asked for.
        ValueError: an unknown benchmark, a file that is no picture, a tile that is not square, or a
            sheet of another size than is known.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; expected one with reference pictures.")
    wanted = list(BENCHMARKS) if names is None else list(names)
    for name in wanted:
        check_choice("benchmark", name, BENCHMARKS)
    found = {name: _read(folder, name) for name in wanted}
    if missing := [name for name in wanted if found[name] is None and names is not None]:
        raise FileNotFoundError(f"{folder} has {_expected(missing)}.")
    if not any(found.values()):
        raise FileNotFoundError(f"{folder} has {_expected(wanted)}.")
    return [references for references in found.values() if references is not None]


def _expected(names: Iterable[str]) -> str:
    """What of some benchmarks is not there, as the end of a sentence."""
    told = [
        f"{f'no {SHEETS[name].file_name} and ' if name in SHEETS else ''}no {name}-*.png or .jpg"
        for name in names
    ]
    return "; ".join(told)


def _read(folder: Path, name: str) -> References | None:
    if name in SHEETS and (folder / SHEETS[name].file_name).is_file():
        return _read_sheet(folder, name)
    paths = sorted(p for p in folder.glob(f"{name}-*") if p.suffix.lower() in SUFFIXES)
    if not paths:
        return None
    pictures = [(path.name, _open(path)) for path in paths]
    for file, picture in pictures:
        if picture.width != picture.height:
            raise ValueError(
                f"{file} is {picture.width} x {picture.height} pixels; expected a square tile."
            )
    lengths = [min(8, len(paths) - start) for start in range(0, len(paths), 8)]
    return References(
        benchmark=name,
        files=f"{name}-*",
        images=np.stack([_as_tile(picture) for _, picture in pictures]),
        row_lengths=tuple(lengths),
        sources=None,
        sources_are="random",
    )


def _read_sheet(folder: Path, name: str) -> References:
    sheet = SHEETS[name]
    picture = _open(folder / sheet.file_name)
    right = max(tile.left for tile in sheet.tiles) + sheet.side
    bottom = max(tile.top for tile in sheet.tiles) + sheet.side
    if picture.width < right or picture.height < bottom:
        raise ValueError(
            f"{sheet.file_name} is {picture.width} x {picture.height} pixels; "
            f"expected a sheet of at least {right} x {bottom}."
        )
    tiles = [
        picture.crop((tile.left, tile.top, tile.left + sheet.side, tile.top + sheet.side))
        for tile in sheet.tiles
    ]
    return References(
        benchmark=name,
        files=sheet.file_name,
        images=np.stack([_as_tile(tile) for tile in tiles]),
        row_lengths=tuple(len(row) for row in sheet.rows),
        sources=np.array([tile.sources for tile in sheet.tiles], np.int32),
        sources_are="known" if sheet.is_exact else "guessed",
    )


def _open(path: Path) -> Image.Image:
    try:
        return Image.open(path).convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path.name} cannot be read as a picture: {error}") from error


def _as_tile(picture: Image.Image) -> UInt8[np.ndarray, "size size 3"]:
    size = (OFFICIAL_RESOLUTION, OFFICIAL_RESOLUTION)
    return np.asarray(picture.resize(size, Image.Resampling.BOX))
