"""Files that are not what was published, each with the one thing wrong that its name says."""

import dataclasses
import re
import stat
import zipfile

import h5py
import numpy as np
import pytest

from lib.benchmarks import BENCHMARKS
from lib.benchmarks.published import OfficialFileError, open_official, verify
from lib.benchmarks.published.reading import open_published
from tests.benchmarks.published import small_sets
from tests.benchmarks.published.small_sets import (
    make_images,
    make_labels,
    npy,
    png,
    small,
    stored_shape,
)

NAMES = ("shapes3d", "mpi3d", "falcor3d", "isaac3d", "dsprites")
WITH_LABELS = tuple(name for name in NAMES if name != "mpi3d")


def _read(twin, path):
    with open_published(twin, path) as published:
        return np.concatenate(list(published.batches))


def _refused(twin, path, message):
    with pytest.raises(OfficialFileError, match=message) as caught:
        _read(twin, path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_as_published_is_read_in_order(name, tmp_path, monkeypatch):
    # Several batches, of which the last is shorter.
    monkeypatch.setattr("lib.benchmarks.published.archive._BATCH", 7 * 128 * 128 * 3)
    monkeypatch.setattr("lib.benchmarks.published.reading._BATCH", 7 * 64 * 64 * 3)
    twin = small(name)
    images = _read(twin, small_sets.write(twin, tmp_path / "file"))
    expected = make_images(twin) * np.uint8(255 // twin.published.white)
    np.testing.assert_array_equal(images.reshape(expected.shape), expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0, 0.4, 0.999])
def test_a_truncated_file_is_refused(name, share, tmp_path):
    twin = small(name)
    path = small_sets.write(twin, tmp_path / "file")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    _refused(twin, path, "is damaged, or is another kind of file")


@pytest.mark.parametrize("name", ["mpi3d", "falcor3d", "dsprites"])
def test_a_changed_byte_in_an_archive_is_found(name, tmp_path):
    twin = small(name)
    path = small_sets.write(twin, tmp_path / "file")
    body = bytearray(path.read_bytes())
    body[len(body) // 3] ^= 1
    path.write_bytes(body)
    _refused(twin, path, "is damaged|is no whole PNG")


@pytest.mark.parametrize("name", WITH_LABELS)
def test_every_label_is_compared_with_the_grid(name, tmp_path):
    twin = small(name)
    labels = make_labels(twin)
    labels[[-1, -2]] = labels[[-2, -1]]
    path = small_sets.write(twin, tmp_path / "file", labels=labels)
    _refused(twin, path, "image 46 has sixth=1, expected 0 .2 images differ in it")


@pytest.mark.parametrize("name", WITH_LABELS)
def test_labels_whose_columns_are_permuted_are_refused(name, tmp_path):
    twin = small(name)
    labels = make_labels(twin)[:, [0, 2, 1, 3, 4, 5]]
    path = small_sets.write(twin, tmp_path / "file", labels=labels)
    _refused(twin, path, "labels of second take 2 values; expected 3|in another order")


@pytest.mark.parametrize("name", WITH_LABELS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda labels: labels[:-1], r"labels have shape \(47, 6\); expected \(48, 6\)"),
        (lambda labels: labels[:, :-1], r"labels have shape \(48, 5\); expected \(48, 6\)"),
        (lambda labels: labels.astype("U8"), "the labels are .*; expected (integers|floating)"),
        (lambda labels: labels == 0, "the labels are bool; expected (integers|floating point)"),
    ],
)
def test_labels_of_another_layout_are_refused(name, change, message, tmp_path):
    twin = small(name)
    labels = change(make_labels(twin))
    if twin.published.format == "hdf5" and labels.dtype.kind == "U":
        labels = labels.astype("S8")  # HDF5 has no such strings
    _refused(twin, small_sets.write(twin, tmp_path / "file", labels=labels), message)


def test_labels_that_are_no_numbers_or_too_many_values_are_refused(tmp_path):
    twin = small("shapes3d")
    labels = make_labels(twin)
    labels[3, 1] += 1e-3
    path = small_sets.write(twin, tmp_path / "file", labels=labels)
    _refused(twin, path, "labels of second take 4 values; expected 3")
    labels[3, 1] = np.nan
    _refused(twin, small_sets.write(twin, path, labels=labels), "are not all finite")


@pytest.mark.parametrize("name", ["falcor3d", "isaac3d"])
def test_labels_stored_column_by_column_are_read_all_the_same(name, tmp_path):
    twin = small(name)
    labels = np.asfortranarray(make_labels(twin))
    path = small_sets.write(twin, tmp_path / "file", labels=labels)
    assert len(_read(twin, path)) == 48


@pytest.mark.parametrize("name", ["shapes3d", "mpi3d", "dsprites"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda images: images[:-1], r"shape \(47, .*\); expected \(48, "),
        (lambda images: images[:, ::2], r"shape \(48, 32, .*\); expected \(48, 64, 64"),
        (lambda images: images.astype(np.int16), "the images are int16; expected uint8"),
        (lambda images: images / 255, "the images are float64; expected uint8"),
    ],
)
def test_images_of_another_layout_are_refused(name, change, message, tmp_path):
    twin = small(name)
    images = change(make_images(twin))
    _refused(twin, small_sets.write(twin, tmp_path / "file", images=images), message)


