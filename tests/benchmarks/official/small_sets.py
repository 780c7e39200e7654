"""Small sets in exactly the formats of the published ones."""

import dataclasses
import functools
import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from lib.benchmarks import SourceGrid
from lib.benchmarks.official import OFFICIAL, OfficialSet

SIZES = (2, 3, 2, 1, 2, 2)
NUM_IMAGES = 48
NAMES = ("first", "second", "third", "fourth", "fifth", "sixth")


def small(name: str, *addresses: str, sizes: tuple[int, ...] = SIZES, **changes) -> OfficialSet:
    """A published set with fewer images, at other addresses, of no known size and hash."""
    facts = {"grid": SourceGrid(NAMES, sizes), "size_bytes": None, "known_hash": None}
    return dataclasses.replace(OFFICIAL[name], addresses=addresses, **(facts | changes))


def make_images(official: OfficialSet) -> np.ndarray:
    """Images as they are in the file: noise over a gradient, so no two and no two parts agree."""
    generator = np.random.default_rng(3)
    if official.white == 1:
        return generator.integers(0, 2, official.stored_shape, dtype=np.uint8)
    ramp = np.linspace(0, 200, official.resolution).astype(np.uint8)[:, None, None]
    return ramp + generator.integers(0, 56, official.stored_shape, dtype=np.uint8)


def make_labels(official: OfficialSet) -> np.ndarray:
    """Labels as they are in the file: numbers that are evenly spaced, or indices."""
    indices = official.grid.sources(np.arange(official.grid.num_images)).astype(np.int64)
    if official.labels_are_indices:
        return indices
    values = [
        np.linspace(-30, 30, size)[column]
        for size, column in zip(official.grid.sizes, indices.T, strict=True)
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


def members(official: OfficialSet, images: np.ndarray, labels: np.ndarray) -> dict[str, bytes]:
    """Members of a zip archive as published, in no particular order."""
    named = {f"{official.images}/{i:06d}.png": body for i, body in enumerate(map(png, images))}
    return {official.labels: npy(labels)} | dict(reversed(named.items()))


def write_zip(path: Path, content: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, body in content.items():
            archive.writestr(name, body)
    return path


def write(
    official: OfficialSet,
    path: Path,
    images: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> Path:
    """Write the file of a set as it is published, or with other images or labels."""
    images = make_images(official) if images is None else images
    labels = make_labels(official) if labels is None else labels
    if official.format == "hdf5":
        with h5py.File(path, "w") as file:
            file.create_dataset("images", data=images, chunks=(10, 32, 32, 3), compression=1)
            file.create_dataset("labels", data=labels)
    elif official.format == "zip":
        write_zip(path, members(official, images, labels))
    elif official.labels is None:
        with path.open("wb") as file:
            np.savez(file, **{official.images: images})
    else:
        # As published: compressed, with values beside the classes, and pickled metadata.
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                metadata=np.array({"title": "dSprites"}, dtype=object),
                latents_values=make_labels(official).astype(np.float64),
                **{official.images: images, official.labels: labels},
            )
    return path


def expected(official: OfficialSet) -> np.ndarray:
    """Images as `open_official` must give them; of sets that are not resized."""
    images = make_images(official).reshape(official.shape)
    return images * np.uint8(255 // official.white)
