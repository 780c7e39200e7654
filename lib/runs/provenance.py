"""Where numbers come from: device, versions, commit and the digest of the library's source."""

import hashlib
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import jax

LIBRARY = Path(__file__).resolve().parent.parent
# The parts of the library that shape no run's numbers.
_SHOWING = ("figures", "pages")
_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy", "scikit-learn")


def device(num_devices: int) -> str:
    """Kind and number of the devices that were used, such as "cpu x 1 (2 cores)"."""
    first = jax.devices()[0]
    cores = f" ({os.cpu_count()} cores)" if first.platform == "cpu" else ""
    return f"{first.device_kind} x {num_devices}{cores}"


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that shape the numbers."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def commit() -> str:
    """The commit of the repository, with "+" where files were changed since; or "unknown"."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(LIBRARY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _digest_of_source() -> str:
    digest = hashlib.sha256()
    for file in sorted(LIBRARY.rglob("*.py")):
        place = file.relative_to(LIBRARY)
        if place.parts[0] not in _SHOWING:
            digest.update(place.as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


# Taken at import: a file that is edited afterwards is not the code that runs.
_CODE = _digest_of_source()


def code_digest() -> str:
    """Twelve hexadecimal digits of the source of the library that shapes a run's numbers."""
    return _CODE
