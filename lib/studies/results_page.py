"""All results on one page, from records alone, and what others report beside them."""

import base64
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import altair as alt
import pandas as pd
from IPython.display import Markdown

from lib import figures
from lib.benchmarks import BENCHMARKS
from lib.figures import Cell, model_label
from lib.metrics import mean_interval
from lib.scores import SCORES
from lib.studies.seed_scores import SeedScores
from lib.studies.study_page import StudyPage

_NO_BREAK = "\u00a0"
_SHOWN = ("infom", "infoe", "infoc", "psnr")
_HOW = ("profile", "protocol")
_RECIPE = ["network", "width", "steps", "batch_size", "learning_rate", "schedule", "resolution"]
# What the paper's claim is about.
_CLAIMED = ("infom", "infoe", "psnr")
# InfoM, InfoE and InfoC by benchmark and model; a model that is not in this library has its label.
# Source: reproductions in "A Bayesian Nonparametric Framework For Learning Disentangled
# Representations", ICLR 2026, OpenReview GVOLiaENgU; read in third-party notes, not in the paper.
_REPRODUCED: Mapping[str, Mapping[str, tuple[float, float, float]]] = MappingProxyType(
    {
        "shapes3d": {
            "beta_vae": (0.62, 0.93, 0.44),
            "beta_tcvae": (0.65, 0.91, 0.56),
            "bioae": (0.58, 0.90, 0.42),
            "qlae": (0.84, 0.97, 0.49),
            "tripod": (0.91, 0.96, 0.58),
            "Bayes-QLAE": (0.91, 0.95, 0.61),
        },
        "mpi3d": {
            "beta_vae": (0.41, 0.68, 0.40),
            "beta_tcvae": (0.48, 0.62, 0.46),
            "bioae": (0.44, 0.61, 0.38),
            "qlae": (0.52, 0.68, 0.43),
            "tripod": (0.59, 0.74, 0.54),
            "Bayes-QLAE": (0.60, 0.71, 0.56),
        },
    }
)


