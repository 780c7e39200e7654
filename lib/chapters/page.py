"""An executed chapter as one HTML file, which asks no other host for anything."""

import importlib.util
import json
from pathlib import Path
from typing import Any

from lib.chapters.book import BookError, needed

# The scripts stand in the file itself; nbconvert's own template names other hosts.
_TEMPLATE = """{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}<script>{{ resources.scripts }}</script>{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}"""
_MATHJAX = {
    "tex": {"inlineMath": [["$", "$"], ["\\(", "\\)"]], "processEnvironments": True},
    "options": {"enableMenu": False},
}


def page_of(notebook: Any, name: str, folder: Path) -> str:
    """The HTML of an executed notebook, with its scripts and images in it.

    Args:
        notebook: as nbformat reads it.
        name: of the chapter, the title of the page.
        folder: which the addresses of the notebook's images start from.

    Raises:
        BookError: nbconvert failed.
    """
    exporter = needed("nbconvert").HTMLExporter(raw_template=_TEMPLATE, embed_images=True)
    mathjax = (mathjax_folder() / "tex-svg-full.js").read_text(encoding="utf-8")
    scripts = f"window.MathJax = {json.dumps(_MATHJAX)};\n{mathjax}\n{vega_bundle()}"
    resources = {"metadata": {"name": name, "path": str(folder)}, "scripts": scripts}
    try:
        return exporter.from_notebook_node(notebook, resources)[0]
    except Exception as error:
        raise BookError(f"nbconvert could not make a page of chapter {name!r}: {error}") from error


def mathjax_folder() -> Path:
    """Where the files of MathJax lie."""
    needed("sphinx-mathjax-offline")
    return Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static/mathjax"


def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script, which leaves only `vegaEmbed` behind.

    It is wrapped in a function, as it would otherwise clash with names of the page, and announces
    the versions that Altair asks for.
    """
    altair = needed("altair")
    versions = {
        "vega_version": altair.VEGA_VERSION,
        "vegalite_version": altair.VEGALITE_VERSION,
        "vegaembed_version": altair.VEGAEMBED_VERSION,
    }
    bundle = needed("vl_convert").javascript_bundle(
        "window.vegaEmbed = vegaEmbed;", vl_version=vegalite_version()
    )
    return f"window.VEGA_DEBUG = {json.dumps(versions)};\n(function () {{\n{bundle}\n}})();\n"


def vegalite_version() -> str:
    """The version of Vega-Lite that Altair writes for, as vl-convert names it, such as "6.4"."""
    return ".".join(needed("altair").VEGALITE_VERSION.split(".")[:2])
