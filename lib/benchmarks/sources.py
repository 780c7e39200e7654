"""What a source means, for labels and captions."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Source:
    """One source of a benchmark.

    Args:
        name: as in the published files.
        description: a short phrase, for captions.
        unit: of the labels, empty where they have none.
        labels: one a value, in the order of the values.
    """

    name: str
    description: str
    unit: str
    labels: tuple[str, ...]


def even_labels(first: float, last: float, count: int, digits: int = 1) -> tuple[str, ...]:
    """Labels of `count` evenly spaced values from `first` to `last`, with `digits` decimals."""
    step = (last - first) / (count - 1)
    return tuple(f"{first + step * place:.{digits}f}" for place in range(count))


@dataclasses.dataclass(frozen=True)
class Publication:
    """The published data set that a rendered twin follows.

    Args:
        title: of the data set.
        citation: authors, title, year.
        licence: of the published images.
        url: of its page.
    """

    title: str
    citation: str
    licence: str
    url: str
