"""Run by `test_program` with eight simulated devices: trains on some of them, prints what came."""

import json
import re
import sys

import jax
import numpy as np

from lib.training import Program, build_mesh, train
from tests.training.small import RECIPE, build, build_any, parameters, waves

ALL_REDUCE = re.compile(r"= \S+ all-reduce(?:-start)?\(")


def main() -> None:
    """Print one JSON object: for each number of devices, losses, parameters and all-reduces."""
    found = {}
    for num_devices, num_seeds in ((1, 1), (2, 1), (4, 1), (8, 1), (1, 2), (8, 2)):
        mesh = build_mesh(num_seeds, RECIPE.batch_size, num_devices)
        models = [build(seed) for seed in range(num_seeds)]
        keys = [jax.random.key(seed + 10) for seed in range(num_seeds)]
        program = Program(models, waves(), RECIPE, keys, mesh)
        histories = train(models, waves(), RECIPE, keys=keys, label="t", reports=5, mesh=mesh)
        found[f"{num_devices} devices, {num_seeds} seeds"] = {
            "mesh": dict(mesh.shape),
            "losses": [history.curves["loss"] for history in histories],
            "parameters": [_flat(model) for model in models],
            "all_reduces": len(ALL_REDUCE.findall(program.compiled_text())),
        }
    for num_devices in (1, 4):
        mesh = build_mesh(1, RECIPE.batch_size, num_devices)
        model = build_any("qlinfowgan_gp", 0)
        train([model], waves(), RECIPE, keys=[jax.random.key(10)], label="t", mesh=mesh)
        found[f"GAN on {num_devices}"] = _flat(model)
    json.dump(found, sys.stdout)


def _flat(model) -> list[float]:
    return np.concatenate([np.ravel(p) for p in parameters(model)]).tolist()


if __name__ == "__main__":
    main()
