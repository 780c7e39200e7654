"""Training: fast on one device, shared by several, and safe to interrupt."""

from lib.training.checkpoints import CheckpointMismatchError, Checkpoints
from lib.training.devices import build_mesh
from lib.training.image_folder import image_paths, read_images
from lib.training.loop import History, train
from lib.training.optimizer import build_optimizer, is_weight, weight_mask, weight_norm
from lib.training.precision import PRECISIONS, arithmetic
from lib.training.program import Program
from lib.training.recipe import SCHEDULES, Recipe
from lib.training.sampler import ImageSampler, image_sampler
from lib.training.step import TrainState, train_step

__all__ = [
    "PRECISIONS",
    "SCHEDULES",
    "CheckpointMismatchError",
    "Checkpoints",
    "History",
    "ImageSampler",
    "Program",
    "Recipe",
    "TrainState",
    "arithmetic",
    "build_mesh",
    "build_optimizer",
    "image_paths",
    "image_sampler",
    "is_weight",
    "read_images",
    "train",
    "train_step",
    "weight_mask",
    "weight_norm",
]
