"""Tables of records, for figures and for reading."""

from collections.abc import Iterable, Sequence

import pandas as pd

from lib.metrics import mean_interval
from lib.runs.record import RunRecord


def table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """One row a record: every setting of its configuration, every score, identity and speed."""
    return pd.DataFrame(
        [
            {
                **record.config.to_dict(),
                **record.scores,
                "identity": record.identity,
                "images_per_s": record.images_per_s,
                "duration_s": record.duration_s,
            }
            for record in records
        ]
    )


def summarise(runs: pd.DataFrame, by: str, scores: Sequence[str]) -> pd.DataFrame:
    """Mean and 95 % t-interval of scores over the runs that share a setting.

    Args:
        runs: as `table` makes it.
        by: the column that groups the runs, such as "model" or "weight_decay".
        scores: columns to summarise.

    Returns:
        One row a group and score: the column `by`, then `score`, `mean`, `half_width`, `low`,
        `high` and `num_runs`. Runs without a score are left out of its row.
    """
    rows = []
    for group, members in runs.groupby(by, sort=False):
        for score in scores:
            values = members[score].dropna().to_numpy(float)
            mean, half_width = mean_interval(values)
            rows.append(
                {
                    by: group,
                    "score": score,
                    "mean": mean,
                    "half_width": half_width,
                    "low": mean - half_width,
                    "high": mean + half_width,
                    "num_runs": len(values),
                }
            )
    return pd.DataFrame(rows)
