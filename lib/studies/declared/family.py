"""All models beside one another."""

from lib.studies.declaration import DeclaredStudy, add_study
from lib.studies.study import Study, Variant

MODELS = (
    *("autoencoder", "qlae", "beta_vae", "beta_tcvae", "bioae", "vqvae"),
    *("infowgan_gp", "qlinfowgan_gp", "tripod"),
)

add_study(
    DeclaredStudy(
        name="family",
        title="Nine models on Shapes3D",
        question="How do the latents of QLAE stand to those of the other models of its kind?",
        grids=[
            Study("shapes3d", {name: Variant(name) for name in MODELS}, "workstation", num_seeds=5)
        ],
        comparisons=[("qlae", name) for name in MODELS if name != "qlae"],
    ),
    __name__,
)
