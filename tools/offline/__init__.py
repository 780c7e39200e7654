"""Sphinx extension: charts and formulas without a request to another host.

Altair's HTML output asks whether the versions of Vega that it wants are loaded already, and turns
to a public server only if not. This extension loads them from the site itself, on the pages that
hold a chart, and redraws the charts when the reader switches between light and dark. MathJax
comes from a package, in the parts that the book needs; icons come from the theme's fonts, of which
those in use stay, without its script of 1.5 MB. The same notebooks work unchanged in JupyterLab
and on Colab.
"""

import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

from lib.chapters.page import mathjax_folder, vega_bundle

from .icons import keep_icons_in_use

HERE = Path(__file__).parent
CHART_MARK = 'id="altair-viz-'
# The theme brings its icons twice: as fonts in its style sheet, and as a script that draws them.
ICON_SCRIPT = re.compile(r'<script[^>]*src="[^"]*scripts/fontawesome\.js[^"]*"[^>]*></script>')
NOT_READ = (
    *("scripts/fontawesome.js*", "**/*.map", "vendor/fontawesome/webfonts/*.ttf"),
    "locales/**/*.[mp]o",
)
# TeX with the commands of amsmath, fonts without Fraktur and the like, no menu: half of the whole.
# A page that needs more asks for a file that is not there, which the site check reports.
MATHJAX = {
    "loader": {"load": ["input/tex-base", "[tex]/ams", "output/chtml", "a11y/assistive-mml"]},
    "tex": {"packages": {"[+]": ["ams"]}},
}
MATHJAX_PARTS = (
    *("startup.js", "core.js", "input/tex-base.js", "input/tex/extensions/ams.js"),
    *("output/chtml.js", "output/chtml/fonts/tex.js", "a11y/assistive-mml.js"),
    *(
        f"output/chtml/fonts/woff-v2/MathJax_{name}.woff"
        for name in (
            *("Main-Regular", "Main-Italic", "Main-Bold", "Math-Italic", "Math-Regular", "Zero"),
            *("AMS-Regular", "Calligraphic-Regular", "Size1-Regular", "Size2-Regular"),
            *("Size3-Regular", "Size4-Regular", "Vector-Regular", "Vector-Bold"),
        )
    ),
)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension with Sphinx."""
    app.connect("config-inited", _use_local_mathjax)
    app.connect("html-page-context", _add_chart_scripts)
    app.add_js_file("page.js")
    app.connect("build-finished", _write_files)
    app.add_css_file("charts.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _use_local_mathjax(app: Sphinx, config: object) -> None:
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax3_config = {**(config.mathjax3_config or {}), **MATHJAX}


def _add_chart_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object
) -> None:
    if CHART_MARK in context.get("body", ""):
        app.add_js_file("vega.js")
        app.add_js_file("charts.js")


def _write_files(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None:
        return
    static = Path(app.outdir) / "_static"
    (static / "vega.js").write_text(vega_bundle(), encoding="utf-8")
    for name in ("charts.js", "page.js", "charts.css"):
        shutil.copyfile(HERE / name, static / name)
    mathjax = mathjax_folder()
    for part in MATHJAX_PARTS:
        target = static / "mathjax" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(mathjax / part, target)
    for page in Path(app.outdir).rglob("*.html"):
        text = ICON_SCRIPT.sub("", page.read_text(encoding="utf-8"))
        # Docutils calls a list of references one, and none of its entries an entry.
        text = text.replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )
        # The theme leaves what opens a part of the table of contents without a name.
        text = text.replace(
            '<summary><span class="toctree-toggle"',
            '<summary aria-label="pages of this part"><span class="toctree-toggle"',
        )
        page.write_text(text, encoding="utf-8")
    for file in {file for pattern in NOT_READ for file in static.glob(pattern)}:
        file.unlink()
    keep_icons_in_use(Path(app.outdir))
