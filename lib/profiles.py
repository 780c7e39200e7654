"""Profiles: what a run is when nothing else is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Profile:
    """Where the settings of a run that are not given come from.

    Attributes:
        settings: by name, for every benchmark and model.
        based_on: the profile whose settings it changes, those of benchmarks and models among them.
    """

    settings: Mapping[str, object]
    based_on: str | None = None


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        # Proves that a chapter runs; its scores mean nothing.
        "smoke": Profile(
            {"width": 32, "steps": 60, "training_images": 1_000, "evaluation_images": 1_000},
            based_on="laptop",
        ),
        # Two CPU cores: the effects of the paper in seconds, on small images of the rendered twin.
        # The values were searched on seeds from 1000 on, which the book does not use.
        "laptop": Profile(
            {
                "resolution": 16,
                "network": "mlp",
                "width": 192,
                "steps": 6_000,
                "batch_size": 64,
                "learning_rate": 5e-3,
                "schedule": "cosine",
                "weight_decay": 0.0,
                "training_images": 50_000,
                "evaluation_images": 10_000,
            }
        ),
        # Recorded runs: a few minutes each on two CPU cores. Searched on seeds from 1000 on.
        "workstation": Profile(
            {
                "resolution": 32,
                "steps": 36_000,
                "learning_rate": 4e-3,
                "training_images": 100_000,
                "evaluation_images": 10_000,
            },
            based_on="laptop",
        ),
        # The published recipe: Hsu et al. 2023, arXiv 2305.18378, and the authors' configuration
        # files. Its precision is what JAX computes in on NVIDIA's cards when nothing is said, as
        # theirs did.
        "paper": Profile(
            {
                "resolution": 64,
                "network": "convolutional",
                "width": 256,
                "steps": 200_000,
                "batch_size": 128,
                "learning_rate": 1e-3,
                "schedule": "constant",
                "weight_decay": 0.0,
                "precision": "tensorfloat32",
                "training_images": 0,
                "evaluation_images": 10_000,
            }
        ),
    }
)
