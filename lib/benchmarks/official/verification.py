"""A full check of converted images."""

import hashlib
from pathlib import Path

import numpy as np

from lib.benchmarks.official.content import ImageCheck
from lib.benchmarks.official.digests import check_published, file_digests
from lib.benchmarks.official.errors import OfficialFileError, replacement_advised
from lib.benchmarks.official.places import Places
from lib.benchmarks.official.progress import progress_bar
from lib.benchmarks.official.readers import open_published
from lib.benchmarks.official.sets import OfficialSet, find_set
from lib.benchmarks.official.store import open_converted

_CHUNK = 1024  # images at a time


def verify(
    name: str | OfficialSet, data_dir: str | Path | None = None, progress: bool | None = None
) -> tuple[str, ...]:
    """Read all converted images again, and the published file where it is there.

    Args:
        name: one of `OFFICIAL`, or a set of one's own.
        data_dir: folder of all sets; None for `default_data_dir()`.
        progress: whether to draw a bar on stderr; None for only where that is a terminal.

    Returns:
        What was found right, and what could not be checked, a sentence each.

    Raises:
        FileNotFoundError: no converted images are there.
        OfficialFileError: something is not as it was written or published.
        ValueError: unknown name.
    """
    official = find_set(name)
    places = Places(official, data_dir)
    if not places.converted.is_dir():
        raise FileNotFoundError(
            f"{places.converted} is not there; expected converted images, which come with "
            f"python -m lib.benchmarks fetch {official.name}."
        )
    opened = open_converted(places)
    digest, check, total = hashlib.sha256(), ImageCheck(official), len(opened.images)
    with progress_bar(total, "Verifying", " images", progress) as bar:
        for start in range(0, total, _CHUNK):
            chunk = np.asarray(opened.images[start : start + _CHUNK])
            digest.update(chunk.data)
            check.add(chunk)
            bar.update(len(chunk))
    again = f"remove that folder, then run python -m lib.benchmarks fetch {official.name}"
    if digest.hexdigest() != opened.metadata["images_sha256"]:
        raise OfficialFileError(
            f"{places.converted} has changed since it was written (another sha256); {again}."
        )
    try:
        check.finish()
    except OfficialFileError as error:
        raise OfficialFileError(f"{places.converted}: {error}; {again}.") from error
    findings = [
        f"{total:,} images of shape {opened.images.shape[1:]} are as they were written.",
        "Their range and variety are those of pictures.",
        f"Their labels: {opened.metadata['labels']}, when they were converted.",
    ]
    with replacement_advised(official.name):
        findings += _original(places, opened.metadata["source_file"], progress)
    return tuple(findings)


def _original(places: Places, source: dict[str, str | int], progress: bool | None) -> list[str]:
    official, path = places.official, places.original
    if not path.is_file():
        return [f"{path} is not there, so the published file was not checked."]
    digests = check_published(official, path, file_digests(path, progress))
    if digests["sha256"] != source["sha256"]:
        raise OfficialFileError(
            f"{path} is not the file that the images were converted from (another sha256)."
        )
    known = official.known_hash or "none is known of the published file"
    findings = [f"{path} is the file that they were converted from (hash: {known})."]
    with open_published(official, path) as published:
        if published.labels is None:
            findings.append("It has no labels, so that the order of its images cannot be checked.")
        else:
            findings.append(f"All {len(published.labels):,} of its labels are in order.")
    return findings
