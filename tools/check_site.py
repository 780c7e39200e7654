"""Open a built site in headless Chromium and look every page over.

`python -m tools.check_site _build/html` checks each page at two widths, opened in light at the one
and in dark at the other, and then switched to the other colours: every chart drawn and readable,
every formula set, no error in the console, no failed request, none to another host, no page wider
than its window, no serious or critical finding of axe-core about accessibility; and of each page
alone, that its first picture does not keep a reader waiting. On a whole site it also makes the
searches of `tools.check_search`. `--find-browser` only prints which Chromium it is.
"""

import argparse
import asyncio
import contextlib
import functools
import http.server
import itertools
import math
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.async_api import BrowserContext, Page, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from .browser import BROWSER_NAMES, chromium, find_browser
from .check_pictures import check_pictures
from .check_search import SEARCHES, check_search
from .pictures import PICTURES
from .static_check import page_paths

VIEWS = ((1280, "light"), (375, "dark"))  # widths, and the colours that a page opens in
OTHER = {"light": "dark", "dark": "light"}  # and those that it is then switched to
HEIGHT = 900
LOAD_MS = 30_000
NO_BROWSER = f"""no Chromium was found (environment variable CHROMIUM, {", ".join(BROWSER_NAMES)}),
so the site was NOT opened in a browser. To install one: `apt-get install chromium` on Debian,
`.venv/bin/python -m playwright install --with-deps chromium` elsewhere; then name it in CHROMIUM
if it is not on the PATH."""
# Charts and formulas come late; what is missing after this time is the probe's to report.
DRAW_MS = 15_000
SOURCES = "_modules/"  # the library's code, in colours: nothing of the book's own to look at
PAGES_AT_ONCE = 4  # much of the time is waiting
FIRST_PICTURE_S = 2.0  # most that a reader waits for the first picture, on two cores
TRIES = 3  # as the machine may be busy with something else
FIRST_PICTURE = """() =>
  [...document.querySelectorAll('article img, article [id^="altair-viz-"][data-drawn]')].some(
    (picture) => picture.checkVisibility() && (picture.naturalWidth ?? 1)) && performance.now()"""
