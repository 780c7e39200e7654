"""The box at the end of every page: how a reader runs the page, and what made it."""

from collections.abc import Mapping
from pathlib import Path

import nbformat

from lib.chapters import declared_parameters
from lib.chapters.made_from import RECORD_KEY

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
            cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), "remove-cell"})
    text = run_box(source, at) + made_by(notebook.metadata.get(RECORD_KEY, {}))
    notebook.cells.append(nbformat.v4.new_markdown_cell(text, id="run-this-page"))
    return notebook


def made_by(record: Mapping[str, object]) -> str:
    """Markdown: which code made a page, with what, and how; empty where there is no record.

    Args:
        record: what an executed chapter keeps of its execution.
    """
    if not record:
        return ""
    # It brings JAX, for which each process that executes chapters would wait a second.
    from lib.runs.provenance import commit, versions

    names = {"python": "Python", "jax": "JAX", "flax": "Flax", "scikit-learn": "scikit-learn"}
    told = versions()
    return (
        f"\n\n*What made this page:* commit `{commit()}`, "
        f"{', '.join(f'{label} {told[name]}' for name, label in names.items())}; executed in "
        f"{record['seconds']:.0f} s in the profile `{record['profile']}`."
    )


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
