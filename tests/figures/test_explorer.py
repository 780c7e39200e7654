"""Every value of every source has its image, and each source its own sliders."""

import numpy as np
import pytest

from lib.figures import Explored, source_explorer
from lib.figures.images import webp_uri

RNG = np.random.default_rng(0)
SHAPE = Explored(["shape"], [["cube", "ball"]], [1], RNG.integers(0, 256, (2, 4, 4, 3), np.uint8))
PLACE = Explored(
    ["left & right", "up"],
    [["a", "b", "c"], ["low", "high"]],
    [2, 0],
    RNG.integers(0, 256, (3, 2, 4, 4, 3), np.uint8),
)


def test_every_value_of_every_source_has_its_image():
    page = source_explorer([SHAPE, PLACE], title="Twin")
    for entry in (SHAPE, PLACE):
        for image in entry.images.reshape(-1, 4, 4, 3):
            assert f'src="{webp_uri(image)}"' in page
    assert page.count("<img") == 1 + 2 + 6
    assert "<option>left &amp; right and up</option>" in page


@pytest.mark.site
def test_each_source_has_its_own_range_and_keeps_its_value(opened):
    page = opened(source_explorer([SHAPE, PLACE]))
    page.wait_for_selector(".live-ready")
    picture = page.locator(".picture img")

    def check(image: np.ndarray, words: str) -> None:
        assert picture.get_attribute("src") == webp_uri(image)
        assert picture.get_attribute("alt") == words
        assert page.locator(".tools p").text_content() == words
        assert page.locator(".part:not([hidden]) .now").count() == 1

    check(SHAPE.images[1], "shape: ball")
    page.get_by_role("slider", name="shape").focus()
    page.keyboard.press("ArrowRight")  # there is no third shape
    check(SHAPE.images[1], "shape: ball")
    page.keyboard.press("ArrowLeft")
    check(SHAPE.images[0], "shape: cube")

    # Two sources move together, by their sliders and on the sheet; the second goes upwards.
    page.get_by_label("Source").select_option("left & right and up")
    check(PLACE.images[2, 0], "left & right: c, up: low")
    page.get_by_role("slider", name="up").focus()
    page.keyboard.press("ArrowRight")
    words = "left & right: c, up: high"
    check(PLACE.images[2, 1], words)
    sheet = page.locator(".part:not([hidden]) .sheet img")
    tops = [sheet.nth(at).bounding_box()["y"] for at in (2, 5)]
    assert tops[0] < tops[1]
    assert sheet.nth(2).get_attribute("data-said") == words
    sheet.nth(3).click()
    check(PLACE.images[0, 0], "left & right: a, up: low")

    # Each stands where it was left.
    page.get_by_label("Source").select_option("shape")
    check(SHAPE.images[0], "shape: cube")
    page.get_by_label("Source").select_option("left & right and up")
    check(PLACE.images[0, 0], "left & right: a, up: low")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["a"], [["x", "y"]], [2], SHAPE.images), "start of a must be in 0 to 1, got 2"),
        ((["a"], [["x"]], [0], SHAPE.images), "labels must have one label per value of a"),
        ((["a", "b"], [["x", "y"]], [0], SHAPE.images), "must be of one source or of two"),
        (([], [], [], SHAPE.images), "must be of one source or of two"),
    ],
)
def test_a_source_that_does_not_fit_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Explored(*arguments)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "entries of different sources"),
        ([SHAPE, SHAPE], "entries of different sources"),
        ([SHAPE, Explored(["a"], [["x"]], [0], SHAPE.images[:1, :3])], "share one height"),
        ([Explored(["a"], [["x", "y"]], [0], SHAPE.images[..., 0])], "must have 4 dimensions"),
    ],
)
def test_images_and_entries_that_do_not_fit_are_named(entries, message):
    with pytest.raises(ValueError, match=message):
        source_explorer(entries)
