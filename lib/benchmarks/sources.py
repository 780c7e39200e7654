"""What a source means, for labels and captions."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Source:
    """One source of a benchmark.

    Args:
        name: as in the published files.
        labels: one a value, in the order of the values.
        description: a short phrase, for captions.
        unit: of the labels, empty where they have none.

    Raises:
        TypeError: labels that are one text, or none.
    """

    name: str
    labels: tuple[str, ...]
    description: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.labels, str) or not self.labels:
            raise TypeError(
                f"labels={self.labels!r} of source {self.name!r} are no labels; expected a tuple "
                "of texts, one a value."
            )


def even_labels(first: float, last: float, count: int, digits: int = 1) -> tuple[str, ...]:
    """Labels of `count` evenly spaced values from `first` to `last`, with `digits` decimals."""
    step = (last - first) / (count - 1)
    return tuple(f"{first + step * index:.{digits}f}" for index in range(count))
