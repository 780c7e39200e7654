"""Reading published files piece by piece, in the order of the images."""

import dataclasses
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Num, UInt8

from lib.benchmarks.official import archives
from lib.benchmarks.official.content import (
    check_labels,
    check_labels_layout,
    check_layout,
    full_light,
)
from lib.benchmarks.official.errors import OfficialFileError
from lib.benchmarks.official.sets import OfficialSet

# A chunk of HDF5 spans many images and must be decompressed whole; so much is held at most.
_LARGEST_HDF5_BATCH = 256 << 20  # bytes
_BATCH = 16 << 20  # bytes, where the chunks allow it

# What the readers raise on bytes that make no sense.
_DAMAGE = (
    OSError,
    ValueError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
    archives.DecompressionBombError,
)


@dataclasses.dataclass(frozen=True)
class PublishedFile:
    """A published file, open, whose layout and labels have been found right.

    Args:
        labels: (n, num_sources), None where the file has none.
        batches: images in the order of the file, (n, resolution, resolution, channels) uint8 with
            full light at 255, a part at a time; raises `OfficialFileError` where the file is
            damaged.
    """

    labels: Num[np.ndarray, "n num_sources"] | None
    batches: Iterator[UInt8[np.ndarray, "n h w c"]]


@contextmanager
def open_published(official: OfficialSet, path: Path) -> Iterator[PublishedFile]:
    """Open a published file and check its layout and all its labels, but not its images.

    Args:
        official: what the file should be.
        path: of the file.

    Raises:
        OfficialFileError: it is damaged, or not that file.
        OSError: it is not there or cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file; expected {official.file_name}")
    with path.open("rb"):
        pass  # what forbids reading is the system's to say, before a reader calls it damage
    readers = {"hdf5": _open_hdf5, "npz": _open_npz, "zip": _open_zip}
    with readers[official.format](official, path) as published:
        if published.labels is not None:
            with damage_named(path):
                check_labels(official, published.labels)
        yield published


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Say of which file an error is, whichever library found it."""
    try:
        yield
    except OfficialFileError as error:
        raise OfficialFileError(f"{path}: {error}.") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise OfficialFileError(
            f"{path} is damaged, or is another kind of file ({reason})."
        ) from error


def _checked(
    official: OfficialSet, path: Path, batches: Iterator[UInt8[np.ndarray, "n ..."]]
) -> Iterator[UInt8[np.ndarray, "n h w c"]]:
    while True:
        # Only reading is inside, so that a full disk is not taken for a damaged file.
        with damage_named(path):
            batch = next(batches, None)
            if batch is None:
                return
            images = full_light(official, batch)
        yield images


@contextmanager
def _open_hdf5(official: OfficialSet, path: Path) -> Iterator[PublishedFile]:
    with damage_named(path):
        file = h5py.File(path, "r")
    with file:
        with damage_named(path):
            images, labels = (_dataset(file, key) for key in (official.images, official.labels))
            check_layout(official, images.shape, images.dtype)
            check_labels_layout(official, labels.shape, labels.dtype)
            labels = labels[:]
        yield PublishedFile(labels, _checked(official, path, _hdf5_batches(images)))


def _dataset(file: h5py.File, key: str) -> h5py.Dataset:
    """A data set whose bytes are in this very file."""
    link = file.get(key, getlink=True)
    dataset = file.get(key) if isinstance(link, h5py.HardLink) else None
    if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual:
        raise OfficialFileError(
            f"holds {', '.join(sorted(file)) or 'nothing'}; expected the images or labels "
            f"themselves under {key!r}"
        )
    return dataset


def _hdf5_batches(images: h5py.Dataset) -> Iterator[UInt8[np.ndarray, "n ..."]]:
    image_bytes = math.prod(images.shape[1:])
    together = images.chunks[0] if images.chunks else 1
    if together * image_bytes > _LARGEST_HDF5_BATCH:
        raise OfficialFileError(f"its chunks span {together} images, too many to hold")
    # Whole chunks, as each would otherwise be decompressed once for every batch it is in.
    rows = together * max(1, _BATCH // (together * image_bytes))
    for start in range(0, len(images), rows):
        yield images[start : start + rows]


@contextmanager
def _open_npz(official: OfficialSet, path: Path) -> Iterator[PublishedFile]:
    with damage_named(path):
        archive = zipfile.ZipFile(path)
    with archive:
        with damage_named(path):
            archives.check_members(archive)
            layout = archives.array_layout(archive, f"{official.images}.npy")
            check_layout(official, layout.shape, layout.dtype)
            labels = None
            if official.labels is not None:
                labels = _labels(official, archive, f"{official.labels}.npy")
        batches = archives.array_batches(archive, f"{official.images}.npy", layout)
        yield PublishedFile(labels, _checked(official, path, batches))


@contextmanager
def _open_zip(official: OfficialSet, path: Path) -> Iterator[PublishedFile]:
    with damage_named(path):
        archive = zipfile.ZipFile(path)
    with archive:
        with damage_named(path):
            archives.check_members(archive)
            archives.check_png_names(archive, official.images, official.grid.num_images)
            labels = _labels(official, archive, archives.find_member(archive, official.labels))
        batches = archives.png_batches(archive, official.images, official.stored_shape)
        yield PublishedFile(labels, _checked(official, path, batches))


def _labels(official: OfficialSet, archive: zipfile.ZipFile, member: str) -> np.ndarray:
    layout = archives.array_layout(archive, member)
    check_labels_layout(official, layout.shape, layout.dtype)
    return archives.whole_array(archive, member, layout)
