"""The first cell of a chapter: installs what is missing, leaves JAX alone, names the devices."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "latent-quantization-book"
# Stands for JAX: the version is that of its file, and it sees one CPU.
FAKE_JAX = """
class Device:
    platform, device_kind = "cpu", "cpu"
__version__ = "{version}"
def devices():
    return [Device()]
"""


def wheel(
    folder: Path, name: str, version: str, code: str = "", requires: tuple = (), module: str = ""
) -> None:
    """Write a wheel of one module, named as the wheel or otherwise."""
    module = module or name.replace("-", "_")
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
    files = {
        f"{module}.py": code,
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": f"{module}.py,,\n",
    }
    path = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for at, text in files.items():
            archive.writestr(at, text)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Path:
    """Wheels that pip finds without a network: two versions of what stands for JAX."""
    folder = tmp_path_factory.mktemp("shelf")
    for version in ("0.7.2", "0.9.0"):
        wheel(folder, "jax", version, FAKE_JAX.format(version=version))
    wheel(folder, "flaxlike", "0.11.2", requires=("jax",))
    wheel(folder, "flaxlike", "0.12.0", requires=("jax>=0.7",))
    wheel(folder, "flaxlike", "0.12.9", requires=("jax>=0.9",))
    wheel(folder, "hints", "1.0")
    wheel(folder, "other-name", "2.0", module="another")
    return folder


@pytest.fixture
def runtime(tmp_path, shelf):
    """A runtime with JAX 0.7.2, an older package and a project with these requirements."""
    site = tmp_path / "site"
    wheel(tmp_path, "other-name", "1.0", module="another")
    shutil.copy(tmp_path / "other_name-1.0-py3-none-any.whl", shelf)
    for name in ("jax-0.7.2", "flaxlike-0.11.2", "other_name-1.0"):
        zipfile.ZipFile(shelf / f"{name}-py3-none-any.whl").extractall(site)

    def run(*requires: str, code: str = "", **environment: str) -> subprocess.CompletedProcess:
        info = site / f"{PROJECT.replace('-', '_')}-0.1.0.dist-info"
        info.mkdir(exist_ok=True)
        lines = [f"Metadata-Version: 2.1\nName: {PROJECT}\nVersion: 0.1.0"]
        lines += [f"Requires-Dist: {requirement}" for requirement in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        known = {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}", "PIP_TARGET": str(site)}
        known |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf), "PIP_UPGRADE": "1"}
        return subprocess.run(
            [sys.executable, "-c", f"{code}\nfrom lib.start import start\nstart()"],
            cwd=tmp_path,
            env=os.environ | known | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    run.site = site
    return run


def versions(site: Path) -> set[str]:
    return {path.name.removesuffix(".dist-info") for path in site.glob("*.dist-info")}


def test_what_is_missing_or_old_is_installed_and_jax_stays_as_it_is(runtime):
    done = runtime("jax>=0.7.2", "flaxlike>=0.12", "hints", 'jupyterlab; extra == "book"')
    assert done.returncode == 0, done.stderr
    installing, described = done.stdout.splitlines()
    assert installing == "installing flaxlike, hints"
    assert "JAX 0.7.2" in described
    assert described.endswith("on 1 × cpu")
    # The newest flaxlike wants a newer JAX than the runtime's.
    assert {"jax-0.7.2", "flaxlike-0.12.0", "hints-1.0"} <= versions(runtime.site)
    again = runtime("jax>=0.7.2", "flaxlike>=0.12", "hints")
    assert again.stdout == f"{described}\n"


@pytest.mark.parametrize(
    ("requires", "given", "said"),
    [
        (("jax>=0.9",), {}, "jax 0.7.2 is installed, and this book needs jax>=0.9"),
        (("nowhere>=2",), {}, "could not install nowhere: ERROR: "),
        (("flaxlike>=0.12",), {"code": "import flaxlike"}, "flaxlike was loaded before"),
        (("other-name>=2",), {"code": "import another"}, "other-name was loaded before"),
        ((), {"TPU_ACCELERATOR_TYPE": "v5litepod-1"}, "this runtime has a TPU, and JAX 0.7.2 sees"),
        ((), {"COLAB_GPU": "1"}, "this runtime has a GPU, and JAX 0.7.2 sees the CPU alone"),
    ],
)
def test_what_cannot_work_stops_the_page_with_one_clear_line(runtime, requires, given, said):
    done = runtime(*requires, **given)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"RuntimeError: {said}"), done.stderr


@pytest.mark.parametrize("given", [{"COLAB_GPU": ""}, {"COLAB_GPU": "1", "JAX_PLATFORMS": "cpu"}])
def test_a_cpu_is_fine_where_nothing_else_is_promised_or_wanted(runtime, given):
    assert runtime(**given).returncode == 0
