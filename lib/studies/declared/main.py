"""The claim of the paper, on every benchmark."""

from lib.studies.declaration import DeclaredStudy, add_study
from lib.studies.study import Study, Variant

VARIANTS = {
    "autoencoder": Variant("autoencoder"),
    "qlae": Variant("qlae"),
    "qlae without decay": Variant("qlae", {"weight_decay": 0.0}),
}

add_study(
    DeclaredStudy(
        name="main",
        title="Latent quantization and weight decay, on five benchmarks",
        question="Are the latents of QLAE more modular than those of a plain autoencoder, and is "
        "the weight decay needed for it?",
        grids=[
            Study(name, VARIANTS, "workstation", num_seeds=7 if name == "shapes3d" else 5)
            for name in ("shapes3d", "mpi3d", "falcor3d", "isaac3d", "dsprites")
        ],
        comparisons=[("qlae", "autoencoder"), ("qlae", "qlae without decay")],
    ),
    __name__,
)
