"""All benchmarks beside one another."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from lib import figures
from lib.benchmarks import BENCHMARKS
from lib.studies.sources_page import SourcesPage


class OverviewPage:
    """Tables and figures that set benchmarks side by side.

    Args:
        pages: by name; titles, licences and citations come from the benchmarks.
    """

    def __init__(self, pages: Mapping[str, SourcesPage]):
        self.pages = dict(pages)

    def pictures(self, columns: int = 8) -> alt.Chart:
        """Chart: random images, a row for each benchmark."""
        rows = []
        for page in self.pages.values():
            images = page.benchmark.images(page.random_sources(columns))
            rows.append(np.broadcast_to(images, (*images.shape[:3], 3)))
        titles = [page.benchmark.title for page in self.pages.values()]
        return figures.image_grid(np.stack(rows), titles, description=", ".join(titles))

    def table(self, images_per_s: Mapping[str, float]) -> str:
        """Markdown: sources, sizes, entropy, speed and licence of each benchmark."""
        rows = [
            "| benchmark | sources | values of each | images | bits | drawn here | licence |",
            "|---|---:|---|---:|---:|---:|---|",
        ]
        for name, page in self.pages.items():
            benchmark, grid = page.benchmark, page.benchmark.grid
            sizes = ", ".join(map(str, grid.sizes))
            licence = benchmark.publication.licence if benchmark.publication else "–"
            rows.append(
                f"| [{benchmark.title}]({name}) | {grid.num_sources} | {sizes} | "
                f"{grid.num_images:,} | {grid.entropies.sum() / np.log(2):.1f} | "
                f"{images_per_s[name]:,.0f} /s | {licence} |"
            )
        return "\n".join(rows)

    def citations(self) -> str:
        """Markdown: what to cite for the published set of each benchmark."""
        return "\n".join(
            f"- **{page.benchmark.title}**: {page.benchmark.publication.citation} "
            f"([page]({page.benchmark.publication.url}))."
            for page in self.pages.values()
            if page.benchmark.publication
        )

    def changes(self) -> pd.DataFrame:
        """A row for each source that varies: smallest and median change by one step."""
        return pd.DataFrame(
            {
                "benchmark": page.benchmark.title,
                "source": seen.name,
                "smallest": float(seen.change.min()),
                "median": float(np.median(seen.change)),
            }
            for page in self.pages.values()
            for seen in page.visibility
        )

    def change_words(self) -> str:
        """Words: the most and the least visible source of each benchmark."""
        sentences = []
        for name, rows in self.changes().groupby("benchmark", sort=False):
            most, least = rows.loc[rows["median"].idxmax()], rows.loc[rows["median"].idxmin()]
            ratio = most["median"] / least["median"]
            sentences.append(
                f"{name}: from `{least['source']}` ({least['median']:.2f} grey levels) to "
                f"`{most['source']}` ({most['median']:.1f}), a factor of {ratio:.0f}"
            )
        changes = self.changes()
        if unseen := int((changes["smallest"] == 0).sum()):
            end = f"Of {unseen} sources a step left at least one of these images as it was"
        else:
            smallest = changes["smallest"].min()
            end = f"The smallest change by any step of any source was {smallest:.3f} grey levels"
        return f"{'; '.join(sentences)}. {end}."

    def resolution_table(self) -> str:
        """Markdown: smallest and median change by one step of each source, at three sizes."""
        first = next(iter(self.pages.values())).visibility[0]
        sizes = [len(first.where), *first.smaller]
        titles = [f"{size}×{size}" for size in sizes]
        rows = [
            f"| source | {' | '.join(titles)} | not seen at {titles[-1]} |",
            f"|---|{'---:|' * (len(sizes) + 1)}",
        ]
        for page in self.pages.values():
            for seen in page.visibility:
                at = [seen, *seen.smaller.values()]
                told = [f"{v.change.min():.2f} / {np.median(v.change):.2f}" for v in at]
                unseen = f"{at[-1].unseen:.0%}" if at[-1].unseen else "–"
                rows.append(
                    f"| {page.benchmark.title} `{seen.name}` | {' | '.join(told)} | {unseen} |"
                )
        return "\n".join(rows)

    def unseen_words(self) -> str:
        """Words: the sources of which a step cannot be seen in some image, at the smallest size."""
        found = []
        for page in self.pages.values():
            for seen in page.visibility:
                size, at = min({len(seen.where): seen, **seen.smaller}.items())
                if at.unseen:
                    found.append(f"`{seen.name}` of {page.benchmark.title} in {at.unseen:.0%}")
        if not found:
            return f"At {size}×{size} pixels every step can be seen in every one of these images."
        return (
            f"At {size}×{size} pixels some steps cannot be seen: those of {', '.join(found)} "
            "of the images. This is why recorded runs draw larger pictures than that."
        )

    def differences(self) -> str:
        """Markdown: where each twin still differs from the published set."""
        return "\n".join(
            f"- **{page.benchmark.title}**: {page.benchmark.publication.twin_differs}"
            for page in self.pages.values()
            if page.benchmark.publication and page.benchmark.publication.twin_differs
        )

    def official_table(self) -> str:
        """Markdown: where the official file of each benchmark is and how it is known."""
        rows = ["| benchmark | file | size | how it is checked |", "|---|---|---:|---|"]
        for name in self.pages:
            twin = BENCHMARKS[name]
            if (file := twin.published) is None:
                continue
            size = f"{file.about_bytes / 1e9:.1f} GB"
            if file.about_bytes < 1e9:
                size = f"{file.about_bytes / 1e6:.0f} MB"
            checks = ["digest of the file"] if file.known_hash else []
            checks += ["all labels"] if file.labels else ["number of images"]
            rows.append(
                f"| {twin.title} | `{file.file_name}` | {size} | "
                f"{', '.join(checks)}, shape, type, range of values |"
            )
        return "\n".join(rows)
