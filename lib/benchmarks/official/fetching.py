"""Fetching a published set: downloaded if need be, then converted."""

import shutil
from pathlib import Path

from lib.benchmarks.official import store
from lib.benchmarks.official.errors import OfficialFileError
from lib.benchmarks.official.places import Places, full_disk_named, sync_folder
from lib.benchmarks.official.readers import open_published
from lib.benchmarks.official.sets import OfficialSet, find_set
from lib.benchmarks.official.store import OfficialImages
from lib.benchmarks.official.transfer import AddressError, Patience, Transfer


def fetch(
    name: str | OfficialSet,
    data_dir: str | Path | None = None,
    *,
    file: str | Path | None = None,
    progress: bool | None = None,
    patience: Patience | None = None,
) -> OfficialImages:
    """Get a published set ready for use, and open it.

    Nothing is done where its converted images are there and whole. Otherwise the published file
    is taken from `file` or from the data folder, or downloaded into it, and converted.

    Args:
        name: one of `OFFICIAL`, or a set of one's own.
        data_dir: folder of all sets; None for `default_data_dir()`.
        file: the published file, if you already have it; it is left where it is.
        progress: whether to draw bars on stderr; None for only where that is a terminal.
        patience: how long to try each address; None for `Patience()`.

    Raises:
        FileNotFoundError: there is no such `file`.
        OfficialFileError: no address gives the published file, or what is there is not it.
        OSError: the disk is full, or cannot be read or written.
        ValueError: unknown name.
    """
    official = find_set(name)
    places = Places(official, data_dir)
    if file is not None:
        return store.convert(places, Path(file).expanduser(), progress)
    if places.converted.is_dir():
        try:
            return store.open_converted(places)
        except OfficialFileError:
            pass  # converted again below
    return store.convert(places, download(places, progress, patience or Patience()), progress)


def download(places: Places, progress: bool | None, patience: Patience) -> Path:
    """The published file in the data folder, downloaded if it is not there.

    What has come is kept when a download breaks off, and the next one goes on from there.

    Raises:
        OfficialFileError: no address gives the published file.
        OSError: the disk is full, or cannot be written.
    """
    official = places.official
    with places.locked("download"):
        if places.original.is_file():
            return places.original
        places.partial.mkdir(exist_ok=True)
        for path in places.partial.glob("tmp*"):
            path.unlink()  # of a process that was killed; what is kept has other names

        def require_space(num_bytes: int) -> None:
            places.require_space(num_bytes, f"downloading {official.file_name}")

        transfer = Transfer(places.partial, official.size_bytes, require_space, patience, progress)
        # First the address of which a part is there.
        addresses = sorted(official.addresses, key=lambda address: address != transfer.begun)
        answers = []
        for address in addresses:
            try:
                path = _download_from(address, places, transfer)
            except (AddressError, ValueError) as error:
                answers.append(f"{address}: {error}".rstrip("."))
                continue
            path.replace(places.original)
            sync_folder(places.data_dir)
            shutil.rmtree(places.partial)
            return places.original
        if not transfer.begun:
            shutil.rmtree(places.partial)
        raise OfficialFileError(
            f"No address gave {official.file_name}: {'; '.join(answers)}. "
            f"Try again later; {places.way_out}."
        )


def _download_from(address: str, places: Places, transfer: Transfer) -> Path:
    """Download through pooch, which compares the hash, and look whether it is the file.

    Raises:
        AddressError: the address does not give the file.
        ValueError: it gives a file of another hash.
        OSError: the disk is full, or cannot be written.
    """
    # Loaded here, since in a notebook it warns of widgets that a progress bar could have.
    import pooch

    official = places.official
    keeper = pooch.create(
        places.partial,
        base_url="",
        registry={official.file_name: official.known_hash},
        urls={official.file_name: address},
    )
    with full_disk_named(f"writing {places.partial} failed, where what has come is kept"):
        path = Path(keeper.fetch(official.file_name, downloader=transfer))
    try:
        with open_published(official, path):
            return path
    except OfficialFileError as error:
        path.unlink()
        raise AddressError(str(error).replace(str(path), "what came")) from error
