"""How good some minutes of two cores make QLAE: three times as long, with normalising layers."""

from lib.studies.declaration import DeclaredStudy, add_study
from lib.studies.declared.weight_decay import STEPS
from lib.studies.study import Study, Variant

# Chosen by a trial of each of two networks on seed 1000.
add_study(
    DeclaredStudy(
        name="longer",
        title="Three times as long, in networks that normalise",
        question="How modular and explicit do a few minutes of two processor cores make QLAE, and "
        "a plain autoencoder beside it?",
        grids=[
            Study(
                "shapes3d",
                {"autoencoder": Variant("autoencoder"), "qlae": Variant("qlae")},
                "workstation",
                num_seeds=7,
                settings={"network": "mlp", "steps": 3 * STEPS},
            )
        ],
        comparisons=[("qlae", "autoencoder")],
        kept_seeds=(),
    ),
    __name__,
)
