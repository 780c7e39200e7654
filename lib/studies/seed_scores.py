"""Scores of named variants over seeds: tables and means with their intervals."""

from collections import Counter

import pandas as pd

from lib import figures
from lib.checks import check_choice, check_columns
from lib.metrics import mean_interval
from lib.scores import SCORES

_FEW, _MANY = 3, 10  # seeds of which each is named; more of them than are told one by one


class SeedScores:
    """Scores of variants that were run with the same seeds.

    A collapsed run (its pictures are no better than the mean image's, or no latent is active)
    stands in no mean or interval; it is counted and named instead.

    Args:
        runs: one row a run, with columns variant, seed, collapsed (boolean), and scores.

    Attributes:
        runs: as given.
        names: of the variants, in the order of the rows.
        seeds: those of all runs, as words such as "seeds 0, 2, 3" or "seeds 0 to 6".
        shown: names of the scores that the runs have, `collapsed` left out.

    Raises:
        ValueError: a column is missing.
    """

    def __init__(self, runs: pd.DataFrame):
        check_columns(runs.columns, ("variant", "seed", "collapsed"))
        self.runs = runs
        self.names = list(dict.fromkeys(runs["variant"]))
        seeds = sorted(set(runs["seed"].tolist()))
        is_whole = len(seeds) > _FEW and seeds == list(range(seeds[0], seeds[-1] + 1))
        told = f"{seeds[0]} to {seeds[-1]}" if is_whole else ", ".join(map(str, seeds))
        self.seeds = f"seed{'s' * (len(seeds) > 1)} {told}"
        self.shown = [name for name in SCORES if name in runs and name != "collapsed"]

    @property
    def uncollapsed(self) -> pd.DataFrame:
        """The rows of runs that did not collapse."""
        return self.runs[~self.runs["collapsed"]]

    @property
    def collapses(self) -> str:
        """Words: which runs collapsed, by variant and seed."""
        found = {name: self._collapsed(name) for name in self.names}
        told = [f"{figures.model_label(name)} {text}" for name, text in found.items() if text]
        return f"Collapsed: {'; '.join(told)}." if told else "No run collapsed."

    def table(self) -> str:
        """Markdown: every score of each variant, means over seeds with intervals, and collapses."""
        titles = [*(SCORES[score].heading for score in self.shown), "collapsed seeds"]
        lines = [f"| | {' | '.join(titles)} |", "|---|" + "---:|" * len(titles)]
        for name in self.names:
            # The counts of many seeds may go on in a new line.
            cells = [self.average(name, score).replace("/", "/<wbr>") for score in self.shown]
            cells.append(self._collapsed(name) or "none")
            lines.append(f"| {figures.model_label(name)} | {' | '.join(cells)} |")
        told = (
            f"Means over {self.seeds} with 95 % t-intervals, over those that did not "
            "collapse; counts are those of each seed."
            if self.runs["seed"].nunique() > 1
            else f"Scores of {self.seeds} alone, so without intervals."
        )
        return "\n".join([*lines, "", told])

    def average(self, name: str, score: str) -> str:
        """Words: mean of a score over a variant's seeds, and half the width of its interval.

        A count is not averaged: that of each seed is given, collapsed ones too, or once with
        "each" where all seeds have the same; of many seeds, how many have which.
        """
        rows, digits = self._of(name), SCORES[score].digits
        if digits == 0:
            counts = ["–" if value != value else f"{value:.0f}" for value in rows[score]]
            if len(counts) > 1 and len(set(counts)) == 1:
                return f"{counts[0]} each"
            if len(counts) > _MANY:
                return ", ".join(f"{n} in {num} runs" for n, num in Counter(counts).most_common())
            return "/".join(counts)
        kept = rows.loc[~rows["collapsed"], score]
        values = kept.dropna().astype(float)
        if kept.empty:
            return "collapsed"
        if values.empty:
            return "undefined"
        mean, half_width = mean_interval(values)
        width = f" ± {half_width:.{digits}f}" if len(values) > 1 else ""
        missing = {"undefined": len(kept) - len(values), "collapsed": len(rows) - len(kept)}
        told = ", ".join(f"{count} {why}" for why, count in missing.items() if count)
        return f"{mean:.{digits}f}{width}" + (f" ({told})" if told else "")

    def _of(self, name: str) -> pd.DataFrame:
        check_choice("variant", name, self.names)
        return self.runs[self.runs["variant"] == name]

    def _collapsed(self, name: str) -> str:
        """Such as "1 of 3 (seed 2)"; empty where none is."""
        rows = self._of(name)
        seeds = rows.loc[rows["collapsed"], "seed"].tolist()
        if not seeds:
            return ""
        which = f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
        return f"{len(seeds)} of {len(rows)} ({which})"
