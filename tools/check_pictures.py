"""Whether the pictures of a site's charts show their words whole."""

from collections.abc import Sequence
from pathlib import Path

from .browser import chromium

CUT_WORDS = """() => {
  const whole = document.documentElement.getBoundingClientRect();
  return [...document.querySelectorAll("text")].filter((text) => {
    const box = text.getBoundingClientRect();
    return box.width && (box.left < whole.left - 1 || box.right > whole.right + 1 ||
      box.top < whole.top - 1 || box.bottom > whole.bottom + 1);
  }).map((text) => text.textContent);
}"""


def check_pictures(pictures: Sequence[Path], browser_path: str) -> list[str]:
    """Open pictures in a browser, which draws their words in a font of this machine.

    Args:
        pictures: SVG files.
        browser_path: the Chromium to use.

    Returns:
        One line for each picture of which some words reach beyond its edge, where they are cut.
    """
    problems = []
    with chromium(browser_path) as browser:
        page = browser.new_page()
        for picture in pictures:
            page.goto(picture.resolve().as_uri())
            if cut := page.evaluate(CUT_WORDS):
                problems.append(f"{picture.name}: the edge cuts {', '.join(map(repr, cut))}")
    return problems
