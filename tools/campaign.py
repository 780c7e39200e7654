"""What `make campaign` does: use an accelerator that is lent for a few minutes.

It measures the speed of training, goes on with a study until the time is up, and writes what there
is into a folder from which the next campaign goes on, on this machine or on another one. Every part
has a process of its own, so that this one leaves the accelerator to them.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from lib.checks import check_number
from lib.files import make_folder
from lib.process import run_process
from lib.registry import import_extensions
from lib.runs import provenance
from lib.runs.execution import UNFINISHED
from lib.runs.folders import RunFolders
from lib.studies import STUDIES
from lib.studies.carried import pack, unpack
from lib.studies.state import StudyState, duration, name_of
from lib.studies.sweep import process_of

# Of all the time, the most that measuring has, and the most that is kept for the last checkpoint
# and the folder: that many seconds, or twice what the campaign before took, and a little more.
_MEASURING, _CLOSING = 0.25, 0.25
_CLOSING_S, _MORE_S = 60.0, 10.0
# With less time left no run is begun: it would go into importing JAX.
_LEAST_S = 5.0
_PRECISIONS = ("tensorfloat32", "bfloat16", "float32")
_BATCH_SIZES, _NUM_SEEDS = (128, 32, 512), (1, 4, 8)


class Campaign:
    """A few minutes of a machine.

    Args:
        state: of the study.
        folder: to write.
        total_s: seconds from now on in which all is done.
        earlier: what the campaigns before did, the last one last.
    """

    def __init__(
        self,
        state: StudyState,
        folder: Path,
        total_s: float,
        earlier: Sequence[dict[str, Any]] = (),
    ):
        self._state = state
        self._folder = folder
        self._earlier = list(earlier)
        closing_s = _CLOSING_S
        if earlier and earlier[-1]["closing_s"] is not None:
            closing_s = 2 * earlier[-1]["closing_s"] + _MORE_S
        closing_s = min(closing_s, _CLOSING * total_s)
        self._measuring_s = _MEASURING * total_s
        self._stop = time.monotonic() + total_s - closing_s
        self._grace_s = closing_s / 2
        self._done: dict[str, Any] = {
            "started": provenance.now(),
            "commit": provenance.commit(),
            "versions": provenance.versions(),
            "minutes": total_s / 60,
            "recorded": [],
            "failed": [],
            "closing_s": None,
        }

    @property
    def left_s(self) -> float:
        """Seconds until what is done is told to end."""
        return self._stop - time.monotonic()

    def measure(self) -> bool:
        """Measure what no campaign has measured yet, in a part of the time; False if it failed."""
        state = self._state
        own = [run.config for run in state.runs]
        config = next((config for config in own if config.model == "qlae"), own[0])
        limit_s = min(self._measuring_s, self.left_s)
        ended = run_process(
            "lib.speed.grid",
            {
                "config": config.to_dict(),
                "folder": str(state.records_dir.absolute() / "speed"),
                "precisions": _PRECISIONS,
                "batch_sizes": _BATCH_SIZES,
                "num_seeds": _NUM_SEEDS,
            },
            log=state.out_dir / "logs" / "speed.log",
            lock=state.out_dir / ".locks" / "speed.lock",
            limit_s=limit_s,
            grace_s=self._grace_s,
        )
        print(ended.said, flush=True)
        is_right = not ended.problem or ended.seconds >= limit_s
        if not is_right:
            print(f"Measuring failed: {ended.problem}", flush=True)
        return is_right

    def train(self, **options: Any) -> int:
        """Go on with the study until the time is up, the folder written after each run.

        Args:
            **options: as for `lib.runs.execute`, as JSON values.

        Returns:
            How many runs failed.
        """
        state = self._state
        # What failed in an earlier campaign is tried again when all others are done.
        for run in sorted(state.left(), key=lambda run: state.failure(run) is not None):
            if (limit_s := self.left_s) < _LEAST_S:
                break
            print(f"{name_of(run)}: begins, {duration(limit_s)} left", flush=True)
            process = process_of(state, run, options)
            ended = run_process(**process, limit_s=limit_s, grace_s=self._grace_s)
            if state.recorded(run):
                state.succeed(run)
                self._done["recorded"].append(name_of(run))
                print(f"{name_of(run)}: recorded after {duration(ended.seconds)}", flush=True)
                self.write()
            elif self.left_s > 0:
                problem = ended.problem or f"no record of it came to {state.folder}"
                state.fail(run, ended._replace(problem=problem))
                self._done["failed"].append(name_of(run))
                print(f"{name_of(run)}: failed: {problem}", flush=True)
            else:
                print(f"{name_of(run)}: the time is up", flush=True)
        return len(self._done["failed"])

    def write(self) -> None:
        """Write the folder, see `lib.studies.carried.pack`, and say what is in it."""

        def about() -> dict[str, Any]:
            # Late, so that the time that writing takes is in it.
            if self.left_s < 0:
                self._done["closing_s"] = -self.left_s
            return {"campaigns": [*self._earlier, self._done]}

        carried = pack(self._state, self._folder, about)
        print(f"{self._folder}: {carried}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 0: done, 1: failed, 128 + signal: stopped, all written."""
    options = _parser().parse_args(arguments)
    jax.config.update("jax_platforms", "cpu")  # of this process alone
    earlier_handler = signal.signal(signal.SIGTERM, _stop)
    try:
        return _act(options)
    except (OSError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, earlier_handler)


