"""What the first cell of a chapter does: install what is missing, and say where the page runs.

Only the standard library is imported here, since nothing else may be there yet.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

_PROJECT = "latent-quantization-book"
# The runtime chose these for its accelerator; another version of one of them does not find it.
_OF_THE_RUNTIME = re.compile(r"jax|jaxlib|libtpu|jax[-_](cuda|rocm)\w*([-_]\w+)?")


def start() -> None:
    """Make ready what a chapter needs: on a laptop, on Colab, in a cluster's job.

    Packages that `lib` needs and that are missing or too old are installed with pip, never JAX and
    what belongs to it where it is there. Then versions and devices are printed.

    Raises:
        RuntimeError: a package cannot be installed; one that is loaded already was renewed, so
            that the kernel has to be restarted; JAX is too old or too new; the runtime has an
            accelerator, and JAX sees the CPU alone.
    """
    if wanted := _wanted():
        _install(wanted)
    print(_described())


def _wanted() -> dict[str, str]:
    """The requirements of `lib` that are not met, by the name of the package."""
    try:
        requirements = metadata.requires(_PROJECT) or []
    except metadata.PackageNotFoundError:  # a copy of the repository that was not installed
        project = Path(__file__).parent.parent / "pyproject.toml"
        if not project.is_file():
            return {}
        requirements = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    from packaging.requirements import Requirement

    wanted = {}
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            there = _version(requirement.name)
            if there is None or not requirement.specifier.contains(there, prereleases=True):
                wanted[requirement.name] = f"{requirement.name}{requirement.specifier}"
    return wanted


def _install(wanted: dict[str, str]) -> None:
    """Install packages with pip, with what the runtime brought for its accelerator as it is."""
    there = {distribution.name for distribution in metadata.distributions()}
    kept = {name: _version(name) for name in there if _OF_THE_RUNTIME.fullmatch(name or "")}
    for name in wanted.keys() & kept.keys():
        raise RuntimeError(
            f"{name} {kept[name]} is installed, and this book needs {wanted[name]}. It is left as "
            "it is, since it belongs to this runtime's accelerator: take another runtime or "
            "environment."
        )
    packages = metadata.packages_distributions().items()
    loaded = {name for module, names in packages if module in sys.modules for name in names}
    print(f"installing {', '.join(sorted(wanted))}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in kept.items()))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--no-input"),
                *("--disable-pip-version-check", "--constraint", str(constraints)),
                *wanted.values(),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise RuntimeError(
            f"could not install {', '.join(sorted(wanted))}: "
            f"{said[0] if said else done.stderr.strip()[-300:] or 'pip says nothing'} "
            "Is there a network?"
        )
    if renewed := sorted(loaded & wanted.keys()):
        raise RuntimeError(
            f"{', '.join(renewed)} was loaded before it was renewed: restart the kernel (on Colab: "
            "Runtime, Restart session), then run the page again."
        )


def _described() -> str:
    """Versions and devices in one line.

    Raises:
        RuntimeError: there is an accelerator, and JAX sees the CPU alone.
    """
    import jax

    devices = jax.devices()
    accelerator = _accelerator()
    if accelerator and devices[0].platform == "cpu" and not os.environ.get("JAX_PLATFORMS"):
        raise RuntimeError(
            f"this runtime has a {accelerator}, and JAX {jax.__version__} sees the CPU alone: its "
            "jaxlib, or libtpu or the CUDA plugin, is of another version. Start a fresh runtime "
            "and run this cell first, or set JAX_PLATFORMS=cpu to go on without."
        )
    return (
        f"Python {platform.python_version()}, JAX {jax.__version__}, Flax {_version('flax')}, on "
        f"{len(devices)} × {devices[0].device_kind}"
    )


def _accelerator() -> str | None:
    """The accelerator that this runtime promises: a TPU anywhere, a GPU on Colab.

    A GPU elsewhere is no promise: a laptop's card may be there for its screen.
    """
    tpu = ("TPU_ACCELERATOR_TYPE", "COLAB_TPU_ADDR")
    is_attached = Path("/dev/accel0").exists() or (
        Path("/dev/vfio/0").exists() and _version("libtpu") is not None
    )
    if is_attached or any(os.environ.get(name) for name in tpu):
        return "TPU"
    # Colab sets COLAB_GPU everywhere: to 0, or to nothing, where there is none.
    if os.environ.get("COLAB_GPU", "0") not in ("", "0"):
        return "GPU"
    return None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
