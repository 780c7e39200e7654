"""Sphinx extension: charts and formulas without a request to another host.

Altair's HTML output asks whether the versions of Vega that it wants are loaded already, and turns
to a public server only if not. This extension loads them from the site itself, on the pages that
hold a chart, and redraws the charts when the reader switches between light and dark. MathJax
comes from a package. The same notebooks work unchanged in JupyterLab and on Colab.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import altair
import vl_convert
from sphinx.application import Sphinx

HERE = Path(__file__).parent
CHART_MARK = 'id="altair-viz-'
MATHJAX_PARTS = ("tex-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension with Sphinx."""
    app.connect("config-inited", _use_local_mathjax)
    app.connect("html-page-context", _add_chart_scripts)
    app.connect("build-finished", _write_files)
    app.add_css_file("charts.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script, which leaves only `vegaEmbed` behind.

    It is wrapped in a function, as it would otherwise clash with names of the page, and announces
    the versions that Altair asks for.
    """
    display = altair.vegalite.v6.display
    versions = {
        "vega_version": display.VEGA_VERSION,
        "vegalite_version": display.VEGALITE_VERSION,
        "vegaembed_version": display.VEGAEMBED_VERSION,
    }
    minor = ".".join(display.VEGALITE_VERSION.split(".")[:2])
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=minor)
    return f"window.VEGA_DEBUG = {json.dumps(versions)};\n(function () {{\n{bundle}\n}})();\n"


def _use_local_mathjax(app: Sphinx, config: object) -> None:
    config.mathjax_path = "mathjax/tex-chtml.js"


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
    for name in ("charts.js", "charts.css"):
        shutil.copyfile(HERE / name, static / name)
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    mathjax = Path(package.origin).parent / "static" / "mathjax"
    for part in MATHJAX_PARTS:
        target = static / "mathjax" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (mathjax / part).is_dir() else shutil.copyfile
        copy(mathjax / part, target)
