"""Python in a process of its own, as tests start it and wait for it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.forked import ForkedModule

ROOT = Path(__file__).resolve().parents[1]


def python(
    *words: object, cwd: Path = ROOT, env: Mapping[str, str] = os.environ, extensions: object = ""
) -> subprocess.CompletedProcess:
    """What a Python that is given these words did; with `-m`, it is forked instead of started."""
    command = [sys.executable, *map(str, words)]
    env = {**env, "LATENT_QUANTIZATION_EXTENSIONS": str(extensions)}
    if words[0] != "-m":
        options = {"capture_output": True, "text": True, "check": False, "timeout": 600}
        return subprocess.run(command, cwd=cwd, env=env, **options)
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        process = ForkedModule(command, env=env, cwd=cwd, outputs=outputs)
        if (code := process.wait(600)) is None:
            process.send_signal(signal.SIGKILL)
            raise subprocess.TimeoutExpired(command, 600)
        return subprocess.CompletedProcess(command, code, *(file.read_text() for file in outputs))


def output_of(*words: object, **options: object) -> str:
    """What it wrote to stdout, if nothing failed."""
    done = python(*words, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_until(
    condition: Callable[[], object], *processes: subprocess.Popen, seconds: float = 300
) -> None:
    """Wait for it, while these processes live."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        for process in processes:
            assert process.poll() is None, process.communicate()
        time.sleep(0.005)
