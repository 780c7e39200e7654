"""How a model is trained: the settings, checked at once."""

from dataclasses import dataclass

from lib.checks import check_choice, check_integer, check_number
from lib.training.precision import PRECISIONS

SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True, kw_only=True)
class Recipe:
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

    steps: int
    batch_size: int
    learning_rate: float
    schedule: str
    weight_decay: float
    clip: float = 1.0
    beta1: float = 0.9
    beta2: float = 0.999
    precision: str = "float32"

    def __post_init__(self):
        check_integer("steps", self.steps, minimum=1)
        check_integer("batch_size", self.batch_size, minimum=1)
        check_number("learning_rate", self.learning_rate, minimum=0, exclusive=True)
        check_choice("schedule", self.schedule, SCHEDULES)
        check_number("weight_decay", self.weight_decay, minimum=0)
        check_number("clip", self.clip, minimum=0, exclusive=True)
        for name in ("beta1", "beta2"):
            value = getattr(self, name)
            check_number(name, value, minimum=0)
            if value >= 1:
                raise ValueError(f"{name}={value} is out of range; expected a number below 1.")
        check_choice("precision", self.precision, PRECISIONS)
