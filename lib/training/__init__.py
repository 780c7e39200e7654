"""Training: fast on one device, shared by several, and safe to interrupt."""

from lib.training.checkpoints import CheckpointMismatchError, Checkpoints
from lib.training.data import Draw
from lib.training.devices import build_mesh
from lib.training.images import draw_images, image_paths, read_images
from lib.training.loop import History, train
from lib.training.optimizer import build_optimizer, is_weight, weight_mask, weight_norm
from lib.training.precision import PRECISIONS, arithmetic
from lib.training.program import Program
from lib.training.recipe import SCHEDULES, Recipe

__all__ = [
    "PRECISIONS",
    "SCHEDULES",
    "CheckpointMismatchError",
    "Checkpoints",
    "Draw",
    "History",
    "Program",
    "Recipe",
    "arithmetic",
    "build_mesh",
    "build_optimizer",
    "draw_images",
    "image_paths",
    "is_weight",
    "read_images",
    "train",
    "weight_mask",
    "weight_norm",
]
