"""What all tests share: golden values, compiled programs, checks of shapes and random keys."""

import gc
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

# What is imported, and the tests that pytest finds, are no garbage; to look through them takes a
# twentieth of all time.
gc.disable()
# What one process has compiled the others find, and those that tests start, and later sessions.
# Set before JAX is imported, which reads them then.
COMPILED = Path(__file__).resolve().parent.parent / "_build" / "compiled"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(COMPILED))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
# Tests compile for long and compute for short: a program optimised less is ready sooner, and in one
# piece it takes less of the cores, which are all busy.
_XLA_FLAGS = "--xla_backend_optimization_level=1 --xla_cpu_parallel_codegen_split_count=1"
os.environ.setdefault("XLA_FLAGS", _XLA_FLAGS)
if "PYTEST_XDIST_WORKER" in os.environ:  # as many processes as cores, so one thread each
    for name in ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")

import jax
import jaxtyping
import numpy as np
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests import array_hints

jaxtyping.install_import_hook("lib", f"{array_hints.__name__}.check")
jax.config.update("jax_debug_key_reuse", True)
# A shell's background job ignores Ctrl-C, and so would all processes that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

GOLDEN_DIR = Path(os.environ.get("GOLDEN_DIR", Path(__file__).parent / "golden"))
# Files that take longest, or wait for processes of their own: begun first, so that the workers end
# together.
LONGEST = (
    "test_survival.py",
    "test_distributed.py",
    "test_site.py",
    "test_program.py",
    "test_published_sources.py",
    "test_campaign.py",
    "test_extensions.py",
    "test_study_command.py",
    "test_build_book.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""

    def turn(item: pytest.Item) -> int:
        if item.path.name in LONGEST:
            return LONGEST.index(item.path.name)
        return len(LONGEST) + (item.get_closest_marker("chapter") is None)

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """Look for garbage from now on, in what tests make."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """As many as there are cores, up to four: one more slows the others by more than it does."""
    return min(os.cpu_count(), 4)


class _FileByFile(LoadScopeScheduling):
    """Keep a file's tests, which share fixtures, on one worker, but chapters each by itself."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if "::test_a_chapter_runs" in nodeid else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Spread tests so; the groups of `--dist=loadgroup` are lost on pytest 9.2."""
    return _FileByFile(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `infomec_name` once for every golden file of InfoMEC there is."""
    if "infomec_name" in metafunc.fixturenames:
        names = sorted(path.stem for path in GOLDEN_DIR.glob("infomec_*.npz"))
        if not names:
            raise FileNotFoundError(f"GOLDEN_DIR={GOLDEN_DIR} holds no infomec_*.npz.")
        metafunc.parametrize("infomec_name", names)


@pytest.fixture(scope="session")
def golden() -> Callable[[str], Mapping[str, np.ndarray]]:
    """Load golden values: `golden(name)[key]`, from the folder in `GOLDEN_DIR`."""
    return lambda name: np.load(GOLDEN_DIR / f"{name}.npz")
