"""Samples to fit and samples to predict, for the scores that scikit-learn's learners make."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from jaxtyping import Int

from lib.checks import check_fraction, check_integer

# The largest that scikit-learn takes.
_MAX_SEED = 2**32 - 1


def check_split(held_out: object, seed: object) -> tuple[float, int]:
    """Check how samples are to be split and return the share and the seed.

    Args:
        held_out: strictly between 0 and 1.
        seed: from 0 to 2^32 - 1.

    Raises:
        TypeError: a seed that is not an integer.
        ValueError: out of range.
    """
    check_fraction("held_out", held_out)
    check_integer("seed", seed, minimum=0, maximum=_MAX_SEED)
    return float(held_out), int(seed)


def split_samples(
    num_samples: int, held_out: float, seed: int
) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " k"]]:
    """Draw which samples to fit and which to predict.

    Args:
        num_samples: at least 2.
        held_out: share to predict, rounded up to a whole number of samples; see `check_split`.
        seed: see `check_split`.

    Raises:
        ValueError: no sample is left to fit.
    """
    if np.ceil(held_out * num_samples) >= num_samples:
        raise ValueError(
            f"held_out={held_out} leaves none of the {num_samples} samples to fit; expected at "
            "least one to fit and one to predict. Draw more samples, or hold out fewer."
        )
    from sklearn.model_selection import train_test_split  # slow to import

    fitted, predicted = train_test_split(
        np.arange(num_samples), test_size=held_out, random_state=seed
    )
    return fitted, predicted


@contextmanager
def many_values_allowed() -> Iterator[None]:
    """Keep scikit-learn from warning that a source of many values might be no category."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes is greater", UserWarning)
        yield
