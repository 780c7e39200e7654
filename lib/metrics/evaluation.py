"""What the scores of a run are computed from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Integer, UInt8

from lib.metrics.infomec import InfoMEC, infomec
from lib.metrics.reconstruction import psnr
from lib.metrics.validation import UndefinedScoreError

KNOWN_NMI = 0.1
"""A source is known if some latent has at least this NMI with it."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A trained model's latents and reconstructions of images whose sources are known.

    What several scores need is computed once, when the first of them asks for it.

    Attributes:
        sources: which value each source takes, `(n, num_sources)`; every one varies.
        latents: `(n, num_latents)`, indices where the model quantizes, see `lib.metrics.infomec`.
        images: `(n, height, width, channels)`, uint8.
        reconstructions: of the images, the same shape, floats in [0, 1].
        protocol: a name in `lib.metrics.PROTOCOLS`.
    """

    sources: Integer[np.ndarray, "n num_sources"]
    latents: np.ndarray
    images: UInt8[np.ndarray, "n height width channels"]
    reconstructions: Float[np.ndarray, "n height width channels"]
    protocol: str = "hsu2023"

    @cached_property
    def _result(self) -> InfoMEC | UndefinedScoreError:
        try:
            return infomec(self.sources, self.latents, protocol=self.protocol)
        except UndefinedScoreError as error:
            return error

    @property
    def infomec(self) -> InfoMEC | None:
        """InfoMEC of sources and latents; None where the protocol does not define it."""
        return self._result if isinstance(self._result, InfoMEC) else None

    @property
    def undefined(self) -> str:
        """Why a score of InfoMEC is not defined; empty where all are."""
        return str(self._result) if self.infomec is None else self.infomec.undefined

    @property
    def nmi(self) -> Float[np.ndarray, "num_sources num_latents"]:
        """NMI of each source and latent, also where InfoMEC is not defined."""
        return self._result.nmi

    @property
    def active(self) -> Bool[np.ndarray, " num_latents"]:
        """Which latents are active, also where InfoMEC is not defined."""
        return self._result.active

    @cached_property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio of the reconstructions in dB, see `lib.metrics.psnr`."""
        return psnr(self.images, self.reconstructions)
