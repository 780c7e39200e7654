"""Statistics of images that were made so that the numbers are known."""

import numpy as np
import pytest

from lib.benchmarks.likeness import (
    comparison_rows,
    image_statistics,
    mean_difference,
    radial_spectrum,
)


def test_a_constant_image_has_its_colour_and_nothing_else():
    images = np.empty((2, 8, 8, 3), np.uint8)
    images[:] = 10, 20, 30
    found = image_statistics(images)
    assert found.mean_color == (10, 20, 30)
    assert (found.contrast, found.black, found.white) == (0, 0, 0)
    np.testing.assert_allclose(found.spectrum, np.zeros(4), atol=1e-9)


def test_an_image_that_is_half_white_and_half_black():
    images = np.zeros((1, 8, 8, 1), np.uint8)
    images[:, :, 4:] = 255
    found = image_statistics(images)
    # Every pixel is half of 255 away from the mean.
    assert (found.mean_color, found.contrast) == ((127.5,), 127.5)
    assert (found.black, found.white) == (0.5, 0.5)


def test_one_channel_that_is_bright_is_neither_black_nor_white():
    images = np.zeros((1, 2, 2, 3), np.uint8)
    images[0, 0, 0] = 7, 7, 7
    images[0, 0, 1] = 7, 7, 8
    images[0, 1, 0] = 248, 248, 248
    images[0, 1, 1] = 248, 247, 248
    found = image_statistics(images)
    assert (found.black, found.white) == (0.25, 0.25)


@pytest.mark.parametrize(("cell", "frequency"), [(4, 6), (8, 3)])
def test_the_spectrum_of_a_chequerboard_peaks_at_its_diagonal(cell, frequency):
    # 32 pixels hold 32 / (2 * cell) cycles along each side: on the diagonal sqrt(2) times as many.
    places = np.arange(32) // cell
    board = 255.0 * ((places + places[:, None]) % 2)[None]
    assert frequency == round(np.sqrt(2) * 32 / (2 * cell))
    spectrum = radial_spectrum(board)
    assert spectrum.argmax() + 1 == frequency
    # Below the fundamental there is nothing.
    np.testing.assert_allclose(spectrum[: frequency - 1], 0, atol=1e-9)


def test_a_wave_stands_at_its_frequency_and_turning_it_changes_nothing():
    wave = np.cos(2 * np.pi * 5 * np.arange(32) / 32)
    along = radial_spectrum(np.broadcast_to(wave, (1, 32, 32)))
    across = radial_spectrum(np.broadcast_to(wave[:, None], (1, 32, 32)))
    assert along.argmax() + 1 == 5
    np.testing.assert_allclose(along, across, atol=1e-9)
    np.testing.assert_allclose(np.delete(along, 4), 0, atol=1e-9)


def test_noise_has_its_standard_deviation_at_every_frequency():
    noise = np.random.default_rng(0).normal(0, 3, (400, 32, 32))
    # Even the smallest ring averages 8 frequencies of 400 images: about 2 % of standard error.
    np.testing.assert_allclose(radial_spectrum(noise), 3, rtol=0.08)


def test_octaves_cover_every_frequency_once():
    noise = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 1), np.uint8)
    found = image_statistics(noise)
    spans = [(first, last) for first, last, _ in found.octaves()]
    assert spans == [(1, 1), (2, 3), (4, 7), (8, 15), (16, 32)]
    power = sum((last - first + 1) * level**2 for first, last, level in found.octaves())
    assert power == pytest.approx(np.square(found.spectrum).sum())


def test_the_difference_of_images_is_a_mean_over_pixels_in_either_direction():
    one = np.zeros((2, 2, 2, 3), np.uint8)
    other = one.copy()
    other[0, 0, 0] = 30, 60, 90  # 180 of 12 values
    other[1] = 255
    np.testing.assert_array_equal(mean_difference(one, other), [15, 255])
    np.testing.assert_array_equal(mean_difference(other, one), [15, 255])


def test_a_table_has_both_sides_and_what_is_between_them():
    dark, light = (np.full((1, 4, 4, 3), level, np.uint8) for level in (5, 250))
    rows = {row[0]: row[1:] for row in comparison_rows(*map(image_statistics, (dark, light)))}
    assert rows["mean green"] == ("5.0", "250.0", "+245.0")
    assert rows["black pixels"] == ("100.0 %", "0.0 %", "-100.0 %")
    assert rows["contrast"] == ("0.0", "0.0", "+0.0")
    assert list(rows)[-2:] == ["white pixels", "detail, 1–2 cycles"]
