"""The page's InfoM and InfoC are those of the library."""

import numpy as np
import pytest
from playwright.sync_api import Page

from lib.figures import score_editor
from lib.metrics import compactness, modularity

SOURCES = ["shape", "color", "size"]
EVEN = np.eye(3, 4), [True, True, True, False]


def _set(page: Page, nmi: np.ndarray, active: np.ndarray) -> None:
    """Write a matrix into the page as a reader would, without the time that it takes."""
    page.evaluate(
        """([nmi, active]) => {
          document.querySelectorAll("tbody input").forEach((input, at) => (input.value = nmi[at]));
          document.querySelectorAll("tfoot input").forEach((box, at) => (box.checked = active[at]));
          const heard = new Event("input", { bubbles: true });
          document.querySelector("tbody input").dispatchEvent(heard);
        }""",
        [nmi.ravel().tolist(), active.tolist()],
    )


def _shown(page: Page) -> list[float | None]:
    texts = page.locator(".editor-scores output").evaluate_all(
        "all => all.map((o) => o.dataset.value)"
    )
    return [float(text) if text else None for text in texts]


@pytest.mark.parametrize(
    ("presets", "names"),
    [
        ({"one": EVEN}, ["shape", "color"]),
        ({"one": EVEN, "other": (np.eye(3, 3), [True] * 3)}, SOURCES),
        ({"one": (np.eye(3, 4), [True] * 3)}, SOURCES),
        ({"one": (np.ones((1, 4)), [True] * 4)}, ["shape"]),
    ],
)
def test_presets_of_other_shapes_are_refused(presets, names):
    with pytest.raises(ValueError, match="presets must have NMI of one shape"):
        score_editor(presets, names)


@pytest.mark.site
def test_the_scores_of_the_page_are_those_of_the_library(opened):
    mixed = [[0.4, 0.3, 0.1, 0.2], [0.2, 0.5, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4]]
    figure = score_editor({"even": EVEN, "mixed": (mixed, [True] * 4)}, SOURCES)
    generator = np.random.default_rng(0)
    page = opened(figure)
    page.wait_for_selector(".live-ready")
    assert _shown(page) == pytest.approx([1.0, 1.0])

    for number in range(30):
        nmi = generator.random((3, 4)) * (generator.random((3, 4)) < 0.7)
        active = np.ones(4, bool) if number < 10 else generator.random(4) < 0.6
        if number == 10:
            nmi[1] = 0  # a source of which nothing is known
        _set(page, nmi, active)
        modular = modularity(nmi, active) if active.any() else None
        compact = compactness(nmi, active) if active.sum() > 1 else None
        assert _shown(page) == [
            value if value is None else pytest.approx(value, abs=1e-6)
            for value in (modular, compact)
        ]

    page.get_by_role("button", name="mixed").click()
    assert _shown(page) == pytest.approx([modularity(mixed), compactness(mixed)], abs=1e-6)

    # By keyboard: one step of a number, and a latent put out with the space bar.
    page.get_by_label("NMI of shape and latent 0").focus()
    page.keyboard.press("ArrowUp")
    mixed[0][0] = 0.45
    assert _shown(page) == pytest.approx([modularity(mixed), compactness(mixed)], abs=1e-6)
    page.get_by_label("latent 3 is active").focus()
    page.keyboard.press("Space")
    active = np.array([True, True, True, False])
    assert _shown(page) == pytest.approx(
        [modularity(mixed, active), compactness(mixed, active)], abs=1e-6
    )
