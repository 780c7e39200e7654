"""What goes wrong with published files."""

from collections.abc import Iterator
from contextlib import contextmanager


class OfficialFileError(ValueError):
    """A file, or what an address answers, is not what was published.

    It is a `ValueError`, since its bytes are wrong: a missing file is a `FileNotFoundError`, and a
    full disk or a folder that cannot be written another `OSError`.
    """


@contextmanager
def replacement_advised(name: str) -> Iterator[None]:
    """Say what to do where a published file on disk is found wrong.

    Args:
        name: of the set.
    """
    try:
        yield
    except OfficialFileError as error:
        raise OfficialFileError(
            f"{error} Replace that file by the published one, or remove it and run "
            f"python -m lib.benchmarks fetch {name}."
        ) from error
