"""Images from folders and arrays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from lib.training import image_paths, image_sampler, read_images


def _save(path, pixels, **options):
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path, **options)


def _noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def test_png_images_come_back_bit_by_bit_in_the_order_of_their_names(tmp_path):
    images = _noise(4, 5, 5, 3)
    # Character by character, "10" comes before "9"; macOS leaves files such as "._a.png".
    names = ["10.png", "9.PNG", "a.png", "b.png"]
    for name, pixels in reversed(list(zip(names, images, strict=True))):
        _save(tmp_path / name, pixels)
    (tmp_path / "._a.png").write_bytes(b"not an image")
    (tmp_path / "notes.txt").write_text("not an image either")
    assert [path.name for path in image_paths(tmp_path)] == names
    np.testing.assert_array_equal(read_images(tmp_path, 5), images)


def test_gray_and_colour_become_what_is_asked_for(tmp_path):
    gray = _noise(3, 3)
    _save(tmp_path / "a.png", gray)
    _save(tmp_path / "b.png", np.full((3, 3, 3), (255, 0, 0)))
    three, one = read_images(tmp_path, 3), read_images(tmp_path, 3, channels=1)
    np.testing.assert_array_equal(three[0], np.stack([gray] * 3, axis=-1))
    np.testing.assert_array_equal(one[0], gray[..., None])
    assert (three[1] == (255, 0, 0)).all()
    assert (one[1] == 76).all()  # ITU-R 601: red weighs 0.299, and 0.299 * 255 = 76.2


def test_palettes_and_opaque_alpha_are_read(tmp_path):
    red = np.full((2, 2, 3), (255, 0, 0), np.uint8)
    Image.fromarray(red).convert("P").save(tmp_path / "a.png")
    _save(tmp_path / "b.png", np.full((2, 2, 4), (255, 0, 0, 255)))
    np.testing.assert_array_equal(read_images(tmp_path, 2), [red, red])


def test_larger_images_are_resized_as_jax_does(tmp_path):
    """Antialiased Keys cubic, a = -1/2, in both; Pillow rounds weights and after each pass."""
    image = _noise(12, 12, 3)
    _save(tmp_path / "a.png", image)
    resized = jax.image.resize(image.astype(np.float32), (4, 4, 3), "cubic", antialias=True)
    expected = np.clip(resized, 0, 255)
    np.testing.assert_allclose(read_images(tmp_path, 4)[0], expected, atol=1.5)


def test_a_photograph_is_turned_as_its_orientation_says(tmp_path):
    halves = np.zeros((16, 16, 3))
    halves[:8] = 255  # white above, black below
    orientation = Image.Exif()
    orientation[0x0112] = 6  # EXIF: turn by 90 degrees clockwise, so that the top comes right
    _save(tmp_path / "a.jpg", halves, exif=orientation, quality=95)
    turned = read_images(tmp_path, 16)[0]
    assert turned[:, 10:].min() > 240
    assert turned[:, :6].max() < 15


@pytest.mark.parametrize(
    ("pixels", "resolution", "message"),
    [
        (np.zeros((4, 6, 3)), 4, "is 6 x 4 pixels; expected a square"),
        (np.zeros((4, 4, 4)), 4, "has transparent pixels"),
    ],
)
def test_an_image_that_cannot_be_used_is_named(tmp_path, pixels, resolution, message):
    _save(tmp_path / "good.png", np.zeros((8, 8, 3)))
    _save(tmp_path / "z.png", pixels)
    with pytest.raises(ValueError, match=rf"z\.png .*{message}"):
        read_images(tmp_path, resolution)


def test_more_than_eight_bits_are_refused_and_not_clipped(tmp_path):
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png has more than 8 bits"):
        read_images(tmp_path, 4)


@pytest.mark.parametrize("kept", [0, 20, -30])
def test_a_damaged_file_is_named(tmp_path, kept):
    _save(tmp_path / "a.png", _noise(8, 8, 3))
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[:kept])
    with pytest.raises(ValueError, match=r"a\.png cannot be read"):
        read_images(tmp_path, 8)


def test_folders_below_are_read_in_the_order_of_their_paths(tmp_path):
    levels = {"b.png": 1, "a/z.png": 2, "a/b/c.png": 3}
    for name, level in levels.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        _save(tmp_path / name, np.full((2, 2), level))
    # By hand: "a/b/c.png" < "a/z.png" < "b.png".
    assert read_images(tmp_path, 2, channels=1)[:, 0, 0, 0].tolist() == [3, 2, 1]


def test_what_is_hidden_is_passed_over_in_whole_folders_too(tmp_path):
    """Pictures that a file manager or Jupyter keeps are not read; a hidden folder itself may be."""
    for name in (".cache/a.png", ".cache/.thumb/b.png", ".cache/c/.ipynb_checkpoints/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        _save(tmp_path / name, np.zeros((2, 2)))
    assert image_paths(tmp_path / ".cache") == [tmp_path / ".cache" / "a.png"]
    with pytest.raises(FileNotFoundError, match=r"holds no image.*found nothing"):
        image_paths(tmp_path)


def test_every_kind_of_image_is_read_or_named(tmp_path):
    """WebP and BMP, without loss, are read beside PNG; a GIF is left out with a warning."""
    image = _noise(3, 3, 3)
    _save(tmp_path / "a.png", image)
    Image.fromarray(image).save(tmp_path / "b.webp", lossless=True)
    Image.fromarray(image).save(tmp_path / "c.bmp")
    np.testing.assert_array_equal(read_images(tmp_path, 3), [image] * 3)
    Image.fromarray(image).save(tmp_path / "d.gif")
    with pytest.warns(UserWarning, match=r"1 images are left out, such as d\.gif"):
        assert len(read_images(tmp_path, 3)) == 3


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pictures").mkdir()
    image = _noise(3, 3, 3)
    _save(tmp_path / "pictures" / "a.png", image)
    np.testing.assert_array_equal(read_images("~/pictures", 3), [image])


def test_crop_takes_the_middle_square(tmp_path):
    image = _noise(4, 10, 3)
    _save(tmp_path / "a.png", image)
    np.testing.assert_array_equal(read_images(tmp_path, 4, crop=True)[0], image[:, 3:7])


def test_what_holds_no_image_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_images(tmp_path / "nowhere", 4)
    (tmp_path / "a.svg").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"holds no image.*found \.svg"):
        read_images(tmp_path, 4)
    with pytest.raises(ValueError, match="folder='' is empty"):
        read_images("", 4)


@pytest.mark.parametrize(
    ("channels", "error"), [(4, ValueError), ("3", ValueError), (True, TypeError), (3.0, TypeError)]
)
def test_other_channels_are_refused(tmp_path, channels, error):
    with pytest.raises(error, match=f"channels={channels!r}"):
        read_images(tmp_path, 4, channels=channels)


def test_draws_are_images_of_the_array_each_as_likely():
    """Image i is all gray level i, so a draw tells which image it is."""
    images = np.broadcast_to(np.arange(5, dtype=np.uint8)[:, None, None, None], (5, 2, 2, 1))
    sampler = image_sampler(images)
    drawn = np.asarray(jax.jit(lambda sample, key: sample(key, 10_000))(sampler, jax.random.key(0)))
    assert drawn.dtype == np.float32
    assert np.ptp(drawn, axis=(1, 2, 3)).max() == 0
    counts = np.bincount(np.rint(255 * drawn[:, 0, 0, 0]).astype(int), minlength=5)
    # 2,000 expected of each, with a standard deviation of sqrt(10,000 * 0.2 * 0.8) = 40.
    assert np.abs(counts - 2_000).max() < 160


def test_any_array_will_do():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return np.full((3, 2, 2, 1), 51, np.uint8)

    shown = image_sampler(Tensor()).show(jnp.array([0, 2]))
    np.testing.assert_allclose(shown, np.full((2, 2, 2, 1), 0.2), rtol=1e-6)  # 51 / 255


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((2, 4, 4, 1)), TypeError, r"float64.*\(images \* 255\)"),
        (np.full((2, 4, 4, 1), 255), TypeError, r"int64.*pass images\.astype\('uint8'\)"),
        (np.full((2, 4, 4, 1), 256), TypeError, r"int64.*Scale the values to 0 to 255"),
        (np.full((2, 4, 4, 1), -1), TypeError, r"int64.*Scale the values to 0 to 255"),
        (np.zeros((2, 4, 4), np.uint8), ValueError, r"images\[\.\.\., None\]"),
        (np.zeros((2, 4, 4, 4), np.uint8), ValueError, r"alpha, drop it: images\[\.\.\., :3\]"),
        (np.zeros((2, 3, 4, 4), np.uint8), ValueError, r"transpose\(0, 2, 3, 1\)"),
        (np.zeros((2, 4, 6, 3), np.uint8), ValueError, "Crop them or pad"),
        (np.zeros((0, 4, 4, 3), np.uint8), ValueError, r"shape \(0, 4, 4, 3\)"),
    ],
)
def test_an_array_that_cannot_be_used_is_refused(images, error, message):
    with pytest.raises(error, match=message):
        image_sampler(images)
