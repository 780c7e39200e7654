"""Whether the search of a built site finds the page that a reader wants: in `make site-check`."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from playwright.sync_api import Page

from .browser import chromium

# What a reader may type, and the page that should be among the first results.
SEARCHES = {
    "straight-through": "quantized_latents",
    "InfoM": "infomec",
    "weight decay": "weight_decay",
    "papermill": "running",
    "TPU": "running",
    "checkpoint": "running",
    "MIG": "metrics",
    "download data": "benchmarks",
    "citation": "index",
    "Tripod": "tripod",
    "Colab": "running",
    "own images": "your_data",
}
FIRST = 3
WAIT_MS = 15_000
IS_DONE = """() => /finished|did not match/.test(
  document.querySelector("#search-results .search-summary")?.textContent)"""


def check_search(
    address: str, browser_path: str, searches: Mapping[str, str] = SEARCHES
) -> list[str]:
    """Type words into the search of a site.

    Args:
        address: of the site, without a slash at its end.
        browser_path: the Chromium to use.
        searches: words, and the name of the page that they should find.

    Returns:
        One line for each search whose page is not among the first `FIRST` results.
    """
    problems = []
    with chromium(browser_path) as browser:
        page = browser.new_page()
        for words, wanted in searches.items():
            found = _search(page, address, words)
            if wanted not in found[:FIRST]:
                told = ", ".join(found[:FIRST]) or "nothing"
                problems.append(f"the search for {words!r} finds {told}, not {wanted}")
    return problems


def _search(page: Page, address: str, words: str) -> list[str]:
    """Names of the pages that a search finds, in its order."""
    page.goto(f"{address}/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    page.wait_for_function(IS_DONE, timeout=WAIT_MS)
    links = page.locator("#search-results ul.search > li > a:first-child")
    paths = links.evaluate_all("(links) => links.map((link) => link.href)")
    return [urlsplit(path).path.removesuffix(".html").lstrip("/") for path in paths]
