"""Which benchmarks there are, and how to get one."""

import dataclasses
from pathlib import Path
from types import ModuleType

from lib.benchmarks.benchmark import Benchmark
from lib.benchmarks.scenes import shapes3d
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


BENCHMARKS = {"shapes3d": Entry("Shapes3D", shapes3d)}
ORIGINS = ("rendered",)


def load(
    name: str,
    origin: str = "rendered",
    resolution: int = 64,
    data_dir: str | Path | None = None,
) -> Benchmark:
    """Get a benchmark.

    Args:
        name: one of `BENCHMARKS`.
        origin: "rendered" for the rendered twin, which needs no file.
        resolution: pixels along each side, at least 1.
        data_dir: folder of official files; a rendered twin needs none, so it must be None.

    Returns:
        The benchmark.

    Raises:
        TypeError: `resolution` is not an integer.
        ValueError: unknown `name` or `origin`, `resolution` below 1, or a `data_dir`.
    """
    check_choice("name", name, BENCHMARKS)
    if origin == "official":
        raise ValueError(
            "origin='official' is not available in this version, which has rendered twins only; "
            "expected origin='rendered'."
        )
    check_choice("origin", origin, ORIGINS)
    check_integer("resolution", resolution, minimum=1)
    if data_dir is not None:
        raise ValueError(
            f"data_dir={str(data_dir)!r} is of no use: origin='rendered' reads no file; "
            "expected None."
        )
    entry = BENCHMARKS[name]
    return Benchmark(
        name=name,
        title=entry.title,
        origin=origin,
        resolution=int(resolution),
        channels=entry.channels,
        sources=entry.scene.SOURCES,
        publication=entry.scene.PUBLICATION,
        draw=entry.scene.renderer(int(resolution)),
    )
