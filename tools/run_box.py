"""The box on every page that says how a reader runs the page."""

from __future__ import annotations

from pathlib import Path

import nbformat

from lib.chapters import declared_parameters

from .address import open_on_colab

NOTEBOOKS = "notebooks"  # folder of the chapters as they are in the repository, beside the pages


def as_page(executed: Path, source: Path, at: str | None) -> nbformat.NotebookNode:
    """An executed chapter as its readers see it: without its set-up, with the box at its end.

    The set-up is what comes before the cell of parameters, that cell, and what checks them. It is
    in the notebook, and its parameters are in the box.

    Args:
        executed: the executed copy.
        source: the chapter, with the defaults of its parameters.
        at: `owner/name` of the repository; None where it has no public address.
    """
    notebook = nbformat.read(executed, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    checks = [number for number, cell in enumerate(code) if "check_parameters()" in cell.source]
    for cell in code[: max(checks, default=-1) + 1]:
        if not any(output.output_type != "stream" for output in cell.outputs):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "remove-cell"]
    box = nbformat.v4.new_markdown_cell(run_box(source, at), id="run-this-page")
    notebook.cells.append(box)
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
