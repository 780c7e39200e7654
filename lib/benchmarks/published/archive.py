"""Arrays and pictures in zip archives, read a part at a time and never unpacked to disk.

What is not as published raises `OfficialFileError`; damage may raise what zipfile and NumPy raise.
"""

import io
import math
import stat
import zipfile
from collections.abc import Iterator
from typing import IO, NamedTuple

import numpy as np
from jaxtyping import Num, UInt8
from PIL import Image

from lib.benchmarks.published.files import OfficialFileError

_BATCH = 16 << 20  # bytes
_ENCRYPTED = 0x1  # among the flags of a member


class ArrayLayout(NamedTuple):
    """What the header of an .npy file says.

    Args:
        shape: of the array.
        dtype: of the array; never one of objects.
        columns_first: whether the first index varies fastest (Fortran's order).
        header_bytes: where the numbers begin.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    columns_first: bool
    header_bytes: int

    @property
    def num_bytes(self) -> int:
        """Bytes of the numbers; in Python's integers, which a false header cannot overflow."""
        return self.dtype.itemsize * math.prod(self.shape)


def check_members(archive: zipfile.ZipFile) -> None:
    """Refuse members that lead elsewhere, are no files, are encrypted, or are there twice."""
    seen = set()
    for member in archive.infolist():
        name = member.filename
        parts = name.replace("\\", "/").split("/")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if parts[0] == "" or ":" in parts[0] or ".." in parts:
            reason = "which leads out of the archive"
        elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            reason = "which is a link or a special file"
        elif member.flag_bits & _ENCRYPTED:
            reason = "which is encrypted"
        elif name in seen:
            reason = "which is there twice"
        else:
            seen.add(name)
            continue
        raise OfficialFileError(f"holds {name!r}, {reason}; expected the archive as published")


def array_layout(archive: zipfile.ZipFile, member: str) -> ArrayLayout:
    """Read the header of an .npy member, which must be of numbers and tell its size right."""
    info = _member(archive, member)
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        if version not in readers:
            raise OfficialFileError(f"{member} has version {version} of .npy; expected 1.0 or 2.0")
        shape, columns_first, dtype = readers[version](file)
        layout = ArrayLayout(shape, columns_first=columns_first, dtype=dtype, header_bytes=0)
        layout = layout._replace(header_bytes=file.tell())
    if dtype.hasobject:
        raise OfficialFileError(f"{member} holds Python objects, which are not read; not numbers")
    expected = layout.header_bytes + layout.num_bytes
    if info.file_size != expected:
        raise OfficialFileError(
            f"{member} has {info.file_size:,} bytes; expected {expected:,} by its own header"
        )
    return layout


def find_member(archive: zipfile.ZipFile, member: str) -> str:
    """The name of a member, or of the one of that file name at the top of the archive."""
    top = member.rpartition("/")[2]
    for name in (member, top):
        if name in archive.NameToInfo:
            return name
    raise OfficialFileError(f"holds neither {member} nor {top}")


def whole_array(archive: zipfile.ZipFile, member: str) -> Num[np.ndarray, "n m"]:
    """Read an .npy member of which the layout has been found right."""
    with archive.open(member) as file:
        values = np.lib.format.read_array(file, allow_pickle=False)
        _require_end(file)
    return values


