"""Every chart of a page as files too: a picture on white, and its numbers as CSV."""

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import vl_convert

from lib.chapters import BookError
from lib.chapters.page import vegalite_version

PICTURES = "figures"  # folder of the files, beside the pages
WIDTH = 640  # of a picture, pixels: about that of the text in a window of 1280
# Kept free at its left, as the reader's font may be a tenth wider than the one that it is laid out
# with, and labels of rows end at the chart.
MARGIN = 20
CHART_MARK = 'id="altair-viz-'
_CALL = "})({"  # Altair's script is a function that is called with the specification
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')
# Most of a drawing's letters: points that only a pointer brings to sight, the words of each mark
# for screen readers, which do not enter a picture, and digits far below a pixel.
_UNSEEN = re.compile(r'<path[^>]* opacity="0"/>| (?:aria-\w+|role)="[^"]*"')
_PLACES = re.compile(r' (?:d|transform)="[^"]*"')
_DIGITS = re.compile(r"(\.\d\d)\d+")
_PARTS = ("layer", "hconcat", "vconcat", "concat")


def add_pictures(notebook: nbformat.NotebookNode, name: str, folder: Path) -> None:
    """Write each chart of an executed notebook to `folder`, and put the picture under the chart.

    The picture takes the chart's place on paper and without JavaScript; its files are linked.

    Args:
        notebook: whose outputs are changed.
        name: of the chapter; the files of its first chart are `NAME-1.svg`, `NAME-1.csv`, or
            `NAME-1-1.csv`, `NAME-1-2.csv` where it has two tables.
        folder: of the files; the site has it beside its pages.

    Raises:
        BookError: a chart that cannot be read or drawn.
    """
    outputs = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if CHART_MARK in output.get("data", {}).get("text/html", "")
    ]
    for number, output in enumerate(outputs, start=1):
        stem = f"{name}-{number}"
        try:
            spec = chart_of(output.data["text/html"])
            svg = picture(spec)
        except ValueError as error:
            raise BookError(f"chart {number} of chapter {name!r}: {error}") from error
        files = {f"{stem}.svg": svg}
        found = tables(spec)
        for at, table in enumerate(found, start=1):
            files[f"{stem}-{at}.csv" if len(found) > 1 else f"{stem}.csv"] = table
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8", newline="")
        output.data["text/html"] += _still(svg, list(files), number, spec.get("description", ""))


def chart_of(page: str) -> dict:
    """The Vega-Lite specification in the HTML that Altair writes.

    Raises:
        ValueError: there is none.
    """
    start = page.find(_CALL)
    if start < 0:
        raise ValueError("expected Altair's script, which ends in a call with the specification.")
    return json.JSONDecoder().raw_decode(page, start + len(_CALL) - 1)[0]


def picture(spec: dict) -> str:
    """SVG of a chart in the colours of a light page, on white, as it stands before any input.

    Args:
        spec: of Vega-Lite; where its width is that of its container, `WIDTH`.

    Raises:
        ValueError: Vega-Lite refuses it.
    """
    width = {"width": WIDTH} if spec.get("width") == "container" else {}
    config = spec.get("config", {})
    padding = dict.fromkeys(("left", "right", "top", "bottom"), 5)  # as Vega-Lite has it
    padding |= config.get("padding", {})
    padding["left"] += MARGIN
    svg = vl_convert.vegalite_to_svg(
        {**spec, **width, "background": "white", "config": {**config, "padding": padding}},
        vl_version=vegalite_version(),
    )
    svg = _UNSEEN.sub("", svg)
    return _PLACES.sub(lambda place: _DIGITS.sub(r"\1", place[0]), svg)


def tables(spec: dict) -> list[str]:
    """The numbers of a chart as CSV, a row for each mark.

    A chart says in tooltips what its marks stand for, and by which name: these columns are kept,
    and the tables of marks without them, such as the lines of a frame, are left out. A chart
    without tooltips gives all that it has. Images are left out.

    Args:
        spec: of Vega-Lite, with its data in it.
    """
    units = [(table, columns) for table, columns in _units(spec, spec.get("datasets", {})) if table]
    if any(columns for _, columns in units):
        units = [unit for unit in units if unit[1]]
    else:
        units = [(table, {column: column for row in table for column in row}) for table, _ in units]
    merged: dict[int, tuple[list[dict], dict[str, str]]] = {}
    for table, columns in units:
        rows, known = merged.setdefault(id(table), (_unfolded(table), {}))
        known |= {
            field: title
            for field, title in columns.items()
            if any(field in row for row in rows)
            and not any(str(row.get(field)).startswith("data:image") for row in rows)
        }
    found = [(rows, columns) for rows, columns in merged.values() if columns]
    # What another table tells, too, such as which column an image stands in, is told once.
    return [
        _csv(rows, columns)
        for rows, columns in found
        if not any(columns.items() < other.items() for _, other in found)
    ]


def _units(
    spec: dict, datasets: dict[str, list], above: tuple[dict, dict] = ({}, {})
) -> Iterator[tuple[list[dict], dict[str, str]]]:
    """The data of each single view of a chart, and the titles of its tooltip by field."""
    data = spec.get("data", above[0])
    encoding = {**above[1], **spec.get("encoding", {})}
    parts = [part for key in _PARTS for part in spec.get(key, ())]
    parts += [spec["spec"]] if "spec" in spec else []
    for part in parts:
        yield from _units(part, datasets, (data, encoding))
    if not parts:
        told = encoding.get("tooltip") or []
        told = told if isinstance(told, list) else [told]
        columns = {entry["field"]: entry.get("title") or entry["field"] for entry in told}
        yield datasets.get(data.get("name"), data.get("values", [])), columns


def _unfolded(rows: list[dict]) -> list[dict]:
    """A row for each entry of the lists in a row, as Vega's transform "flatten" has it."""
    unfolded = []
    for row in rows:
        lists = {key: value for key, value in row.items() if isinstance(value, list)}
        points = zip(*lists.values(), strict=True)
        entries = [dict(zip(lists, values, strict=True)) for values in points]
        unfolded += [row | entry for entry in entries] if lists else [row]
    return unfolded


def _csv(rows: list[dict], columns: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns.values())
    writer.writerows([row.get(field) for field in columns] for row in rows)
    return text.getvalue()


def _still(svg: str, files: list[str], number: int, description: str) -> str:
    width, height = (round(float(side)) for side in _SIZE.search(svg).groups())
    num_tables = len(files) - 1
    names = ["SVG", *("CSV" + f" {at}" * (num_tables > 1) for at in range(1, num_tables + 1))]
    links = ", ".join(
        f'<a href="{PICTURES}/{file}" download>{name}'
        f'<span class="visually-hidden"> of chart {number}</span></a>'
        for file, name in zip(files, names, strict=True)
    )
    return (
        f'\n<img class="chart-still dark-light" src="{PICTURES}/{files[0]}" width="{width}" '
        f'height="{height}" loading="lazy" alt="{html.escape(description)}">'
        f'\n<p class="chart-files">{links}</p>\n'
    )
