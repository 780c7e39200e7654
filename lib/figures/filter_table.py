"""A table that can be sorted and filtered in its page, and is whole without any script."""

import html
import re
from collections.abc import Sequence
from typing import NamedTuple

# Each heading becomes a button that sorts, and each filter a list of what its column holds. Rows
# without a number stay at the end, whichever way the others stand.
_SCRIPT = """(() => {
  const box = document.currentScript.parentElement;
  const body = box.querySelector("tbody");
  const rows = [...body.rows];
  const heads = [...box.querySelectorAll("thead th")];
  const columns = new Map(
    rows.map((row) => [row, [...row.cells].flatMap((cell) => Array(cell.colSpan).fill(cell))])
  );
  const key = (row, at) => columns.get(row)[at].dataset.value ?? "";
  const order = (a, b) => a === "" || b === "" ? (a === "") - (b === "")
    : isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const way = head.ariaSort === "ascending" ? "descending" : "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.ariaSort = way;
      const sign = way === "ascending" ? 1 : -1;
      body.append(...rows.sort((a, b) => {
        const [left, right] = [key(a, at), key(b, at)];
        return order(left, right) * (left === "" || right === "" ? 1 : sign);
      }));
    });
  });
  const tools = box.querySelector(".filters");
  const count = document.createElement("span");
  count.role = "status";
  const lists = heads.flatMap((head, at) => {
    if (!("filter" in head.dataset)) return [];
    const list = document.createElement("select");
    list.append(new Option("all", ""));
    for (const value of new Set(rows.map((row) => key(row, at)))) list.append(new Option(value));
    const label = document.createElement("label");
    label.append(head.textContent, " ", list);
    tools.append(label);
    list.addEventListener("change", show);
    return [[at, list]];
  });
  tools.append(count);
  function show() {
    for (const row of rows) {
      row.hidden = lists.some(([at, list]) => list.value && key(row, at) !== list.value);
    }
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  }
  show();
  const region = box.querySelector("[role=region]");
  const cue = box.querySelector(".cue");
  const watch = new ResizeObserver(() => {
    cue.hidden = region.scrollWidth <= region.clientWidth;
  });
  for (const part of [region, region.firstElementChild]) watch.observe(part);
})();"""
_STYLE = """.filter-table [role=region] { overflow-x: auto; }
.filter-table th button { all: unset; cursor: pointer; font-weight: bold; }
.filter-table th button::after { content: " \\2195"; opacity: 0.5; }
.filter-table th[aria-sort=ascending] button::after { content: " \\2191"; opacity: 1; }
.filter-table th[aria-sort=descending] button::after { content: " \\2193"; opacity: 1; }
.filter-table th button:focus-visible { outline: 2px solid; outline-offset: 2px; }
.filter-table .filters { display: flex; flex-wrap: wrap; gap: 0.3em 1.2em; margin-bottom: 0.6em; }
.filter-table table { font-size: 0.85em; }
.filter-table td code { white-space: normal; overflow-wrap: anywhere; }
.filter-table tr > :first-child { position: sticky; left: 0;
  background: var(--pst-color-background, Canvas); }"""


class Cell(NamedTuple):
    """A cell of a table.

    Attributes:
        text: what is written.
        value: what it is sorted and filtered by; None for a cell that has none.
        span: how many columns it takes.
        is_code: whether the text is a command.
    """

    text: str
    value: float | str | None = None
    span: int = 1
    is_code: bool = False


def filter_table(
    headings: Sequence[str], rows: Sequence[Sequence[Cell]], *, filters: Sequence[str], title: str
) -> str:
    """HTML of a table whose columns sort it, by mouse or keyboard, and filter it.

    Args:
        headings: of the columns.
        rows: the cells of each; they take as many columns as there are headings.
        filters: the headings whose values can be chosen.
        title: what the table holds, read out where its scrolling region is entered.

    Returns:
        The table with its script and style. Without JavaScript it is the plain table; where a
        page is narrow it scrolls sideways, says so, and keeps its first column in sight.

    Raises:
        ValueError: a row of another width.
    """
    for row in rows:
        if (width := sum(cell.span for cell in row)) != len(headings):
            raise ValueError(
                f"rows must take {len(headings)} columns, as many as headings; got {width} in "
                f"that of {row[0].text!r}."
            )
    head = "".join(
        f'<th scope="col"{" data-filter" if name in filters else ""}>{html.escape(name)}</th>'
        for name in headings
    )
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f'<div class="runs-table filter-table"><style>{_STYLE}</style><div class="filters"></div>'
        '<div class="cue"><em>The table may go on to the right: scroll it sideways.</em></div>'
        f'<div role="region" tabindex="0" aria-label="{html.escape(title)}">'
        f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f"<script>{_SCRIPT}</script></div>"
    )


def _cell(cell: Cell) -> str:
    value = "" if cell.value is None else f' data-value="{html.escape(str(cell.value))}"'
    span = f' colspan="{cell.span}"' if cell.span > 1 else ""
    # A long name and a row of counts may go on in a new line behind these.
    text = re.sub("(?<=[_/])", "<wbr>", html.escape(cell.text))
    return f"<td{value}{span}>{f'<code>{text}</code>' if cell.is_code else text}</td>"
