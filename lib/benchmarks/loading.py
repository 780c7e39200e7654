"""How to get a benchmark by its name."""

from pathlib import Path

from lib.benchmarks.benchmark import Benchmark
from lib.benchmarks.lookup import look_up
from lib.benchmarks.twin import BENCHMARKS
from lib.checks import check_choice, check_integer

ORIGINS = ("rendered", "official")


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
        data_dir: folder of official files; where it is None or "", what the environment variable
            BENCHMARK_DATA_DIR says, or the user's folder of caches. A rendered twin reads none,
            so it must be None or "" there.

    Returns:
        The benchmark.

    Raises:
        TypeError: `resolution` is not an integer.
        ValueError: unknown `name` or `origin`, `resolution` out of range, a `data_dir` for a twin,
            or "official" for a benchmark without a published file.
        FileNotFoundError: the official file is not there; says how to get it.
        lib.benchmarks.published.OfficialFileError: it is there and not as published.

    Example:
        >>> from lib.benchmarks import load
        >>> benchmark = load("shapes3d", resolution=16)
        >>> benchmark.grid.names
        ('floor_hue', 'wall_hue', 'object_hue', 'scale', 'shape', 'orientation')
        >>> benchmark.images([[0, 0, 0, 0, 0, 0], [9, 0, 0, 0, 0, 0]]).shape
        (2, 16, 16, 3)
    """
    check_choice("name", name, BENCHMARKS)
    check_choice("origin", origin, ORIGINS)
    check_integer("resolution", resolution, minimum=1)
    twin = BENCHMARKS[name]
    if origin == "official" and twin.published is None:
        raise ValueError(f"{name} has no published file; expected origin='rendered'.")
    if origin == "official":
        # Readers of files are not loaded by those who never read one.
        from lib.benchmarks.published import open_official

        opened = open_official(twin, data_dir)
        digest = opened.metadata["images_sha256"]
        draw = look_up(opened.images, twin.grid, int(resolution))
    elif data_dir:
        raise ValueError(
            f"data_dir={str(data_dir)!r} is of no use: origin='rendered' reads no file; "
            "expected None."
        )
    else:
        digest, draw = "", twin.renderer(int(resolution))
    return Benchmark(
        name=name,
        title=twin.title,
        origin=origin,
        resolution=int(resolution),
        channels=twin.channels,
        sources=twin.sources,
        publication=twin.publication,
        images_sha256=digest,
        draw=draw,
    )
