"""Converted images: one memory-mapped array a set, made once and shared by processes."""

import dataclasses
import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import UInt8

from lib.benchmarks.grid import SourceGrid
from lib.benchmarks.official import resizing
from lib.benchmarks.official.content import ImageCheck
from lib.benchmarks.official.digests import check_published, file_digests
from lib.benchmarks.official.errors import OfficialFileError, replacement_advised
from lib.benchmarks.official.places import Places, full_disk_named, sync_folder
from lib.benchmarks.official.progress import progress_bar
from lib.benchmarks.official.readers import damage_named, open_published
from lib.benchmarks.official.sets import OfficialSet, find_set
from lib.benchmarks.publication import OFFICIAL_RESOLUTION

FORMAT_VERSION = 1
IMAGES_FILE = "images.npy"
METADATA_FILE = "metadata.json"
_NUM_SAMPLES = 16  # images compared with their digests whenever the array is opened
_ERRORS = (OSError, ValueError, KeyError, TypeError, AttributeError)


@dataclasses.dataclass(frozen=True)
class OfficialImages:
    """The images of a published set.

    Args:
        official: the set.
        images: (n, 64, 64, channels) uint8, mapped from disk, read only; image i is of the
            sources `grid.sources(i)`.
        metadata: what is known of the array and of the file that it was made from.
    """

    official: OfficialSet
    images: UInt8[np.ndarray, "n h w c"]
    metadata: Mapping[str, object]

    @property
    def grid(self) -> SourceGrid:
        """The grid of the sources."""
        return self.official.grid


def open_official(
    name: str | OfficialSet, data_dir: str | Path | None = None, progress: bool | None = None
) -> OfficialImages:
    """Open the images of a published set; nothing is ever downloaded here.

    Where only the published file is there, it is converted first, which takes minutes.

    Args:
        name: one of `OFFICIAL`, or a set of one's own.
        data_dir: folder of all sets; None for `default_data_dir()`.
        progress: whether to draw a bar on stderr; None for only where that is a terminal.

    Returns:
        The images, after a look at a few of them.

    Raises:
        FileNotFoundError: neither converted images nor the published file are there.
        OfficialFileError: either is damaged, or not what was published.
        OSError: the disk is full, or cannot be read or written.
        ValueError: unknown name.
    """
    official = find_set(name)
    places = Places(official, data_dir)
    if places.converted.is_dir():
        return open_converted(places)
    if places.original.is_file():
        return convert(places, places.original, progress)
    raise FileNotFoundError(
        f"{official.title} is neither at {places.converted} (converted) nor at {places.original} "
        f"(as published); fetch it, about {official.about_bytes:,} bytes, with "
        f"python -m lib.benchmarks fetch {official.name}; {places.way_out}."
    )


def open_converted(places: Places) -> OfficialImages:
    """Open converted images, comparing metadata, layout, size and a few images.

    Raises:
        OfficialFileError: they are damaged, or another version of this library made them.
    """
    official, folder = places.official, places.converted
    try:
        metadata = json.loads((folder / METADATA_FILE).read_text())
        expected = _description(official)
        differing = [key for key in expected if metadata[key] != expected[key]]
        if differing:
            key = differing[0]
            raise OfficialFileError(f"{key} is {metadata[key]!r}, expected {expected[key]!r}")
        if (folder / IMAGES_FILE).stat().st_size != metadata["file_bytes"]:
            raise OfficialFileError(f"{IMAGES_FILE} has another size than was written")
        images = np.load(folder / IMAGES_FILE, mmap_mode="r", allow_pickle=False)
        if images.shape != official.shape or images.dtype != np.uint8:
            raise OfficialFileError(f"the array is {images.dtype} of shape {images.shape}")
        for index, digest in metadata["samples"].items():
            if hashlib.sha256(images[int(index)].tobytes()).hexdigest() != digest:
                raise OfficialFileError(f"image {index} has changed")
    except PermissionError:
        raise
    except _ERRORS as error:
        raise OfficialFileError(
            f"{folder} is damaged, or was made by another version ({error}); remove that folder, "
            f"then run python -m lib.benchmarks fetch {official.name}."
        ) from error
    return OfficialImages(official, images, metadata)


