"""Run by `test_origin` with two simulated devices: trains on official images on one and on both."""

import json
import sys
from pathlib import Path

import numpy as np

from lib.benchmarks import BENCHMARKS
from lib.runs import RunConfig, execute_seeds
from tests.benchmarks.published import small_sets
from tests.benchmarks.published.test_origin import SIZES


def main(folder: Path) -> None:
    """Print one JSON object: for each number of devices, the losses of two seeds."""
    twin = small_sets.small("shapes3d", sizes=SIZES)
    small_sets.write(twin, folder / twin.published.file_name)
    BENCHMARKS.add("shapes3d", twin, BENCHMARKS.module("shapes3d"))
    config = RunConfig(
        "shapes3d",
        "autoencoder",
        "smoke",
        origin="official",
        steps=20,
        training_images=0,
        evaluation_images=int(np.prod(SIZES)) // 5,
    )
    losses = {}
    for num_devices in (1, 2):
        out_dir = folder / f"runs on {num_devices}"
        records = execute_seeds(config, [0, 1], out_dir, data_dir=folder, num_devices=num_devices)
        assert {f"x {num_devices}" in record.training.device for record in records} == {True}
        losses[num_devices] = [record.training.curves["reconstruction"] for record in records]
    json.dump(losses, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
