"""Which benchmarks there are, and how to get one."""

import dataclasses
from pathlib import Path
from types import ModuleType

from lib.benchmarks.benchmark import Benchmark
from lib.benchmarks.grid import SourceGrid
from lib.benchmarks.scenes import dsprites, falcor3d, isaac3d, mpi3d, shapes3d
from lib.checks import check_choice, check_integer


@dataclasses.dataclass(frozen=True)
class Entry:
    """A benchmark in the registry.

    Args:
        title: for headings.
        scene: a module with `SOURCES`, `PUBLICATION` and `renderer(resolution)`.
        channels: colour channels.
    """

    title: str
    scene: ModuleType
    channels: int = 3
    profiles = {}

    @property
    def grid(self) -> SourceGrid:
        """The grid of all source combinations."""
        return SourceGrid.of(self.scene.SOURCES)


class _B(dict):
    def module(self, name):
        return self[name].scene.__name__


BENCHMARKS = _B({
    "shapes3d": Entry("Shapes3D", shapes3d),
    "mpi3d": Entry("MPI3D", mpi3d),
    "falcor3d": Entry("Falcor3D", falcor3d),
    "isaac3d": Entry("Isaac3D", isaac3d),
    "dsprites": Entry("dSprites", dsprites, channels=1),
})
ORIGINS = ("rendered", "official")
OFFICIAL_RESOLUTION = 64  # pixels along each side at which the published images are used


def load(
    name: str,
    origin: str = "rendered",
    resolution: int = 64,
    data_dir: str | Path | None = None,
) -> Benchmark:
    """Get a benchmark.

    Args:
        name: one of `BENCHMARKS`.
        origin: "rendered" for the rendered twin, which needs no file; "official" for the published
            images, which `python -m lib.benchmarks fetch NAME` downloads and converts.
        resolution: pixels along each side, at least 1; official images have 64 and can be made
            smaller.
        data_dir: folder of official files; None for `lib.benchmarks.official.default_data_dir()`.
            A rendered twin needs none, so it must be None there.

    Returns:
        The benchmark.

    Raises:
        TypeError: `resolution` is not an integer.
        ValueError: unknown `name` or `origin`, `resolution` out of range, or a `data_dir` for a
            twin.
        FileNotFoundError: the official file is not there; says how to get it.
        lib.benchmarks.official.OfficialFileError: it is there and not as published.
    """
    check_choice("name", name, BENCHMARKS)
    check_choice("origin", origin, ORIGINS)
    check_integer("resolution", resolution, minimum=1)
    entry = BENCHMARKS[name]
    if origin == "official":
        # Readers of files are not loaded by those who never read one.
        from lib.benchmarks.official import open_official
        from lib.benchmarks.official.drawing import draw_official

        opened = open_official(name, data_dir)
        digest = opened.metadata["images_sha256"]
        draw = draw_official(opened.images, entry.grid, int(resolution))
    elif data_dir is None:
        digest, draw = "", entry.scene.renderer(int(resolution))
    else:
        raise ValueError(
            f"data_dir={str(data_dir)!r} is of no use: origin='rendered' reads no file; "
            "expected None."
        )
    return Benchmark(
        name=name,
        title=entry.title,
        origin=origin,
        resolution=int(resolution),
        channels=entry.channels,
        sources=entry.scene.SOURCES,
        publication=entry.scene.PUBLICATION,
        images_sha256=digest,
        draw=draw,
    )
