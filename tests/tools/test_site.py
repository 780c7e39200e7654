"""A small book built by the command itself, then opened in Chromium where there is one."""

import re
import shutil

import pytest
from fontTools.ttLib import TTFont

from lib.chapters import Book
from lib.chapters.page import vega_bundle
from tests.tools.small_book import write_notebook, write_small_book
from tools import check_site
from tools.browser import chromium, find_browser
from tools.build_book import main
from tools.check_search import check_search
from tools.check_site import check_in_browser, serve

pytestmark = pytest.mark.site
REPOSITORY = "https://github.com/an-owner/a.name"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Book:
    """The small book of a repository with an address, built first in part and then whole."""
    book = write_small_book(tmp_path_factory.mktemp("book"))
    stated = f'[project]\nname = "small"\nurls = {{Repository = "{REPOSITORY}"}}\n'
    (book.root / "pyproject.toml").write_text(stated)
    assert main(["--profile", "smoke", "--chapter", "index"], book) == 0
    assert not (book.build / "html" / "chapter.html").exists()
    assert main(["--profile", "smoke", "--chapter", "chapter", "--parameters", "seed=5"], book) == 0
    return book


@pytest.fixture(scope="module")
def browser() -> str:
    found = find_browser()
    if found is None:
        pytest.skip("no Chromium on this machine: the site is not opened")
    return found


def test_one_chapter_is_executed_and_the_earlier_one_kept(built):
    site = built.build / "html"
    assert (site / "index.html").is_file()
    assert (site / "chapter.html").is_file()
    assert (built.root / "executed.txt").read_text() == "smoke 5 runs"


def test_a_smoke_build_says_what_it_is_on_every_page(built):
    for name in ("index", "chapter"):
        assert "smoke profile" in (built.build / "html" / f"{name}.html").read_text()


def test_buttons_lead_to_the_file_of_the_page_on_github_colab_and_binder(built):
    def links(page: str) -> set[str]:
        text = (built.build / "html" / page).read_text()
        found = set(re.findall(r'href="(https://[^"]*an-owner/a\.name[^"]*)"', text))
        return {link for link in found if "/issues/new?" not in link}

    edit = f"{REPOSITORY}/edit/main/book"
    colab = "https://colab.research.google.com/github/an-owner/a.name/blob/main/book/chapter.ipynb"
    binder = "https://mybinder.org/v2/gh/an-owner/a.name/main?urlpath=lab/tree/book/chapter.ipynb"
    assert links("chapter.html") == {REPOSITORY, f"{edit}/chapter.ipynb", colab, binder}
    assert links("glossary.html") == {REPOSITORY, f"{edit}/glossary.md"}


def test_figures_are_numbered_and_referred_to(built):
    assert "Fig. 1" in (built.build / "html" / "chapter.html").read_text()


def test_icons_come_from_fonts_and_not_from_a_script(built):
    site = built.build / "html"
    assert [page.name for page in site.glob("*.html") if "fontawesome.js" in page.read_text()] == []
    assert not list(site.glob("_static/**/fontawesome.js"))
    [font] = site.glob("_static/**/fa-solid-900.woff2")
    glyphs = TTFont(font).getBestCmap()
    assert 0xF002 in glyphs  # the magnifying glass of the search
    assert len(glyphs) < 200


def test_each_chart_has_its_picture_and_its_numbers_and_links_to_them(built):
    site = built.build / "html"
    for name in ("index", "chapter"):
        page = (site / f"{name}.html").read_text()
        assert 'alt="A falling line"' in page
        assert "<svg" in (site / "figures" / f"{name}-1.svg").read_text()
        numbers = (site / "figures" / f"{name}-1.csv").read_text()
        assert numbers == "step,loss\n0,3\n1,2\n2,1\n"
        assert f'href="figures/{name}-1.csv"' in page


def test_no_absolute_path_of_this_machine_is_published(built):
    site = built.build / "html"
    pages = [*site.glob("*.html"), *(site / "_sources").glob("*")]
    assert [path.name for path in pages if str(built.root) in path.read_text()] == []


