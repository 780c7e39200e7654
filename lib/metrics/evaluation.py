"""What the scores of a run are computed from: arrays, and what several scores share."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lib.metrics.infomec import InfoMEC, infomec
from lib.metrics.validation import UndefinedScoreError


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a trained model makes of held-out images.

    Attributes:
        sources: of the images, those that vary, `(n, num_sources)` integers.
        latents: `(n, num_latents)`, indices where the model quantizes.
        images: `(n, height, width, channels)` uint8.
        reconstructions: of the same shape, floats in [0, 1].
        protocol: a name in `lib.metrics.PROTOCOLS`.
    """

    sources: np.ndarray
    latents: np.ndarray
    images: np.ndarray
    reconstructions: np.ndarray
    protocol: str

    @cached_property
    def _scored(self) -> InfoMEC | UndefinedScoreError:
        try:
            return infomec(self.sources, self.latents, protocol=self.protocol)
        except UndefinedScoreError as error:
            return error

    @property
    def infomec(self) -> InfoMEC | None:
        """InfoMEC; None where the protocol does not define it."""
        return self._scored if isinstance(self._scored, InfoMEC) else None

    @property
    def undefined(self) -> str:
        """Why scores are not defined; empty where all are."""
        return self._scored.undefined if self.infomec else str(self._scored)

    @property
    def nmi(self) -> np.ndarray:
        """NMI of each source and latent, `(num_sources, num_latents)`."""
        return self._scored.nmi

    @property
    def active(self) -> np.ndarray:
        """Which latents are active, `(num_latents,)`."""
        return self._scored.active
