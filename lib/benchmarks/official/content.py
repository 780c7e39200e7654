"""What must hold of the images and labels of a set, whatever file they came in."""

import numpy as np
from jaxtyping import Num, UInt8

from lib.benchmarks.official.errors import OfficialFileError
from lib.benchmarks.official.sets import MIN_GREY_LEVELS, OfficialSet

# A real picture of one colour is possible, though none is known; a broken file has thousands.
MAX_CONSTANT_SHARE = 0.001
_LOOKED_AT = 1024  # images, evenly spaced, whose grey levels are counted


def check_layout(official: OfficialSet, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Require shape and dtype of all images as published.

    Raises:
        OfficialFileError: another shape or dtype.
    """
    if tuple(shape) != official.stored_shape:
        which = dict(official.lookalikes).get(shape[0] if shape else 0)
        hint = f"; this is probably {which}" if which else ""
        raise OfficialFileError(
            f"the images have shape {tuple(shape)}; expected {official.stored_shape}{hint}"
        )
    if dtype != np.uint8:
        raise OfficialFileError(f"the images are {dtype}; expected uint8")


def check_labels_layout(official: OfficialSet, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Require shape and kind of the labels as published.

    Raises:
        OfficialFileError: another shape or kind.
    """
    expected = (official.grid.num_images, official.grid.num_sources)
    if tuple(shape) != expected:
        raise OfficialFileError(f"the labels have shape {tuple(shape)}; expected {expected}")
    kinds, words = ("iu", "integers") if official.labels_are_indices else ("f", "floating point")
    if dtype.kind not in kinds:
        raise OfficialFileError(f"the labels are {dtype}; expected {words}")


def check_labels(official: OfficialSet, labels: Num[np.ndarray, "n num_sources"]) -> None:
    """Require every image to be where its labels belong in the order of the grid.

    Args:
        official: the set.
        labels: of all images, in the order of the file.

    Raises:
        OfficialFileError: another shape or kind, other values, or another order.
    """
    check_labels_layout(official, labels.shape, labels.dtype)
    index = np.arange(official.grid.num_images)
    grid = official.grid
    columns = zip(grid.names, grid.sizes, grid.strides, labels.T, strict=True)
    for name, size, stride, column in columns:
        if not np.isfinite(column).all():
            raise OfficialFileError(f"labels of {name} are not all finite")
        places = column
        if not official.labels_are_indices:
            values, places = np.unique(column, return_inverse=True)
            if len(values) != size:
                raise OfficialFileError(
                    f"labels of {name} take {len(values)} values; expected {size}"
                )
        wrong = places != index // stride % size
        if wrong.any():
            first = int(wrong.argmax())
            raise OfficialFileError(
                f"the images are in another order than published: image {first} has "
                f"{name}={places[first]}, expected {first // stride % size} "
                f"({int(wrong.sum()):,} images differ in it)"
            )


class ImageCheck:
    """Range and variety of the images of a set, looked at as they pass.

    Args:
        official: the set.
    """

    def __init__(self, official: OfficialSet):
        self._official = official
        self._step = max(1, official.grid.num_images // _LOOKED_AT)
        self._levels = np.zeros(256, bool)
        self._constant = 0
        self._seen = 0

    def add(self, images: UInt8[np.ndarray, "n h w c"]) -> None:
        """Look at the next images, whose full light is 255."""
        flat = images.reshape(len(images), -1)
        self._constant += int((flat.max(axis=1) == flat.min(axis=1)).sum())
        # Those at multiples of the step, counted from the first image of all.
        self._levels[flat[-self._seen % self._step :: self._step]] = True
        self._seen += len(images)

    def finish(self) -> None:
        """Require what holds of all images together.

        Raises:
            OfficialFileError: another number of images, many of one colour, few grey levels, or
                binary images that are not.
        """
        total = self._official.grid.num_images
        if self._seen != total:
            raise OfficialFileError(f"the file holds {self._seen:,} images; expected {total:,}")
        if self._constant > MAX_CONSTANT_SHARE * total:
            raise OfficialFileError(
                f"{self._constant:,} of {total:,} images are of one colour; expected almost none. "
                "The file is probably one that was published broken, or was damaged later"
            )
        levels = np.flatnonzero(self._levels)
        if self._official.white == 1:
            if not np.array_equal(levels, [0, 255]):
                raise OfficialFileError("the images are not black and white; expected 0 and 1")
        elif len(levels) < MIN_GREY_LEVELS:
            raise OfficialFileError(
                f"the images have {len(levels)} grey levels, up to {levels.max()}; expected at "
                f"least {MIN_GREY_LEVELS} of 0 to 255"
            )


def full_light(
    official: OfficialSet, images: UInt8[np.ndarray, "n ..."]
) -> UInt8[np.ndarray, "n h w c"]:
    """Images as in the file, with a channel axis and full light at 255.

    Raises:
        OfficialFileError: values above what the set says is white.
    """
    if images.ndim == 3:
        images = images[..., None]
    if official.white == 255:
        return images
    if images.size and images.max() > official.white:
        raise OfficialFileError(
            f"the images hold {images.max()}; expected values of 0 to {official.white}"
        )
    return images * np.uint8(255 // official.white)
