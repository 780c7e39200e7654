"""What can be seen of a built site without a browser: whole, self-contained, no dead link."""

import re
from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHING_RELATIONS = {
    "stylesheet",
    "icon",
    "shortcut icon",
    "preload",
    "modulepreload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
}
FETCHING_ATTRIBUTES = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "img": ("src",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src",),
    "video": ("src", "poster"),
}
PAGE_MB = 1.5  # most that the file of one page may have
SHARED_MB = 2.5  # and all files together that pages share: scripts, styles, fonts
REDIRECTION = re.compile(r'http-equiv="refresh"', re.IGNORECASE)
CSS_ADDRESS = re.compile(r"""(?:url\(|@import\s+)\s*["']?(https?:)?//""")


class Page(HTMLParser):
    """What one page refers to.

    Attributes:
        fetched: addresses that a browser loads by itself.
        links: addresses that a reader can follow.
        anchors: names that a link can point to.
        headings: how many top headings there are.
    """

    def __init__(self, path: Path):
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.headings = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.anchors.update(attributes[name] for name in ("id", "name") if attributes.get(name))
        self.headings += tag == "h1"
        for name in FETCHING_ATTRIBUTES.get(tag, ()):
            if name in attributes:
                self.fetched.append(attributes[name])
        if tag == "link" and FETCHING_RELATIONS & {attributes.get("rel", "").lower()}:
            self.fetched.append(attributes.get("href", ""))
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])


def page_paths(site: Path) -> list[Path]:
    """Pages that a reader sees: no templates, no sources, nothing that only leads on."""
    return [
        path
        for path in sorted(site.rglob("*.html"))
        if path.relative_to(site).parts[0] not in ("_static", "_sources")
        and not REDIRECTION.search(path.read_text(encoding="utf-8")[:2000])
    ]


def check_site(site: Path, pages: Sequence[str], is_complete: bool = True) -> list[str]:
    """Look a built site over, without a browser.

    Args:
        site: folder of the site.
        pages: names of the chapters that must be there.
        is_complete: whether these are all chapters; else links may lead to those left out.

    Returns:
        One line for each problem: a page that is missing or empty, a file that a page needs and
        the site does not hold, something that a page would load from another host, a link or an
        anchor inside the site that leads nowhere, a page or shared files that are too large.
    """
    problems = [
        f"{name}.html: the page is missing"
        for name in ("index", *pages)
        if not (site / f"{name}.html").is_file()
    ]
    found = {path: Page(path) for path in page_paths(site)}
    for name in pages:
        page = found.get(site / f"{name}.html")
        if page is not None and page.headings == 0:
            problems.append(f"{name}.html: the page has no heading")
    for path, page in found.items():
        where = path.relative_to(site)
        problems += [f"{where}: {text}" for text in _fetch_problems(site, path, page)]
        if is_complete:
            problems += [f"{where}: {text}" for text in _link_problems(site, path, page, found)]
    problems += _size_problems(site, found)
    for path in sorted(site.rglob("*.css")):
        if CSS_ADDRESS.search(path.read_text(encoding="utf-8", errors="replace")):
            problems.append(f"{path.relative_to(site)}: loads something from another host")
    return list(dict.fromkeys(problems))


def _size_problems(site: Path, pages: Iterable[Path]) -> Iterable[str]:
    sizes = [(str(page.relative_to(site)), page.stat().st_size, PAGE_MB) for page in pages]
    shared = sum(path.stat().st_size for path in (site / "_static").rglob("*") if path.is_file())
    for name, size, most in [*sizes, ("_static", shared, SHARED_MB)]:
        if size > most * 1e6:
            yield f"{name}: {size / 1e6:.2f} MB, and at most {most} are for a reader to load"


def _fetch_problems(site: Path, path: Path, page: Page) -> Iterable[str]:
    for address in page.fetched:
        parts = urlsplit(address)
        if parts.scheme == "data":
            continue
        if parts.netloc or parts.scheme:
            yield f"loads {address} from another host"
        elif not _target(site, path, parts.path).is_file():
            yield f"needs {address}, which the site does not hold"


def _link_problems(site: Path, path: Path, page: Page, found: dict[Path, Page]) -> Iterable[str]:
    for address in page.links:
        parts = urlsplit(address)
        if parts.netloc or parts.scheme:
            continue
        target = _target(site, path, parts.path)
        if not target.is_file():
            yield f"links to {address}, which the site does not hold"
        elif parts.fragment and target in found:
            # `#` and `#top` lead to the top of any page.
            anchors = found[target].anchors | {"top"}
            if unquote(parts.fragment) not in anchors:
                yield f"links to {address}, where there is no such anchor"


def _target(site: Path, page: Path, address: str) -> Path:
    if not address:
        return page
    base = site if address.startswith("/") else page.parent
    target = (base / unquote(address).lstrip("/")).resolve()
    return target / "index.html" if target.is_dir() else target
