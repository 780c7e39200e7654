"""The devices of a training program, of this process and of others."""

import math
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from lib.checks import check_integer

# Axes of the mesh: runs that differ in their seed alone, and parts of a batch.
SEEDS, BATCH = "seeds", "batch"


def build_mesh(
    num_seeds: int, batch_size: int, num_devices: int | None = None, *, whole_batch: bool = False
) -> Mesh:
    """Arrange devices for a number of seeds trained at once and a batch each.

    Seeds are spread over the devices first, as they never wait for one another; each batch is
    then divided among the devices that share a seed.

    Args:
        num_seeds: at least 1.
        batch_size: images a step, of each seed.
        num_devices: how many to use; None for as many of all as divide the work evenly.
        whole_batch: whether no batch may be divided, as with a model of `needs_whole_batch`.

    Returns:
        A mesh with the axes `SEEDS` and `BATCH`.

    Raises:
        ValueError: more devices than there are, or a number that does not divide the work; where
            several processes take part, also if not all of their devices can be used.
    """
    devices = jax.devices()
    if num_devices is not None:
        check_integer("num_devices", num_devices, minimum=1, maximum=len(devices))
    wanted = num_devices or len(devices)
    seeds = math.gcd(num_seeds, wanted)
    parts = 1 if whole_batch else math.gcd(batch_size, wanted // seeds)
    if seeds * parts != wanted and (num_devices is not None or jax.process_count() > 1):
        multiple = f"a batch size that is a multiple of {wanted // seeds}, or "
        raise ValueError(
            f"{wanted} devices cannot share {num_seeds} seeds and "
            f"{'whole ' if whole_batch else ''}batches of {batch_size} images evenly; expected "
            f"{'' if whole_batch else multiple}{seeds * parts} devices."
        )
    return Mesh(np.asarray(devices[: seeds * parts]).reshape(seeds, parts), (SEEDS, BATCH))


def to_mesh(tree: Any, mesh: Mesh, *axes: str) -> Any:
    """Put arrays on the mesh, their leading dimensions divided along `axes`.

    Every process must pass the same values.
    """
    # JAX writes an axis of one device as none at all; another spelling would be compiled anew.
    sharding = NamedSharding(mesh, PartitionSpec(*(a for a in axes if mesh.shape[a] > 1)))
    return jax.tree.map(lambda value: jax.device_put(np.asarray(value), sharding), tree)


def to_host(tree: Any) -> Any:
    """Arrays of a mesh as whole NumPy arrays, in every process."""
    return multihost_utils.process_allgather(tree, tiled=True)


def gather_numbers(*numbers: float) -> np.ndarray:
    """The numbers of every process, `(num_processes, len(numbers))`; waits for all of them."""
    return np.atleast_2d(multihost_utils.process_allgather(np.asarray(numbers)))


def is_first_process() -> bool:
    """Whether this process is the one that writes; it is where there is only one."""
    return jax.process_index() == 0


def wait_for_all(point: str) -> None:
    """Wait until every process has come to a point of the program, named for error messages."""
    multihost_utils.sync_global_devices(point)
