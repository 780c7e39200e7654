"""Reference pictures, made of the twin's own images, and what is measured beside them."""

import dataclasses
import json
import re

import numpy as np
import pytest
from PIL import Image

from lib.benchmarks import load
from lib.benchmarks.__main__ import main
from lib.benchmarks.likeness import (
    SHEETS,
    measure,
    pairs,
    read_record,
    read_references,
    write_record,
)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    """A folder with a sheet of Shapes3D that the twin drew, enlarged as on the known sheet."""
    folder = tmp_path_factory.mktemp("references")
    drawn, known = load("shapes3d"), SHEETS["shapes3d"]
    images = drawn.images(np.array([tile.sources for tile in known.tiles]))
    picture = Image.new("RGB", (882, 588), "white")
    # Half as large again, area by area: three thirds of a pixel, and then means of two by two.
    thirds = images.repeat(3, axis=1).repeat(3, axis=2).reshape(-1, 96, 2, 96, 2, 3)
    large = thirds.mean(axis=(2, 4)).round().astype(np.uint8)
    for tile, image in zip(known.tiles, large, strict=True):
        picture.paste(Image.fromarray(image), (tile.left, tile.top))
    picture.save(folder / known.file_name)
    return folder


@pytest.mark.parametrize("name", SHEETS)
def test_tiles_of_known_sheets_are_on_the_grid_and_apart(name):
    sheet, grid = SHEETS[name], load(name).grid
    grid.check(np.array([tile.sources for tile in sheet.tiles]))
    places = [(tile.left, tile.top) for tile in sheet.tiles]
    for number, (left, top) in enumerate(places):
        for other_left, other_top in places[:number]:
            assert max(abs(left - other_left), abs(top - other_top)) >= sheet.side


@pytest.mark.parametrize("name", ["falcor3d", "isaac3d"])
def test_a_row_of_a_traversal_moves_one_source_through_its_values(name):
    sizes = load(name).grid.sizes
    assert len(SHEETS[name].rows) == len(sizes)
    for source, row in enumerate(SHEETS[name].rows):
        values = np.array([tile.sources for tile in row])
        np.testing.assert_array_equal(values[:, source], np.arange(sizes[source]))
        assert (np.delete(values, source, axis=1) == np.delete(values[0], source)).all()


def test_a_frame_of_the_walk_through_shapes3d_differs_in_one_source_from_one_before():
    frames = np.array([tile.sources for tile in SHEETS["shapes3d"].tiles])
    assert len(frames) == 53
    for number in range(1, 53):
        assert (frames[:number] != frames[number]).sum(axis=1).min() <= 1
    for column, size in enumerate(load("shapes3d").grid.sizes):
        assert set(frames[:, column]) == set(range(size))


def test_the_twins_own_images_come_back_from_a_sheet(sheet):
    [references] = read_references(sheet)
    likeness, _ = measure(references)
    assert (likeness.benchmark, likeness.num_tiles, likeness.sources_are) == (
        "shapes3d",
        53,
        "known",
    )
    # Three pixels of the sheet stand for two of the twin, so edges are a little softer, and with
    # them the finest detail; colours and contrast stay.
    assert 0 < max(likeness.differences) < 3
    np.testing.assert_allclose(likeness.reference.mean_color, likeness.twin.mean_color, atol=0.5)
    assert likeness.reference.contrast == pytest.approx(likeness.twin.contrast, abs=0.5)
    assert likeness.reference.spectrum[-1] < likeness.twin.spectrum[-1]
    assert likeness.changed_modules() == []


def test_tiles_are_averaged_over_areas_and_set_beside_random_images(tmp_path):
    # Two pixels become one: a fine chequerboard is an even grey.
    board = 255 * (np.indices((128, 128)).sum(axis=0) % 2).astype(np.uint8)
    for name in ("shapes3d-1.png", "shapes3d-2.png"):
        Image.fromarray(board).save(tmp_path / name)
    [references] = read_references(tmp_path)
    assert references.images.shape == (2, 64, 64, 3)
    assert set(np.unique(references.images)) <= {127, 128}
    likeness, drawn = measure(references)
    assert (likeness.sources_are, likeness.differences) == ("random", ())
    assert drawn.shape == references.images.shape


