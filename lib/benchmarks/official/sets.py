"""The published sets, as data: where each file is, and what must be in it."""

import dataclasses

from lib.benchmarks.grid import SourceGrid
from lib.benchmarks.publication import OFFICIAL_RESOLUTION, Publication
from lib.benchmarks.twin import BENCHMARKS, Twin
from lib.checks import check_choice

# As every set but those of binary images must have; fewer tell of a broken file.
MIN_GREY_LEVELS = 16


@dataclasses.dataclass(frozen=True)
class OfficialSet:
    """A published set of images, in one file.

    Args:
        name: as given to `open_official`.
        title: for messages.
        publication: citation, licence and page.
        file_name: of the published file.
        addresses: where it is published, the first being tried first.
        format: "hdf5", "npz", or "zip" for an archive of PNGs named by six digits.
        images: where the images are in the file: a key, or the folder of the PNGs.
        labels: where the labels are in the file; None where it has none, so that the order of
            its images cannot be checked.
        grid: of the sources, in the order of the columns of the labels.
        about_bytes: size of the file, roughly, for messages.
        size_bytes: size of the file; None where it is not known to the byte.
        known_hash: "sha256:" or "md5:" and the digest of the file; None where none is known.
        resolution: pixels along each side in the file.
        channels: colour channels; images of one channel are (n, height, width) in the file.
        white: value of full light in the file, 255, or 1 for binary images.
        labels_are_indices: whether a label is the index of a value of its source. Otherwise it
            is a floating-point number, and its rank among those of its column is the index.
        lookalikes: numbers of images in files that are taken for this one, and which those are.
    """

    name: str
    title: str
    publication: Publication
    file_name: str
    addresses: tuple[str, ...]
    format: str
    images: str
    labels: str | None
    grid: SourceGrid
    about_bytes: int
    size_bytes: int | None = None
    known_hash: str | None = None
    resolution: int = OFFICIAL_RESOLUTION
    channels: int = 3
    white: int = 255
    labels_are_indices: bool = False
    lookalikes: tuple[tuple[int, str], ...] = ()

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """Shape of all images as in the file."""
        side = (self.resolution, self.resolution)
        channels = (self.channels,) if self.channels > 1 else ()
        return (self.grid.num_images, *side, *channels)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of all images as `open_official` gives them."""
        return (self.grid.num_images, OFFICIAL_RESOLUTION, OFFICIAL_RESOLUTION, self.channels)


def find_set(name: "str | OfficialSet") -> OfficialSet:
    """The set of that name; a set is returned as it is.

    Raises:
        ValueError: unknown name.
    """
    if isinstance(name, OfficialSet):
        return name
    check_choice("name", name, OFFICIAL)
    return OFFICIAL[name]


def _of(twin: Twin) -> OfficialSet:
    facts = dict(vars(twin.published))
    del facts["others"]
    return OfficialSet(
        name=twin.name,
        title=twin.title,
        publication=twin.publication,
        grid=twin.grid,
        channels=twin.channels,
        **facts,
    )


OFFICIAL = {name: _of(twin) for name, twin in BENCHMARKS.items() if twin.published}
