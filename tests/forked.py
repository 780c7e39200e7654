"""Processes forked from one that has imported the library but not started JAX."""

import multiprocessing
import os
import runpy
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.preloaded"])


class ForkedModule:
    """`python -m` as `subprocess.Popen` starts it, without the seconds that its imports take.

    It may start no process of `multiprocessing`, runs no handlers of `atexit`, and ends with this
    process.

    Args:
        command: a Python, "-m", a module and words for it.
        env: its environment; what packages read as they are imported stays as it was when the first
            process was forked.
        cwd: the folder that it works in; None for that of this process.
        outputs: files for what it writes to stdout and stderr; none to write where this process
            did when the first process was forked.
        **options: of `subprocess.Popen`, as Jupyter gives them; ignored.
    """

    stdin = stdout = stderr = None

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str | Path | None = None,
        outputs: Sequence[Path] = (),
        **options: object,
    ):
        is_ready, child_is_ready = PROCESSES.Pipe(duplex=False)
        arguments = (child_is_ready, command[2:], dict(env), cwd or os.getcwd(), outputs)
        self._process = PROCESSES.Process(target=_become_module, args=arguments, daemon=True)
        self._process.start()
        child_is_ready.close()
        is_ready.recv()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def _become_module(
    is_ready: Connection,
    words: Sequence[str],
    env: Mapping[str, str],
    cwd: str | Path,
    outputs: Sequence[Path],
) -> None:
    os.setsid()  # before anybody asks which group of processes to end
    is_ready.send(None)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, file in enumerate(outputs, start=1):
        with file.open("w") as output:
            os.dup2(output.fileno(), number)
    module, *sys.argv[1:] = words
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
