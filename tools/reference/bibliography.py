"""A style of bibliographies whose labels read as the citations do."""

from collections.abc import Iterator, Sequence

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.alpha import Style
from pybtex.style.labels import BaseLabelStyle


class _AuthorsAndYear(BaseLabelStyle):
    def format_labels(self, sorted_entries: Sequence[Entry]) -> Iterator[str]:
        for entry in sorted_entries:
            people = entry.persons["author"]
            names = [" ".join(p.prelast_names + p.last_names) for p in people]
            told = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
            yield f"{told}, {entry.fields['year']}"


class _AuthorYearStyle(Style):
    default_label_style = _AuthorsAndYear


def register() -> None:
    """Make the style known by its name."""
    register_plugin("pybtex.style.formatting", "author_year", _AuthorYearStyle)
