"""Training: the optimizer, the loop, and its progress display."""

from lib.training.loop import SCHEDULES, History, Recipe, train
from lib.training.optimizer import build_optimizer, is_weight, weight_mask, weight_norm

__all__ = [
    "SCHEDULES",
    "History",
    "Recipe",
    "build_optimizer",
    "is_weight",
    "train",
    "weight_mask",
    "weight_norm",
]
