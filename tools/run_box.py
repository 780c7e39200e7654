"""The box on every page that says how a reader runs the page."""

from __future__ import annotations

from pathlib import Path

import nbformat

from lib.chapters import declared_parameters

from .address import open_on_colab

NOTEBOOKS = "notebooks"  # folder of the chapters as they are in the repository, beside the pages


def with_run_box(executed: Path, source: Path, at: str | None) -> nbformat.NotebookNode:
    """An executed chapter with the box behind its opening.

    Args:
        executed: the executed copy.
        source: the chapter, with the defaults of its parameters.
        at: `owner/name` of the repository; None where it has no public address.
    """
    notebook = nbformat.read(executed, as_version=4)
    box = nbformat.v4.new_markdown_cell(run_box(source, at), id="run-this-page")
    notebook.cells.insert(1, box)
    return notebook


def run_box(source: Path, at: str | None) -> str:
    """The box in MyST Markdown: where to open the page, the command, and its parameters."""
    told = "\n".join(
        f"- `{declared.name}`, by default `{declared.default!r}`: {declared.help}"
        for declared in declared_parameters(source).values()
    )
    colab = f"[Open it on Colab]({open_on_colab(at, source.stem)}), or take" if at else "Take"
    return f""":::{{admonition}} Run this page yourself
:class: tip dropdown

{colab} {{download}}`the notebook <{NOTEBOOKS}/{source.name}>`. In a copy of the repository,

```sh
.venv/bin/python -m lib.chapters run {source.stem} -p profile laptop -p seed 1
```

runs it with other parameters and writes one page that needs no server. Its parameters:

{told}
:::"""
