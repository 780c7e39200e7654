"""What all tests share: the folder of golden values."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

GOLDEN_DIR = Path(os.environ.get("GOLDEN_DIR", Path(__file__).parent / "golden"))


def golden_names(pattern: str) -> list[str]:
    """Names of the golden files that match, for `pytest.mark.parametrize`."""
    return sorted(path.stem for path in GOLDEN_DIR.glob(f"{pattern}.npz"))


@pytest.fixture(scope="session")
def golden() -> Callable[[str], dict[str, np.ndarray]]:
    """Load golden values: `golden(name)[key]`, from the folder in `GOLDEN_DIR`."""

    def load(name: str) -> dict[str, np.ndarray]:
        with np.load(GOLDEN_DIR / f"{name}.npz") as arrays:
            return dict(arrays)

    return load