def convert(places: Places, original: Path, progress: bool | None = None) -> OfficialImages:
    """Convert a published file, checking all that is known of it; needs memory for a part of it.

    Converted images that are there and whole are left as they are; damaged ones are replaced.

    Args:
        places: of the set.
        original: the published file, anywhere.
        progress: whether to draw a bar on stderr; None for only where that is a terminal.

    Raises:
        FileNotFoundError: there is no such file.
        OfficialFileError: it is damaged, or not what was published.
        OSError: the disk is full, or cannot be read or written.
    """
    official = places.official
    with places.locked("conversion"):
        # Under the lock, a folder of unfinished images can only be a dead process's.
        shutil.rmtree(places.unfinished, ignore_errors=True)
        if places.converted.is_dir():
            try:
                return open_converted(places)
            except OfficialFileError:
                pass  # replaced below, once its successor is whole
        places.require_space(math.prod(official.shape), f"converting {official.title}")
        try:
            with (
                full_disk_named(f"writing {places.unfinished} failed"),
                replacement_advised(official.name),
            ):
                _whole(places).mkdir(parents=True)
                _write(places, original, progress)
            _install(places)
        finally:
            shutil.rmtree(places.unfinished, ignore_errors=True)
    return open_converted(places)


def _description(official: OfficialSet) -> dict[str, object]:
    """What the metadata of a set always say; compared on opening."""
    resized = official.resolution != OFFICIAL_RESOLUTION
    return {
        "format_version": FORMAT_VERSION,
        "name": official.name,
        "sources": list(official.grid.names),
        "sizes": list(official.grid.sizes),
        "shape": list(official.shape),
        "resized_from": official.resolution if resized else None,
        "resized_by": resizing.METHOD if resized else None,
        "labels": "compared with the grid" if official.labels else "none in the published file",
    }


def _write(places: Places, original: Path, progress: bool | None) -> None:
    official = places.official
    path = _whole(places) / IMAGES_FILE
    with open_published(official, original) as published:
        source = check_published(official, original, file_digests(original, progress))
        check = ImageCheck(official)
        # Written as a file, since writing to mapped memory on a full disk kills the process.
        with path.open("wb") as file:
            digest, samples = _write_images(file, official, published.batches, check, progress)
    with damage_named(original):
        check.finish()
    metadata = _description(official) | {
        "source_file": {"name": original.name, **source},
        "file_bytes": path.stat().st_size,
        "images_sha256": digest,
        "samples": samples,
    }
    with path.with_name(METADATA_FILE).open("w") as file:
        json.dump(metadata, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def _write_images(
    file: IO[bytes],
    official: OfficialSet,
    batches: Iterator[UInt8[np.ndarray, "n h w c"]],
    check: ImageCheck,
    progress: bool | None,
) -> tuple[str, dict[str, str]]:
    """Write all images, as an .npy file; the digests of all and of a few of them."""
    header = {"descr": "|u1", "fortran_order": False, "shape": official.shape}
    np.lib.format.write_array_header_1_0(file, header)
    total = official.grid.num_images
    sampled = {int(index) for index in np.linspace(0, total - 1, _NUM_SAMPLES)}
    digest, samples, start = hashlib.sha256(), {}, 0
    with progress_bar(total, "Converting", " images", progress) as bar:
        for images in batches:
            if official.resolution != OFFICIAL_RESOLUTION:
                images = resizing.resize(images, OFFICIAL_RESOLUTION)
            check.add(images)
            written = np.ascontiguousarray(images).data
            file.write(written)
            digest.update(written)
            for index in sampled & set(range(start, start + len(images))):
                samples[str(index)] = hashlib.sha256(images[index - start].tobytes()).hexdigest()
            start += len(images)
            bar.update(len(images))
    file.flush()
    os.fsync(file.fileno())
    return digest.hexdigest(), samples


def _install(places: Places) -> None:
    """Move whole images to their place; what is there is replaced."""
    if places.converted.exists():
        places.converted.rename(places.unfinished / "replaced")
    _whole(places).rename(places.converted)
    sync_folder(places.data_dir)


def _whole(places: Places) -> Path:
    """Where the folder of a set is made before it is moved to its place."""
    return places.unfinished / "whole"