def _act(options: argparse.Namespace) -> int:
    state = StudyState(STUDIES[options.study], options.out, options.record)
    total_s, earlier = 60 * options.minutes, []
    began = time.monotonic()
    if options.go_on_from:
        earlier = unpack(options.go_on_from, state)["campaigns"]
    for run in state.left():
        files = RunFolders(state.out_dir, [run.config]).changed_code()
        if files and options.unfinished == "ask":
            raise ValueError(
                f"{name_of(run)} was begun by other code: {', '.join(files)} changed since. Go on "
                "with it (--unfinished continue), or begin it anew (--unfinished restart)."
            )
    # What one process has compiled the next ones find.
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(state.out_dir.absolute() / "compiled"))
    make_folder(options.to, name="to", advice="a folder that can be made and written")
    campaign = Campaign(state, options.to, total_s - (time.monotonic() - began), earlier)
    status, num_failed, is_measured = 0, 0, True
    try:
        if not options.no_measuring:
            is_measured = campaign.measure()
        num_failed = campaign.train(
            checkpoint_s=options.checkpoint_s, unfinished=options.unfinished
        )
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except SystemExit as stop:
        status = stop.code
    campaign.write()
    print("\n".join(state.told()))
    return status or int(num_failed > 0 or not is_measured)


def _stop(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _minutes(word: str) -> float:
    try:
        minutes = float(word)
        check_number("MINUTES", minutes, minimum=0, exclusive=True)
    except ValueError as error:
        message = f"MINUTES={word!r} is no time; expected a number of minutes above 0, such as 12"
        raise argparse.ArgumentTypeError(message) from error
    return minutes


def _parser() -> argparse.ArgumentParser:
    import_extensions()
    parser = argparse.ArgumentParser(prog="python -m tools.campaign", description=__doc__)
    add = parser.add_argument
    add("minutes", type=_minutes, metavar="MINUTES", help="in which all is done")
    help = "folder to write, from which the next campaign goes on (default: _build/campaign)"
    add("--to", type=Path, default=Path("_build/campaign"), metavar="FOLDER", help=help)
    help = "folder that an earlier campaign has written, to go on from"
    add("--from", dest="go_on_from", type=Path, metavar="FOLDER", help=help)
    help = "the study that is gone on with (default: published_networks)"
    add("--study", choices=list(STUDIES), default="published_networks", metavar="NAME", help=help)
    add("--out", type=Path, default=Path("runs"), help="folder of runs (default: runs)")
    help = "folder of records (default: book/results)"
    add("--record", type=Path, default=Path("book/results"), metavar="FOLDER", help=help)
    help = "seconds between two checkpoints of a run (default: 120)"
    add("--checkpoint-s", type=float, default=120.0, metavar="SECONDS", help=help)
    help = "what to do with an unfinished run whose code has changed (default: ask, which stops)"
    add("--unfinished", choices=UNFINISHED, default="ask", help=help)
    add("--no-measuring", action="store_true", help="train all the time")
    return parser


if __name__ == "__main__":
    sys.exit(main())
