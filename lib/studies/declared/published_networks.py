"""The published networks and recipe, for an accelerator."""

from lib.studies.declaration import DeclaredStudy, add_study
from lib.studies.declared.main import VARIANTS
from lib.studies.study import Study, Variant

STEPS = (50_000, 200_000)

add_study(
    DeclaredStudy(
        name="published_networks",
        title="The published networks on Shapes3D",
        question="Is it the same with the published networks, images of 64×64 pixels and the "
        "published number of steps?",
        grids=[
            Study(
                "shapes3d",
                {
                    f"{name}, {steps:,} steps": Variant(
                        variant.model, {**variant.settings, "steps": steps}
                    )
                    for name, variant in VARIANTS.items()
                },
                "paper",
                num_seeds=5,
            )
            for steps in STEPS
        ],
        comparisons=[
            (f"qlae, {steps:,} steps", f"{other}, {steps:,} steps")
            for steps in STEPS
            for other in VARIANTS
            if other != "qlae"
        ],
        kept_seeds=(),  # too large
    ),
    __name__,
)
