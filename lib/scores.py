"""Which scores a run has, and how each is written: one table for records, figures and pages."""

from collections.abc import Callable
from dataclasses import dataclass

from lib.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Score:
    """A score of a run.

    Attributes:
        name: its key in a record and its column in tables.
        label: in figures and tables, without the unit.
        compute: the score of a `lib.metrics.evaluation.Evaluation`; None where it is not defined.
        unit: empty for ratios and counts.
        digits: behind the decimal point, in text.
        bounds: the least and the greatest possible value; None where there is no bound.
        higher_is_better: None where neither is.
        color: in figures, as CSS has it; None for a free one.
        marker: in figures, a Vega shape; None for a free one.
    """

    name: str
    label: str
    compute: Callable[..., float | None]
    unit: str = ""
    digits: int = 2
    bounds: tuple[float | None, float | None] = (None, None)
    higher_is_better: bool | None = True
    color: str | None = None
    marker: str | None = None

    @property
    def is_ratio(self) -> bool:
        """Whether it lies in [0, 1] without a unit, so that several can share an axis."""
        return self.bounds[1] == 1 and self.digits > 0 and not self.unit

    @property
    def title(self) -> str:
        """Label and unit, such as "PSNR (dB)"."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def heading(self) -> str:
        """Name and unit for a column of a table: "InfoM" of "InfoM (modularity)"."""
        return self.title if self.unit else self.label.split(" (")[0]

    def format(self, value: float | None) -> str:
        """The value as text with its unit; yes or no for a bool, "undefined" for None and NaN."""
        if value is None or value != value:
            return "undefined"
        if isinstance(value, bool):
            return "yes" if value else "no"
        return f"{value:.{self.digits}f}" + (f" {self.unit}" if self.unit else "")


SCORES: Registry[Score] = Registry("score", "lib.metrics.scores")


def add_score(score: Score, module: str) -> None:
    """Make a score part of every record, table and figure.

    Args:
        score: to add.
        module: `__name__` of the module that describes it.

    Raises:
        ValueError: another module has added a score of this name.
    """
    SCORES.add(score.name, score, module)