def test_the_site_is_sound_in_a_browser(built, browser):
    problems, charts = check_in_browser(built.build / "html", browser)
    assert problems == []
    assert charts["chapter.html"] == charts["index.html"] == 1


def test_a_late_first_picture_fails_the_command(built, browser, monkeypatch, capsys):
    monkeypatch.setattr(check_site, "check_in_browser", lambda *_: ([], {"chapter.html": 1}))
    for most, status in ((check_site.LOAD_MS, 0), (0.0, 1)):
        monkeypatch.setattr(check_site, "FIRST_PICTURE_S", most)
        assert check_site.main([str(built.build / "html")]) == status
    assert "chapter.html: the first picture comes after" in capsys.readouterr().err


def test_planted_faults_are_seen_in_a_browser(built, browser, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(built.build / "html", site)
    for path in site.glob("*.html"):
        if path.name != "chapter.html":
            path.unlink()
    page = site / "chapter.html"
    text = page.read_text()
    text = text.replace('"field": "loss"', '"feld": "loss"').replace('"mark":', '"merk":')
    page.write_text(
        text.replace(
            "</body>",
            '<div style="width: 2000px">wide</div><img src="missing.png">'
            "<script>console.error('planted')</script>"
            '<script src="http://other.invalid/x.js"></script></body>',
        )
    )
    problems = "\n".join(check_in_browser(site, browser)[0])
    expected = ["Invalid specification", "px wide", "missing.png", "planted", "another host"]
    expected += ["critical for accessibility: Images must have alternative text"]
    expected += [f"({width} px, {scheme})" for width in (1280, 375) for scheme in ("light", "dark")]
    assert [text for text in expected if text not in problems] == []


def test_a_renderer_that_warns_fails_the_command(tmp_path, capsys):
    book = write_small_book(tmp_path)
    book.toc.write_text("format: jb-book\nroot: index\n")
    write_notebook(book.folder / "index.ipynb", "# Opening\n\nSee {numref}`no-such-figure`.", "1")
    assert main(["--profile", "smoke"], book) == 1
    message = capsys.readouterr().err
    assert "the site could not be rendered" in message
    assert "no-such-figure" in message
    assert not (book.build / "html").exists()


def test_the_bundle_of_scripts_announces_the_versions_that_altair_wants():
    bundle = vega_bundle()
    head = bundle[:200]
    assert all(name in head for name in ("vega_version", "vegalite_version", "vegaembed_version"))
    assert "\n(function () {\n" in head


@pytest.fixture
def open_page(built, browser):
    """Opens the chapter in a page with the given options."""
    with serve(built.build / "html") as address, chromium(browser) as program:

        def opened(**options):
            page = program.new_page(viewport={"width": 1280, "height": 900}, **options)
            page.goto(f"{address}/chapter.html")
            return page

        yield opened


IS_PICTURE = """() => {
  const picture = document.querySelector(".chart-still");
  picture.scrollIntoView();
  return picture.checkVisibility() && picture.complete && picture.naturalWidth > 0 &&
    !document.querySelector('[id^="altair-viz-"]').checkVisibility();
}"""


def test_without_javascript_the_picture_stands_for_the_chart(open_page):
    page = open_page(java_script_enabled=False)
    picture = page.locator(".chart-still")
    picture.scroll_into_view_if_needed()
    assert picture.is_visible()
    assert picture.get_attribute("alt") == "A falling line"
    assert picture.bounding_box()["width"] > 300
    assert not page.locator('[id^="altair-viz-"]').is_visible()


def test_paper_has_the_picture_on_white_from_dark_mode_too(open_page):
    page = open_page(color_scheme="dark")
    page.wait_for_selector(".vega-embed svg")
    assert not page.locator(".chart-still").is_visible()
    drawn = page.locator(".vega-embed svg").bounding_box()["width"]
    colors = """() => ["color", "backgroundColor"].map((name) =>
      getComputedStyle(document.querySelector(name === "color" ? "article p" : "body"))[name])"""
    assert page.evaluate(colors)[1] != "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    page.wait_for_function(IS_PICTURE, timeout=10_000)
    ink, paper = page.evaluate(colors)
    assert paper == "rgb(255, 255, 255)"
    assert max(map(int, re.findall(r"\d+", ink))) < 100
    page.emulate_media(media="screen")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.wait_for_timeout(300)
    assert page.locator(".vega-embed svg").bounding_box()["width"] == drawn


def test_a_formula_that_is_cut_says_so_and_the_keyboard_scrolls_it(open_page):
    page = open_page()
    formula, cue = page.locator("mjx-container[display]"), page.locator(".scroll-cue")
    cue.wait_for(state="attached", timeout=10_000)
    assert not cue.is_visible()
    page.set_viewport_size({"width": 375, "height": 900})
    cue.wait_for(state="visible", timeout=10_000)
    formula.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "document.querySelector('mjx-container[display]').scrollLeft > 0", timeout=10_000
    )
    page.emulate_media(media="print")
    assert not cue.is_visible()


