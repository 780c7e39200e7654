"""Studies from the command line: `python -m lib.studies list`, `plan`, `run`, `status`, `table`."""

import argparse
import gc
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lib.checks import check_choice
from lib.registry import import_extensions
from lib.runs.execution import UNFINISHED
from lib.studies.declaration import STUDIES
from lib.studies.state import StudyState
from lib.studies.sweep import Cluster, run_study


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 0: done, 1: failed, 130: Ctrl-C; exits with 2 on bad words.

    SIGTERM ends the process with 143.
    """
    try:
        import_extensions()
        options = _parser().parse_args(arguments)
        return options.act(options)
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on.", file=sys.stderr)
        return 128 + signal.SIGINT
    except (OSError, ValueError, ImportError) as error:
        print(f"Error: {error}", *getattr(error, "__notes__", ()), sep="\n", file=sys.stderr)
        return 1


def _list(_: argparse.Namespace) -> int:
    width = max(map(len, STUDIES))
    for name, study in STUDIES.items():
        print(f"{name:<{width}}  {len(study.runs):>3} runs  {study.title}")
    return 0


def _plan(options: argparse.Namespace) -> int:
    state, study = _state(options), STUDIES[options.name]
    print(f"{study.title}\n{study.question}\n")
    kinds = Counter((run.config.benchmark, run.variant, run.config.profile) for run in state.runs)
    for (benchmark, variant, profile), count in kinds.items():
        print(f"{count} × {variant} on {benchmark}, profile {profile}")
    print(f"\n{len(state.runs) - len(state.left())} of {len(state.runs)} runs are done; ", end="")
    print(f"{state.estimate()}.")
    return 0


def _run(options: argparse.Namespace) -> int:
    state = _state(options)
    given = {"unfinished": options.unfinished, "data_dir": options.data_dir}
    cluster = Cluster(options.workers, options.scheduler, options.host)
    num_failed = run_study(state, cluster, limit_s=options.limit_s, **given)
    print("\n".join(state.told()))
    return int(num_failed > 0)


def _status(options: argparse.Namespace) -> int:
    print("\n".join(_state(options).told()))
    return 0


def _table(options: argparse.Namespace) -> int:
    rows = STUDIES[options.name].table(options.record)
    rows.to_csv(options.csv or sys.stdout, index=False)
    return 0


def _stop(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _state(options: argparse.Namespace) -> StudyState:
    study = STUDIES[options.name]
    return StudyState(study, options.out, options.record, options.only, options.seeds)


def _study(name: str) -> str:
    try:
        check_choice("NAME", name, STUDIES)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib.studies", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    text = "list the declared studies"
    commands.add_parser("list", help=text, description=text).set_defaults(act=_list)
    texts = {
        _plan: "the runs of a study, how many are done, and about how long the others take",
        _run: "make and record the runs of a study that are not recorded yet",
        _status: "how many runs of each variant are done, failed and missing",
        _table: "one row a recorded run, as CSV",
    }
    for act, text in texts.items():
        command = commands.add_parser(act.__name__[1:], help=text, description=text)
        command.set_defaults(act=act)
        add = command.add_argument
        add("name", type=_study, metavar="NAME", help=f"one of {', '.join(STUDIES)}")
        help = "folder of the studies' records (default: book/results)"
        add("--record", type=Path, default=Path("book/results"), metavar="FOLDER", help=help)
        if act is _table:
            add("--csv", type=Path, metavar="FILE", help="to write (default: standard output)")
            continue
        add("--out", type=Path, default=Path("runs"), help="folder of runs (default: runs)")
        add("--only", nargs="+", default=[], metavar="BENCHMARK", help="default: all")
        add("--seeds", nargs="+", type=int, default=[], metavar="SEED", help="default: all")
        if act is _run:
            _add_run(command)
    return parser


def _add_run(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add(
        "--workers",
        type=_positive,
        metavar="N",
        help="processes on this machine (default: one an accelerator, else one for two cores)",
    )
    add("--scheduler", metavar="ADDRESS", help="of a running Dask scheduler, instead")
    add("--host", default="127.0.0.1", help="where a scheduler listens (default: 127.0.0.1)")
    add("--limit-s", type=float, metavar="SECONDS", help="of a run; then it is stopped as failed")
    add("--data-dir", help="folder of official files")
    add(
        "--unfinished",
        default="ask",
        choices=UNFINISHED,
        help="what to do with an interrupted training whose code has changed since (default: ask, "
        "which fails)",
    )


def _positive(word: str) -> int:
    if (value := int(word)) < 1:
        raise ValueError(word)
    return value


if __name__ == "__main__":
    gc.freeze()  # as in `lib.runs.__main__`
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(main())
