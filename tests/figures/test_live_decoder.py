"""Decoders in the page draw what the library's draw, and answer to keys."""

import base64
import io
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from PIL import Image
from playwright.sync_api import sync_playwright

from lib.figures import LivePanel, live_decoder
from lib.figures.live_decoder import rounded
from lib.networks import StyleMLPDecoder
from tools.check_site import find_browser

SIDE, NUM_LATENTS, NUM_IMAGES = 8, 5, 3
POSITIONS = [np.linspace(-1.5, 1.5, 3 + latent % 2) for latent in range(NUM_LATENTS)]
READ = """canvas => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return [...data];
}"""


def _decoder(seed: int) -> StyleMLPDecoder:
    """With weights large enough that an image is not grey all over."""
    decoder = StyleMLPDecoder(SIDE, 3, NUM_LATENTS, width=24, rngs=nnx.Rngs(seed))
    decoder.to_image.kernel[...] *= 8
    return decoder


def _panel(seed: int = 0, **changes) -> LivePanel:
    values = {
        "title": f"model <{seed}>",
        "color": "#2f78d6",
        "decoder": _decoder(seed),
        "latents": [f"latent {latent}" for latent in range(NUM_LATENTS)],
        "positions": POSITIONS,
        "starts": np.array([[0, 1, 2, 0, 1], [2, 2, 0, 3, 0], [1, 0, 1, 2, 2]]),
    }
    return LivePanel(**(values | changes))


def _originals() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (NUM_IMAGES, SIDE, SIDE, 3), dtype=np.uint8)


def _expected(panel: LivePanel, at: list[int]) -> np.ndarray:
    latents = jnp.asarray([[p[i] for p, i in zip(panel.positions, at, strict=True)]], jnp.float32)
    return np.asarray(jax.nn.sigmoid(rounded(panel.decoder)(latents))[0]) * 255


def test_int8_weights_change_an_image_by_little():
    decoder = _decoder(0)
    latents = jax.random.normal(jax.random.key(0), (50, NUM_LATENTS))
    exact, near = (nnx.sigmoid(d(latents)) for d in (decoder, rounded(decoder)))
    assert 0 < float(jnp.abs(exact - near).max()) < 0.05
    assert float(jnp.abs(exact - 0.5).mean()) > 0.1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"latents": ["one"]}, "of one number of latents, got 1, 5 and"),
        ({"starts": np.full((NUM_IMAGES, NUM_LATENTS), 3)}, "each below its latent's number"),
        ({"starts": np.zeros((2, NUM_LATENTS), int)}, "starts at 2 of 3 images"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        live_decoder([_panel(**changes)], _originals())


def test_images_of_another_size_are_refused():
    with pytest.raises(
        ValueError, match=r"shape \(3, 4, 4, 3\).*draws images of shape \(8, 8, 3\)"
    ):
        live_decoder([_panel()], _originals()[:, :4, :4])


def test_without_javascript_the_page_shows_what_the_sliders_would_start_with():
    panels = [_panel(0), _panel(1)]
    shown = re.findall(r"background-image: url\(([^)]*)\)", live_decoder(panels, _originals()))
    assert len(shown) == len(panels)
    for panel, uri in zip(panels, shown, strict=True):
        content = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
        pixels = np.asarray(Image.open(io.BytesIO(content)), float)
        assert np.abs(pixels - _expected(panel, panel.starts[0].tolist())).max() <= 1.0


@pytest.mark.site
def test_the_page_draws_what_the_library_draws_within_one_grey_level(tmp_path):
    browser = find_browser()
    if browser is None:
        pytest.skip("no Chromium on this machine: the figure is not opened")
    panels = [_panel(0), _panel(1)]
    page_file = tmp_path / "page.html"
    page_file.write_text(f"<!doctype html><meta charset=utf-8>{live_decoder(panels, _originals())}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page()
        page.goto(page_file.as_uri())
        page.wait_for_selector(".live-ready")
        canvases = page.locator("canvas")

        def drawn(at: int) -> np.ndarray:
            pixels = canvases.nth(at).evaluate(READ)
            return np.reshape(pixels, (SIDE, SIDE, 4))[..., :3]

        def check(at: int, positions: list[int]) -> None:
            difference = np.abs(drawn(at) - _expected(panels[at], positions))
            assert difference.max() <= 1.0

        starts = panels[0].starts.tolist()
        for at in range(2):
            check(at, starts[0])
        assert np.abs(drawn(0) - drawn(1)).max() > 20

        # A key moves one latent of one model, and nothing of the other's.
        before = drawn(1)
        slider = page.get_by_role("group", name="model <0>").get_by_label("latent 2")
        slider.focus()
        page.keyboard.press("ArrowLeft")
        check(0, [0, 1, 1, 0, 1])
        np.testing.assert_array_equal(drawn(1), before)

        page.get_by_role("button", name="Another image").click()
        for at in range(2):
            check(at, starts[1])
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.get_by_role("button", name="Back to this image").click()
        check(0, starts[1])
        chromium.close()
