"""Getting a published set: its file is downloaded if need be, then converted."""

import shutil
from pathlib import Path

from lib.benchmarks.published.convert import OfficialImages, convert, open_converted
from lib.benchmarks.published.files import (
    OfficialFileError,
    SetFiles,
    find_published,
    full_disk_named,
    sync_folder,
)
from lib.benchmarks.published.transfer import AddressError, Patience, Transfer
from lib.benchmarks.twin import Twin


def fetch(
    name: str | Twin,
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
        name: a benchmark with a published file, by its name or itself.
        data_dir: folder of all sets, as `data_folder` takes it.
        file: the published file, if you already have it; it is left where it is.
        progress: whether to show bars on stderr; None for only where that is a terminal.
        patience: how long to try each address; None for `Patience()`.

    Raises:
        FileNotFoundError: there is no such `file`.
        OfficialFileError: no address gives the published file, or what is there is not it.
        OSError: the disk is full, or cannot be read or written.
        ValueError: unknown name, or a benchmark without a published file.
    """
    files = SetFiles(find_published(name), data_dir)
    if file is not None:
        return convert(files, Path(file).expanduser(), progress)
    if files.converted.is_dir():
        try:
            return open_converted(files)
        except OfficialFileError:
            pass  # converted again below
    return convert(files, download(files, progress, patience or Patience()), progress)


def download(files: SetFiles, progress: bool | None, patience: Patience) -> Path:
    """The published file in the data folder, downloaded if it is not there.

    What has come is kept when a download breaks off, and the next one goes on from there.
    """
    published = files.twin.published
    with files.locked("download"):
        if files.original.is_file():
            return files.original
        files.partial.mkdir(exist_ok=True)
        transfer = Transfer(files, patience, progress)
        # First the address from which a part has come.
        addresses = sorted(published.addresses, key=lambda address: address != transfer.begun)
        answers = []
        for address in addresses:
            try:
                with full_disk_named(
                    f"writing {files.partial} failed; what has come is kept there"
                ):
                    transfer.get(address)
            except AddressError as error:
                answers.append(f"{address}: {error}".rstrip("."))
                continue
            transfer.body.replace(files.original)
            sync_folder(files.data_dir)
            shutil.rmtree(files.partial)
            return files.original
        if not transfer.begun:
            shutil.rmtree(files.partial)
        raise OfficialFileError(
            f"No address gave {published.file_name}: {'; '.join(answers)}. "
            f"Try again later; {files.way_out}."
        )
