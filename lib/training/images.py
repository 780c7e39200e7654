"""Images of one's own to train on: read from a folder, drawn inside the compiled step."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import UInt8
from PIL import Image, ImageOps

from lib.checks import check_integer
from lib.training.data import Draw

SUFFIXES = (".png", ".jpg", ".jpeg")
_MODES = {1: "L", 3: "RGB"}
# What Pillow would clip to 8 bits, not scale.
_WIDE_MODES = ("I", "F")


def image_paths(folder: str | Path) -> list[Path]:
    """The PNG and JPEG files of a folder and those below it, sorted by their path there.

    Paths are compared letter by letter, upper case before lower: `10.png` comes before `9.png`,
    so number files with leading zeros. Hidden files are passed over, and so is all that lies in
    hidden folders below this one.

    Args:
        folder: where the images lie; a leading `~` is the home folder.

    Returns:
        At least one path.

    Raises:
        FileNotFoundError: no such folder, or no image in it.
        ValueError: the name of the folder is empty.
    """
    if not str(folder):
        raise ValueError("folder='' is empty; expected the name of a folder of images.")
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"folder={str(folder)!r} is not a folder; expected one of images.")
    files = [path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path, folder)]
    images = [path for path in files if path.suffix.lower() in SUFFIXES]
    if not images:
        found = ", ".join(sorted({path.suffix or path.name for path in files})) or "nothing"
        raise FileNotFoundError(
            f"{folder} holds no image; expected files ending in {', '.join(SUFFIXES)}, found "
            f"{found}. Convert them, or name another folder."
        )
    return sorted(images, key=lambda path: path.relative_to(folder).as_posix())


def read_images(
    folder: str | Path, resolution: int, *, channels: int = 3, crop: bool = False
) -> UInt8[np.ndarray, "n resolution resolution channels"]:
    """Read the images of a folder at one size, in the order of `image_paths`.

    Images may differ in size and mode: each is turned as its EXIF tag says, converted, and
    resized by antialiased bicubic interpolation; one that has the size already keeps its pixels.

    Args:
        folder: PNG and JPEG files, in folders below it too; a leading `~` is the home folder.
        resolution: pixels along each side of the result, at least 1.
        channels: 3 for RGB, where a grey image has three equal channels; 1 for grey (ITU-R 601
            luma of a coloured image).
        crop: whether to take the middle square of an image that is not square; False refuses it.

    Returns:
        The images, uint8.

    Raises:
        FileNotFoundError: no such folder, or no image in it.
        TypeError: `resolution` or `channels` is not an integer.
        ValueError: `resolution` or `channels` is out of range, or `folder` is empty; or a file,
            which is named, cannot be read, is not square, has transparent pixels or more than 8
            bits a channel.
    """
    check_integer("resolution", resolution, minimum=1)
    if channels not in tuple(_MODES):
        raise ValueError(f"channels={channels!r} is not allowed; expected 3 (RGB) or 1 (grey).")
    check_integer("channels", channels, minimum=1)  # True and 3.0 equal integers
    paths = image_paths(folder)
    images = np.empty((len(paths), resolution, resolution, channels), np.uint8)
    for image, path in zip(images, paths, strict=True):
        picture = _prepared(_opened(path), path, _MODES[channels], crop=crop)
        picture = picture.resize((resolution, resolution), Image.Resampling.BICUBIC)
        image[...] = np.asarray(picture).reshape(image.shape)
    return images


def draw_images(images: ArrayLike) -> Draw:
    """Draw training images from an array, uniformly and with replacement.

    Args:
        images: uint8, `(n, side, side, channels)`; they are held in the device's memory.

    Returns:
        What `lib.training.train` draws its batches with.

    Raises:
        TypeError: not uint8.
        ValueError: wrong dimensions, no image, images that are not square, or colour channels
            that are not 1 or 3.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(
            f"images have dtype {images.dtype}; expected uint8, 0 to 255. {_as_bytes(images)}"
        )
    if images.ndim != 4 or 0 in images.shape or images.shape[-1] not in _MODES:
        raise ValueError(
            f"images have shape {images.shape}; expected (n, side, side, channels) with 1 or 3 "
            f"channels. {_in_shape(images)}"
        )
    if images.shape[1] != images.shape[2]:
        raise ValueError(
            f"images have shape {images.shape}; expected square ones. Crop them or pad them."
        )
    choose = jax.tree_util.Partial(_choose, len(images))
    return Draw(choose, jax.tree_util.Partial(_show, jnp.asarray(images)))


def _choose(num_images: jax.Array, key: jax.Array, num: int) -> jax.Array:
    return jax.random.randint(key, (num,), 0, num_images)


def _show(images: jax.Array, chosen: jax.Array) -> jax.Array:
    return images[chosen].astype(jnp.float32) / 255


def _as_bytes(images: np.ndarray) -> str:
    """What makes uint8 of images of another type."""
    if images.dtype.kind in "iu":
        if images.size and images.min() >= 0 and images.max() <= 255:
            return "Every value is within these, so pass images.astype('uint8')."
        return "Scale the values to 0 to 255 and round them, then pass images.astype('uint8')."
    return "If they are floats in [0, 1], pass (images * 255).round().astype('uint8')."


def _in_shape(images: np.ndarray) -> str:
    """What makes four axes with the colours last of images of another shape."""
    if images.ndim == 4 and images.shape[1] in _MODES:
        return "If the channels come first, pass images.transpose(0, 2, 3, 1)."
    if images.ndim == 4 and images.shape[-1] == 4:
        return "If the fourth channel is alpha, drop it: images[..., :3]."
    return "Grey images have one channel: images[..., None]."


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _opened(path: Path) -> Image.Image:
    """The whole picture, decoded and upright."""
    try:
        with Image.open(path) as picture:
            return ImageOps.exif_transpose(picture)
    # Pillow's decoders raise all of these for damaged files.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} cannot be read as an image ({error}); expected a whole PNG or JPEG file. "
            "Replace it or remove it."
        ) from error


def _prepared(picture: Image.Image, path: Path, mode: str, *, crop: bool) -> Image.Image:
    """The picture as a square of the mode."""
    if picture.mode.startswith(_WIDE_MODES):
        raise ValueError(
            f"{path} has more than 8 bits a channel (mode {picture.mode}); expected 8. Scale its "
            "values to 0 to 255 and save it anew."
        )
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if picture.getchannel("A").getextrema()[0] < 255:
            raise ValueError(
                f"{path} has transparent pixels, whose colour is undefined; expected opaque ones. "
                "Put it on a background and save it anew."
            )
    width, height = picture.size
    if width != height:
        if not crop:
            raise ValueError(
                f"{path} is {width} x {height} pixels; expected a square. Pass crop=True for the "
                "middle of each image, or pad them."
            )
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
    return picture.convert(mode)