def test_paper_has_no_folded_code_and_breaks_no_picture(open_page):
    page = open_page()
    page.emulate_media(media="print")
    style = """([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"""
    assert page.evaluate(style, ["figure", "breakInside"]) == "avoid"
    height = page.evaluate(style, [".chart-still", "maxHeight"])
    assert float(height.removesuffix("px")) < 1000  # pixels that a sheet has
    assert page.evaluate(style, ["div.cell_input pre", "whiteSpace"]) == "pre-wrap"
    folded = page.locator("details.hide:not([open])")
    assert folded.count() > 0
    assert not any(part.is_visible() for part in folded.all())


def test_the_first_use_of_a_term_carries_its_definition(built):
    text = (built.build / "html" / "chapter.html").read_text()
    assert text.count('aria-describedby="definition-of-term-latent"') == 1
    assert text.count("A number that a decoder &lt;reads&gt;.</span>") == 1


def test_a_definition_shows_at_the_keyboard_and_by_the_mouse_and_goes_at_escape(built, browser):
    """Of the site's files, without a server, as a reader opens it from a disk."""
    with chromium(browser) as program:
        page = program.new_page(viewport={"width": 375, "height": 900})
        page.goto((built.build / "html" / "chapter.html").as_uri())
        link, definition = page.locator("a.term"), page.locator(".definition")
        assert not definition.is_visible()
        for come in (lambda: link.focus(), lambda: link.hover()):
            page.keyboard.press("Tab")  # so that focus is as a keyboard gives it
            come()
            assert definition.is_visible()
            box = definition.bounding_box()
            assert 0 <= box["x"] <= box["x"] + box["width"] <= 375
            page.keyboard.press("Escape")
            assert not definition.is_visible()
            page.mouse.move(0, 0)
            page.evaluate("document.activeElement.blur()")


def test_a_search_that_misses_its_page_is_told(built, browser):
    with serve(built.build / "html") as address:
        assert check_search(address, browser, {"formula": "chapter", "latent": "glossary"}) == []
        [told] = check_search(address, browser, {"formula": "index"})
    assert told == "the search for 'formula' finds chapter, not index"


def test_charts_follow_the_page_when_its_width_changes(built, browser):
    """As when a tablet is turned: a chart is as wide as its place, before and after."""
    with serve(built.build / "html") as address, chromium(browser) as program:
        page = program.new_page(viewport={"width": 375, "height": 900})
        page.goto(f"{address}/index.html")
        for width in (375, 1280, 375):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(
                """() => [...document.querySelectorAll(".vega-embed")].length > 0 &&
                [...document.querySelectorAll(".vega-embed")].every((chart) => {
                  const drawn = chart.querySelector("canvas, svg").getBoundingClientRect().width;
                  return drawn > 0.9 * chart.parentElement.clientWidth &&
                    drawn <= chart.parentElement.clientWidth + 1;
                })""",
                timeout=10_000,
            )