IS_DRAWN = """(theme) =>
  document.fonts.status === "loaded" &&
  [...document.querySelectorAll(".math")].every((math) => math.querySelector("mjx-container")) &&
  [...document.querySelectorAll("mjx-container[display]")].every(
    (formula) => formula.scrollWidth <= formula.clientWidth + 1 || formula.tabIndex === 0) &&
  [...document.querySelectorAll('[id^="altair-viz-"]')].every(
    (chart) => chart.dataset.drawn === theme || chart.querySelector(".error"))"""
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# Without its preloading, which asks for style sheets at addresses where there are none, and without
# what is inside a drawing: thousands of marks, which the drawing's own words stand for. Colours,
# which take longest, are the same at any width, and all else is the same in light and dark.
AXE_FINDINGS = """async (switched) => {
  const wide = innerWidth > 600;
  const colors = ["color-contrast", "link-in-text-block"];
  if (switched && !wide) return [];
  const options = switched ? { runOnly: colors }
    : { rules: Object.fromEntries(colors.map((rule) => [rule, { enabled: wide }])) };
  const found = await axe.run({ exclude: ["svg > *"] }, { preload: false, ...options });
  return found.violations
    .filter((violation) => ["serious", "critical"].includes(violation.impact))
    .map((violation) => `${violation.impact} for accessibility: ${violation.help}, ` +
      `${violation.nodes.length} times, such as ${violation.nodes[0].html.slice(0, 200)}`);
}"""
PAGE_PROBE = (Path(__file__).parent / "probe_page.js").read_text(encoding="utf-8")


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: failed requests are reported by the page that made them."""


@contextlib.contextmanager
def serve(site: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine alone, and yield its address."""
    handler = functools.partial(_QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def check_in_browser(
    site: Path, browser_path: str, screenshots: Path | None = None
) -> tuple[list[str], dict[str, int]]:
    """Open every page of a site at each width, in light and in dark.

    Args:
        site: folder of the site.
        browser_path: the Chromium to use.
        screenshots: folder for a picture of each page as seen; None for no pictures.

    Returns:
        One line for each problem, and how many charts each page has.
    """
    names = [path.relative_to(site).as_posix() for path in page_paths(site)]
    names = [name for name in names if not name.startswith(SOURCES)]
    with serve(site) as address:
        found = asyncio.run(_look_at_all(address, names, browser_path, screenshots))
    problems = [
        f"{name} ({width} px, {scheme}): {text}"
        for (width, name), (seen, _) in found.items()
        for scheme, text in dict.fromkeys(seen)
    ]
    return problems, {name: charts for (_, name), (_, charts) in found.items()}


def first_pictures(site: Path, browser_path: str, names: Sequence[str]) -> dict[str, float]:
    """Seconds from the call of each page to its first picture, one page at a time.

    Args:
        site: folder of the site.
        browser_path: the Chromium to use.
        names: pages that have a picture or a chart; each is tried again while it is late, at most
            `TRIES` times.
    """
    found = {}
    with serve(site) as address, chromium(browser_path) as browser:
        for name, _ in itertools.product(names, range(TRIES)):
            if found.get(name, math.inf) <= FIRST_PICTURE_S:
                continue
            page = browser.new_page(viewport={"width": VIEWS[0][0], "height": HEIGHT})
            page.goto(f"{address}/{name}", wait_until="commit", timeout=LOAD_MS)
            seconds = page.wait_for_function(FIRST_PICTURE, timeout=LOAD_MS).json_value() / 1000
            found[name] = min(seconds, found.get(name, math.inf))
            page.close()
    return found


async def _look_at_all(
    address: str, names: Sequence[str], browser_path: str, screenshots: Path | None
) -> dict[tuple[int, str], tuple[list[tuple[str, str]], int]]:
    """What `_look` sees by width and page; several pages at a time."""
    turn = asyncio.Semaphore(PAGES_AT_ONCE)
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=browser_path) as browser,
    ):
        contexts = {
            width: await browser.new_context(
                viewport={"width": width, "height": HEIGHT},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            for width, scheme in VIEWS
        }

        async def look(width: int, scheme: str, name: str) -> tuple[list[tuple[str, str]], int]:
            picture = screenshots and screenshots / f"{Path(name).stem}-{width}"
            async with turn:
                return await _look(contexts[width], f"{address}/{name}", scheme, picture)

        views = [(width, scheme, name) for (width, scheme), name in itertools.product(VIEWS, names)]
        found = await asyncio.gather(*(look(*view) for view in views))
    keys = [(width, name) for width, _, name in views]
    return dict(zip(keys, found, strict=True))


async def _look(
    context: BrowserContext, address: str, scheme: str, picture: Path | None
) -> tuple[list[tuple[str, str]], int]:
    """What is amiss as a page opens and with its colours switched, by colours; its charts."""
    noted: list[str] = []
    problems: list[tuple[str, str]] = []
    host = urlsplit(address).netloc
    page = await context.new_page()
    page.on("console", lambda message: _note_console(noted, message))
    page.on("pageerror", lambda error: noted.append(f"script error: {error}"))
    page.on("requestfailed", lambda request: noted.append(f"request failed: {request.url}"))
    page.on("response", lambda response: _note_response(noted, response))
    page.on("request", lambda request: _note_request(noted, request.url, host))
    try:
        await page.goto(address, wait_until="load", timeout=LOAD_MS)
        await page.evaluate(AXE)
        for shown, switched in ((scheme, False), (OTHER[scheme], True)):
            if switched:
                await page.evaluate(
                    "theme => document.documentElement.dataset.theme = theme", shown
                )
            charts = await _probe(page, shown, noted)
            if picture is not None:
                picture.parent.mkdir(parents=True, exist_ok=True)
                await page.screenshot(path=f"{picture}-{shown}.png", full_page=True)
            noted += await page.evaluate(AXE_FINDINGS, switched)
            if switched:
                await page.wait_for_load_state("networkidle", timeout=LOAD_MS)
            problems += [(shown, text) for text in noted]
            noted.clear()
        return problems, charts
    finally:
        await page.close()


async def _probe(page: Page, scheme: str, problems: list[str]) -> int:
    """Add what the page shows amiss to `problems`, and return how many charts it has."""
    with contextlib.suppress(PlaywrightTimeout):
        await page.wait_for_function(IS_DRAWN, arg=scheme, timeout=DRAW_MS)
    seen = await page.evaluate(PAGE_PROBE)
    problems += seen["problems"]
    if seen["theme"] != scheme:
        problems.append(f"the page's theme is {seen['theme']!r}, expected {scheme!r}")
    return seen["charts"]


def _note_console(problems: list[str], message: object) -> None:
    if message.type in ("error", "warning"):
        problems.append(f"console {message.type}: {message.text}")


def _note_response(problems: list[str], response: object) -> None:
    if response.status >= 400:
        problems.append(f"status {response.status}: {response.url}")


def _note_request(problems: list[str], url: str, host: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob") and parts.netloc != host:
        problems.append(f"request to another host: {url}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a site as the command line says; 0: sound, 1: problems, 2: no browser."""
    parser = argparse.ArgumentParser(prog="python -m tools.check_site", description=__doc__)
    parser.add_argument("site", type=Path, nargs="?", default=Path("_build/html"))
    parser.add_argument("--screenshots", type=Path, help="keep a picture of each page here")
    parser.add_argument("--find-browser", action="store_true", help="only print the browser")
    options = parser.parse_args(arguments)
    browser = find_browser()
    if browser is None:
        print(f"Not run: {NO_BROWSER}", file=sys.stderr)
        return 2
    if options.find_browser:
        print(browser)
        return 0
    if not (options.site / "index.html").is_file():
        print(f"Error: no site in {options.site}; `make book` builds it", file=sys.stderr)
        return 1
    problems, charts = check_in_browser(options.site, browser, options.screenshots)
    problems += check_pictures(sorted((options.site / PICTURES).glob("*.svg")), browser)
    with_charts = [] if problems else [name for name, count in charts.items() if count]
    seconds = first_pictures(options.site, browser, with_charts)
    problems += [
        f"{name}: the first picture comes after {taken:.1f} s, and at most {FIRST_PICTURE_S:g} are "
        "for a reader to wait"
        for name, taken in seconds.items()
        if taken > FIRST_PICTURE_S
    ]
    if all((options.site / f"{wanted}.html").is_file() for wanted in SEARCHES.values()):
        with serve(options.site) as address:
            problems += check_search(address, browser)
    for name, count in charts.items():
        first = f", the first picture after {seconds[name]:.1f} s" if name in seconds else ""
        print(f"  {name}: {count} chart{'' if count == 1 else 's'}{first}")
    for problem in problems:
        print(f"Problem: {problem}", file=sys.stderr)
    widths = " and ".join(str(width) for width, _ in VIEWS)
    seen = f"{len(charts)} pages at {widths} px, {' and '.join(OTHER)}"
    print(f"{seen}: {len(problems) or 'no'} problem{'' if len(problems) == 1 else 's'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