def test_a_pair_has_the_reference_above_the_twin():
    reference = np.full((3, 2, 2, 3), 10, np.uint8)
    twin = np.full((3, 2, 2, 3), 20, np.uint8)
    picture = pairs(reference, twin, (2, 1), enlarged=1)
    assert (picture[:2] == 10).all()
    assert (picture[2:4] == 20).all()
    assert (picture[4:12] == 255).all()
    assert (picture[12:14, :2] == 10).all()
    assert (picture[12:16, 2:] == 255).all()


def test_a_record_keeps_what_it_says_of_other_benchmarks(sheet, tmp_path):
    likeness, _ = measure(read_references(sheet)[0])
    other = dataclasses.replace(likeness, benchmark="mpi3d", num_tiles=1)
    path = tmp_path / "likeness.json"
    write_record(path, [other])
    write_record(path, [likeness])
    kept = read_record(path)
    assert list(kept) == ["mpi3d", "shapes3d"]
    assert kept["mpi3d"].num_tiles == 1
    assert kept["shapes3d"].reference.contrast == pytest.approx(likeness.reference.contrast, 1e-4)
    stale = dataclasses.replace(kept["shapes3d"], modules=dict(likeness.modules))
    stale.modules["lib/benchmarks/twins/shapes3d.py"] = "0" * 12
    assert stale.changed_modules() == ["lib/benchmarks/twins/shapes3d.py"]


def test_the_command_prints_a_table_and_writes_what_is_asked_for(sheet, tmp_path, capsys):
    record, picture = tmp_path / "likeness.json", tmp_path / "pairs.png"
    command = ["likeness", str(sheet), "--record", str(record), "--pairs", str(picture)]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Shapes3D: 53 tiles of shapes3d_frames.png and the twin's images")
    assert lines[1].split() == ["reference", "twin", "difference"]
    assert "mean absolute difference of an image" in lines[-1]
    assert json.loads(record.read_text())["shapes3d"]["num_tiles"] == 53
    # Six rows of pairs, nine tiles wide, each pixel three times as large.
    assert Image.open(picture).size == (9 * 64 * 3, 6 * (2 * 64 + 8) * 3)


@pytest.mark.parametrize(
    ("files", "arguments", "message"),
    [
        ({}, [], r"has no shapes3d_frames\.png and no shapes3d-\*\.png or \.jpg; no mpi3d"),
        ({"shapes3d-1.png": (8, 8)}, ["--benchmark", "mpi3d"], "no mpi3d_complex_frames.png"),
        ({"shapes3d-1.png": (8, 8)}, ["--benchmark", "mpi"], "benchmark='mpi' is unknown"),
        ({"mpi3d-1.png": (8, 9)}, [], r"mpi3d-1\.png is 8 x 9 pixels; expected a square tile"),
        ({"mpi3d-1.jpg": None}, [], r"mpi3d-1\.jpg cannot be read as a picture"),
        ({"shapes3d_frames.png": (100, 100)}, [], "expected a sheet of at least 880 x 586"),
        ({"shapes3d-1.png": (8, 8)}, ["--pairs", "a.jpg"], "a.jpg is no name of a PNG file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, capsys, files, arguments, message):
    for name, size in files.items():
        if size is None:
            (tmp_path / name).write_text("no picture")
        else:
            Image.new("RGB", size).save(tmp_path / name)
    assert main(["likeness", str(tmp_path), *arguments]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert re.search(message, line), line


def test_a_folder_that_is_not_there_and_a_record_that_is_none(tmp_path, capsys):
    assert main(["likeness", str(tmp_path / "nowhere")]) == 1
    assert "nowhere is no folder" in capsys.readouterr().err
    path = tmp_path / "record.json"
    path.write_text('{"shapes3d": {"num_tiles": 1}}')
    with pytest.raises(ValueError, match="no record of likenesses"):
        read_record(path)
    assert read_record(tmp_path / "nowhere.json") == {}
