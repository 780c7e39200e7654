"""Sphinx extension: docstrings as pages of reference, and terms that show their definition.

Signatures are those of the code, a docstring's `Source:` and `Differs:` are paragraphs, and a
bibliography's labels read as the citations do.
The first link of a page to a term of the glossary carries the term's definition, hidden until the
reader points at the link or moves to it; a screen reader reads it as the link's description. That
needs no script, but the one with which the key Escape hides a definition.
"""

import html
import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from . import bibliography
from .signatures import sign_as_written

HERE = Path(__file__).parent
NOTE = re.compile(r"(Source|Differs): ")
# The arguments of a long signature, which Sphinx makes a list of descriptions without terms.
ARGUMENTS = re.compile(r'<dl>(\s*<dd><em class="sig-param">.*?)</dl>', re.DOTALL)
TERM_LINK = re.compile(
    r'<a class="(reference internal)" href="([^"]*#(term-[^"]+))">'
    r'(?=<span class="[^"]*\bstd-term\b)(.*?)</a>',
    re.DOTALL,
)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension with Sphinx."""
    bibliography.register()
    app.connect("config-inited", _use_own_scorer)
    app.connect("autodoc-process-docstring", _set_off_notes, priority=400)  # before napoleon
    app.connect("autodoc-process-docstring", _keep_colons, priority=450)
    app.connect("autodoc-process-signature", sign_as_written)
    app.connect("autodoc-skip-member", _skip_fields_of_tuples)
    app.connect("html-page-context", _define_terms)
    app.connect("html-page-context", _set_arguments)
    app.connect("build-finished", _write_files)
    app.add_css_file("reference.css")
    app.add_js_file("terms.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _use_own_scorer(app: Sphinx, config: object) -> None:
    config.html_search_scorer = str(HERE / "scorer.js")


def _set_off_notes(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Make a paragraph of each note, whose further lines a docstring indents or not."""
    found: list[str] = []
    is_note = False
    for line in lines:
        if note := NOTE.match(line):
            found += ["", f"**{note[1]}:** {line[note.end() :]}"]
            is_note = True
        else:
            is_note = is_note and bool(line.strip())
            found.append(line.strip() if is_note else line)
    lines[:] = found


def _keep_colons(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Keep napoleon from taking what stands before a colon for a type: signatures give types."""
    starts = [at for at, line in enumerate(lines, start=1) if line.strip() == "Returns:"]
    if lines and what in ("property", "attribute"):
        starts.append(0)
    for at in starts:
        indent = len(lines[at]) - len(lines[at].lstrip())
        lines[at] = f"{lines[at][:indent]}: {lines[at][indent:]}"


def _skip_fields_of_tuples(
    app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object
) -> bool | None:
    """Leave out what `NamedTuple` says of its fields, which is only their position."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field") else None


def _define_terms(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object
) -> None:
    seen: set[str] = set()

    def define(link: re.Match) -> str:
        classes, target, term, text = link.groups()
        definition = _definitions(app).get(term)
        if definition is None or term in seen:
            return link[0]
        seen.add(term)
        name = f"definition-of-{term}"
        return (
            f'<a class="{classes} term" href="{target}" aria-describedby="{name}">{text}</a>'
            f'<span class="definition" role="tooltip" id="{name}" hidden>{definition}</span>'
        )

    if pagename != "glossary":
        context["body"] = TERM_LINK.sub(define, context.get("body", ""))


def _set_arguments(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object
) -> None:
    def set_lines(found: re.Match) -> str:
        return found[1].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")

    context["body"] = ARGUMENTS.sub(set_lines, context.get("body", ""))


def _definitions(app: Sphinx) -> dict[str, str]:
    """The definitions of the glossary as text, by the anchors of their terms."""
    if not hasattr(app.env, "term_definitions"):
        app.env.term_definitions = {}
        if "glossary" in app.env.found_docs:
            for item in app.env.get_doctree("glossary").findall(nodes.definition_list_item):
                [told] = item.findall(nodes.definition)
                for term in item.findall(nodes.term):
                    for anchor in term["ids"]:
                        app.env.term_definitions[anchor] = html.escape(told.astext())
    return app.env.term_definitions


def _write_files(app: Sphinx, exception: Exception | None) -> None:
    if exception is None:
        for name in ("reference.css", "terms.js"):
            shutil.copyfile(HERE / name, Path(app.outdir) / "_static" / name)
