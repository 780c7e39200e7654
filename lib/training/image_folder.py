"""Images of one's own to train on, read from a folder."""

import warnings
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from lib.checks import check_integer
from lib.training.sampler import CHANNELS

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
_MODES = {1: "L", 3: "RGB"}
# What Pillow would clip to 8 bits, not scale.
_WIDE_MODES = ("I", "F")


def image_paths(folder: str | Path) -> list[Path]:
    """The image files of a folder and those below it, sorted by their path there.

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

    Warns:
        UserWarning: there are also images of a kind that is not read, such as GIF.
    """
    if not str(folder):
        raise ValueError("folder='' is empty; expected the name of a folder of images.")
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        hint = " An array is read by np.load." if folder.suffix == ".npy" else ""
        raise FileNotFoundError(
            f"folder={str(folder)!r} is not a folder; expected one of images.{hint}"
        )
    files = [path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path, folder)]
    images = [path for path in files if path.suffix.lower() in SUFFIXES]
    if not images:
        found = ", ".join(sorted({path.suffix or path.name for path in files})) or "nothing"
        raise FileNotFoundError(
            f"{folder} holds no image; expected files ending in {', '.join(SUFFIXES)}, found "
            f"{found}. Convert them, or name another folder."
        )
    readable = set(Image.registered_extensions())
    left_out = [p for p in files if p not in images and p.suffix.lower() in readable]
    if left_out:
        warnings.warn(
            f"{folder}: {len(left_out)} images are left out, such as {left_out[0].name}; expected "
            f"files ending in {', '.join(SUFFIXES)}. Convert them, or remove them.",
            stacklevel=2,
        )
    return sorted(images, key=lambda path: path.relative_to(folder).as_posix())


def read_images(
    folder: str | Path, resolution: int, *, channels: int = 3, crop: bool = False
) -> UInt8[np.ndarray, "n resolution resolution channels"]:
    """Read the images of a folder at one size, in the order of `image_paths`.

    Images may differ in size and mode: each is turned as its EXIF tag says, converted, and
    resized by antialiased bicubic interpolation; one that has the size already keeps its pixels.

    Args:
        folder: files ending in one of `SUFFIXES`, in folders below it too; a leading `~` is the
            home folder.
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

    Example:
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from lib.training import read_images
        >>> folder = Path("pictures")
        >>> folder.mkdir()
        >>> Image.new("RGB", (40, 40), "red").save(folder / "one.png")
        >>> read_images(folder, resolution=16).shape
        (1, 16, 16, 3)
    """
    check_integer("resolution", resolution, minimum=1)
    if channels not in CHANNELS:
        raise ValueError(f"channels={channels!r} is not allowed; expected 3 (RGB) or 1 (grey).")
    check_integer("channels", channels, minimum=1)  # True and 3.0 equal integers
    paths = image_paths(folder)
    images = np.empty((len(paths), resolution, resolution, channels), np.uint8)
    for image, path in zip(images, paths, strict=True):
        picture = _prepared(_opened(path), path, _MODES[channels], crop=crop)
        picture = picture.resize((resolution, resolution), Image.Resampling.BICUBIC)
        image[...] = np.asarray(picture).reshape(image.shape)
    return images


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
            f"{path} cannot be read as an image ({error}); expected a whole image file. "
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
