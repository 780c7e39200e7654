"""A recipe's speed under all precisions, batch sizes and numbers of seeds: one file a device.

What the file has already, of the same code, is not measured again, so that it may be made in
several short turns, as on a machine that is lent for minutes.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import jax

from lib.files import write_text
from lib.process import parents_message
from lib.registry import import_extensions
from lib.runs import RunConfig
from lib.runs.provenance import commit, versions
from lib.runs.train import training_code
from lib.speed.kernels import longest_kernels
from lib.speed.measure import measure, prepared
from lib.speed.traffic import traffic

# So many images are trained on to time a case, but in no fewer steps.
_IMAGES, _FEWEST_STEPS = 19_200, 15


def measure_grid(
    config: RunConfig,
    folder: Path,
    *,
    precisions: Sequence[str],
    batch_sizes: Sequence[int],
    num_seeds: Sequence[int],
) -> Path:
    """Measure every case that the device's file does not have yet, and write it after each.

    The first batch size and number of seeds come first, under each precision; then the kernels of
    one such step, and what it moves as it was compiled. One seed is measured beside the plain
    implementation. A case that fails, as for want of memory, is noted and not tried again.

    Args:
        config: what to train.
        folder: of the devices' files.
        precisions: some of `lib.training.PRECISIONS`, the first one for the kernels.
        batch_sizes: images a step.
        num_seeds: how many seeds are trained at once.

    Returns:
        The file. Each entry of its list "measured" is what `lib.speed.Speed.to_dict` gives.
    """
    kind = jax.devices()[0].device_kind
    file = folder / f"{re.sub('[^a-z0-9]+', '-', kind.lower()).strip('-')}.json"
    found = _found(file, config)
    cases = [(p, b, n) for n in num_seeds for b in batch_sizes for p in precisions]
    done = {tuple(m[name] for name in ("precision", "batch", "seeds")) for m in found["measured"]}
    done |= {tuple(case["case"]) for case in found["failed"]}
    for number, (precision, batch_size, seeds) in enumerate(cases):
        if number == len(precisions) and "kernels" not in found:
            first = config.replace(precision=precisions[0], batch_size=batch_sizes[0])
            try:
                found["kernels"] = longest_kernels(first)
            except (RuntimeError, ValueError) as error:  # a machine that lets nobody profile
                found["kernels"] = {"problem": str(error).partition("\n")[0]}
            found["traffic"] = compiled_traffic(first)
            _write(file, found)
        if (precision, batch_size, seeds) in done:
            continue
        steps = max(_IMAGES // (batch_size * seeds), _FEWEST_STEPS)
        case = config.replace(precision=precision, batch_size=batch_size)
        try:
            speed = measure(case, steps=steps, num_seeds=seeds, num_devices=1, plain=seeds == 1)
        except jax.errors.JaxRuntimeError as error:
            problem = str(error).strip().partition("\n")[0]
            found["failed"].append({"case": (precision, batch_size, seeds), "problem": problem})
            print(f"{precision}, {seeds} x {batch_size} images a step: {problem}", flush=True)
        else:
            found["measured"].append(speed.to_dict())
            print(speed, flush=True)
        _write(file, found)
    return file


def compiled_traffic(config: RunConfig) -> dict[str, Any]:
    """What a step moves in the program that is compiled here, see `lib.speed.traffic.traffic`."""
    found = traffic(prepared(config, num_devices=1).program.compiled_text(), in_loop=True)
    return {kind: each._asdict() for kind, each in found.items()}


def _found(file: Path, config: RunConfig) -> dict[str, Any]:
    """What the file has that was measured of this code; else the beginning of a new one."""
    code = sha256(str(training_code(config)).encode()).hexdigest()[:12]
    found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if found.get("code") == code:
        return found
    return {
        "commit": commit(),
        "started": datetime.now(UTC).date().isoformat(),
        "versions": versions(),
        "code": code,
        "measured": [],
        "failed": [],
    }


def _write(file: Path, found: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    told = parents_message()
    import_extensions()
    measure_grid(RunConfig(**told.pop("config")), Path(told.pop("folder")), **told)
