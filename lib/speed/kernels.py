"""What a device spends a step on: the kernels that take longest, by JAX's profiler."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
from jax.profiler import ProfileData

from lib.runs import RunConfig
from lib.speed.measure import prepared

# Lines of a profile that have each kernel once: streams of a GPU; and those, of a TPU and of the
# threads of a CPU, that have operations of the program, among them such as consist of others.
_STREAM, _OPERATIONS = "Stream", ("XLA Ops", "tf_XLA")
_OF_OTHERS = ("while", "call", "conditional")


def longest_kernels(config: RunConfig, *, num: int = 10) -> dict[str, Any]:
    """Profile one step of training, after some that are not profiled.

    Args:
        config: what to train.
        num: how many kernels to name.

    Returns:
        "ms": milliseconds of all kernels together; "launches": how many there are; "longest":
        rows of "name", "launches" and "ms", longest first. A CPU has no kernels; there these are
        the operations of the compiled program, on all of its threads.
    """
    training = prepared(config)
    state, _ = jax.block_until_ready(training.program(training.program.state, 0, 2))
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            jax.block_until_ready(training.program(state, 2, 3))
        [file] = Path(folder).rglob("*.xplane.pb")
        profile = ProfileData.from_file(str(file))
    found: dict[str, list[float]] = {}
    for name, ms in _kernels(profile):
        found.setdefault(name, []).append(ms)
    rows = [{"name": name, "launches": len(ms), "ms": sum(ms)} for name, ms in found.items()]
    rows.sort(key=lambda row: -row["ms"])
    return {
        "precision": config.recipe.precision,
        "batch": config.recipe.batch_size,
        "ms": sum(row["ms"] for row in rows),
        "launches": sum(row["launches"] for row in rows),
        "longest": rows[:num],
    }


def _kernels(profile: ProfileData) -> Iterator[tuple[str, float]]:
    """Name and milliseconds of every kernel."""
    for plane in profile.planes:
        for line in plane.lines:
            for event in line.events if line.name.startswith((_STREAM, *_OPERATIONS)) else ():
                # Absent where a GPU starts a whole graph of kernels at once.
                operation = dict(event.stats).get("hlo_op", "")
                name = event.name
                if line.name.startswith(_OPERATIONS):
                    if not operation or operation.startswith(_OF_OTHERS):
                        continue
                elif operation:
                    name = f"{operation}: {name}"
                yield name, event.duration_ns / 1e6
