"""The library as it is built and installed: whole, with the records, and no JAX for its metrics."""

import ast
import shutil
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.child import output_of

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with what the wheel holds that is built from the source distribution."""
    folder = tmp_path_factory.mktemp("package")
    copy = folder / "repository"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT"):
        shutil.copy(ROOT / name, copy)
    for name in ("lib", "book"):
        ignored = shutil.ignore_patterns("__pycache__", "*.ipynb", ".*")
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=ignored)
    build = "from setuptools import build_meta as b; print(b.build_{0}('..'))"
    sdist = output_of("-c", build.format("sdist"), cwd=copy).splitlines()[-1]
    shutil.unpack_archive(folder / sdist, folder, filter="data")
    unpacked = folder / sdist.removesuffix(".tar.gz")
    wheel = output_of("-c", build.format("wheel"), cwd=unpacked).splitlines()[-1]
    with zipfile.ZipFile(folder / wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_it_holds_all_modules_and_records_and_nothing_else(installed):
    def held(folder: Path, pattern: str) -> set[str]:
        return {str(path.relative_to(folder)) for path in folder.rglob(pattern)}

    assert held(installed / "lib", "*.py") == held(ROOT / "lib", "*.py")
    assert held(installed / "lib" / "results", "*.json") == held(
        ROOT / "book" / "results", "*.json"
    )
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"lib"}


def test_metrics_are_imported_from_it_where_jax_cannot_be(installed):
    """A module that is None cannot be imported."""
    code = (
        "import sys; sys.modules['jax'] = sys.modules['flax'] = None\n"
        "import lib.metrics, numpy as np\n"
        "sources = np.random.default_rng(0).integers(0, 3, (500, 2))\n"
        "print(lib.metrics.__file__); print(lib.metrics.infomec(sources, sources).infoc)"
    )
    file, compactness = output_of("-c", code, cwd=installed).splitlines()
    assert Path(file).is_relative_to(installed)
    assert float(compactness) == pytest.approx(1, abs=0.01)


def test_a_page_elsewhere_finds_the_records_of_the_book(installed, tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "from lib.runs import recorded_runs\n"
        "print(len(recorded_runs('book/results', 'shapes3d')))\n"
        "print(len(recorded_runs('book/results/main', 'shapes3d')))\n"
        "print(len(recorded_runs('elsewhere', 'shapes3d')))"
    )
    own = ROOT / "book" / "results"
    counts = [len(list(folder.glob("shapes3d-*.json"))) for folder in (own, own / "main")]
    assert [int(line) for line in output_of("-c", code, cwd=tmp_path).splitlines()] == [*counts, 0]


def test_what_the_library_imports_when_it_is_imported_is_declared():
    """What it imports within functions, for the book or for TensorBoard, may be an extra."""
    modules = set()
    for path in (ROOT / "lib").rglob("*.py"):
        for line in ast.parse(path.read_text()).body:
            if isinstance(line, ast.Import):
                modules |= {name.name.partition(".")[0] for name in line.names}
            elif isinstance(line, ast.ImportFrom) and not line.level:
                modules.add(line.module.partition(".")[0])
    modules -= {"lib", *sys.stdlib_module_names}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    packages = metadata.packages_distributions()
    found = {name: {canonicalize_name(p) for p in packages[name]} for name in modules}
    assert {name for name, of in found.items() if not of & declared} == set()
