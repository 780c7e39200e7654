"""Converted images: one memory-mapped array a set, made once and shared by processes."""

import dataclasses
import functools
import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8

from lib.benchmarks.publication import OFFICIAL_RESOLUTION
from lib.benchmarks.published.content import ImageCheck, check_digests, file_digests
from lib.benchmarks.published.files import (
    OfficialFileError,
    SetFiles,
    find_published,
    full_disk_named,
    progress_bar,
    replacement_advised,
    sync_folder,
)
from lib.benchmarks.published.reading import damage_named, open_published
from lib.benchmarks.twin import Twin
from lib.files import write_text
from lib.pixels import to_uint8

FORMAT_VERSION = 1
IMAGES_FILE = "images.npy"
METADATA_FILE = "metadata.json"
RESIZING = "bicubic (Keys, a = -1/2), antialiased, clipped to [0, 1], rounded to 1/255"
_RESIZED_TOGETHER = 256  # images, which bounds the working memory
_NUM_SAMPLES = 16  # images compared with their digests whenever the array is opened
_ERRORS = (OSError, ValueError, KeyError, TypeError, AttributeError)


@dataclasses.dataclass(frozen=True)
class OfficialImages:
    """The images of a published set.

    Args:
        twin: the benchmark.
        images: (n, 64, 64, channels) uint8, mapped from disk, read only; image i is of the
            sources `twin.grid.sources(i)`.
        metadata: what is known of the array and of the file that it was made from.
    """

    twin: Twin
    images: UInt8[np.ndarray, "n h w c"]
    metadata: Mapping[str, object]


def converted_shape(twin: Twin) -> tuple[int, int, int, int]:
    """Shape of all images of a set as `open_official` gives them."""
    return (twin.grid.num_images, OFFICIAL_RESOLUTION, OFFICIAL_RESOLUTION, twin.channels)


def open_official(
    name: str | Twin, data_dir: str | Path | None = None, progress: bool | None = None
) -> OfficialImages:
    """Open the images of a published set; nothing is ever downloaded here.

    Where only the published file is there, it is converted first, which takes minutes.

    Args:
        name: a benchmark with a published file, by its name or itself.
        data_dir: folder of all sets, as `data_folder` takes it.
        progress: whether to show a bar on stderr; None for only where that is a terminal.

    Returns:
        The images, after a look at a few of them.

    Raises:
        FileNotFoundError: neither converted images nor the published file are there.
        OfficialFileError: either is damaged, or not what was published.
        OSError: the disk is full, or cannot be read or written.
        ValueError: unknown name, or a benchmark without a published file.
    """
    files = SetFiles(find_published(name), data_dir)
    if files.converted.is_dir():
        return open_converted(files)
    if files.original.is_file():
        return convert(files, files.original, progress)
    twin = files.twin
    raise FileNotFoundError(
        f"{twin.title} is neither at {files.converted} (converted) nor at {files.original} "
        f"(as published); fetch it, about {twin.published.about_bytes:,} bytes, with "
        f"python -m lib.benchmarks fetch {twin.name}; {files.way_out}."
    )


def open_converted(files: SetFiles) -> OfficialImages:
    """Open converted images, comparing metadata, layout, size and a few images."""
    twin, folder = files.twin, files.converted
    try:
        metadata = json.loads((folder / METADATA_FILE).read_text())
        expected = _description(twin)
        differing = [key for key in expected if metadata[key] != expected[key]]
        if differing:
            key = differing[0]
            raise OfficialFileError(f"{key} is {metadata[key]!r}, expected {expected[key]!r}")
        if (folder / IMAGES_FILE).stat().st_size != metadata["file_bytes"]:
            raise OfficialFileError(f"{IMAGES_FILE} has another size than was written")
        images = np.load(folder / IMAGES_FILE, mmap_mode="r", allow_pickle=False)
        if images.shape != converted_shape(twin) or images.dtype != np.uint8:
            raise OfficialFileError(f"the array is {images.dtype} of shape {images.shape}")
        for index, digest in metadata["samples"].items():
            if hashlib.sha256(images[int(index)].tobytes()).hexdigest() != digest:
                raise OfficialFileError(f"image {index} has changed")
    except PermissionError:
        raise
    except _ERRORS as error:
        raise OfficialFileError(
            f"{folder} is damaged, or was made by another version ({error}); remove that folder, "
            f"then run python -m lib.benchmarks fetch {twin.name}."
        ) from error
    return OfficialImages(twin, images, metadata)


