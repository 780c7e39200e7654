"""The Chromium that pages are opened in."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """Path of a Chromium on this machine: the variable CHROMIUM, the PATH, playwright's own."""
    named = os.environ.get("CHROMIUM")
    for name in (named,) if named else BROWSER_NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        bundled = playwright.chromium.executable_path
    return bundled if not named and Path(bundled).is_file() else None


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """The Chromium of this path, closed at the end."""
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path) as browser,
    ):
        yield browser
