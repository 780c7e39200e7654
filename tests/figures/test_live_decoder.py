"""Decoders in the page draw what the library's draw, and answer to cells, sliders and keys."""

import base64
import io
import re
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from PIL import Image
from playwright.sync_api import Page

from lib.figures import LivePanel, live_decoder
from lib.figures.packed_decoder import PageDecoder, RoundedDecoder, reordered
from lib.networks import MLPDecoder, StyleMLPDecoder

SIDE, NUM_LATENTS, NUM_IMAGES = 8, 5, 3
STEP = 0.055
SOURCES = ["floor & wall", "shape"]
POSITIONS = [np.linspace(-1.5, 1.5, 3 + latent % 2) for latent in range(NUM_LATENTS)]
NMI = np.array([[0.02, 0.9, 0.1, 0.3, 0.004], [0.7, 0.05, 0.2, 1.0, 0.01]])
READ = """canvas => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return [...data];
}"""


def _decoder(seed: int, channels: int = 3, kind: type = StyleMLPDecoder) -> PageDecoder:
    """With weights large enough that an image is not grey all over."""
    decoder = kind(SIDE, channels, NUM_LATENTS, width=24, rngs=nnx.Rngs(seed))
    if kind is StyleMLPDecoder:
        decoder.to_image.kernel[...] *= 8
        return decoder
    decoder.mlp.head.kernel[...] *= 8
    for number, norm in enumerate(decoder.mlp.norms):
        for part in (norm.scale, norm.bias):
            part[...] += 0.5 * jax.random.normal(jax.random.key(number), part.shape)
    return decoder


def _panel(seed: int = 0, **changes) -> LivePanel:
    values = {
        "title": f"model <{seed}>",
        "color": "#2f78d6",
        "decoder": RoundedDecoder(_decoder(seed), POSITIONS, STEP),
        "latents": [7, 5, 6, 8, 9],
        "knows": [f"knows {latent}" for latent in range(NUM_LATENTS)],
        "notes": [f"About latent {latent}." for latent in range(NUM_LATENTS)],
        "positions": POSITIONS,
        "starts": np.array([[0, 1, 2, 0, 1], [2, 2, 0, 3, 0], [1, 0, 1, 2, 2]]),
        "nmi": NMI,
        "active": [True, True, True, True, False],
        "ceilings": [0.87, 1.0],
        "scores": "InfoM 0.5, PSNR 20 dB.",
    }
    return LivePanel(**(values | changes))


