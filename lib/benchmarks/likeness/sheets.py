"""Sheets of reference tiles that are known: where each tile lies, and what it shows.

The sources of Shapes3D follow from the order of the frames. Those of the other sets are not
published with the pictures: in a row of Falcor3D or Isaac3D one source takes each of its values.
The others were found beside the twin: what can be named by eye, such as shape, size and colour, by
eye, and places of camera, light and joints as those of the least difference.
"""

import dataclasses
from collections.abc import Iterable, Sequence

Rows = tuple[tuple["Tile", ...], ...]


@dataclasses.dataclass(frozen=True)
class Tile:
    """One picture on a sheet.

    Attributes:
        left: pixels from the left edge of the sheet to that of the tile.
        top: pixels from the upper edge of the sheet to that of the tile.
        sources: value of each source.
    """

    left: int
    top: int
    sources: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A picture file with many reference tiles.

    Attributes:
        file_name: by which it is found in the folder of references.
        side: of a tile, in pixels.
        rows: its tiles, in rows of those that belong together.
        is_exact: whether the sources are known; otherwise they are guesses.
    """

    file_name: str
    side: int
    rows: Rows
    is_exact: bool = False

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """All tiles, row by row."""
        return tuple(tile for row in self.rows for tile in row)


def _traversals(sizes: Sequence[int], others: Sequence[Sequence[int]]) -> Rows:
    """A row for each source, which takes its values from left to right."""
    return tuple(
        tuple(
            Tile(112 * value, 116 * source, (*base[:source], value, *base[source + 1 :]))
            for value in range(sizes[source])
        )
        for source, base in enumerate(others)
    )


def _panels(
    corners: Iterable[tuple[int, int]],
    base: Sequence[int],
    moved: Iterable[Sequence[int]],
) -> Rows:
    """A row for each panel of MPI3D: tile number i shows `base` with source i at another value."""
    return tuple(
        tuple(
            Tile(
                left + 74 * (source % 4),
                top + 74 * (source // 4),
                (*base[:source], value, *base[source + 1 :]),
            )
            for source, value in enumerate(values)
        )
        for (left, top), values in zip(corners, moved, strict=True)
    )


def _walk() -> Rows:
    """The walk of Shapes3D through its sources, nine frames a row."""
    orientation = [(0, 6, 3, 0, 0, value) for value in range(15)]
    shape = [(0, 6, 3, 0, value, 14) for value in range(1, 4)]
    scale = [(0, 6, 3, value, 3, 14) for value in range(1, 8)]
    object_hue = [(0, 6, value % 10, 7, 3, 14) for value in range(4, 13)]
    wall_hue = [(0, value % 10, 2, 7, 3, 14) for value in range(7, 16)]
    floor_hue = [(value, 5, 2, 7, 3, 14) for value in range(10)]
    # Four frames of the floor's hues stand among those of the walls.
    frames = [*orientation, *shape, *scale, *object_hue, *wall_hue[:5]]
    frames += [*floor_hue[:4], *wall_hue[5:], *floor_hue[4:]]
    return tuple(
        tuple(
            Tile(98 * column, 98 * (start // 9), sources)
            for column, sources in enumerate(frames[start : start + 9])
        )
        for start in range(0, len(frames), 9)
    )


SHEETS = {
    "shapes3d": Sheet("shapes3d_frames.png", side=96, rows=_walk(), is_exact=True),
    "mpi3d": Sheet(
        "mpi3d_complex_frames.png",
        side=64,
        rows=(
            *_panels(
                [(10, 10), (320, 10), (630, 10)],
                base := (3, 0, 1, 1, 2, 6, 8),
                [base, (1, 3, 0, 2, 1, 32, 36), (1, 1, 0, 0, 0, 35, 16)],
            ),
            *_panels(
                [(10, 196), (320, 196), (630, 196)],
                base := (2, 0, 1, 2, 0, 36, 37),
                [base, (2, 3, 0, 1, 2, 25, 17), (0, 1, 0, 0, 1, 8, 9)],
            ),
        ),
    ),
    "falcor3d": Sheet(
        "falcor3d_traversals.jpg",
        side=112,
        rows=_traversals(
            (5, 6, 6, 6, 6, 6, 6),
            [
                (0, 1, 0, 0, 3, 2, 5),
                (0, 0, 3, 5, 1, 1, 4),
                (0, 0, 0, 4, 1, 4, 4),
                (0, 0, 0, 0, 3, 1, 4),
                (0, 1, 1, 0, 0, 1, 1),
                (0, 1, 1, 0, 0, 0, 3),
                (0, 1, 1, 0, 0, 0, 0),
            ],
        ),
    ),
    "isaac3d": Sheet(
        "isaac3d_traversals.jpg",
        side=112,
        rows=_traversals(
            (3, 8, 5, 4, 4, 4, 6, 4, 4),
            [
                (0, 0, 1, 1, 1, 1, 4, 2, 3),
                (0, 0, 3, 1, 2, 2, 5, 0, 0),
                (0, 0, 0, 0, 3, 2, 2, 0, 1),
                (0, 0, 0, 0, 0, 2, 0, 0, 3),
                (0, 0, 0, 0, 0, 1, 0, 2, 2),
                (0, 0, 0, 0, 0, 0, 2, 1, 0),
                (0, 0, 0, 0, 0, 0, 0, 2, 2),
                (0, 0, 0, 0, 0, 0, 0, 0, 3),
                (0, 0, 0, 0, 0, 0, 0, 0, 0),
            ],
        ),
    ),
}
"""The known sheets, by the name of the benchmark."""