class ResultsPage:
    """Tables, figures and words about the recorded runs of studies.

    Args:
        studies: in the order of the table; figures and comparisons are those of the first.
    """

    def __init__(self, studies: Sequence[StudyPage]):
        self.studies = list(studies)
        self.main = self.studies[0]

    def summary(self) -> pd.DataFrame:
        """A row for each variant of each study on each benchmark; without scores where no run is.

        A score has its mean over the seeds that did not collapse, and half the width of its 95 %
        t-interval; `sources_known` has the number of each seed, and `collapsed` names seeds.
        """
        rows = []
        for page in self.studies:
            for (benchmark, variant), (done, declared) in page.counts().items():
                row = {"study": page.study.name, "benchmark": benchmark, "variant": variant}
                row |= {"runs": done, "declared_runs": declared}
                if done:
                    row |= _scores(page.results[benchmark].scores, variant)
                rows.append(row)
        return pd.DataFrame(rows)

    def table(self) -> str:
        """HTML: the rows of `summary`, which the page sorts and filters.

        A row without runs holds the command that makes them.
        """
        # On a phone the first three are in sight.
        headings = ["model", "benchmark", *(SCORES[score].heading for score in _SHOWN)]
        headings += ["sources known", "collapsed seeds", "runs", "study"]
        pages = {page.study.name: page for page in self.studies}
        rows = []
        for row in self.summary().to_dict("records"):
            title = BENCHMARKS[row["benchmark"]].title
            cells = [Cell(name, name) for name in (model_label(row["variant"]), title)]
            if row["runs"]:
                runs = f"{row['runs']} of {row['declared_runs']}"
                cells += [_score_cell(row, score) for score in _SHOWN]
                cells += [Cell(row[name], row[name]) for name in ("sources_known", "collapsed")]
                cells += [Cell(runs, row["runs"])]
            else:
                command = pages[row["study"]].command(row["benchmark"])
                cells.append(Cell(command, span=len(headings) - len(cells) - 1, is_code=True))
            rows.append([*cells, Cell(row["study"], row["study"])])
        return figures.filter_table(
            headings,
            rows,
            filters=("model", "benchmark", "study"),
            title="Scores of all recorded runs",
        )

    def downloads(self) -> str:
        """HTML: links to the rows of the table, and to the runs of each study, as CSV files."""
        links = [_download("results.csv", self.summary(), "the rows of this table")]
        links += [
            _download(f"{page.study.name}.csv", page.runs(), f"every run of {page.study.name}")
            for page in self.studies
            if page.results
        ]
        return f'<p class="runs-table">To save as CSV: {", ".join(links)}.</p>'

    def intervals(self, score: str) -> alt.LayerChart | Markdown:
        """Chart: a score of each variant of the first study, by benchmark; words without runs."""
        runs = [
            found.scores.uncollapsed.assign(benchmark=BENCHMARKS[name].title)
            for name, found in self.main.results.items()
        ]
        if not any(frame[score].notna().any() for frame in runs):
            return Markdown(f"No run of the study `{self.main.study.name}` has this score yet.")
        return figures.score_intervals(
            pd.concat(runs),
            x="benchmark",
            scores=score,
            color="variant",
            subtitle=f"Rendered twins. {self.collapses}",
        )

    @property
    def collapses(self) -> str:
        """Words: which runs of the first study collapsed."""
        told = [
            f"{BENCHMARKS[name].title}: {found.scores.collapses}"
            for name, found in self.main.results.items()
            if found.scores.runs["collapsed"].any()
        ]
        return " ".join(told) or "No run collapsed."

    def verdict(self) -> str:
        """Markdown: on which benchmarks each pair of the first study differs, in which scores."""
        if not self.main.results:
            return f"The study `{self.main.study.name}` has no runs yet, so nothing is concluded."
        found = self.main.comparisons.differences
        lines = []
        for pair in self.main.pairs:
            told = []
            for score in _CLAIMED:
                ways: dict[str, list[str]] = {}
                for benchmark in (key[0] for key in found if key[1:] == (pair, score)):
                    difference = found[benchmark, pair, score]
                    way = "higher" if difference.mean > 0 else "lower"
                    way = way if difference.is_clear else "not told apart"
                    ways.setdefault(way, []).append(benchmark)
                each = [f"{way} on {', '.join(names)}" for way, names in ways.items()]
                told.append(f"{SCORES[score].heading} {'; '.join(each) or 'has no runs of both'}")
            one, other = map(model_label, pair)
            lines.append(f"- **{one} against {other}**: {'. '.join(told)}.")
        return "\n".join(lines) + f"\n\nIn `{self.main.study.name}`: {self.collapses}"

    def missing(self) -> str:
        """Markdown: what each study asks, how it is scored, which of its runs are not recorded."""
        lines = []
        for page in self.studies:
            counts = page.counts().values()
            done, declared = (sum(column) for column in zip(*counts, strict=True))
            rest = f"; `python -m lib.studies run {page.study.name}` makes the rest"
            runs = page.runs() if done else {}
            how = [f", {name} `{'`, `'.join(dict.fromkeys(runs[name]))}`" for name in _HOW if done]
            lines.append(
                f"- `{page.study.name}`: *{page.study.question}* {done} of {declared} runs "
                f"recorded{''.join(how)}{rest if done < declared else ''}."
            )
        return "\n".join(lines)

    def recipes(self) -> str:
        """Markdown: what trained how: networks, steps, learning rate and size of the images."""
        lines = [
            "| study | benchmarks | models | networks | steps of a batch | rate | pixels |",
            "|---|---|---|---|---:|---|---:|",
        ]
        for page in self.studies:
            if not page.results:
                continue
            for recipe, own in page.runs().groupby(_RECIPE, sort=False):
                network, width, steps, batch_size, rate, schedule, side = recipe
                titles = [BENCHMARKS[name].title for name in dict.fromkeys(own["benchmark"])]
                models = [model_label(name) for name in dict.fromkeys(own["model"])]
                lines.append(
                    f"| `{page.study.name}` | {', '.join(titles)} | {', '.join(models)} "
                    f"| `{network}`, {width} wide | {steps:,} of {batch_size} "
                    f"| {rate:g}, {schedule} | {side}×{side} |"
                )
        return "\n".join(lines) if len(lines) > 2 else "No run is recorded yet."

    def reproduced(self) -> str:
        """Markdown: what others report of the published images, beside the twins' scores."""
        lines = [
            "| benchmark | model | InfoM, reported | here | InfoE, reported | here "
            "| InfoC, reported | here | runs here |",
            "|---|---|---:|---:|---:|---:|---:|---:|---|",
        ]
        for benchmark, models in _REPRODUCED.items():
            found = {
                page.study.name: page.results[benchmark]
                for page in self.studies
                if benchmark in page.results
            }
            # All of one study, so that rows can be compared: of the one with most of the models.
            shared = {name: models.keys() & {*found[name].scores.names} for name in found}
            study = max(shared, key=lambda name: len(shared[name]), default="")
            for model, reported in models.items():
                own, runs = ["–"] * 3, "none"
                if model in shared.get(study, ()):
                    scores = found[study].scores
                    own = [scores.average(model, s) for s in ("infom", "infoe", "infoc")]
                    runs = f"`{study}`, {found[study].profile}"
                pairs = zip(reported, own, strict=True)
                cells = [
                    f"{there:.2f} | {here.replace('± ', f'±{_NO_BREAK}')}" for there, here in pairs
                ]
                title = BENCHMARKS[benchmark].title
                lines.append(f"| {title} | {model_label(model)} | {' | '.join(cells)} | {runs} |")
        return "\n".join(lines)


def _scores(scores: SeedScores, variant: str) -> dict[str, object]:
    """The numbers of a row of the summary."""
    runs = scores.runs[scores.runs["variant"] == variant]
    row: dict[str, object] = {}
    for score in _SHOWN:
        values = runs.loc[~runs["collapsed"], score].dropna().astype(float)
        row[score], row[f"{score}_half_width"] = (
            mean_interval(values) if len(values) else (None,) * 2
        )
    row["sources_known"] = scores.average(variant, "sources_known")
    row["collapsed"] = " ".join(map(str, runs.loc[runs["collapsed"], "seed"])) or "none"
    for name in _HOW:
        row[name] = ", ".join(dict.fromkeys(runs[name]))
    return row


def _score_cell(row: Mapping[str, object], score: str) -> Cell:
    mean, half_width, digits = row[score], row[f"{score}_half_width"], SCORES[score].digits
    if pd.isna(mean):
        return Cell("none")
    width = "" if pd.isna(half_width) else f" ±{_NO_BREAK}{half_width:.{digits}f}"
    return Cell(f"{mean:.{digits}f}{width}", mean)


def _download(name: str, frame: pd.DataFrame, title: str) -> str:
    content = base64.b64encode(frame.to_csv(index=False).encode()).decode()
    return f'<a download="{name}" href="data:text/csv;base64,{content}">{title}</a>'
