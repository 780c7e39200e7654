"""What was published: data sets, and the files that hold their images."""

import dataclasses
from typing import Self

OFFICIAL_RESOLUTION = 64  # pixels along each side at which the published images are used


@dataclasses.dataclass(frozen=True)
class Publication:
    """The published data set that a rendered twin follows.

    Args:
        title: of the data set.
        citation: authors, title, year.
        licence: of the published images.
        url: of its page.
        twin_differs: where the twin still differs from it, in one sentence.
    """

    title: str
    citation: str
    licence: str
    url: str
    twin_differs: str = ""


@dataclasses.dataclass(frozen=True)
class PublishedFile:
    """A published file that holds all images of a benchmark, in the order of its grid.

    Args:
        file_name: as published.
        addresses: where it is published, the first being tried first.
        format: "hdf5", "npz", or "zip" for an archive of PNGs named by six digits.
        images: where the images are in the file: a key, or the folder of the PNGs.
        labels: where the labels are in the file, one column a source; None where it has none, so
            that the order of its images cannot be checked.
        about_bytes: size of the file, roughly, for messages.
        size_bytes: size of the file; None where it is not known to the byte.
        known_hash: "sha256:" or "md5:" and the digest of the file; None where none is known.
        resolution: pixels along each side in the file.
        white: value of full light in the file, 255, or 1 for binary images.
        labels_are_indices: whether a label is the index of a value of its source. Otherwise it
            is a floating-point number, and its rank among those of its column is the index.
        lookalikes: numbers of images in files that are taken for this one, and which those are.
        others: files in which the same images were published too, and which are read as well.
    """

    file_name: str
    addresses: tuple[str, ...]
    format: str
    images: str
    labels: str | None
    about_bytes: int
    size_bytes: int | None = None
    known_hash: str | None = None
    resolution: int = OFFICIAL_RESOLUTION
    white: int = 255
    labels_are_indices: bool = False
    lookalikes: tuple[tuple[int, str], ...] = ()
    others: tuple[Self, ...] = ()


def drive_addresses(file_id: str) -> tuple[str, str]:
    """Addresses of a file on Google Drive that answer with the file itself, not with a page."""
    return (
        f"https://drive.usercontent.google.com/download?id={file_id}&export=download&confirm=t",
        f"https://drive.google.com/uc?export=download&id={file_id}&confirm=t",
    )
