import base64
import io
import json
import re

import numpy as np
import pytest
import vl_convert
from PIL import Image

from lib.figures import image_grid, latent_traversals, png_uri, reconstructions
from lib.figures.images import webp_uri


def pixels(uri: str, kind: str = "png") -> np.ndarray:
    head, data = uri.split(",")
    assert head == f"data:image/{kind};base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_a_uri_decodes_to_the_same_pixels(images):
    assert (pixels(png_uri(images[0, 0])) == images[0, 0]).all()
    assert (pixels(png_uri(images[0, 0, ..., :1])) == images[0, 0, ..., 0]).all()
    assert (pixels(webp_uri(images[0, 0]), "webp") == images[0, 0]).all()
    assert (pixels(webp_uri(images[0, 0, ..., :1]), "webp") == images[0, 0, ..., :1]).all()


def test_floats_are_rounded_to_the_nearest_of_256_levels():
    image = np.array([0.0, 0.5, 1.0, 1.4 / 255, 1.6 / 255]).reshape(1, 5, 1)
    assert pixels(png_uri(image)).tolist() == [[0, 128, 255, 1, 2]]


def test_each_cell_of_a_grid_holds_its_own_image(images, read):
    notes = np.arange(6.0).reshape(2, 3)
    chart = image_grid(images, ["up", "down"], ["a", "b", "c"], {"hue": notes}, row_title="pose")
    spec, (rows,) = read(chart)
    for row in rows:
        assert (pixels(row["image"]) == images[row["row"], row["column"]]).all()
        assert row["row_label"] == ["up", "down"][row["row"]]
        assert row["column_label"] == "abc"[row["column"]]
        assert row["note_0"] == notes[row["row"], row["column"]]
    assert [note["title"] for note in spec["encoding"]["tooltip"]] == ["pose", "column", "hue"]
    assert spec["mark"]["smooth"] is False
    assert "Along the poses: up, down." in spec["description"]


def test_images_keep_their_proportions_at_any_width(images, read, draw):
    chart = image_grid(images, largest=60)
    spec, _ = read(chart)
    # 2 rows of images 4 high and 5 wide, in 3 columns
    assert spec["params"] == [{"name": "height", "expr": "2 * max(0.8 * min(width / 3, 60), 0)"}]
    assert draw(chart).count("<image") == 6


def test_the_width_does_not_follow_from_how_high_the_rows_are(images):
    """Height follows from width; else some labels at some widths were laid out without end."""
    axis = image_grid(images, ["3: wall hue", "10: wall hue"]).to_dict()["encoding"]["y"]["axis"]
    # "3: wall hue" is the longest line: 11 characters of 7.5 pixels, and 4.
    assert axis["minExtent"] == axis["maxExtent"] == 11 * 7.5 + 4
    assert axis["labelOverlap"] is False


def test_rows_are_as_high_as_their_labels_and_images_keep_their_proportions(images):
    spec = image_grid(images, ["one of two", "no weight decay"]).to_dict() | {"width": 30}
    svg = vl_convert.vegalite_to_svg(spec)
    # A label of two lines takes 30 pixels; an image is 10 pixels wide, less the gaps.
    sizes = re.findall(r'<image[^>]* width="([0-9.]+)" height="([0-9.]+)"', svg)
    assert len(sizes) == 6
    for width, height in sizes:
        assert float(width) < 10
        assert float(height) == pytest.approx(0.8 * float(width))
    assert spec["params"][0]["expr"] == "2 * max(0.8 * min(width / 3, 96), 30)"


def test_sixty_four_images_stay_small():
    across, down = np.meshgrid(np.linspace(0, 1, 64), np.linspace(0, 1, 64))
    shaded = np.stack([across, down, across * down], -1)
    grid = np.stack([np.roll(shaded, shift, 1) for shift in range(64)]).reshape(8, 8, 64, 64, 3)
    assert len(json.dumps(image_grid(grid).to_dict())) < 200_000


def test_reconstructions_stand_under_their_originals_with_their_psnr(images, read, draw):
    originals = images[0]
    # A difference of 25.5 in [0, 255] everywhere is an error of 0.1: 20 dB by definition.
    floats = np.clip(originals / 255.0, 0, 0.9)
    chart = reconstructions(floats, {"qlae": floats + 0.1, "mine": floats})
    spec, (rows,) = read(chart)
    found = {(row["row_label"], row["note_0"]): row for row in rows}
    assert found["QLAE", 1]["note_1"] == "20.0 dB"
    assert found["mine", 1]["note_1"] == "identical"
    assert found["original", 2]["note_1"] == ""
    assert found["original", 2]["image"] == found["mine", 2]["image"] == png_uri(floats[2])
    assert found["QLAE", 2]["row"] == 1
    assert "QLAE 20.0 dB, mine identical" in spec["description"]
    draw(chart)


def test_traversals_name_latent_and_value(images, read, draw):
    chart = latent_traversals(images, ["3", "7"], range(3), title="Traversals")
    spec, (rows,) = read(chart)
    (row,) = [row for row in rows if (row["row_label"], row["column_label"]) == ("7", "2")]
    assert row["image"] == png_uri(images[1, 2])
    titles = [note["title"] for note in spec["encoding"]["tooltip"]]
    assert titles == ["latent", "code value"]
    draw(chart)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[0], r"images must have 5 dimensions \(rows, columns, height, width, channels"),
        (lambda x: x[..., :2], "images must have 1 or 3 channels"),
        (lambda x: x.astype(int), "images must be uint8 or floats"),
        (lambda x: x.astype(float), r"images holds floats and must lie in \[0, 1\]"),
        (lambda x: x / np.nan, "images must be finite"),
    ],
)
def test_bad_images_are_named(images, change, message):
    with pytest.raises((ValueError, TypeError), match=message):
        image_grid(change(images))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"row_labels": ["a"]}, "row_labels must have one label per row: expected 2, got 1"),
        ({"column_labels": "abc"}, "column_labels must be a sequence of labels"),
        ({"tooltips": {"hue": [1, 2]}}, r"tooltips\['hue'\] must have one entry per image"),
        ({"tooltips": {"image": np.zeros((2, 3))}}, r"other names than \['image'\]"),
        ({"largest": 0}, "largest must be a positive number of pixels, got 0"),
    ],
)
def test_bad_labels_are_named(images, settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        image_grid(images, **settings)


def test_reconstructions_of_another_shape_are_named(images):
    with pytest.raises(ValueError, match=r"reconstructed\['qlae'\] must have the shape of images"):
        reconstructions(images[0], {"qlae": images[0, :2]})
    with pytest.raises(ValueError, match="reconstructed must hold at least one model"):
        reconstructions(images[0], {})


def test_traversals_need_a_label_for_each_latent(images):
    with pytest.raises(ValueError, match="latent_labels must have one label per latent"):
        latent_traversals(images, ["3"], range(3))
