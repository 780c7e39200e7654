"""What all tests share: golden values, and checks of array shapes and of random keys."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import jax
import jaxtyping
import numpy as np
import pytest

from tests import array_hints

jaxtyping.install_import_hook("lib", f"{array_hints.__name__}.check")
jax.config.update("jax_debug_key_reuse", True)

GOLDEN_DIR = Path(os.environ.get("GOLDEN_DIR", Path(__file__).parent / "golden"))


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
