"""Two settings compared seed by seed, and the sentence that says what came of it."""

from dataclasses import dataclass

import pandas as pd

from lib.metrics import mean_interval
from lib.scores import SCORES, Score


@dataclass(frozen=True)
class Difference:
    """How a score differs between two settings that were run with the same seeds.

    Attributes:
        mean: over seeds, of the score of one setting less that of the other.
        low, high: the ends of its 95 % t-interval; NaN with fewer than two seeds.
        num_seeds: seeds with both scores.
        score: which score it is.
    """

    mean: float
    low: float
    high: float
    num_seeds: int
    score: Score

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0; one seed leaves nothing out."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        """Such as "0.31 higher (95 % interval 0.22 to 0.40, 3 seeds)"."""
        places, unit = self.score.digits, f" {self.score.unit}" if self.score.unit else ""
        way = "higher" if self.mean > 0 else "lower"
        size = f"{abs(self.mean):.{places}f}{unit}"
        if self.num_seeds < 2:
            return f"{size} {way} (one seed, so no interval)"
        if not self.is_clear:
            # Adding 0.0 turns the -0.0 that rounding may leave into 0.0.
            mean, low, high = (
                f"{round(value, places) + 0.0:+.{places}f}{unit}"
                for value in (self.mean, self.low, self.high)
            )
            return (
                f"not distinguishable (difference {mean}, 95 % interval {low} to {high}, "
                f"{self.num_seeds} seeds)"
            )
        near, far = sorted((abs(self.low), abs(self.high)))
        return (
            f"{size} {way} (95 % interval {near:.{places}f} to {far:.{places}f}{unit}, "
            f"{self.num_seeds} seeds)"
        )


def compare(runs: pd.DataFrame, score: str, by: str, one: object, other: object) -> Difference:
    """The difference of a score between two settings, paired by seed.

    Args:
        runs: as `table` makes it.
        score: a column, such as "infom" or "psnr"; of one that is not in `lib.scores.SCORES` two
            digits are told, without a unit.
        by: the column that tells the settings apart, such as "model".
        one: the value of `by` whose score is taken first.
        other: the value of `by` whose score is subtracted.

    Returns:
        The difference over the seeds for which both scores are defined.

    Raises:
        ValueError: no seed has both, or a seed occurs more than once in a setting.
    """
    columns = [runs[runs[by] == value].set_index("seed")[score] for value in (one, other)]
    for value, column in zip((one, other), columns, strict=True):
        if column.index.has_duplicates:
            raise ValueError(
                f"{by}={value!r} has several runs with one seed, so seeds cannot be paired; keep "
                "runs that differ in this setting alone."
            )
    differences = (columns[0] - columns[1]).dropna().to_numpy(float)
    if len(differences) == 0:
        raise ValueError(
            f"No seed has a score {score} for both {by}={one!r} and {by}={other!r}; run both with "
            "the same seeds."
        )
    mean, half_width = mean_interval(differences)
    low, high = mean - half_width, mean + half_width
    kind = SCORES.get(score) or Score(name=score, label=score, compute=lambda _: None)
    return Difference(mean, low, high, len(differences), kind)
