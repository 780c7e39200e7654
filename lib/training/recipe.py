"""How a model is trained: the settings, checked at once."""

from dataclasses import dataclass
from typing import Any

from lib.checks import check_number
from lib.settings import Settings, choice, integer, number, setting
from lib.training.precision import PRECISIONS

_LARGEST = 2**31 - 1  # that the compiled program counts with
SCHEDULES = ("constant", "cosine")


def _check_beta(name: str, value: object) -> None:
    check_number(name, value, minimum=0)
    if value >= 1:
        raise ValueError(f"{name}={value} is out of range; expected a number below 1.")


def _beta(default: float) -> Any:
    return setting(_check_beta, float, default)


@dataclass(frozen=True, kw_only=True)
class Recipe(Settings):
    """How a model is trained.

    Attributes:
        steps: gradient steps, at least 1.
        batch_size: images a step, at least 1.
        learning_rate: of Adam, above 0; the first step's where the schedule is not constant.
        schedule: "constant" or "cosine" (to 0 at the last step).
        weight_decay: of the weights, at least 0.
        clip: of each element of the weights' gradients, above 0.
        beta1, beta2: how much of Adam's averages of gradients and of their squares is kept at
            each step, from 0 up to but not 1.
        precision: of the arithmetic, see `lib.training.PRECISIONS`.
    """

    steps: int = integer(minimum=1, maximum=_LARGEST)
    batch_size: int = integer(minimum=1, maximum=_LARGEST)
    learning_rate: float = number(exclusive=True)
    schedule: str = choice(SCHEDULES)
    weight_decay: float = number()
    clip: float = number(1.0, exclusive=True)
    beta1: float = _beta(0.9)
    beta2: float = _beta(0.999)
    precision: str = choice(PRECISIONS, "float32")
