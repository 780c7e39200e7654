"""A full check of converted images."""

import hashlib
from pathlib import Path

import numpy as np

from lib.benchmarks.published.content import ImageCheck, check_digests, file_digests
from lib.benchmarks.published.convert import open_converted
from lib.benchmarks.published.files import (
    OfficialFileError,
    SetFiles,
    find_published,
    progress_bar,
    replacement_advised,
)
from lib.benchmarks.published.reading import open_published
from lib.benchmarks.twin import Twin

_CHUNK = 1024  # images at a time


def verify(
    name: str | Twin, data_dir: str | Path | None = None, progress: bool | None = None
) -> tuple[str, ...]:
    """Read all converted images again, and the published file where it is there.

    Args:
        name: a benchmark with a published file, by its name or itself.
        data_dir: folder of all sets, as `data_folder` takes it.
        progress: whether to show a bar on stderr; None for only where that is a terminal.

    Returns:
        What was found right, and what could not be checked, a sentence each.

    Raises:
        FileNotFoundError: no converted images are there.
        OfficialFileError: something is not as it was written or published.
        ValueError: unknown name, or a benchmark without a published file.
    """
    twin = find_published(name)
    files = SetFiles(twin, data_dir)
    if not files.converted.is_dir():
        raise FileNotFoundError(
            f"{files.converted} is not there; expected converted images, which come with "
            f"python -m lib.benchmarks fetch {twin.name}."
        )
    opened = open_converted(files)
    digest, check, total = hashlib.sha256(), ImageCheck(twin), len(opened.images)
    with progress_bar(progress, total=total, desc="Verifying", unit=" images") as bar:
        for start in range(0, total, _CHUNK):
            chunk = np.asarray(opened.images[start : start + _CHUNK])
            digest.update(chunk.data)
            check.add(chunk)
            bar.update(len(chunk))
    again = f"remove that folder, then run python -m lib.benchmarks fetch {twin.name}"
    if digest.hexdigest() != opened.metadata["images_sha256"]:
        raise OfficialFileError(
            f"{files.converted} has changed since it was written (another sha256); {again}."
        )
    try:
        check.finish()
    except OfficialFileError as error:
        raise OfficialFileError(f"{files.converted}: {error}; {again}.") from error
    findings = [
        f"{total:,} images of shape {opened.images.shape[1:]} are as they were written.",
        "Their range and variety are those of pictures.",
        f"Their labels: {opened.metadata['labels']}, when they were converted.",
    ]
    with replacement_advised(twin):
        findings += _original(files, opened.metadata["source_file"], progress)
    return tuple(findings)


def _original(files: SetFiles, source: dict[str, str | int], progress: bool | None) -> list[str]:
    """What is found of the published file.

    Args:
        files: of the set.
        source: size and digests of the file that the images were converted from.
        progress: whether to show a bar on stderr.
    """
    path = files.data_dir / source["name"]
    path = path if path.is_file() else files.original
    if not path.is_file():
        return [f"{path} is not there, so the published file was not checked."]
    digests = file_digests(path, progress)
    if digests["sha256"] != source["sha256"]:
        raise OfficialFileError(
            f"{path} is not the file that the images were converted from (another sha256)."
        )
    with open_published(files.twin, path) as opened:
        check_digests(opened.file, path, digests)
        known = opened.file.known_hash or "none is known of the published file"
        findings = [f"{path} is the file that they were converted from (hash: {known})."]
        if opened.labels is None:
            findings.append("It has no labels, so that the order of its images cannot be checked.")
        else:
            findings.append(f"All {len(opened.labels):,} of its labels are in order.")
    return findings
