"""Scores of named variants over seeds: tables, intervals and differences paired by seed."""

from collections.abc import Sequence

import pandas as pd

from lib import figures
from lib.checks import check_choice, check_columns
from lib.metrics import mean_interval
from lib.runs import Difference, compare
from lib.scores import SCORES


class SeedScores:
    """Scores of variants that were run with the same seeds.

    A collapsed run (its pictures are no better than the mean image's, or no latent is active)
    stands in no mean, interval or difference; it is counted and named instead.

    Args:
        runs: one row a run, with columns variant, seed, collapsed (boolean), and scores.

    Attributes:
        runs: as given.
        names: of the variants, in the order of the rows.
        seeds: of all runs.
        shown: names of the scores that the runs have, `collapsed` left out.

    Raises:
        ValueError: a column is missing.
    """

    def __init__(self, runs: pd.DataFrame):
        check_columns(runs.columns, ("variant", "seed", "collapsed"))
        self.runs = runs
        self.names = list(dict.fromkeys(runs["variant"]))
        self.seeds = sorted(set(runs["seed"].tolist()))
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
        titles = [*(SCORES[score].title for score in self.shown), "collapsed seeds"]
        lines = [f"| | {' | '.join(titles)} |", "|---|" + "---:|" * len(titles)]
        for name in self.names:
            cells = [self.average(name, score) for score in self.shown]
            cells.append(self._collapsed(name) or "none")
            lines.append(f"| {figures.model_label(name)} | {' | '.join(cells)} |")
        return "\n".join(lines) + (
            f"\n\nMeans over seeds {self.seeds} with 95 % t-intervals, over those that did not "
            "collapse; counts are those of each seed."
        )

    def average(self, name: str, score: str) -> str:
        """Words: mean of a score over a variant's seeds, and half the width of its interval.

        A count is not averaged: that of each seed is given, collapsed ones too.
        """
        rows, digits = self._of(name), SCORES[score].digits
        if digits == 0:
            return "/".join("–" if value != value else f"{value:.0f}" for value in rows[score])
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

    def compare(self, one: str, other: str, score: str = "infom") -> Difference | None:
        """The score of one variant less that of another, by seed; None where no seed has both."""
        for name in (one, other):
            check_choice("variant", name, self.names)
        try:
            return compare(self.uncollapsed, score, "variant", one, other)
        except ValueError:
            return None

    def difference(self, one: str, other: str, score: str = "infom") -> str:
        """Words: the score of one variant less that of another, paired by seed."""
        if one == other:
            return "the same runs"
        found = self.compare(one, other, score)
        return "undefined, as no seed has this score for both" if found is None else str(found)

    def differences(self, one: str, other: str) -> str:
        """Markdown list: every score that is no count, one variant's less another's, by seed."""
        scores = [score for score in self.shown if SCORES[score].digits]
        lines = [f"- {SCORES[s].title}: {self.difference(one, other, s)}" for s in scores]
        pair = " against ".join(figures.model_label(name) for name in (one, other))
        return f"Paired by seed, {pair}:\n\n" + "\n".join(lines)

    def ordering(self, one: str, others: Sequence[str], score: str = "infom") -> str:
        """Markdown list: one variant's score against each of others, in words with numbers."""
        return "\n".join(
            f"- against {figures.model_label(other)}: {self.difference(one, other, score)}"
            for other in others
        )

    def standing(self, one: str, others: Sequence[str], score: str = "infom") -> str:
        """Words: which variants a variant's score is above, below, and not told apart from.

        By 95 % intervals of differences paired by seed.
        """
        groups: dict[str, list[str]] = {}
        for other in others:
            found = self.compare(one, other, score)
            if found is None or found.num_seeds < 2:
                way = "has no interval against"
            elif not found.is_clear:
                way = "cannot be told apart from"
            else:
                way = "is above" if found.mean > 0 else "is below"
            groups.setdefault(way, []).append(figures.model_label(other))
        return "; ".join(f"it {way} that of {', '.join(found)}" for way, found in groups.items())

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