def test_another_set_of_mpi3d_is_recognised_by_its_number_of_images(tmp_path):
    # The header of mpi3d_real's images; their bytes are zero, as only the header is looked at.
    published = BENCHMARKS["mpi3d"]
    head = npy(np.zeros((0, 64, 64, 3), np.uint8)).replace(b"(0, 64", b"(1036800, 64")
    head = head.replace(b" " * 6 + b"\n", b"\n")
    path = tmp_path / "mpi3d_real.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("images.npy", head)
    # An empty archive member of that declared size, without its 12 gigabytes.
    info_size = len(head) + 1_036_800 * 64 * 64 * 3
    _declare_size(path, info_size)
    _refused(published, path, "this is probably mpi3d_toy, mpi3d_realistic or mpi3d_real")


def _declare_size(path, size):
    """Rewrite an archive so that its directory gives its one member another, large size."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.filelist[0].file_size = size
        archive._didModify = True


def test_a_member_whose_size_belies_its_header_is_refused(tmp_path):
    twin = small("mpi3d")
    path = small_sets.write_zip(
        tmp_path / "file", {"images.npy": npy(make_images(twin)) + bytes(1 << 20)}
    )
    _refused(twin, path, r"images.npy has 1,638,528 bytes; expected 589,952")


def test_pickled_objects_are_never_read(tmp_path):
    twin = small("dsprites")
    for images, labels in (
        (make_images(twin), make_labels(twin).astype(object)),
        (make_images(twin).astype(object), make_labels(twin)),
    ):
        members = {"imgs.npy": npy(images, True), "latents_classes.npy": npy(labels, True)}
        path = small_sets.write_zip(tmp_path / "file", members)
        _refused(twin, path, "holds Python objects, which are not read")


def test_images_stored_column_by_column_are_refused(tmp_path):
    twin = small("mpi3d")
    images = np.asfortranarray(make_images(twin))
    _refused(twin, small_sets.write(twin, tmp_path / "file", images), "columns first")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_without_the_images_says_what_it_holds(name, tmp_path):
    twin = small(name)
    other = {"mpi3d": "dsprites", "falcor3d": "isaac3d", "isaac3d": "falcor3d", "dsprites": "mpi3d"}
    path = tmp_path / "file"
    if name == "shapes3d":
        with h5py.File(path, "w") as file:
            file.create_dataset("pictures", data=make_images(twin))
        _refused(twin, path, "holds pictures; expected the images or labels")
    else:
        small_sets.write(small(other[name]), path)
        _refused(twin, path, "holds .*; expected")


def test_hdf5_that_leads_to_another_file_is_refused(tmp_path):
    twin = small("shapes3d")
    small_sets.write(twin, tmp_path / "other.h5")
    path = tmp_path / "file"
    with h5py.File(path, "w") as file:
        file["images"] = h5py.ExternalLink("other.h5", "images")
        file["labels"] = make_labels(twin)
    _refused(twin, path, "expected the images or labels themselves under 'images'")
    layout = h5py.VirtualLayout(stored_shape(twin), np.uint8)
    layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "images", stored_shape(twin))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("images", layout)
        file["labels"] = make_labels(twin)
    _refused(twin, path, "expected the images or labels themselves under 'images'")


@pytest.mark.parametrize("name", ["falcor3d", "mpi3d"])
@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("/etc/passwd", "which leads out of the archive"),
        ("Falcor3D_down128/../../outside.png", "which leads out of the archive"),
        ("..\\outside.png", "which leads out of the archive"),
        ("C:/outside.png", "which leads out of the archive"),
    ],
)
def test_members_outside_of_the_target_are_refused(name, member, message, tmp_path):
    twin = small(name)
    path = small_sets.write(twin, tmp_path / "file.npz")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, b"")
    _refused(twin, path, message)
    assert sorted(tmp_path.iterdir()) == [path]


def test_labels_at_the_top_and_members_beside_the_folder_are_fine(tmp_path):
    twin = small("isaac3d")
    members = small_sets.members(twin, small_sets.make_images(twin), small_sets.make_labels(twin))
    members["labels.npy"] = members.pop(twin.published.labels)
    path = small_sets.write_zip(tmp_path / "file", members | {"__MACOSX/000000.png": b"other"})
    with open_published(twin, path) as published:
        np.testing.assert_array_equal(published.labels, small_sets.make_labels(twin))
        assert sum(len(batch) for batch in published.batches) == 48
    del members["labels.npy"]
    small_sets.write_zip(path, members)
    _refused(twin, path, "holds neither Isaac3D_down128/labels.npy nor labels.npy")


def test_links_and_secrets_are_refused(tmp_path):
    twin = small("falcor3d")
    path = small_sets.write(twin, tmp_path / "file")
    published = path.read_bytes()
    link = zipfile.ZipInfo("Falcor3D_down128/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    _refused(twin, path, "which is a link or a special file")

    path.write_bytes(published)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("Falcor3D_down128/secret", b"secret")
        archive.filelist[-1].flag_bits |= 1
    _refused(twin, path, "which is encrypted")

    path.write_bytes(published)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("Falcor3D_down128/images/000007.png", b"")
    _refused(twin, path, "which is there twice")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda members, folder: members.pop(f"{folder}/000007.png"), "1 missing.*000007.png"),
        (
            lambda members, folder: members.update({f"{folder}/000048.png": b""}),
            "49 pictures; expected 48; 1 too many, first .*000048.png",
        ),
        (
            lambda members, folder: members.update({f"{folder}/7.png": b""}),
            "1 too many, first .*images/7.png",
        ),
    ],
)
def test_missing_and_additional_pictures_are_named(change, message, tmp_path):
    twin = small("isaac3d")
    members = small_sets.members(twin, make_images(twin), make_labels(twin))
    change(members, twin.published.images)
    _refused(twin, small_sets.write_zip(tmp_path / "file", members), message)


OPAQUE = np.full((128, 128, 4), 255, np.uint8)
TRANSPARENT = np.where(np.arange(128)[:, None, None] == 5, 254, OPAQUE).astype(np.uint8)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (png(OPAQUE[:64, :64, :3]), "000007.png is RGB of 64 x 64 pixels; expected RGB of 128"),
        (png(OPAQUE[:, :, 0]), "000007.png is L of 128 x 128 pixels; expected RGB"),
        (png(TRANSPARENT), "000007.png is transparent; expected an opaque picture"),
        (png(OPAQUE)[:-30], "000007.png is no whole PNG"),
        (b"GIF89a" + bytes(100), "000007.png is no whole PNG"),
        (b"", "000007.png is no whole PNG"),
        (png(OPAQUE) + bytes(1 << 20), "has 1,04.,... bytes; expected 196,608 at most"),
    ],
)
def test_a_picture_that_is_none_of_the_published_is_named(picture, message, tmp_path):
    twin = small("falcor3d")
    members = small_sets.members(twin, make_images(twin), make_labels(twin))
    members[f"{twin.published.images}/000007.png"] = picture
    path = small_sets.write_zip(tmp_path / "file", members, zipfile.ZIP_DEFLATED)
    _refused(twin, path, message)


def test_an_opaque_fourth_channel_is_dropped(tmp_path):
    twin = small("falcor3d")
    images = np.concatenate([make_images(twin), OPAQUE[None, ..., :1].repeat(48, 0)], axis=-1)
    path = small_sets.write(twin, tmp_path / "file", images=images)
    np.testing.assert_array_equal(_read(twin, path), make_images(twin))


def test_grey_in_binary_images_is_refused(tmp_path):
    twin = small("dsprites")
    images = make_images(twin)
    images[40, 5, 5] = 2
    path = small_sets.write(twin, tmp_path / "file", images=images)
    _refused(twin, path, "the images hold 2; expected values of 0 to 1")


def test_a_missing_file_is_no_damaged_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(f"{tmp_path / 'file'} is not a file")):
        _read(small("mpi3d"), tmp_path / "file")


@pytest.fixture
def other_dsprites():
    """DSprites as if its HDF5 file were the only one."""
    twin = small("dsprites")
    return dataclasses.replace(twin, published=twin.published.others[0])


def test_dsprites_is_read_from_its_other_published_file_too(other_dsprites, tmp_path):
    # Keys as in the published file: classes of a group of latents.
    path = small_sets.write(other_dsprites, tmp_path / "dsprites")
    with h5py.File(path) as file:
        assert file["latents"]["classes"].shape == (48, 6)
    twin = small("dsprites")
    np.testing.assert_array_equal(_read(twin, path), small_sets.expected(twin))
    path = path.rename(tmp_path / other_dsprites.published.file_name)
    opened = open_official(twin, tmp_path)
    np.testing.assert_array_equal(opened.images, small_sets.expected(twin))
    assert opened.metadata["source_file"]["name"] == path.name
    assert "All 48 of its labels are in order." in verify(twin, tmp_path)
    labels = make_labels(twin)
    labels[[3, 4]] = labels[[4, 3]]
    small_sets.write(other_dsprites, path, labels=labels)
    _refused(twin, path, "image 3 has")


def test_no_link_on_the_way_to_labels_is_followed(other_dsprites, tmp_path):
    small_sets.write(other_dsprites, tmp_path / "other.h5")
    path = tmp_path / "file"
    with h5py.File(path, "w") as file:
        file["imgs"] = make_images(other_dsprites)
        file["latents"] = h5py.ExternalLink("other.h5", "latents")
    _refused(small("dsprites"), path, "expected the images or labels themselves under 'latents/cl")


@pytest.mark.parametrize("name", NAMES)
def test_the_files_that_are_wanted_are_named_where_another_kind_is_given(name, tmp_path):
    (tmp_path / "file").write_bytes(b"something else")
    wanted = BENCHMARKS[name].published.file_name
    if name == "dsprites":
        wanted += f" or {wanted.replace('.npz', '.hdf5')}"
    _refused(small(name), tmp_path / "file", f"another kind of file .*; expected {wanted}")
