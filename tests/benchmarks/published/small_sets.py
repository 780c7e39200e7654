"""Small sets in exactly the formats of the published ones."""

import dataclasses
import functools
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from lib.benchmarks import BENCHMARKS, Source, Twin
from lib.benchmarks.published import content, converted_shape

SIZES = (2, 3, 2, 1, 2, 2)
NUM_IMAGES = 48
NAMES = ("first", "second", "third", "fourth", "fifth", "sixth")


def small(name: str, *addresses: str, sizes: tuple[int, ...] = SIZES, **changes) -> Twin:
    """A benchmark of fewer images, whose file is at other addresses, of no known size and hash."""
    twin = BENCHMARKS[name]
    sources = tuple(
        Source(source, tuple(map(str, range(size))))
        for source, size in zip(NAMES, sizes, strict=True)
    )
    facts = {"addresses": addresses, "size_bytes": None, "known_hash": None} | changes
    published = dataclasses.replace(twin.published, **facts)
    return dataclasses.replace(twin, sources=sources, published=published)


@contextmanager
def in_its_place(twin: Twin) -> Iterator[None]:
    """Have `load` and the command line find a small set in place of the published one."""
    published, module = BENCHMARKS[twin.name], BENCHMARKS.module(twin.name)
    BENCHMARKS.add(twin.name, twin, module)
    yield
    BENCHMARKS.add(twin.name, published, module)


def stored_shape(twin: Twin) -> tuple[int, ...]:
    """Shape of all images as in the file."""
    return content.stored_shape(twin, twin.published)


def make_images(twin: Twin) -> np.ndarray:
    """Images as they are in the file: noise over a gradient, so no two and no two parts agree."""
    generator = np.random.default_rng(3)
    if twin.published.white == 1:
        return generator.integers(0, 2, stored_shape(twin), dtype=np.uint8)
    ramp = np.linspace(0, 200, twin.published.resolution).astype(np.uint8)[:, None, None]
    return ramp + generator.integers(0, 56, stored_shape(twin), dtype=np.uint8)


def make_labels(twin: Twin) -> np.ndarray:
    """Labels as they are in the file: numbers that are evenly spaced, or indices."""
    indices = twin.grid.sources(np.arange(twin.grid.num_images)).astype(np.int64)
    if twin.published.labels_are_indices:
        return indices
    values = [
        np.linspace(-30, 30, size)[column]
        for size, column in zip(twin.grid.sizes, indices.T, strict=True)
    ]
    return np.stack(values, axis=-1)


def png(image: np.ndarray) -> bytes:
    return _png(image.tobytes(), image.shape)


@functools.cache
def _png(values: bytes, shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.frombuffer(values, np.uint8).reshape(shape)).save(
        file, "PNG", compress_level=1
    )
    return file.getvalue()


def npy(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def members(twin: Twin, images: np.ndarray, labels: np.ndarray) -> dict[str, bytes]:
    """Members of a zip archive as published, in no particular order."""
    folder = twin.published.images
    named = {f"{folder}/{i:06d}.png": body for i, body in enumerate(map(png, images))}
    return {twin.published.labels: npy(labels)} | dict(reversed(named.items()))


def write_zip(path: Path, content: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, body in content.items():
            archive.writestr(name, body)
    return path


def write(
    twin: Twin,
    path: Path,
    images: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> Path:
    """Write the file of a set as it is published, or with other images or labels."""
    images = make_images(twin) if images is None else images
    labels = make_labels(twin) if labels is None else labels
    if twin.published.format == "hdf5":
        with h5py.File(path, "w") as file:
            chunks = (10, 32, 32, 3)[: images.ndim]
            file.create_dataset(twin.published.images, data=images, chunks=chunks, compression=1)
            file.create_dataset(twin.published.labels, data=labels)
    elif twin.published.format == "zip":
        write_zip(path, members(twin, images, labels))
    elif twin.published.labels is None:
        with path.open("wb") as file:
            np.savez(file, **{twin.published.images: images})
    else:
        # As published: compressed, with values beside the classes, and pickled metadata.
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                metadata=np.array({"title": "dSprites"}, dtype=object),
                latents_values=make_labels(twin).astype(np.float64),
                **{twin.published.images: images, twin.published.labels: labels},
            )
    return path


def expected(twin: Twin) -> np.ndarray:
    """Images as `open_official` must give them; of sets that are not resized."""
    images = make_images(twin).reshape(converted_shape(twin))
    return images * np.uint8(255 // twin.published.white)


def left(folder: Path) -> list[str]:
    """What is in a folder, locks apart."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".locks")
