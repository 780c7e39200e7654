"""What must hold of a published file, its images and its labels, whatever its format.

Each check raises `OfficialFileError`, which says what was expected and what came.
"""

import hashlib
from pathlib import Path

import numpy as np
from jaxtyping import Num, UInt8

from lib.benchmarks.publication import PublishedFile
from lib.benchmarks.published.files import OfficialFileError, progress_bar
from lib.benchmarks.twin import Twin

# As images must have that are not binary; fewer tell of a broken file.
MIN_GREY_LEVELS = 16
# A real picture of one colour is possible, though none is known; a broken file has thousands.
MAX_CONSTANT_SHARE = 0.001
_LOOKED_AT = 1024  # images, evenly spaced, whose grey levels are counted
_CHUNK = 1 << 20  # bytes


def stored_shape(twin: Twin, file: PublishedFile) -> tuple[int, ...]:
    """Shape of all images as in the file; images of one channel are (n, height, width) there."""
    channels = (twin.channels,) if twin.channels > 1 else ()
    return (twin.grid.num_images, file.resolution, file.resolution, *channels)


def check_layout(twin: Twin, file: PublishedFile, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Require shape and dtype of all images as published."""
    expected = stored_shape(twin, file)
    if tuple(shape) != expected:
        which = dict(file.lookalikes).get(shape[0] if shape else 0)
        hint = f"; this is probably {which}" if which else ""
        raise OfficialFileError(f"the images have shape {tuple(shape)}; expected {expected}{hint}")
    if dtype != np.uint8:
        raise OfficialFileError(f"the images are {dtype}; expected uint8")


def check_labels_layout(
    twin: Twin, file: PublishedFile, shape: tuple[int, ...], dtype: np.dtype
) -> None:
    """Require shape and kind of the labels as published."""
    expected = (twin.grid.num_images, twin.grid.num_sources)
    if tuple(shape) != expected:
        raise OfficialFileError(f"the labels have shape {tuple(shape)}; expected {expected}")
    kinds, words = ("iu", "integers") if file.labels_are_indices else ("f", "floating point")
    if dtype.kind not in kinds:
        raise OfficialFileError(f"the labels are {dtype}; expected {words}")


def check_labels(twin: Twin, file: PublishedFile, labels: Num[np.ndarray, "n num_sources"]) -> None:
    """Require the labels of every image to be those of its index in the grid."""
    index, grid = np.arange(twin.grid.num_images), twin.grid
    columns = zip(grid.names, grid.sizes, grid.strides, labels.T, strict=True)
    for name, size, stride, column in columns:
        if not np.isfinite(column).all():
            raise OfficialFileError(f"labels of {name} are not all finite")
        found = column
        if not file.labels_are_indices:
            values, found = np.unique(column, return_inverse=True)
            if len(values) != size:
                raise OfficialFileError(
                    f"labels of {name} take {len(values)} values; expected {size}"
                )
        wrong = found != index // stride % size
        if wrong.any():
            first = int(wrong.argmax())
            raise OfficialFileError(
                f"the images are in another order than published: image {first} has "
                f"{name}={found[first]}, expected {first // stride % size} "
                f"({int(wrong.sum()):,} images differ in it)"
            )


class ImageCheck:
    """Range and variety of the images of a set, looked at as they pass."""

    def __init__(self, twin: Twin):
        self._total = twin.grid.num_images
        self._is_binary = twin.published.white == 1
        self._step = max(1, self._total // _LOOKED_AT)
        self._levels = np.zeros(256, bool)
        self._constant = 0
        self._seen = 0

    def add(self, images: UInt8[np.ndarray, "n h w c"]) -> None:
        """Look at the next images, whose full light is 255."""
        flat = images.reshape(len(images), -1)
        self._constant += int((flat.max(axis=1) == flat.min(axis=1)).sum())
        # Those at multiples of the step, counted from the first image of all.
        self._levels[flat[-self._seen % self._step :: self._step]] = True
        self._seen += len(images)

    def finish(self) -> None:
        """Require all images to have come, few of one colour, and enough grey levels."""
        if self._seen != self._total:
            raise OfficialFileError(
                f"the file holds {self._seen:,} images; expected {self._total:,}"
            )
        if self._constant > MAX_CONSTANT_SHARE * self._total:
            raise OfficialFileError(
                f"{self._constant:,} of {self._total:,} images are of one colour; expected almost "
                "none. The file is probably one that was published broken, or was damaged later"
            )
        levels = np.flatnonzero(self._levels)
        if self._is_binary:
            if not np.array_equal(levels, [0, 255]):
                raise OfficialFileError("the images are not black and white; expected 0 and 1")
        elif len(levels) < MIN_GREY_LEVELS:
            raise OfficialFileError(
                f"the images have {len(levels)} grey levels, up to {levels.max()}; expected at "
                f"least {MIN_GREY_LEVELS} of 0 to 255"
            )


def full_light(
    file: PublishedFile, images: UInt8[np.ndarray, "n ..."]
) -> UInt8[np.ndarray, "n h w c"]:
    """Images as in the file, with a channel axis and full light at 255."""
    if images.ndim == 3:
        images = images[..., None]
    if file.white == 255:
        return images
    if images.size and images.max() > file.white:
        raise OfficialFileError(
            f"the images hold {images.max()}; expected values of 0 to {file.white}"
        )
    return images * np.uint8(255 // file.white)


def file_digests(path: Path, progress: bool | None = None) -> dict[str, str | int]:
    """Size in bytes, sha256 and md5 of a file, read once."""
    digests = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
    size = 0
    with (
        progress_bar(progress, total=path.stat().st_size, desc="Hashing", unit="B") as bar,
        path.open("rb") as file,
    ):
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            for digest in digests.values():
                digest.update(chunk)
            bar.update(len(chunk))
    return {"bytes": size} | {name: digest.hexdigest() for name, digest in digests.items()}


def check_digests(file: PublishedFile, path: Path, digests: dict[str, str | int]) -> None:
    """Require size and digest of the file at `path` as published, where they are known."""
    if file.size_bytes not in (None, digests["bytes"]):
        raise OfficialFileError(
            f"{path} has {digests['bytes']:,} bytes; the published {file.file_name} has "
            f"{file.size_bytes:,}."
        )
    if file.known_hash is not None:
        algorithm, expected = file.known_hash.split(":")
        if digests[algorithm] != expected:
            raise OfficialFileError(
                f"{path} has {algorithm} {digests[algorithm]}; the published {file.file_name} "
                f"has {expected}."
            )
