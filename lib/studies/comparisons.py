"""All comparisons of a study or a page, paired by seed and corrected together."""

import copy
from collections.abc import Mapping, Sequence
from typing import Self

import altair as alt
from IPython.display import Markdown

from lib import figures
from lib.figures import model_label
from lib.runs import Difference, compare, corrected
from lib.scores import SCORES
from lib.studies.seed_scores import SeedScores


class Comparisons:
    """Scores of variants less those of others, on one benchmark or several.

    What is compared is said here once: p values are corrected for all of it (Holm), and every
    sentence about a difference follows the corrected ones. A collapsed run is in none of them.

    Args:
        scores: the runs on each benchmark, by its title.
        pairs: names of two variants; the score of the second is subtracted.
        names: of the scores that are compared; None for all that are no counts.

    Attributes:
        differences: by benchmark, pair and score, without those that no seed has for both.
    """

    def __init__(
        self,
        scores: Mapping[str, SeedScores],
        pairs: Sequence[tuple[str, str]],
        names: Sequence[str] | None = None,
    ):
        self._benchmarks, self._pairs = list(scores), list(pairs)
        raw = {}
        for benchmark, runs in scores.items():
            for pair in pairs:
                for score in names or [name for name in runs.shown if SCORES[name].digits]:
                    kept = runs.uncollapsed.dropna(subset=[score])
                    one, other = (set(kept.loc[kept["variant"] == v, "seed"]) for v in pair)
                    if one & other:
                        raw[benchmark, pair, score] = compare(kept, score, "variant", *pair)
        self.differences: dict[tuple[str, tuple[str, str], str], Difference] = corrected(raw)

    def only(self, benchmark: str) -> Self:
        """Those on one benchmark, by its title, corrected for as many as they are here."""
        part = copy.copy(self)
        part._benchmarks = [benchmark]
        part.differences = {key: d for key, d in self.differences.items() if key[0] == benchmark}
        return part

    def words(self, one: str, other: str, score: str = "infom") -> str:
        """Words: a score of one variant less that of another, on the first benchmark."""
        found = self.differences.get((self._benchmarks[0], (one, other), score))
        return str(found) if found else "undefined, as no seed has this score for both"

    def summary(self) -> str:
        """Words: how many differences of InfoM on the first benchmark are clear, and which way.

        Pairs of which no seed, or one alone, has both runs are counted apart.
        """
        found = [
            difference
            for (benchmark, _, name), difference in self.differences.items()
            if (benchmark, name) == (self._benchmarks[0], "infom")
        ]
        tested = [difference for difference in found if difference.num_seeds > 1]
        heading, untested = SCORES["infom"].heading, len(self._pairs) - len(tested)
        left_out = f" {untested} could not be tested, for want of pairs of runs." * bool(untested)
        if not tested:
            return f"No difference in {heading} could be tested, for want of pairs of runs."
        clear = [difference.mean > 0 for difference in tested if difference.is_clear]
        above, below = (clear.count(is_above) or "none" for is_above in (True, False))
        told = (
            f"{above} {'is' if above in (1, 'none') else 'are'} clearly above zero and {below} "
            "clearly below"
            if clear
            else "none is clearly above or below zero"
        )
        return (
            f"Of {len(tested)} differences in {heading}, {told}, once corrected for "
            f"{tested[0].num_comparisons} comparisons.{left_out}"
        )

    def chart(self, score: str = "infom", beside: str = "psnr") -> alt.LayerChart | Markdown:
        """Chart: how a score differs in each pair on the first benchmark; words where in none.

        Args:
            score: that is drawn.
            beside: another score, whose difference stands in words with each pair's.
        """
        values, notes, benchmark = {}, {}, self._benchmarks[0]
        for pair in self._pairs:
            found = self.differences.get((benchmark, pair, score))
            if found is None:
                continue
            words, other = _pair_words(*pair), self.differences.get((benchmark, pair, beside))
            change = f"{SCORES[beside].label} {other.format(other.mean, '+')}, " if other else ""
            values[words] = found.values
            notes[words] = f"{change}{found.num_seeds} seed{'s' * (found.num_seeds > 1)}"
        if not values:
            return Markdown("There is no figure yet: no seed has two runs to compare.")
        return figures.differences(values, score, notes)

    def table(self) -> str:
        """Markdown: every difference with its intervals, p value, seeds and power."""
        if not self.differences:
            return "No seed has two runs that did not collapse, so nothing is compared."
        has_intervals = max(found.num_seeds for found in self.differences.values()) > 1
        titles = ["", "difference", "95 %, t", "95 %, bootstrap", "p", "seeds", "smallest seen"]
        titles = titles if has_intervals else titles[:2]
        lines = [f"| {' | '.join(titles)} |", "|---|" + "---:|" * (len(titles) - 1)]
        for (benchmark, pair, score), found in self.differences.items():
            where = f"{benchmark}, " if len(self._benchmarks) > 1 else ""
            short = SCORES[score].label.split(" (")[0]
            what = f"{where}{' less '.join(map(model_label, pair))}: {short}"
            mean = found.format(found.mean, "+")
            cells = [f"**{mean}**" if found.is_clear else mean, *["–"] * 3, "1", "–"]
            if found.num_seeds > 1:
                intervals = (found.interval, found.bootstrap_interval)
                cells = [
                    cells[0],
                    *(" to ".join(found.format(end, "+") for end in ends) for ends in intervals),
                    found.p_told.removeprefix("= "),
                    str(found.num_seeds),
                    found.smallest_told,
                ]
            unbroken = [cell.replace(" ", "\u00a0") for cell in cells[: len(titles) - 1]]
            lines.append(f"| {what} | {' | '.join(unbroken)} |")
        note = self._note if has_intervals else "\n\nOf one seed, so there are no intervals."
        return "\n".join(lines) + note

    @property
    def _note(self) -> str:
        count = max(found.num_comparisons for found in self.differences.values())
        together = f", corrected (Holm) for {count} comparisons together" * (count > 1)
        return (
            "\n\nPaired by seed, collapsed runs left out; bold where p is below 0.05. *p*: of the "
            f"paired t-test{together}; the intervals are not corrected. With few seeds the "
            "bootstrap's is too narrow. *Smallest seen*: the smallest true difference that shows, "
            "so corrected, in 4 of 5 sets of so many seeds with this spread; *none* where no two "
            "scores can differ so much, *unknown* where two seeds do not tell the spread."
        )


def _pair_words(one: str, other: str) -> str:
    """Such as "QLAE: decay 0.1 less decay 0", where both names begin alike."""
    parts = [model_label(name).split(", ") for name in (one, other)]
    shared = 0
    while parts[0][shared] == parts[1][shared] and shared + 1 < min(map(len, parts)):
        shared += 1
    kind = ", ".join(parts[0][:shared])
    rest = " less ".join(", ".join(part[shared:]) for part in parts)
    return f"{kind}: {rest}" if kind else rest