def array_batches(
    archive: zipfile.ZipFile, member: str, layout: ArrayLayout
) -> Iterator[UInt8[np.ndarray, "n ..."]]:
    """Read an .npy member of bytes, as many whole rows at a time as make 16 MiB.

    Its checksum is compared at the end. With columns first, no image would lie in one piece.
    """
    if layout.columns_first:
        raise OfficialFileError(f"{member} has its columns first; expected rows first")
    row_bytes = layout.num_bytes // layout.shape[0]
    rows = max(1, _BATCH // row_bytes)
    with archive.open(member) as file:
        file.read(layout.header_bytes)
        for start in range(0, layout.shape[0], rows):
            count = min(rows, layout.shape[0] - start)
            values = np.frombuffer(_read(file, count * row_bytes), np.uint8)
            yield values.reshape(count, *layout.shape[1:])
        _require_end(file)


def check_png_names(archive: zipfile.ZipFile, folder: str, num_images: int) -> None:
    """Require pictures 000000.png, 000001.png, ... in a folder, and no other there.

    What lies beside the folder, as some systems put it there when they pack, is not looked at.
    """
    inside = (name for name in archive.namelist() if name.startswith(f"{folder}/"))
    names = {name for name in inside if name.lower().endswith(".png")}
    if not names:
        raise OfficialFileError(f"holds {_few(archive)}; expected pictures in {folder}")
    expected = {_png(folder, index) for index in range(num_images)}
    missing, others = sorted(expected - names), sorted(names - expected)
    if missing or others:
        parts = [f"has {len(names):,} pictures; expected {num_images:,}"]
        for words, some in (("missing", missing), ("too many", others)):
            if some:
                parts.append(f"{len(some):,} {words}, first {some[0]}")
        raise OfficialFileError("; ".join(parts))


def png_batches(
    archive: zipfile.ZipFile, folder: str, shape: tuple[int, ...]
) -> Iterator[UInt8[np.ndarray, "n h w 3"]]:
    """Decode the pictures of a folder in the order of their numbers; `shape` is that of all."""
    num_images, *picture = shape
    rows = max(1, _BATCH // math.prod(picture))
    for start in range(0, num_images, rows):
        batch = np.empty((min(rows, num_images - start), *picture), np.uint8)
        for row in range(len(batch)):
            batch[row] = _picture(archive, _png(folder, start + row), tuple(picture))
        yield batch


def _picture(
    archive: zipfile.ZipFile, member: str, shape: tuple[int, ...]
) -> UInt8[np.ndarray, "h w 3"]:
    """A PNG in red, green and blue; a fourth channel is dropped if all of it is opaque."""
    info = _member(archive, member)
    # No PNG of such a picture is larger than its four channels and as much again.
    most = 8 * shape[0] * shape[1] + (64 << 10)
    if info.file_size > most:
        raise OfficialFileError(f"{member} has {info.file_size:,} bytes; expected {most:,} at most")
    try:
        with Image.open(io.BytesIO(archive.read(info)), formats=["PNG"]) as picture:
            size, mode = (picture.height, picture.width), picture.mode
            if size != shape[:2] or mode not in ("RGB", "RGBA"):
                raise OfficialFileError(
                    f"{member} is {mode} of {size[0]} x {size[1]} pixels; "
                    f"expected RGB of {shape[0]} x {shape[1]}"
                )
            values = np.asarray(picture)
    except (OSError, SyntaxError) as error:
        raise OfficialFileError(f"{member} is no whole PNG ({error})") from error
    if values.shape[-1] == 4 and (values[..., 3] != 255).any():
        raise OfficialFileError(f"{member} is transparent; expected an opaque picture")
    return values[..., :3]


def _png(folder: str, index: int) -> str:
    return f"{folder}/{index:06d}.png"


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    try:
        return archive.getinfo(name)
    except KeyError:
        raise OfficialFileError(f"holds {_few(archive)}; expected {name} among it") from None


def _few(archive: zipfile.ZipFile) -> str:
    """The first names of an archive, for messages."""
    return ", ".join(archive.namelist()[:5]) or "nothing"


def _read(file: IO[bytes], size: int) -> bytes:
    values = file.read(size)
    if len(values) != size:
        raise OfficialFileError(f"ends early: {len(values):,} of {size:,} bytes of a part came")
    return values


def _require_end(file: IO[bytes]) -> None:
    """Read on to the end, where the archive compares its checksum."""
    if file.read(1):
        raise OfficialFileError("goes on after its images; expected its end")
