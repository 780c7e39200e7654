"""One run in a process of its own, recorded once: what `lib.process.run_process` starts."""

import gc
from pathlib import Path
from typing import Any

from lib.process import parents_message
from lib.registry import import_extensions
from lib.runs.config import RunConfig
from lib.runs.execution import execute
from lib.runs.kept import RecordedRun


def record_once(
    config: RunConfig, out_dir: Path, folder: Path, *, keeps_model: bool, **options: Any
) -> RecordedRun:
    """Execute a configuration and keep its record, or find the record.

    Args:
        config: what to run.
        out_dir: folder of runs.
        folder: of records.
        keeps_model: whether to keep the trained model beside the record.
        **options: as for `lib.runs.execute`.

    Raises:
        ValueError: the model is too large to be kept; the record is.
        Exception: as `lib.runs.execute` raises.
    """
    if found := RecordedRun.find(folder, config, with_model=keeps_model):
        return found
    recorded = RecordedRun.of(execute(config, out_dir, **options))
    recorded.write(folder)
    if keeps_model:
        recorded.write_model(folder)
    return recorded


if __name__ == "__main__":
    gc.freeze()  # as in `lib.runs.__main__`
    told = parents_message()
    import_extensions()
    config = RunConfig(**told.pop("config"))
    places = {name: Path(told.pop(name)) for name in ("out_dir", "folder")}
    record_once(config, **places, **told)
