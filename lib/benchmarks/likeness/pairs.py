"""Reference tiles and a twin's images, one above the other."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

GAP = 8  # pixels between two pairs of rows


def pairs(
    reference: UInt8[np.ndarray, "n size size 3"],
    twin: UInt8[np.ndarray, "n size size 3"],
    row_lengths: Sequence[int],
    enlarged: int = 3,
) -> UInt8[np.ndarray, "height width 3"]:
    """One picture: each row of reference tiles above the twin's images for it.

    Args:
        reference: tiles, row by row.
        twin: one image for each of them.
        row_lengths: number of tiles in each row; they sum up to `n`.
        enlarged: how many pixels along each side one pixel becomes.

    Returns:
        The picture, white where there is no tile.
    """
    size = reference.shape[1]
    band = 2 * size + GAP
    width = size * max(row_lengths)
    picture = np.full((band * len(row_lengths), width, 3), 255, np.uint8)
    first = 0
    for row, length in enumerate(row_lengths):
        for line, images in enumerate((reference, twin)):
            top = row * band + line * size
            for column, image in enumerate(images[first : first + length]):
                picture[top : top + size, column * size : (column + 1) * size] = image
        first += length
    return picture.repeat(enlarged, axis=0).repeat(enlarged, axis=1)


def save_pairs(path: Path, pictures: Sequence[UInt8[np.ndarray, "height width 3"]]) -> None:
    """Write pictures, such as those of `pairs`, below each other into one PNG file.

    Raises:
        ValueError: the file's name does not end in .png.
    """
    if path.suffix.lower() != ".png":
        raise ValueError(f"{path} is no name of a PNG file; expected one that ends in .png.")
    width = max(picture.shape[1] for picture in pictures)
    below = [
        np.pad(picture, ((0, 0), (0, width - picture.shape[1]), (0, 0)), constant_values=255)
        for picture in pictures
    ]
    Image.fromarray(np.concatenate(below)).save(path)
