"""Runs the core tests with the oldest, Colab's, the locked and the newest packages.

`make versions`; each environment is a folder of `_build/versions`.
"""

import argparse
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "_build" / "versions"
UV = (sys.executable, "-m", "uv")
CORE = (
    *("tests/test_latents.py", "tests/test_networks.py", "tests/models", "tests/training"),
    *("tests/metrics", "tests/benchmarks", "tests/figures"),
    *("tests/runs/test_config.py", "tests/runs/test_execution.py"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up each environment and run the core tests there; 1 if anything fails in any of them."""
    parser = argparse.ArgumentParser(prog="python -m tools.versions", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ENVIRONMENTS))
    names = parser.parse_args(arguments).names or list(ENVIRONMENTS)
    if unknown := [name for name in names if name not in ENVIRONMENTS]:
        parser.error(f"no environment {unknown[0]!r}; allowed: {', '.join(ENVIRONMENTS)}")
    failed, told = 0, []
    for name in names:
        started = time.monotonic()
        try:
            outcome = _tried(name)
        except (LookupError, subprocess.CalledProcessError) as error:
            failed += 1
            outcome = f"FAILED: {error}"
        told.append(f"{name:<8} {time.monotonic() - started:6.0f} s  {outcome}")
    print("\n" + "\n".join(told))
    return int(failed > 0)


def _tried(name: str) -> str:
    """Set up one environment and run the tests there.

    Returns:
        Versions and devices, as a chapter prints them.
    """
    pythons, set_up = ENVIRONMENTS[name]
    folder = FOLDER / name
    python = folder / "bin" / "python"
    found = [version for version in pythons if _is_there(version)]
    if not found:
        raise LookupError(f"no Python {' or '.join(pythons)} is found; put one on PATH")
    version = found[0]
    print(f"\n==> {name}: Python {version}", flush=True)
    _run(*UV, "venv", "--quiet", "--clear", "--seed", "--python", version, str(folder))
    set_up(folder, python)
    _run(*UV, "pip", "install", "--quiet", "--python", python, *_for_tests())
    described = _run(python, "-c", "from lib.start import start; start()", stdout=subprocess.PIPE)
    print(described.stdout, end="", flush=True)
    _run(python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--numprocesses", "2", *CORE)
    return described.stdout.strip()


def _locked(folder: Path, python: Path) -> None:
    _run(*UV, "pip", "install", "--quiet", "--python", python, "--requirement", "requirements.txt")


def _resolved(folder: Path, python: Path, resolution: str) -> None:
    """Install what the ranges in pyproject.toml allow."""
    chosen = folder / "requirements.txt"
    what = ("--extra", "dev", "--resolution", resolution, "--only-binary", ":all:")
    where = ("--python", python, "--output-file", chosen)
    _run(
        *UV, "pip", "compile", "--quiet", "pyproject.toml", *what, *where, stdout=subprocess.DEVNULL
    )
    _run(*UV, "pip", "install", "--quiet", "--python", python, "--requirement", chosen)


def _colab(folder: Path, python: Path) -> None:
    """Begin with Colab's packages, and let the first cell of a chapter do the rest.

    The wheel stands for the repository's address; the cell runs in a folder that is no repository.
    """
    image = ("--requirement", "tools/colab.txt", "setuptools")
    _run(*UV, "pip", "install", "--quiet", "--python", python, *image)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    _run(*UV, "build", "--quiet", "--wheel", "--out-dir", folder / "wheel")
    [wheel] = (folder / "wheel").glob("*.whl")
    _run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel)
    on_colab = {"cwd": elsewhere, "env": os.environ | {"COLAB_GPU": "0"}}
    _run(python, "-c", "from lib.start import start; start()", **on_colab)
    _run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "latent-quantization-book")


def _for_tests() -> list[str]:
    """What tests need beside the library, where the set-up has not brought it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [*extras["dev"], *extras["tensorboard"], "vl-convert-python"]


def _run(*command: str | Path, **given: object) -> subprocess.CompletedProcess:
    settings = {"cwd": ROOT, "check": True, "text": True, **given}
    return subprocess.run([str(word) for word in command], **settings)


def _is_there(version: str) -> bool:
    command = [*UV, "python", "find", "--quiet", "--no-python-downloads", version]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


# The first Python of each that is found is taken; the oldest wheels are for the oldest Python.
_OWN = (f"{sys.version_info.major}.{sys.version_info.minor}",)
ENVIRONMENTS: dict[str, tuple[Sequence[str], Callable[[Path, Path], None]]] = {
    "oldest": (("3.11",), partial(_resolved, resolution="lowest-direct")),
    "colab": (("3.12", "3.13"), _colab),
    "locked": (_OWN, _locked),
    "newest": (("3.14", "3.13", "3.12"), partial(_resolved, resolution="highest")),
}

if __name__ == "__main__":
    sys.exit(main())
