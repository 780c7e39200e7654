"""The published sets, as data: where each file is, and what must be in it."""

import dataclasses
from types import ModuleType

from lib.benchmarks.grid import SourceGrid
from lib.benchmarks.registry import OFFICIAL_RESOLUTION
from lib.benchmarks.scenes import dsprites, falcor3d, isaac3d, mpi3d, shapes3d
from lib.benchmarks.sources import Publication
from lib.checks import check_choice

# As every set but those of binary images must have; fewer tell of a broken file.
MIN_GREY_LEVELS = 16

_DRIVE = (
    "https://drive.usercontent.google.com/download?id={}&export=download&confirm=t",
    "https://drive.google.com/uc?export=download&id={}&confirm=t",
)
_DSPRITES = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"


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


def _as_drawn(scene: ModuleType) -> dict[str, object]:
    """What a published set shares with its rendered twin."""
    return {"publication": scene.PUBLICATION, "grid": SourceGrid.of(scene.SOURCES)}


_SETS = (
    OfficialSet(
        name="shapes3d",
        title="Shapes3D",
        **_as_drawn(shapes3d),
        file_name="3dshapes.h5",
        addresses=("https://storage.googleapis.com/3d-shapes/3dshapes.h5",),
        format="hdf5",
        images="images",
        labels="labels",
        about_bytes=267_573_662,
        size_bytes=267_573_662,
        known_hash="sha256:0a0f6ed98baff276a50f3a081a7434d788da63cb135a98189b2a5b5769be1785",
    ),
    OfficialSet(
        name="mpi3d",
        title="MPI3D (real, complex shapes)",
        **_as_drawn(mpi3d),
        file_name="real3d_complicated_shapes_ordered.npz",
        addresses=tuple(url.format("1Tp8eTdHxgUMtsZv5uAoYAbJR1BOa_OQm") for url in _DRIVE),
        format="npz",
        images="images",
        labels=None,
        about_bytes=5_300_000_000,
        lookalikes=(
            (
                1_036_800,
                "mpi3d_toy, mpi3d_realistic or mpi3d_real, whose sources are others",
            ),
        ),
    ),
    OfficialSet(
        name="falcor3d",
        title="Falcor3D",
        **_as_drawn(falcor3d),
        file_name="Falcor3D_down128.zip",
        addresses=tuple(url.format("1XAQfFK1x6cpN1eiovbP0hVfLTm5SsSoJ") for url in _DRIVE),
        format="zip",
        images="Falcor3D_down128/images",
        labels="Falcor3D_down128/train-rec.labels",
        about_bytes=3_700_000_000,
        resolution=128,
    ),
    OfficialSet(
        name="isaac3d",
        title="Isaac3D",
        **_as_drawn(isaac3d),
        file_name="Isaac3D_down128.zip",
        addresses=tuple(url.format("1OmQ1G2wnm6eTsSFGTKFZZAh5D3nQTW1B") for url in _DRIVE),
        format="zip",
        images="Isaac3D_down128/images",
        labels="Isaac3D_down128/labels.npy",
        about_bytes=13_000_000_000,
        resolution=128,
    ),
    OfficialSet(
        name="dsprites",
        title="dSprites",
        **_as_drawn(dsprites),
        file_name=_DSPRITES,
        addresses=(
            f"https://github.com/google-deepmind/dsprites-dataset/raw/master/{_DSPRITES}",
            f"https://raw.githubusercontent.com/google-deepmind/dsprites-dataset/master/{_DSPRITES}",
        ),
        format="npz",
        images="imgs",
        labels="latents_classes",
        about_bytes=26_000_000,
        # From public loaders of the set, many of which check it; its publishers give none.
        known_hash="md5:7da33b31b13a06f4b04a70402ce90c2e",
        channels=1,
        white=1,
        labels_are_indices=True,
    ),
)
OFFICIAL = {official.name: official for official in _SETS}
