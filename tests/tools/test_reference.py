"""The pages of the API reference are whole, and docstrings are set as they are meant."""

import importlib
import re
from collections import Counter
from pathlib import Path

import pytest
from pybtex.database import parse_string
from sphinx.ext.napoleon import Config, GoogleDocstring

from lib.latents import QuantizedLatent
from lib.metrics import infomec
from lib.models import kl_divergence
from tools.reference import _keep_colons, _set_arguments, _set_off_notes
from tools.reference.bibliography import _AuthorsAndYear
from tools.reference.signatures import sign_as_written

API = Path(__file__).resolve().parents[2] / "book" / "api"
PACKAGES = (
    "benchmarks",
    "figures",
    "latents",
    "metrics",
    "models",
    "networks",
    "runs",
    "studies",
    "training",
)
ENTRY = re.compile(r"^\.\. (?:(currentmodule)|auto\w+|py:data):: (\S+)$", re.MULTILINE)


def documented() -> list[str]:
    found = []
    for page in sorted(API.glob("*.md")):
        module = ""
        for is_module, name in ENTRY.findall(page.read_text(encoding="utf-8")):
            if is_module:
                module = name
            else:
                found.append(f"{module}.{name}")
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_exports_is_in_the_reference_once(package):
    exported = {
        f"lib.{package}.{name}" for name in importlib.import_module(f"lib.{package}").__all__
    }
    found = Counter(name for name in documented() if name.startswith(f"lib.{package}."))
    assert found == Counter(exported)


def test_source_and_differences_are_paragraphs_of_their_own():
    lines = ["Score it.", "", "Source: Hsu et al.,", "    equation 2.", "Differs: not at all.", ""]
    _set_off_notes(None, "function", "f", None, None, lines)
    assert lines == [
        *("Score it.", ""),
        *("", "**Source:** Hsu et al.,", "equation 2."),
        *("", "**Differs:** not at all.", ""),
    ]


def test_signatures_are_those_of_the_code():
    """And not what `ArrayLike` stands for, or `(*args, **kwargs)` of a Flax module."""

    def signed(what: str, obj: object) -> tuple[str, str | None]:
        return sign_as_written(None, what, obj.__name__, obj, None, None, None)

    assert signed("function", infomec) == (
        "(sources: ArrayLike, latents: ArrayLike, *, discrete: bool | None = None, "
        "protocol: str = 'hsu2023')",
        "InfoMEC",
    )
    assert signed("function", kl_divergence) == (
        "(means: Float[Array, 'n num_latents'], "
        "standard_deviations: Float[Array, 'n num_latents'])",
        "Float[Array, 'n']",
    )
    assert signed("class", QuantizedLatent) == (
        "(num_latents: int, num_values: int | Sequence[int], *, learn_values: bool = True, "
        "rngs: nnx.Rngs)",
        None,
    )


def test_the_lines_of_a_signature_are_no_list_of_descriptions():
    line = '<{0}><em class="sig-param">n</em>,</{1}>'
    page = {"body": f"<dl><dt>(\n\n<dl>\n{line.format('dd', 'dd')}\n</dl>\n\n)</dt></dl>"}
    _set_arguments(None, "page", "page.html", page, None)
    told = line.format('span class="sig-line"', "span")
    assert page["body"] == f"<dl><dt>(\n\n\n{told}\n\n\n)</dt></dl>"


@pytest.mark.parametrize("what", ["function", "property"])
def test_what_stands_before_a_colon_is_no_type(what):
    words = "The gap as a share: 1 if one latent tells all."
    lines = ["One line.", "", "Returns:", f"    {words}"] if what == "function" else [words]
    _keep_colons(None, what, "", None, None, lines)
    set_ = str(GoogleDocstring(lines, Config(), what=what))
    assert words in set_
    assert not re.search(":r?type:", set_)
    _keep_colons(None, what, "", None, None, nothing := [])
    assert nothing == []


def test_labels_of_references_read_as_citations_do():
    text = "@misc{k%d, author={%s}, year={2023}}"
    authors = ("van den Oord, Aaron", "A, B and C, D", "Hsu, K and E, F and G, H")
    entries = parse_string("\n".join(text % pair for pair in enumerate(authors)), "bibtex").entries
    found = list(_AuthorsAndYear().format_labels(list(entries.values())))
    assert found == ["van den Oord, 2023", "A and C, 2023", "Hsu et al., 2023"]
