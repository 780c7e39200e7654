"""Work on a small set in a process of its own: `python -m tests.benchmarks.published.child ...`."""

import json
import resource
import signal
import sys
import time
import tracemalloc

from lib.benchmarks import BENCHMARKS
from lib.benchmarks import __main__ as command
from lib.benchmarks.published.content import ImageCheck
from tests.benchmarks.published.small_sets import small


def main(task: str, name: str, options: str, *arguments: str) -> int:
    """Run the command line on a small set in place of the published one.

    Args:
        task: "plain"; "slow" to wait before the last images are written; "limited" to let no file
            grow beyond 200 kB; "measured" to print the most bytes that were held.
        name: of the set.
        options: JSON of its addresses and of other facts of it.
        *arguments: of the command line.
    """
    given = json.loads(options)
    if "sizes" in given:
        given["sizes"] = tuple(given["sizes"])
    twin = small(name, *given.pop("addresses", ()), **given)
    BENCHMARKS.add(name, twin, BENCHMARKS.module(name))
    if task == "slow":
        ImageCheck.finish = _wait
    if task == "limited":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    if task == "measured":
        tracemalloc.start()
    status = command.main(arguments)
    if task == "measured":
        print(tracemalloc.get_traced_memory()[1])
    return status


def _wait(_) -> None:
    print("waiting", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
