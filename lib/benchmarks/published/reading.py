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
from PIL import Image

from lib.benchmarks.publication import PublishedFile
from lib.benchmarks.published import archive as archives
from lib.benchmarks.published.content import (
    check_labels,
    check_labels_layout,
    check_layout,
    full_light,
    stored_shape,
)
from lib.benchmarks.published.files import OfficialFileError
from lib.benchmarks.twin import Twin

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
    Image.DecompressionBombError,
)


@dataclasses.dataclass(frozen=True)
class OpenFile:
    """A published file, open, whose layout and labels have been found right.

    Args:
        file: which of the published files it is.
        labels: (n, num_sources), None where the file has none.
        batches: images in the order of the file, (n, resolution, resolution, channels) uint8 with
            full light at 255, a part at a time; raises `OfficialFileError` where the file is
            damaged.
    """

    file: PublishedFile
    labels: Num[np.ndarray, "n num_sources"] | None
    batches: Iterator[UInt8[np.ndarray, "n h w c"]]


@contextmanager
def open_published(twin: Twin, path: Path) -> Iterator[OpenFile]:
    """Open a published file and check its layout and all its labels, but not its images.

    Args:
        twin: the benchmark whose images the file should hold.
        path: of the file, under any name.

    Raises:
        OfficialFileError: it is damaged, or not that file.
        OSError: it is not there or cannot be read.
    """
    files = (twin.published, *twin.published.others)
    names = " or ".join(file.file_name for file in files)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file; expected {names}")
    with path.open("rb"):
        pass  # what forbids reading is the system's to say, before a reader calls it damage
    is_hdf5 = h5py.is_hdf5(path)
    file = next((file for file in files if (file.format == "hdf5") == is_hdf5), twin.published)
    with damage_named(path, names):
        opened = h5py.File(path, "r") if file.format == "hdf5" else zipfile.ZipFile(path)
    with opened:
        with damage_named(path, names):
            labels, batches = _READERS[file.format](twin, file, opened)
            if labels is not None:
                check_labels(twin, file, labels)
        yield OpenFile(file, labels, _checked(file, path, names, batches))


@contextmanager
def damage_named(path: Path, names: str) -> Iterator[None]:
    """Say of which file an error is, whichever library found it.

    Args:
        path: of the file.
        names: of what was published.
    """
    try:
        yield
    except OfficialFileError as error:
        raise OfficialFileError(f"{path}: {error}.") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise OfficialFileError(
            f"{path} is damaged, or is another kind of file ({reason}); expected {names}."
        ) from error


def _checked(
    file: PublishedFile, path: Path, names: str, batches: Iterator[UInt8[np.ndarray, "n ..."]]
) -> Iterator[UInt8[np.ndarray, "n h w c"]]:
    while True:
        # Only reading is inside, so that a full disk is not taken for a damaged file.
        with damage_named(path, names):
            batch = next(batches, None)
            if batch is None:
                return
            images = full_light(file, batch)
        yield images


# Labels or None, and all images a part at a time, as they are in the file.
Content = tuple[Num[np.ndarray, "n num_sources"] | None, Iterator[UInt8[np.ndarray, "n ..."]]]


def _read_hdf5(twin: Twin, file: PublishedFile, opened: h5py.File) -> Content:
    images, labels = (_dataset(opened, key) for key in (file.images, file.labels))
    check_layout(twin, file, images.shape, images.dtype)
    check_labels_layout(twin, file, labels.shape, labels.dtype)
    return labels[:], _hdf5_batches(images)


def _dataset(opened: h5py.File, key: str) -> h5py.Dataset:
    """A data set whose bytes are in this very file."""
    parts = key.split("/")
    above = ("/".join(parts[: end + 1]) for end in range(len(parts)))
    is_inside = all(isinstance(opened.get(name, getlink=True), h5py.HardLink) for name in above)
    dataset = opened.get(key) if is_inside else None
    if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual:
        raise OfficialFileError(
            f"holds {', '.join(sorted(opened)) or 'nothing'}; expected the images or labels "
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


def _read_npz(twin: Twin, file: PublishedFile, opened: zipfile.ZipFile) -> Content:
    archives.check_members(opened)
    member = f"{file.images}.npy"
    layout = archives.array_layout(opened, member)
    check_layout(twin, file, layout.shape, layout.dtype)
    labels = _labels(twin, file, opened, f"{file.labels}.npy") if file.labels else None
    return labels, archives.array_batches(opened, member, layout)


def _read_zip(twin: Twin, file: PublishedFile, opened: zipfile.ZipFile) -> Content:
    archives.check_members(opened)
    archives.check_png_names(opened, file.images, twin.grid.num_images)
    labels = _labels(twin, file, opened, archives.find_member(opened, file.labels))
    return labels, archives.png_batches(opened, file.images, stored_shape(twin, file))


def _labels(
    twin: Twin, file: PublishedFile, opened: zipfile.ZipFile, member: str
) -> Num[np.ndarray, "n num_sources"]:
    layout = archives.array_layout(opened, member)
    check_labels_layout(twin, file, layout.shape, layout.dtype)
    return archives.whole_array(opened, member)


_READERS = {"hdf5": _read_hdf5, "npz": _read_npz, "zip": _read_zip}
