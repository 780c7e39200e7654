"""Records as a table, for figures and for reading."""

from collections.abc import Iterable

import pandas as pd

from lib.runs.record import RunRecord


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
