"""Work that a process of its own does, which ends when the one that started it is gone."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lib.files import locked

# What a process that is told to end has for its last checkpoint, where nothing else is said.
_GRACE_S = 60.0
_TAIL_BYTES = 6_000


class MachineShare(NamedTuple):
    """The part of a machine that a process has.

    Attributes:
        cores: numbers of the cores that it may use; none for all.
        environment: variables that it has beside those of this process.
    """

    cores: Sequence[int] = ()
    environment: Mapping[str, str] = {}


class Ended(NamedTuple):
    """How a process ended.

    Attributes:
        problem: in one line; empty where it did what it was told.
        said: the end of its output.
        seconds: that it took.
    """

    problem: str
    said: str
    seconds: float


def run_process(
    module: str,
    message: Mapping[str, Any],
    log: Path,
    lock: Path,
    limit_s: float | None = None,
    shares: Sequence[MachineShare] = (),
    grace_s: float = _GRACE_S,
) -> Ended:
    """Run a module in a process of its own, one at a time for a lock; a Dask worker calls it, too.

    Args:
        module: name of a module that begins with `parents_message`.
        message: JSON values for it.
        log: file that its output replaces.
        lock: file that is held meanwhile; a process that has it is waited for.
        limit_s: seconds after which it is told to end, and is killed where it does not.
        shares: one for each worker, where they are named 0, 1 and so on; none for all of the
            machine.
        grace_s: seconds that it has for its last checkpoint when it is told to end.

    Raises:
        KeyboardInterrupt, SystemExit: when these came; the process was told to end, and has.
    """
    share = MachineShare()
    if shares:
        from distributed import get_worker

        share = shares[get_worker().name]
    for file in (log, lock):
        file.parent.mkdir(parents=True, exist_ok=True)
    with locked(lock, f"it makes {lock.stem}"), log.open("wb") as output:
        started = time.monotonic()
        path = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        child = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
            | dict(share.environment),
            process_group=0,  # Ctrl-C is for this process, which then tells the other
        )
        if share.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(child.pid, share.cores)
        problem = _told(child, message, limit_s, grace_s)
    with log.open("rb") as output:
        output.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        said = output.read().decode(errors="replace").strip()
    if not problem and child.returncode:
        problem = said.splitlines()[-1] if said else "it said nothing"
        if child.returncode < 0:
            problem = f"ended by {signal.Signals(-child.returncode).name}"
    return Ended(problem, said, time.monotonic() - started)


def _told(
    child: subprocess.Popen, message: Mapping[str, Any], limit_s: float | None, grace_s: float
) -> str:
    """Give a process its message and wait for its end; the problem, if it had to be told to."""
    try:
        child.stdin.write(json.dumps(message).encode() + b"\n")
        child.stdin.flush()
        child.wait(limit_s)
    except BrokenPipeError:
        child.wait()
    except subprocess.TimeoutExpired:
        _end(child, grace_s)
        return f"no end within limit_s={limit_s:g} seconds"
    except BaseException:  # Ctrl-C, or SIGTERM where it raises
        _end(child, grace_s)
        raise
    return ""


def _end(child: subprocess.Popen, grace_s: float) -> None:
    """Tell a process to end, and kill it where it does not."""
    child.stdin.close()
    try:
        child.wait(grace_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def parents_message() -> dict[str, Any]:
    """What the process that started this one said.

    From now on this process gets SIGTERM when that one closes its end or is gone.
    """
    message = json.loads(sys.stdin.readline())
    threading.Thread(target=_follow, daemon=True).start()
    return message


def _follow() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def usable_cores() -> list[int]:
    """The numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def local_devices() -> tuple[str, int]:
    """Platform and number of this machine's devices, asked by a process that then lets them go.

    Raises:
        OSError: JAX does not come up here.
    """
    code = "import jax; print(jax.default_backend(), jax.local_device_count())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"JAX does not come up: {(done.stderr.splitlines() or ['no word'])[-1]}")
    platform, count = done.stdout.split()[-2:]
    return platform, int(count)
