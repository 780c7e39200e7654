"""Train and score runs from the command line.

`python -m lib.runs BENCHMARK MODEL` trains and scores; `python -m lib.runs score FOLDER` scores
trained runs again. `--help` after either lists the rest.
"""

import argparse
import gc
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import jax

from lib.benchmarks import BENCHMARKS
from lib.checks import check_choice
from lib.metrics import PROTOCOLS
from lib.models import MODELS
from lib.profiles import PROFILES
from lib.registry import import_extensions
from lib.runs.config import RunConfig
from lib.runs.execution import (
    UNFINISHED,
    ChangedCodeError,
    execute,
    execute_seeds,
    score_again,
)
from lib.runs.kept import RecordedRun
from lib.runs.record import RunRecord
from lib.settings import parse_assignment
from lib.training.devices import is_first_process

_FAILURES = (OSError, ValueError, FloatingPointError, ModuleNotFoundError, ChangedCodeError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 0: done, 1: failed, 130: Ctrl-C; exits with 2 on bad words."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        import_extensions()
    except Exception as error:
        print(f"Error: {error}", *getattr(error, "__notes__", ()), sep="\n", file=sys.stderr)
        return 1
    if words[:1] == ["score"]:
        return _score(words[1:])
    parser = _parser()
    options = parser.parse_args(words)
    try:
        settings = dict(parse_assignment(word) for word in options.set)
        configs = [
            RunConfig(options.benchmark, options.model, options.profile, seed=seed, **settings)
            for seed in options.seeds
        ]
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    if options.distributed:
        # It would take SIGTERM away from the training loop, which writes a checkpoint.
        jax.config.update("jax_enable_preemption_service", False)
        jax.distributed.initialize(options.coordinator, options.num_processes, options.process_id)
    kept = {
        "checkpoint_s": options.checkpoint_s,
        "tensorboard": options.tensorboard,
        "num_devices": options.devices,
        "data_dir": options.data_dir,
        "unfinished": options.unfinished,
    }
    try:
        if options.together:
            records = execute_seeds(configs[0], options.seeds, options.out, **kept)
        else:
            records = [execute(config, options.out, **kept) for config in configs]
    except KeyboardInterrupt:  # of which the run has said how far it came
        return 128 + signal.SIGINT
    except _FAILURES as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    for record in records:
        recorded = RecordedRun.of(record) if options.record else None  # by all processes together
        if is_first_process():
            print(f"{record.folder}: {_scores(record)}")
            if recorded:
                print(f"recorded: {recorded.write(options.record)}")
    return 0


def _score(words: Sequence[str]) -> int:
    """Score trained runs again."""
    parser = argparse.ArgumentParser(
        prog="python -m lib.runs score", description="Score trained runs under protocols."
    )
    parser.add_argument("folder", type=Path, help="of a run, or of many")
    parser.add_argument(
        "--protocol",
        nargs="+",
        default=[],
        metavar="NAME",
        help=f"of {', '.join(PROTOCOLS)} (default: the one that each run was made for)",
    )
    parser.add_argument("--data-dir", type=Path, help="folder of official files")
    options = parser.parse_args(words)
    try:
        for protocol in options.protocol:
            check_choice("--protocol", protocol, PROTOCOLS)
    except ValueError as error:
        parser.error(str(error))
    try:
        records = score_again(options.folder, options.protocol, data_dir=options.data_dir)
    except _FAILURES as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    for record in records:
        print(f"{record.folder}, {record.config.scoring.protocol}: {_scores(record)}")
    return 0


def _scores(record: RunRecord) -> str:
    return ", ".join(
        f"{name} {'undefined' if value is None else f'{value:.4g}'}"
        for name, value in record.scores.items()
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib.runs", description=__doc__)
    add = parser.add_argument
    add("benchmark", help=f"one of {', '.join(BENCHMARKS)}")
    add("model", help=f"one of {', '.join(MODELS)}")
    add("--profile", default="laptop", help=f"one of {', '.join(PROFILES)} (default: laptop)")
    add("--seeds", type=int, nargs="+", default=[0], metavar="SEED", help="default: 0")
    add("--together", action="store_true", help="train all seeds at once, in one program")
    add("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the run")
    add("--out", type=Path, default=Path("runs"), help="folder of runs (default: runs)")
    add("--record", type=Path, metavar="FOLDER", help="also write one small JSON a run here")
    add("--tensorboard", action="store_true", help="also write TensorBoard event files")
    add("--checkpoint-s", type=float, default=300.0, metavar="SECONDS", help="default: 300")
    add("--data-dir", type=Path, help="folder of official files, for --set origin=official")
    add("--devices", type=int, metavar="N", help="default: all that divide the work evenly")
    add(
        "--unfinished",
        default="ask",
        choices=UNFINISHED,
        help="what to do with an interrupted training whose code has changed since (default: ask)",
    )
    cluster = parser.add_argument_group(
        "several machines", "every process gives the same command; the out folder is one for all"
    )
    add = cluster.add_argument
    add("--distributed", action="store_true", help="find the others (TPU slice, Slurm, ...)")
    add("--coordinator", metavar="HOST:PORT", help="of process 0, where they cannot be found")
    add("--num-processes", type=int, metavar="N", help="of all machines")
    add("--process-id", type=int, metavar="I", help="of this process, from 0")
    return parser


if __name__ == "__main__":
    gc.freeze()  # what is imported stays; to look through it for garbage takes half a second
    sys.exit(main())
