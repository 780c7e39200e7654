"""Converted images: right, whole, and found out when they are not."""

import dataclasses
import errno
import json
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from lib.benchmarks.published import OfficialFileError, fetch, open_official, verify
from lib.benchmarks.published.convert import resize
from tests.benchmarks.published import small_sets
from tests.benchmarks.published.small_sets import make_images, small, stored_shape

Usage = namedtuple("Usage", "total used free")


def _convert(twin, folder, **content):
    folder.mkdir(exist_ok=True)
    path = small_sets.write(twin, folder / twin.published.file_name, **content)
    return path, open_official(twin, folder)


def _keys(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic kernel with a = -1/2 (Keys 1981, equation 15)."""
    x = np.abs(distance)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _halve(images: np.ndarray) -> np.ndarray:
    """Antialiased bicubic halving in double precision, written out as two matrix products."""
    centres = 2 * np.arange(64) + 0.5
    # Stretched by 2, so that no more detail is kept than the smaller picture can hold.
    weights = _keys((np.arange(128)[None] - centres[:, None]) / 2)
    weights /= weights.sum(axis=1, keepdims=True)
    light = np.einsum("ih,nhwc,jw->nijc", weights, images / 255, weights, optimize=True)
    return np.clip(light, 0, 1) * 255


@pytest.mark.parametrize("name", ["falcor3d", "isaac3d"])
def test_large_images_are_halved_by_antialiased_bicubic_interpolation(name, tmp_path):
    twin = small(name)
    _, opened = _convert(twin, tmp_path)
    expected = _halve(make_images(twin))
    # Half a level of rounding, and float32.
    assert np.abs(opened.images - expected).max() <= 0.5 + 1e-3
    assert opened.metadata["resized_from"] == 128


def test_what_overshoots_is_clipped_and_images_are_resized_in_chunks_without_a_seam():
    stripes = np.zeros((300, 128, 128, 1), np.uint8)
    stripes[:, :, 64:] = 255
    stripes[:, np.arange(128) % 7 < 3] = 255 - stripes[:, np.arange(128) % 7 < 3]
    expected = _halve(stripes[:1])
    for image in resize(stripes, 64):
        assert np.abs(image - expected[0]).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("name", ["shapes3d", "mpi3d", "dsprites"])
def test_converted_images_are_shared_read_only_and_need_no_published_file(name, tmp_path):
    twin = small(name)
    path, opened = _convert(twin, tmp_path)
    path.unlink()
    again = open_official(twin, tmp_path)
    assert isinstance(again.images, np.memmap)
    assert not again.images.flags.writeable
    assert again.images.dtype == np.uint8
    np.testing.assert_array_equal(again.images, small_sets.expected(twin))
    np.testing.assert_array_equal(again.images, opened.images)
    assert again.twin.grid == twin.grid
    assert small_sets.left(tmp_path) == [name]


def test_binary_images_fill_the_range_of_light(tmp_path):
    _, opened = _convert(small("dsprites"), tmp_path)
    assert opened.images.shape == (48, 64, 64, 1)
    assert set(np.unique(opened.images)) == {0, 255}


def test_nothing_is_downloaded_by_opening(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise AssertionError("no request may be made")

    monkeypatch.setattr("requests.Session.request", no_network)
    twin = small("isaac3d", "http://127.0.0.1:9/file")
    with pytest.raises(FileNotFoundError) as caught:
        open_official(twin, tmp_path)
    for words in (
        str(tmp_path / "isaac3d"),
        str(tmp_path / "Isaac3D_down128.zip"),
        "about 13,000,000,000 bytes",
        "python -m lib.benchmarks fetch isaac3d",
        "--file PATH",
    ):
        assert words in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_set_is_named():
    with pytest.raises(ValueError, match="name='shapes2d' is unknown; expected one of shapes3d"):
        open_official("shapes2d")


@pytest.mark.parametrize("level", [0, 7])
def test_images_of_one_colour_are_refused(level, tmp_path):
    # As in a file of MPI3D that was once published: whole, of the right layout, and empty.
    twin = small("mpi3d")
    images = make_images(twin)
    images[20:] = level
    with pytest.raises(OfficialFileError, match="28 of 48 images are of one colour") as caught:
        _convert(twin, tmp_path, images=images)
    assert str(tmp_path / twin.published.file_name) in str(caught.value)
    assert "Replace that file by the published one, or remove it" in str(caught.value)
    assert small_sets.left(tmp_path) == [twin.published.file_name]


def test_images_of_few_grey_levels_are_refused(tmp_path):
    twin = small("mpi3d")
    with pytest.raises(OfficialFileError, match="have 4 grey levels, up to 3; expected at least 1"):
        _convert(twin, tmp_path, images=make_images(twin) % 4)


def test_binary_images_that_are_all_black_or_white_are_refused(tmp_path):
    twin = small("dsprites")
    with pytest.raises(OfficialFileError, match="images are of one colour"):
        _convert(twin, tmp_path, images=np.ones(stored_shape(twin), np.uint8))


def _flip(folder: Path, index: int) -> None:
    with (folder / "images.npy").open("r+b") as file:
        file.seek(128 + index * 64 * 64 * 3 + 99)
        value = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([value ^ 1]))


def _edit(folder: Path, **changes) -> None:
    path = folder / "metadata.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "metadata.json").unlink(), "No such file"),
        (lambda folder: (folder / "images.npy").unlink(), "No such file"),
        (lambda folder: (folder / "metadata.json").write_text("{"), "damaged"),
        (lambda folder: (folder / "metadata.json").write_text("[]"), "damaged"),
        (lambda folder: (folder / "metadata.json").write_text("{}"), "format_version"),
        (lambda folder: _edit(folder, format_version=0), "format_version is 0, expected 1"),
        (lambda folder: _edit(folder, sizes=[3, 2, 2, 1, 2, 2]), "sizes is"),
        (lambda folder: _edit(folder, samples=5), "damaged"),
        (lambda folder: _flip(folder, 0), "image 0 has changed"),
        (lambda folder: _flip(folder, 47), "image 47 has changed"),
        (
            lambda folder: (folder / "images.npy").write_bytes(
                (folder / "images.npy").read_bytes()[:-1]
            ),
            "images.npy has another size than was written",
        ),
    ],
)
def test_damage_is_found_on_opening_and_mended_by_fetching(damage, message, tmp_path):
    twin = small("mpi3d")
    _convert(twin, tmp_path)
    damage(tmp_path / "mpi3d")
    with pytest.raises(OfficialFileError, match=message) as caught:
        open_official(twin, tmp_path)
    assert "python -m lib.benchmarks fetch mpi3d" in str(caught.value)
    mended = fetch(twin, tmp_path)
    np.testing.assert_array_equal(mended.images, small_sets.expected(twin))
    assert small_sets.left(tmp_path) == ["mpi3d", twin.published.file_name]


def test_a_set_of_other_sources_is_not_opened_as_this_one(tmp_path):
    _convert(small("mpi3d"), tmp_path)
    twin = small("mpi3d")
    other = dataclasses.replace(twin, sources=twin.sources[::-1])
    with pytest.raises(OfficialFileError, match="sources is"):
        open_official(other, tmp_path)


@pytest.mark.parametrize(("name", "labels"), [("shapes3d", True), ("mpi3d", False)])
def test_verifying_says_what_it_has_checked(name, labels, tmp_path):
    twin = small(name)
    path, _ = _convert(twin, tmp_path)
    findings = " ".join(verify(twin, tmp_path))
    assert "48 images of shape (64, 64, 3) are as they were written." in findings
    assert ("All 48 of its labels are in order." in findings) == labels
    assert ("the order of its images cannot be checked" in findings) != labels
    assert "none is known of the published file" in findings
    path.unlink()
    assert "so the published file was not checked" in verify(twin, tmp_path)[-1]


def test_verifying_finds_what_opening_does_not_look_at(tmp_path):
    twin = small("shapes3d")
    path, _ = _convert(twin, tmp_path)
    _flip(tmp_path / "shapes3d", 1)
    open_official(twin, tmp_path)
    with pytest.raises(OfficialFileError, match="has changed since it was written"):
        verify(twin, tmp_path)
    shutil.rmtree(tmp_path / "shapes3d")
    open_official(twin, tmp_path)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(OfficialFileError, match="is not the file that the images were converted"):
        verify(twin, tmp_path)
    with pytest.raises(FileNotFoundError, match="is not there; expected converted images"):
        verify(twin, tmp_path / "elsewhere")


def test_a_disk_that_is_too_small_is_found_before_anything_is_written(tmp_path, monkeypatch):
    twin = small("mpi3d")
    path = small_sets.write(twin, tmp_path / twin.published.file_name)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(OSError, match=r"converting MPI3D needs .* 1,000,000 are free; make room"):
        open_official(twin, tmp_path)
    assert small_sets.left(tmp_path) == [path.name]


def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path, monkeypatch):
    twin = small("mpi3d")
    path = small_sets.write(twin, tmp_path / twin.published.file_name)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"mpi3d.unfinished failed \(No space.*make room") as caught:
        open_official(twin, tmp_path)
    assert caught.value.errno == errno.ENOSPC
    assert small_sets.left(tmp_path) == [path.name]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"data_dir='.*file/data' cannot be written \(Not a dir"):
        fetch(small("mpi3d", "http://127.0.0.1:9/file"), tmp_path / "file" / "data")
