"""Images at rest are uint8 from 0 to 255; inside models they are floats in [0, 1]."""

from typing import TypeVar

Images = TypeVar("Images")


def to_uint8(images: Images) -> Images:
    """Images in [0, 1] as uint8, rounded to the nearest of 256 levels.

    Args:
        images: a float array of NumPy or JAX, of any shape, with values in [0, 1].
    """
    return (images * 255).round().astype("uint8")
