"""Digests of published files."""

import hashlib
from pathlib import Path

from lib.benchmarks.official.errors import OfficialFileError
from lib.benchmarks.official.progress import progress_bar
from lib.benchmarks.official.sets import OfficialSet

_CHUNK = 1 << 20  # bytes


def file_digests(path: Path, progress: bool | None = None) -> dict[str, str | int]:
    """Size in bytes, sha256 and md5 of a file, read once."""
    digests = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
    size = 0
    with (
        progress_bar(path.stat().st_size, "Hashing", "B", progress) as bar,
        path.open("rb") as file,
    ):
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            for digest in digests.values():
                digest.update(chunk)
            bar.update(len(chunk))
    return {"bytes": size} | {name: digest.hexdigest() for name, digest in digests.items()}


def check_published(
    official: OfficialSet, path: Path, digests: dict[str, str | int]
) -> dict[str, str | int]:
    """Require size and digest of the published file, where they are known, and return them.

    Raises:
        OfficialFileError: another size or digest.
    """
    size = digests["bytes"]
    if official.size_bytes is not None and size != official.size_bytes:
        raise OfficialFileError(
            f"{path} has {size:,} bytes; the published {official.file_name} has "
            f"{official.size_bytes:,}."
        )
    if official.known_hash is not None:
        algorithm, expected = official.known_hash.split(":")
        if digests[algorithm] != expected:
            raise OfficialFileError(
                f"{path} has {algorithm} {digests[algorithm]}; the published "
                f"{official.file_name} has {expected}."
            )
    return digests
