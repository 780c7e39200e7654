"""Records as a table, and settings compared seed by seed, corrected for how many there are."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy.special import stdtr

from lib.checks import check_choice
from lib.metrics import mean_interval, smallest_seen
from lib.runs.record import RunRecord
from lib.scores import SCORES, Score

_LEVEL = 0.05
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Difference:
    """How a score differs between two settings that were run with the same seeds.

    Attributes:
        values: for each seed with both scores, the score of one setting less that of the other.
        score: which score it is.
        p_value: of the paired t-test of a mean of 0, corrected for `num_comparisons`; NaN with
            fewer than two seeds.
        num_comparisons: how many comparisons were corrected together, see `corrected`.
    """

    values: tuple[float, ...]
    score: Score
    p_value: float
    num_comparisons: int = 1

    @property
    def mean(self) -> float:
        """Over seeds."""
        return float(np.mean(self.values))

    @property
    def num_seeds(self) -> int:
        """Seeds with both scores."""
        return len(self.values)

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of the 95 % t-interval of the mean, uncorrected; NaN with one seed."""
        mean, half_width = mean_interval(self.values)
        return mean - half_width, mean + half_width

    @property
    def bootstrap_interval(self) -> tuple[float, float]:
        """The ends of the 95 % percentile interval of 9,999 resamples; NaN with one seed.

        It assumes no normal distribution, and is too narrow for a handful of seeds: a few values
        drawn from themselves spread less than they should.
        """
        if self.num_seeds < 2:
            return np.nan, np.nan
        from scipy.stats import bootstrap  # here, as it takes half a second to import

        rng = np.random.default_rng(0)
        found = bootstrap((self.values,), np.mean, method="percentile", random_state=rng)
        return tuple(map(float, found.confidence_interval))

    @property
    def smallest_seen(self) -> float:
        """The smallest true difference that so many seeds of this spread show in 80 % of cases.

        At the level that the correction asks of the first of `num_comparisons`.
        """
        return smallest_seen(self.values, level=_LEVEL / self.num_comparisons)

    @property
    def smallest_told(self) -> str:
        """`smallest_seen` as text: "none" where the score has no room for it.

        And "unknown" with fewer than three seeds.
        """
        if self.num_seeds < 3:
            return "unknown"  # two values say too little about their spread
        least, most = self.score.bounds
        if None not in (least, most) and self.smallest_seen > most - least:
            return "none"
        return self.format(self.smallest_seen)

    @property
    def is_clear(self) -> bool:
        """Whether the corrected p value is below 0.05; one seed makes nothing clear."""
        return self.p_value < _LEVEL

    @property
    def p_told(self) -> str:
        """The p value with its sign of equality, such as "= 0.0213" or "< 0.001"."""
        return "< 0.001" if self.p_value < 0.001 else f"= {self.p_value:.3g}"

    def format(self, value: float, sign: str = "") -> str:
        """A value with the digits and the unit of the score; with sign "+", its sign, too."""
        # Adding 0.0 turns the -0.0 that rounding may leave into 0.0.
        places = self.score.digits
        return f"{round(value, places) + 0.0:{sign}.{places}f} {self.score.unit}".rstrip()

    def __str__(self) -> str:
        """Such as "0.31 higher (95 % interval 0.22 to 0.40, 3 seeds)".

        Where nothing was found, the words say what could have been, and where several comparisons
        were corrected together, what the corrected p value is.
        """
        if self.num_seeds < 2:
            return f"{self.format(abs(self.mean))} {self._way} (one seed, so no interval)"
        seeds, low, high = f"{self.num_seeds} seeds", *self.interval
        if self.num_comparisons > 1:
            seeds += f", p {self.p_told} corrected for {self.num_comparisons} comparisons"
        if not self.is_clear:
            lead = "not distinguishable" if low <= 0 <= high else "not clear once corrected"
            mean, low, high = (self.format(value, "+") for value in (self.mean, low, high))
            power = f"a true {self.smallest_told} would show in 4 of 5 such sets of seeds"
            if self.smallest_told == "none":
                power = "no possible difference would show in 4 of 5 such sets of seeds"
            if self.smallest_told == "unknown":
                power = "two seeds do not tell what would show"
            return f"{lead} (difference {mean}, 95 % interval {low} to {high}, {seeds}; {power})"
        near, far = sorted((abs(low), abs(high)))
        return (
            f"{self.format(abs(self.mean))} {self._way} (95 % interval "
            f"{near:.{self.score.digits}f} to {self.format(far)}, {seeds})"
        )

    @property
    def _way(self) -> str:
        return "higher" if self.mean > 0 else "lower"


def table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """One row a record: every setting and score, and which run it is, made where and how fast."""
    return pd.DataFrame(
        [
            {
                **record.config.to_dict(),
                **record.scores,
                "identity": record.identity,
                "device": record.training.device,
                "commit": record.training.commit,
                "images_per_s": record.training.images_per_s,
                "duration_s": record.training.duration_s,
            }
            for record in records
        ]
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
        ValueError: no such column; no seed has both, or one occurs more than once in a setting.

    Example:
        >>> import pandas as pd
        >>> from lib.runs import compare
        >>> runs = pd.DataFrame(
        ...     {
        ...         "model": ["qlae"] * 3 + ["autoencoder"] * 3,
        ...         "seed": [0, 1, 2] * 2,
        ...         "infom": [0.93, 0.91, 0.95, 0.61, 0.64, 0.58],
        ...     }
        ... )
        >>> print(compare(runs, "infom", "model", "qlae", "autoencoder"))
        0.32 higher (95 % interval 0.20 to 0.44, 3 seeds)
    """
    check_choice("score", score, runs.columns)
    check_choice("by", by, runs.columns)
    columns = [runs[runs[by] == value].set_index("seed")[score] for value in (one, other)]
    for value, column in zip((one, other), columns, strict=True):
        if column.index.has_duplicates:
            raise ValueError(
                f"{by}={value!r} has several runs with one seed, so seeds cannot be paired; keep "
                "runs that differ in this setting alone."
            )
    values = (columns[0] - columns[1]).dropna().to_numpy(float)
    if len(values) == 0:
        raise ValueError(
            f"No seed has a score {score} for both {by}={one!r} and {by}={other!r}; run both with "
            "the same seeds."
        )
    kind = SCORES.get(score) or Score(name=score, label=score, compute=lambda _: None)
    return Difference(tuple(values.tolist()), kind, _p_value(values))


def corrected(differences: Mapping[Key, Difference]) -> dict[Key, Difference]:
    """The same differences, with p values corrected for being looked at together.

    Args:
        differences: all comparisons that one page makes, uncorrected; those with fewer than two
            seeds test nothing and are not counted.

    Returns:
        They, by the same keys. The probability that any true null among them gets a p value below
        0.05 is at most 0.05.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    tested = [key for key, difference in differences.items() if difference.num_seeds > 1]
    tested.sort(key=lambda key: differences[key].p_value)
    found, largest = dict(differences), 0.0
    for place, key in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - place) * found[key].p_value))
        found[key] = replace(found[key], p_value=largest, num_comparisons=len(tested))
    return found


def _p_value(values: np.ndarray) -> float:
    """Two-sided, of Student's t-test of a mean of 0; 1 where all values are 0."""
    if len(values) < 2:
        return np.nan
    if not values.any():
        return 1.0
    with np.errstate(divide="ignore"):  # without spread t is infinite, and the p value 0
        t = values.mean() / (values.std(ddof=1) / np.sqrt(len(values)))
    return float(2 * stdtr(len(values) - 1, -abs(t)))
