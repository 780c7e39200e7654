"""An NMI matrix as a table of the page, whose cells are buttons or numbers to change."""

import html
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from lib.figures.theme import ACCENT, INK, STRENGTH

# A cell shows the place of its NMI on the scale of the heatmaps: a hundredth of a wide gradient.
NMI_TABLE_STYLE = f"""
.nmi-table {{ overflow-x: auto; }}
.nmi-table table {{ border-collapse: separate; border-spacing: 1px; margin: 0; width: 100%;
  font-size: 13px; line-height: 1.2; color: inherit; }}
.nmi-table table :is(tr, th, td) {{ padding: 0; border: 0; background: none; text-align: center;
  vertical-align: middle; font-weight: normal; color: inherit; }}
.nmi-table table th[scope=row] {{ text-align: right; padding-right: 4px; }}
.nmi-table th small {{ font-size: 12px; opacity: 0.8; white-space: nowrap; }}
.nmi-table table td.nmi {{ border-radius: 3px; color: #fff;
  background: linear-gradient(to right, {", ".join(STRENGTH)}) calc(var(--nmi) * 100%) 0 / 10000%;
  print-color-adjust: exact; }}
.nmi-table table td.bright {{ color: {INK}; }}
.nmi-table table td.inactive {{ background: rgba(128, 128, 128, 0.35); color: transparent; }}
.nmi-table td :is(button, input) {{ display: block; width: 100%; min-width: 21px; height: 27px;
  margin: 0; padding: 0; border: 0; border-radius: 3px; background: none; color: inherit;
  font: inherit; text-align: center; }}
.nmi-table button {{ cursor: pointer; }}
.nmi-table td :is(button, input):focus-visible {{ outline: 3px solid {ACCENT};
  outline-offset: 1px; }}
.nmi-table td.moved {{ box-shadow: 0 0 0 2px {ACCENT}; }}
.nmi-table th.moved {{ font-weight: 700 !important; text-decoration: underline 2px {ACCENT}; }}
"""


def nmi_table(
    nmi: Float[np.ndarray, "num_sources num_latents"],
    sources: Sequence[str],
    latents: Sequence[str],
    cell: Callable[[int, int], str],
    *,
    label: str,
    active: Sequence[bool] | None = None,
    more: Mapping[str, Sequence[str]] | None = None,
    foot: str = "",
) -> str:
    """HTML of an NMI matrix in the colours of the heatmaps: a row a source, a column a latent.

    Args:
        nmi: in [0, 1] up to an estimator's error.
        sources: HTML of the heading of each row.
        latents: one short heading a latent.
        cell: of a source's and a latent's position the HTML in their cell.
        label: of the table, for readers who do not see it.
        active: one boolean a latent; inactive ones are grey. All are active by default.
        more: headings of further columns, with the HTML of each source's cell.
        foot: HTML of further rows.

    Returns:
        A table in an element that scrolls sideways; `NMI_TABLE_STYLE` is its style.
    """
    active = np.ones(len(latents), bool) if active is None else active
    more = more or {}
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in latents)
    heads += "".join(f'<th scope="col">{name}</th>' for name in more)
    rows = ""
    for i, source in enumerate(sources):
        cells = ""
        for j, is_active in enumerate(active):
            look = ("" if is_active else " inactive") + (" bright" if nmi[i, j] >= 0.5 else "")
            place = f"--nmi: {np.clip(nmi[i, j], 0, 1):.4g}"
            cells += f'<td class="nmi{look}" style="{place}">{cell(i, j)}</td>'
        cells += "".join(f"<td>{further[i]}</td>" for further in more.values())
        rows += f'<tr><th scope="row">{source}</th>{cells}</tr>'
    return (
        f'<div class="nmi-table"><table aria-label="{html.escape(label)}">'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody>{foot}</table></div>"
    )


def short_number(nmi: float) -> str:
    """An NMI as a narrow cell has it: two digits without the leading zero, but for 0 and 1."""
    if nmi < 0.005:
        return "0"
    return "1" if nmi >= 0.995 else f"{nmi:.2f}".removeprefix("0")
