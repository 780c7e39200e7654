"""What the tests of training share."""

from collections.abc import Iterator

import pytest

from lib.training import program
from tests.quick import OPTIONS


@pytest.fixture(autouse=True, scope="module")
def quickly_compiled() -> Iterator[None]:
    """The steps are compiled without pains: there are few of them, on tiny images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "_CPU_OPTIONS", program._CPU_OPTIONS | OPTIONS)
        program._jitted.cache_clear()
        yield
    program._jitted.cache_clear()