def convert(files: SetFiles, original: Path, progress: bool | None = None) -> OfficialImages:
    """Convert a published file, checking all that is known of it; needs memory for a part of it.

    Converted images that are there and whole are left as they are; damaged ones are replaced.
    Raises as `open_official` does.
    """
    twin, whole = files.twin, files.unfinished / "whole"
    with files.locked("conversion"):
        # Under the lock, a folder of unfinished images can only be a dead process's.
        shutil.rmtree(files.unfinished, ignore_errors=True)
        if files.converted.is_dir():
            try:
                return open_converted(files)
            except OfficialFileError:
                pass  # replaced below, once its successor is whole
        files.require_space(math.prod(converted_shape(twin)), f"converting {twin.title}")
        try:
            with (
                full_disk_named(f"writing {files.unfinished} failed"),
                replacement_advised(twin),
            ):
                whole.mkdir(parents=True)
                _write(twin, original, whole, progress)
            if files.converted.exists():
                files.converted.rename(files.unfinished / "replaced")
            whole.rename(files.converted)
            sync_folder(files.data_dir)
        finally:
            shutil.rmtree(files.unfinished, ignore_errors=True)
    return open_converted(files)


def resize(images: UInt8[np.ndarray, "n h w c"], size: int) -> UInt8[np.ndarray, "n s s c"]:
    """Resize images by antialiased bicubic interpolation, clipped to the range of light.

    Args:
        images: (n, height, width, channels).
        size: pixels along each side of the result.

    Returns:
        (n, size, size, channels).

    Source: Hsu et al., Disentanglement via Latent Quantization, 2023, on Falcor3D and Isaac3D.
    Differs: rounded to whole grey levels, for images at rest.
    """
    resized = np.empty((len(images), size, size, images.shape[-1]), np.uint8)
    for start in range(0, len(images), _RESIZED_TOGETHER):
        chunk = images[start : start + _RESIZED_TOGETHER]
        # Every chunk is filled up to one shape, so that only one is compiled.
        missing = _RESIZED_TOGETHER - len(chunk)
        full = np.concatenate([chunk, np.zeros((missing, *chunk.shape[1:]), np.uint8)])
        resized[start : start + _RESIZED_TOGETHER] = _resized(full, size)[: len(chunk)]
    return resized


@functools.partial(jax.jit, static_argnames="size")
def _resized(images: UInt8[Array, "n h w c"], size: int) -> UInt8[Array, "n s s c"]:
    shape = (images.shape[0], size, size, images.shape[-1])
    light = images.astype(jnp.float32) / 255
    light = jax.image.resize(light, shape, method="cubic", antialias=True)
    return to_uint8(jnp.clip(light, 0, 1))


def _description(twin: Twin) -> dict[str, object]:
    """What the metadata of a set always say; compared on opening."""
    resized = twin.published.resolution != OFFICIAL_RESOLUTION
    return {
        "format_version": FORMAT_VERSION,
        "name": twin.name,
        "sources": list(twin.grid.names),
        "sizes": list(twin.grid.sizes),
        "shape": list(converted_shape(twin)),
        "resized_from": twin.published.resolution if resized else None,
        "resized_by": RESIZING if resized else None,
        "labels": (
            "compared with the grid" if twin.published.labels else "none in the published file"
        ),
    }


def _write(twin: Twin, original: Path, folder: Path, progress: bool | None) -> None:
    path = folder / IMAGES_FILE
    with open_published(twin, original) as opened:
        digests = file_digests(original, progress)
        check_digests(opened.file, original, digests)
        check = ImageCheck(twin)
        # Written as a file, since writing to mapped memory on a full disk kills the process.
        with path.open("wb") as file:
            images_sha256, samples = _write_images(file, twin, opened.batches, check, progress)
    with damage_named(original, opened.file.file_name):
        check.finish()
    metadata = _description(twin) | {
        "source_file": {"name": original.name, **digests},
        "file_bytes": path.stat().st_size,
        "images_sha256": images_sha256,
        "samples": samples,
    }
    write_text(folder / METADATA_FILE, json.dumps(metadata, indent=1))
    sync_folder(folder)


def _write_images(
    file: IO[bytes],
    twin: Twin,
    batches: Iterator[UInt8[np.ndarray, "n h w c"]],
    check: ImageCheck,
    progress: bool | None,
) -> tuple[str, dict[str, str]]:
    """Write all images as an .npy file; return the digests of all and of a few of them."""
    header = {"descr": "|u1", "fortran_order": False, "shape": converted_shape(twin)}
    np.lib.format.write_array_header_1_0(file, header)
    total = twin.grid.num_images
    sampled = {int(index) for index in np.linspace(0, total - 1, _NUM_SAMPLES)}
    digest, samples, start = hashlib.sha256(), {}, 0
    with progress_bar(progress, total=total, desc="Converting", unit=" images") as bar:
        for images in batches:
            if images.shape[1] != OFFICIAL_RESOLUTION:
                images = resize(images, OFFICIAL_RESOLUTION)
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
