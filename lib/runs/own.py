"""Models of one's own images: trained, looked at, saved and loaded without a benchmark."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from flax import nnx

from lib.checks import check_choice, nearest
from lib.models import MODELS
from lib.runs.config import NetworkSettings
from lib.runs.parameters import named_parameters, read_arrays, set_parameters, write_arrays
from lib.runs.score import reconstruct
from lib.runs.train import build_of, run_keys
from lib.training import Recipe, arithmetic, image_sampler, train

_IMAGES = ("resolution", "channels", "seed")


@dataclasses.dataclass(frozen=True)
class OwnModel:
    """A model of one's own images, with all that is needed to build it again.

    Attributes:
        kind: name of the model, one of `lib.models.MODELS`.
        settings: `network`, `resolution`, `channels`, `width`, `num_latents` and `seed`, the
            model's own settings and those of `lib.training.Recipe`; further ones are kept as notes.
        model: the Flax module.

    Example:
        >>> import numpy as np
        >>> from lib.runs import OwnModel
        >>> images = np.random.default_rng(0).integers(0, 256, (100, 16, 16, 3), dtype=np.uint8)
        >>> settings = {"network": "mlp", "resolution": 16, "channels": 3, "width": 32, "seed": 0}
        >>> settings |= {"num_latents": 4, "num_values": 5, "weight_decay": 0.1}
        >>> settings |= {"steps": 20, "batch_size": 8, "learning_rate": 0.005, "schedule": "cosine"}
        >>> own = OwnModel.train("qlae", settings, images)
        >>> latents, reconstructions = OwnModel.load(own.save("qlae.npz")).reconstruct(images)
        >>> latents.shape, reconstructions.shape
        ((100, 4), (100, 16, 16, 3))
    """

    kind: str
    settings: Mapping[str, object]
    model: nnx.Module

    @classmethod
    def build(cls, kind: str, settings: Mapping[str, object]) -> Self:
        """An untrained model, its parameters drawn from the seed.

        Args:
            kind: name of the model.
            settings: see the class; those of the model and the recipe may be left out where they
                have defaults.

        Raises:
            ValueError: an unknown model, or a setting out of range.
            TypeError: a setting is missing, of the wrong type, or misspelt, as the name of a note
                is that is near to a setting's.
        """
        check_choice("kind", kind, MODELS)
        parts = (NetworkSettings, MODELS[kind].Settings, Recipe)
        known = [*_IMAGES, *(name for part in parts for name in part.names())]
        for name in settings.keys() - set(known):
            if hint := nearest(name, known):
                raise TypeError(f"settings have {name!r}, which is no setting of {kind}.{hint}")
        needed = [*_IMAGES, *(name for part in parts for name in part.needed())]
        if missing := [repr(name) for name in needed if name not in settings]:
            raise TypeError(
                f"settings have no {', '.join(missing)}; expected all of {', '.join(needed)}."
            )
        model = build_of(
            kind,
            _of(NetworkSettings, settings),
            _of(MODELS[kind].Settings, settings),
            precision=_of(Recipe, settings).precision,
            **{name: settings[name] for name in _IMAGES},
        )
        return cls(kind, dict(settings), model)

    @classmethod
    def train(
        cls, kind: str, settings: Mapping[str, object], images: np.ndarray, *, label: str = ""
    ) -> Self:
        """Build a model and train it on images.

        Args:
            kind: name of the model.
            settings: see the class.
            images: uint8, `(n, resolution, resolution, channels)`.
            label: names the run where its progress is printed; empty: the model's name.

        Raises:
            ValueError: as `build`, or images of another size than the settings say, or none.
            TypeError: as `build`, or images that are not uint8.
        """
        own, sampler = cls.build(kind, settings), image_sampler(images)
        own._check_images(np.asarray(images))
        keys = [run_keys(settings["seed"]).batches]
        train([own.model], sampler, _of(Recipe, settings), keys=keys, label=label or kind)
        return own

    def reconstruct(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Latents and reconstructions, in the training's arithmetic, as `lib.runs.reconstruct`.

        Args:
            images: uint8, `(n, resolution, resolution, channels)`.

        Raises:
            ValueError: images of another size than the settings say, or none.
            TypeError: images that are not uint8.
        """
        images = np.asarray(images)
        self._check_images(images)
        with arithmetic(_of(Recipe, self.settings).precision):
            return reconstruct(self.model, images)

    def _check_images(self, images: np.ndarray) -> None:
        side, channels = self.settings["resolution"], self.settings["channels"]
        shape = (side, side, channels)
        is_uint8 = images.dtype == np.uint8
        if not is_uint8 or images.shape[1:] != shape or not len(images):
            raise (ValueError if is_uint8 else TypeError)(
                f"images have shape {images.shape} and dtype {images.dtype}; expected uint8 of "
                f"(n, {side}, {side}, {channels}), as the settings say."
            )

    def save(self, path: str | Path) -> Path:
        """Write parameters and settings into one file that NumPy can read, too.

        Args:
            path: of an `.npz` file; one that is there is replaced, at once and as a whole.

        Raises:
            OSError: it cannot be written.
        """
        about = {"kind": self.kind, "settings": self.settings}
        write_arrays(Path(path), named_parameters(self.model), about)
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model that `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is not a saved model, or is damaged.
        """
        try:
            parameters, about = read_arrays(Path(path))
            own = cls.build(about["kind"], about["settings"])
            wanted = {name: value.shape for name, value in named_parameters(own.model).items()}
            if {name: value.shape for name, value in parameters.items()} != wanted:
                raise ValueError("its parameters are not those of its settings")
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path} is no model that OwnModel.save wrote ({error}).") from error
        set_parameters(own.model, parameters)
        return own


def _of(kind: type, settings: Mapping[str, object]) -> object:
    """Typed settings from those of their names that are given."""
    return kind(**{name: settings[name] for name in kind.names() if name in settings})
