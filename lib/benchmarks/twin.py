"""All that describes a benchmark in one object, and the table of all benchmarks."""

import dataclasses
from collections.abc import Callable, Mapping

from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from lib.benchmarks.grid import SourceGrid
from lib.benchmarks.publication import Publication, PublishedFile
from lib.benchmarks.sources import Source
from lib.registry import Registry

Draw = Callable[[Int[ArrayLike, "*n num_sources"]], Float[Array, "*n h w c"]]


@dataclasses.dataclass(frozen=True)
class Twin:
    """A rendered twin: a benchmark drawn by code, after a published data set or of one's own.

    Args:
        name: by which `load` finds it.
        title: for headings.
        sources: what each source means, in the order of the grid; the last varies fastest.
        renderer: maps a resolution, pixels along each side, to a function from (..., num_sources)
            integers inside the grid to (..., resolution, resolution, channels) float32 in [0, 1],
            in pure JAX; defined in a file, whose code is then part of what a run was made by.
        channels: colour channels, 1 or 3.
        publication: the published data set that it follows; None for one of one's own.
        published: the file with the published images; None where there is none.
        profiles: what a run on this benchmark changes in a profile, settings by profile's name.
    """

    name: str
    title: str
    sources: tuple[Source, ...]
    renderer: Callable[[int], Draw]
    channels: int = 3
    publication: Publication | None = None
    published: PublishedFile | None = None
    profiles: Mapping[str, Mapping[str, object]] = dataclasses.field(default_factory=dict)

    @property
    def grid(self) -> SourceGrid:
        """The grid of all source combinations."""
        return SourceGrid.of(self.sources)


BENCHMARKS: Registry[Twin] = Registry("benchmark", "lib.benchmarks.twins")


def add_twin(twin: Twin, module: str) -> None:
    """Add a benchmark, which `load` and the command line then find by its name.

    Args:
        twin: to add.
        module: `__name__` of the module that describes it.

    Raises:
        ValueError: there is one of this name already, from another module.
    """
    BENCHMARKS.add(twin.name, twin, module)
