"""Where numbers come from: device, versions and commit."""

import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import jax

_LIBRARY = Path(__file__).resolve().parent.parent
_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy", "scikit-learn")


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def device(num_devices: int) -> str:
    """Kind and number of the devices that were used, such as "cpu x 1 (2 cores)"."""
    first = jax.devices()[0]
    cores = f" ({os.cpu_count()} cores)" if first.platform == "cpu" else ""
    return f"{first.device_kind} x {num_devices}{cores}"


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that shape the numbers."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def commit() -> str:
    """The commit of this repository, with "+" where files were changed since; or "unknown"."""
    try:
        if Path(_git("rev-parse", "--show-toplevel")) != _LIBRARY.parent:
            return "unknown"  # installed below another repository
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
        changed += _git("ls-files", "--others", "--exclude-standard", "--", "*.py")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(_LIBRARY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