def _originals(channels: int = 3) -> np.ndarray:
    shape = (NUM_IMAGES, SIDE, SIDE, channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def _expected(panel: LivePanel, at: list[int]) -> np.ndarray:
    latents = jnp.asarray([[p[i] for p, i in zip(panel.positions, at, strict=True)]], jnp.float32)
    near = panel.decoder.network
    return np.asarray(jax.nn.sigmoid(near(latents))[0]) * 255


@pytest.mark.parametrize(("kind", "most"), [(StyleMLPDecoder, 0.065), (MLPDecoder, 0.095)])
def test_rounded_weights_change_an_image_by_little_and_on_average_by_less(kind, most):
    """Rounding each weight to the nearest step would change logits by 0.08 and 0.11."""
    decoder = _decoder(0, kind=kind)
    chosen = np.random.default_rng(1).integers(0, 3, (1_000, NUM_LATENTS))
    latents = jnp.asarray([[p[i] for p, i in zip(POSITIONS, row, strict=True)] for row in chosen])
    exact = np.asarray(decoder(latents))
    change = exact - np.asarray(RoundedDecoder(decoder, POSITIONS, STEP).network(latents))
    assert 0 < change.std() < most
    assert np.abs(change.mean(axis=0)).mean() < 0.02  # of that, 0.04 and 0.05
    assert np.abs(exact).mean() > 0.4


def test_a_decoder_that_hears_always_the_same_says_the_same():
    decoder = _decoder(0, kind=MLPDecoder)
    positions = [np.array([0.5])] * NUM_LATENTS
    latents = jnp.full((1, NUM_LATENTS), 0.5)
    near = RoundedDecoder(decoder, positions, STEP).network(latents)
    np.testing.assert_allclose(near, decoder(latents), atol=1e-4)


@pytest.mark.parametrize("kind", [StyleMLPDecoder, MLPDecoder])
def test_a_decoder_of_reordered_latents_draws_the_same(kind):
    decoder, order = _decoder(0, kind=kind), np.array([2, 0, 4, 1, 3])
    latents = jnp.asarray(np.random.default_rng(1).normal(size=(5, NUM_LATENTS)), jnp.float32)
    drawn = reordered(decoder, order)(latents[:, order])
    np.testing.assert_allclose(drawn, decoder(latents), atol=1e-5)
    assert not np.allclose(decoder(latents[:, order]), decoder(latents), atol=1e-3)


def test_a_unit_that_no_latent_wakes_costs_nothing_and_changes_nothing():
    decoder = _decoder(0)
    decoder.dense[0].bias[...] = decoder.dense[0].bias[...].at[3].set(-1000.0)
    kernel = np.asarray(RoundedDecoder(decoder, POSITIONS, STEP).network.dense[1].kernel[...])
    assert not kernel[3].any()
    assert kernel[[0, 1, 2, 4]].any(axis=1).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"knows": ["one"]}, r"expected 5 latents, as many as positions; got \{'knows': 1\}"),
        ({"nmi": NMI[:, :4]}, r"expected 5 latents, .* got \{'nmi': 4\}"),
        ({"nmi": NMI[:1], "ceilings": ()}, "has 1 rows of NMI and 0 ceilings; .* of 2"),
        ({"ceilings": (0.5,)}, "has 2 rows of NMI and 1 ceilings"),
        ({"starts": np.full((NUM_IMAGES, NUM_LATENTS), 3)}, "each below its latent's number"),
        ({"starts": np.zeros((2, NUM_LATENTS), int)}, "starts at 2 of 3 images"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        live_decoder([_panel(**changes)], _originals(), SOURCES)


def test_images_of_another_size_are_refused():
    with pytest.raises(
        ValueError, match=r"shape \(3, 4, 4, 3\).*draws images of shape \(8, 8, 3\)"
    ):
        live_decoder([_panel()], _originals()[:, :4, :4], SOURCES)


def test_without_javascript_the_page_shows_what_the_sliders_would_start_with():
    panels = [_panel(0), _panel(1)]
    page = live_decoder(panels, _originals(), SOURCES)
    shown = re.findall(r'alt="What model [^"]*" src="([^"]*)"', page)
    assert len(shown) == len(panels)
    for panel, uri in zip(panels, shown, strict=True):
        content = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
        pixels = np.asarray(Image.open(io.BytesIO(content)), float)
        assert np.abs(pixels - _expected(panel, panel.starts[0].tolist())).max() <= 1.0


def _live(opened: Callable[..., Page], panels: list[LivePanel], **context) -> Page:
    originals = _originals(panels[0].decoder.network.image_shape[-1])
    page = opened(live_decoder(panels, originals, SOURCES), **context)
    if context.get("java_script_enabled", True):
        page.wait_for_selector(".live-ready")
    return page


def _drawn(page: Page, at: int) -> np.ndarray:
    pixels = page.locator("canvas").nth(at).evaluate(READ)
    return np.reshape(pixels, (SIDE, SIDE, 4))[..., :3]


@pytest.mark.site
def test_the_page_draws_what_the_library_draws_within_one_grey_level(opened):
    panels = [
        _panel(0),
        _panel(1, decoder=RoundedDecoder(_decoder(1, kind=MLPDecoder), POSITIONS, STEP)),
    ]
    page = _live(opened, panels)

    def check(at: int, positions: list[int]) -> None:
        assert np.abs(_drawn(page, at) - _expected(panels[at], positions)).max() <= 1.0

    starts = panels[0].starts.tolist()
    for at in range(2):
        check(at, starts[0])
    assert np.abs(_drawn(page, 0) - _drawn(page, 1)).max() > 20

    # A key moves one latent of one model, and nothing of the other's.
    before = _drawn(page, 1)
    slider = page.get_by_role("group", name="model <0>").get_by_label("knows 2")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    check(0, [0, 1, 1, 0, 1])
    np.testing.assert_array_equal(_drawn(page, 1), before)

    page.get_by_role("button", name="Another image").click()
    for at in range(2):
        check(at, starts[1])
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Back to it").click()
    check(0, starts[1])


@pytest.mark.site
def test_images_of_one_channel_are_grey_within_one_grey_level(opened):
    panel = _panel(decoder=RoundedDecoder(_decoder(0, channels=1), POSITIONS, STEP))
    page = _live(opened, [panel])
    drawn = _drawn(page, 0)
    assert np.abs(drawn - _expected(panel, panel.starts[0].tolist())).max() <= 1.0
    assert np.ptp(drawn, axis=-1).max() == 0
    assert drawn.std() > 10


@pytest.mark.site
def test_a_cell_chooses_its_latent_by_keyboard_alone(opened):
    page = _live(opened, [_panel(0), _panel(1)], reduced_motion="reduce")
    group = page.get_by_role("group", name="model <0>")
    group.get_by_role("button", name="floor & wall, latent 7: NMI 0.02").focus()
    # One cell of each matrix is a stop of the tab key.
    assert page.locator("td.nmi button[tabindex='0']").count() == 2
    for key in ("ArrowRight", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    cell = group.get_by_role("button", name="shape, latent 6: NMI 0.20")
    assert cell.evaluate("button => button === document.activeElement")
    page.keyboard.press("Enter")
    slider = group.get_by_label("knows 2")
    assert slider.evaluate("input => input === document.activeElement")
    assert group.locator(".live-note").text_content() == "About latent 2."
    assert group.locator("td.moved").count() == len(SOURCES)
    assert group.locator("th.moved").text_content() == "6"
    # The reader asked for reduced motion, so nothing moves by itself.
    assert slider.input_value() == "2"
    page.keyboard.press("Escape")
    assert cell.evaluate("button => button === document.activeElement")
    assert page.get_by_role("group", name="model <1>").locator(".moved").count() == 0


@pytest.mark.site
def test_a_chosen_latent_goes_through_its_values_once_and_comes_back(opened):
    panel = _panel(0)
    page = _live(opened, [panel])
    page.evaluate("""() => {
        window.seen = [];
        const value = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
        Object.defineProperty(document.querySelectorAll("input")[3], "value", {
          get() { return value.get.call(this); },
          set(to) { window.seen.push(Number(to)); value.set.call(this, to); },
        });
    }""")
    page.get_by_role("button", name="shape, latent 8: NMI 1.00").click()
    page.wait_for_function("window.seen.length === 6")
    assert page.evaluate("window.seen") == [1, 2, 3, 2, 1, 0]
    assert np.abs(_drawn(page, 0) - _expected(panel, panel.starts[0].tolist())).max() <= 1.0


@pytest.mark.site
def test_without_scripts_there_are_a_picture_and_the_matrix(opened):
    page = _live(opened, [_panel(0)], java_script_enabled=False)
    picture = page.get_by_role("img", name="What model <0> draws of its latents")
    assert picture.is_visible()
    cells = page.locator("td.nmi").all_text_contents()
    assert cells == [".02", ".90", ".10", ".30", "", ".70", ".05", ".20", "1", ""]
    assert page.locator("td.inactive").count() == len(SOURCES)
    assert page.locator("th small").all_text_contents() == ["≤ .87"]
