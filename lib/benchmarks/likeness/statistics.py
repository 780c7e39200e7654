"""Statistics by which two sets of images can be told apart, on plain arrays."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, UInt8

BLACK, WHITE = 8, 247
"""A pixel is black where every channel is below the first, white where every one is above the
second; in grey levels of 255."""


@dataclasses.dataclass(frozen=True)
class ImageStatistics:
    """Colour, contrast and detail of a set of images, in grey levels of 255.

    Attributes:
        mean_color: mean of each channel over all pixels of all images.
        contrast: standard deviation of the grey values inside an image, averaged over the images.
        black: share of pixels in which every channel is below 8.
        white: share of pixels in which every channel is above 247.
        spectrum: how strong detail of each size is, as `radial_spectrum` has it.
    """

    mean_color: tuple[float, ...]
    contrast: float
    black: float
    white: float
    spectrum: tuple[float, ...]

    def octaves(self) -> Iterator[tuple[int, int, float]]:
        """The spectrum in short: for each octave its first and last frequency and its amplitude.

        The amplitude is the root of the mean square over the frequencies of the octave.
        """
        power, first = np.square(self.spectrum), 1
        while first <= len(power):
            last = min(2 * first - 1, len(power))
            # The highest frequency that pixels can show has no octave of its own.
            last = len(power) if last == len(power) - 1 else last
            yield first, last, float(np.sqrt(power[first - 1 : last].mean()))
            first = last + 1


def image_statistics(images: UInt8[np.ndarray, "n size size c"]) -> ImageStatistics:
    """Measure a set of square images.

    Args:
        images: at least one, at least 2 pixels along each side.

    Returns:
        What is the same for any order of the images; the grey value of a pixel is the mean of its
        channels.
    """
    grey = images.mean(axis=-1)
    return ImageStatistics(
        mean_color=tuple(images.mean(axis=(0, 1, 2)).tolist()),
        contrast=float(grey.std(axis=(1, 2)).mean()),
        black=float((images < BLACK).all(axis=-1).mean()),
        white=float((images > WHITE).all(axis=-1).mean()),
        spectrum=tuple(radial_spectrum(grey).tolist()),
    )


def radial_spectrum(grey: Float[np.ndarray, "n size size"]) -> Float[np.ndarray, " half"]:
    """How strong detail of each size is: the amplitude spectrum, averaged over directions.

    Args:
        grey: grey values of square images.

    Returns:
        For each whole number of cycles along a side, from 1 to half the number of pixels, the root
        of the mean power over all directions and images, in the unit of `grey`. The transform is
        unitary, so noise that is independent from pixel to pixel and has standard deviation s
        comes to about s at every frequency.
    """
    size = grey.shape[-1]
    power = (np.abs(np.fft.fft2(grey, norm="ortho")) ** 2).mean(axis=0)
    cycles = np.fft.fftfreq(size, 1 / size)
    ring = np.rint(np.hypot(cycles, cycles[:, None])).astype(int).ravel()
    mean = np.bincount(ring, weights=power.ravel()) / np.bincount(ring)
    return np.sqrt(mean[1 : size // 2 + 1])


def mean_difference(
    one: UInt8[np.ndarray, "n h w c"], other: UInt8[np.ndarray, "n h w c"]
) -> Float[np.ndarray, " n"]:
    """Mean absolute difference of each two images, over pixels and channels, in grey levels."""
    return np.abs(one.astype(np.float64) - other).mean(axis=(1, 2, 3))
