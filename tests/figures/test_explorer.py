import numpy as np
import pytest
import vl_convert

from lib.figures import png_uri, source_explorer

RNG = np.random.default_rng(0)
IMAGES = [RNG.integers(0, 256, (size, 4, 4, 3), dtype=np.uint8) for size in (2, 5)]
NAMES = ["shape", "hue"]


def test_every_value_of_every_source_has_its_image(read, draw):
    chart = source_explorer(IMAGES, NAMES, [1, 3], [["cube", "ball"], range(5)], title="Explore")
    spec, (rows,) = read(chart)
    assert len(rows) == 7
    for row in rows:
        source = NAMES.index(row["source"])
        assert row["image"] == png_uri(IMAGES[source][row["value"]])
        assert row["size"] == len(IMAGES[source])
    assert [row["label"] for row in rows][:3] == ["cube", "ball", "0"]
    assert "shape (2), hue (5)" in spec["description"]
    # One large image, the two of the strip, and the caption of the base image's first source.
    svg = draw(chart)
    assert svg.count("<image") == 3
    assert "shape: ball (value 1 of 0 to 1)" in svg


def test_menu_and_slider_are_bound_in_the_chart(read):
    spec, _ = read(source_explorer(IMAGES, NAMES, [1, 3]))
    params = {param["name"]: param for param in spec["params"]}
    assert params["chosen_source"]["bind"]["options"] == NAMES
    assert params["chosen_value"]["bind"]["max"] == 4  # the largest source has 5 values
    assert params["chosen_value"]["value"] == 1


def test_another_source_and_value_show_their_image(read):
    spec, _ = read(source_explorer(IMAGES, NAMES, [1, 3]))
    for param in spec["params"]:
        if param["name"] == "chosen_source":
            param["value"] = "hue"
        if param["name"] == "chosen_value":
            param["value"] = 4
    svg = vl_convert.vegalite_to_svg(spec)
    assert svg.count("<image") == 6
    assert "hue: 4 (value 4 of 0 to 4)" in svg
    assert svg.count(png_uri(IMAGES[1][4])) == 2  # large, and in the strip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((IMAGES, ["shape"], [0, 0]), "source_names must have one label per source"),
        ((IMAGES, ["hue", "hue"], [0, 0]), "source_names must differ"),
        ((IMAGES, NAMES, [0]), r"base must have one value per source.*got \[0\]"),
        ((IMAGES, NAMES, [2, 0]), r"base must have .* below the size of its source \[2, 5\]"),
        ((IMAGES, NAMES, [0, 0], [["a", "b"]]), "value_labels must have one sequence per source"),
        ((IMAGES, NAMES, [0, 0], [["a"], "12345"]), r"value_labels\[0\] must have one label per"),
        (([IMAGES[0], IMAGES[1][:, :3]], NAMES, [0, 0]), "images must share one height"),
        (([IMAGES[0], IMAGES[1][0]], NAMES, [0, 0]), r"images\[1\] must have 4 dimensions"),
        (([], [], []), "images must hold at least one source"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        source_explorer(*arguments)
