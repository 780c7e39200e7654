"""The models whose decoders run in the book's first page."""

from lib.studies.declaration import DeclaredStudy, add_study
from lib.studies.declared.weight_decay import SHORT_STYLE_MLP
from lib.studies.study import Study, Variant

# So narrow that both decoders are at most 400 kB of the page.
SMALL = {"width": 96}

add_study(
    DeclaredStudy(
        name="first_page",
        title="Two small models to play with",
        question="What does each latent of a model that is small enough to run in a page draw?",
        grids=[
            Study(
                "shapes3d",
                {name: Variant(name, SMALL) for name in ("autoencoder", "qlae")},
                "workstation",
                num_seeds=1,
                settings=SHORT_STYLE_MLP,
            )
        ],
        comparisons=[("qlae", "autoencoder")],
        is_shown=False,
    ),
    __name__,
)
