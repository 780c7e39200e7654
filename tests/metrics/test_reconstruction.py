"""PSNR by hand."""

import numpy as np
import pytest

from lib.metrics import psnr

BLACK = np.zeros((2, 4, 5, 3), dtype=np.uint8)


def test_one_grey_level_off():
    # 20 log10(255 / 1)
    assert psnr(BLACK, BLACK + np.uint8(1)) == pytest.approx(48.1308, abs=1e-4)


def test_bytes_neither_wrap_when_subtracted_nor_when_squared():
    # Error 16 of 255 either way round: 20 log10(255 / 16). As bytes 16 * 16 is 0, 0 - 16 is 240.
    grey = BLACK + np.uint8(16)
    assert psnr(BLACK, grey) == pytest.approx(24.0484, abs=1e-4)
    assert psnr(grey, BLACK) == pytest.approx(24.0484, abs=1e-4)


def test_bytes_and_floats_are_on_one_scale():
    images = np.random.default_rng(0).integers(0, 256, BLACK.shape, dtype=np.uint8)
    floats = (images / 255).astype(np.float32)
    assert psnr(images, 1 - floats) == pytest.approx(psnr(images, 255 - images), abs=1e-4)


def test_ratio_is_averaged_over_images_not_the_error():
    # Errors 0.1 and 0.01 are 20 and 40 dB: their mean is 30; of the mean square error, 22.97.
    images = np.zeros((2, 4, 4, 1))
    reconstructions = images + np.array([0.1, 0.01])[:, None, None, None]
    assert psnr(images, reconstructions) == pytest.approx(30, abs=1e-9)


def test_every_image_counts_beyond_those_taken_at_once():
    images = np.zeros((300, 2, 2, 1))
    reconstructions = np.full_like(images, 0.1)
    reconstructions[256:] = 0.01
    assert psnr(images, reconstructions) == pytest.approx((256 * 20 + 44 * 40) / 300, abs=1e-9)


def test_exact_copy_is_infinite():
    assert psnr(BLACK, BLACK) == np.inf


@pytest.mark.parametrize(
    ("images", "reconstructions", "error", "message"),
    [
        (BLACK, BLACK[:1], ValueError, r"images have shape \(2, .* reconstructions \(1, "),
        (BLACK[0], BLACK[0], ValueError, r"images have shape \(4, 5, 3\)"),
        (BLACK[:0], BLACK[:0], ValueError, r"images have shape \(0, 4, 5, 3\)"),
        (BLACK.astype(int), BLACK, TypeError, r"images have dtype int64; expected uint8"),
        (BLACK, BLACK + 255.0, ValueError, r"reconstructions go from 255.0 to 255.0"),
        (BLACK, BLACK - 0.5, ValueError, r"reconstructions go from -0.5"),
        (BLACK, BLACK + np.nan, ValueError, r"reconstructions go from nan"),
    ],
)
def test_bad_images(images, reconstructions, error, message):
    with pytest.raises(error, match=message):
        psnr(images, reconstructions)
