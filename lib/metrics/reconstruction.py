"""How close reconstructions come to images."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

_IMAGES_AT_ONCE = 256


def psnr(images: ArrayLike, reconstructions: ArrayLike) -> float:
    """Compute the peak signal-to-noise ratio of reconstructions, averaged over images.

    Args:
        images: `(n, height, width, channels)`, uint8, or float in [0, 1].
        reconstructions: the same shape; either type, whichever type `images` have.

    Returns:
        The mean over images of `-10 log10(mean squared error)` in dB, with both in [0, 1] and the
        error averaged over all values of one image. Infinite if any image is reproduced exactly.

    Raises:
        TypeError: neither uint8 nor float.
        ValueError: shapes that differ or are not of images, values not finite or outside [0, 1].

    Source: Hsu et al. 2023, arXiv 2305.18378, whose reconstruction metric is PSNR in dB.
    Differs: the ratio is averaged over images; that of the error averaged over a batch is lower.

    Example:
        >>> import numpy as np
        >>> from lib.metrics import psnr
        >>> images = np.full((5, 8, 8, 3), 0.5)
        >>> round(psnr(images, images + 0.1), 1)
        20.0
    """
    images = _check_images("images", images)
    reconstructions = _check_images("reconstructions", reconstructions)
    if images.shape != reconstructions.shape:
        raise ValueError(
            f"images have shape {images.shape} and reconstructions {reconstructions.shape}; "
            "expected the same shape."
        )
    starts = range(0, len(images), _IMAGES_AT_ONCE)
    parts = [slice(start, start + _IMAGES_AT_ONCE) for start in starts]
    errors = np.concatenate([_mean_square(images[p], reconstructions[p]) for p in parts])
    with np.errstate(divide="ignore"):
        return float(np.mean(-10 * np.log10(errors)))


def _check_images(name: str, values: ArrayLike) -> np.ndarray:
    images = np.asarray(values)
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise TypeError(f"{name} have dtype {images.dtype}; expected uint8, or floats in [0, 1].")
    if images.ndim != 4 or images.size == 0:
        raise ValueError(
            f"{name} have shape {images.shape}; expected (n, height, width, channels), none of "
            "them 0."
        )
    # Written so that NaN, which compares as false, is refused too.
    if images.dtype.kind == "f" and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            f"{name} go from {images.min()} to {images.max()}; expected floats in [0, 1]. Pass "
            "uint8 images, or divide by 255."
        )
    return images


def _mean_square(images: np.ndarray, reconstructions: np.ndarray) -> Float[np.ndarray, " n"]:
    difference = _to_unit(images) - _to_unit(reconstructions)
    return np.mean(np.square(difference), axis=(1, 2, 3))


def _to_unit(images: np.ndarray) -> np.ndarray:
    # Before any arithmetic: differences of uint8 wrap around at 256.
    return images / 255.0 if images.dtype == np.uint8 else images.astype(np.float64)
