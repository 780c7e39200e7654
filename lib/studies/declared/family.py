"""All models beside one another, each with the best of its trials."""

from lib.studies.declaration import DeclaredStudy, add_study
from lib.studies.declared.family_search import TRIALS
from lib.studies.declared.weight_decay import SHORT_STYLE_MLP
from lib.studies.study import Study, Variant

# Of the trials of each model, the one with the largest sum of InfoM and InfoE.
CHOSEN = {
    "autoencoder": 2,
    "qlae": 0,
    "beta_vae": 1,
    "beta_tcvae": 1,
    "bioae": 1,
    "vqvae": 2,
    "infowgan_gp": 3,
    "qlinfowgan_gp": 2,
    "tripod": 0,
}
VARIANTS = {name: Variant(name, TRIALS[name][number]) for name, number in CHOSEN.items()}

add_study(
    DeclaredStudy(
        name="family",
        title="Nine models on Shapes3D",
        question="How do the latents of QLAE stand to those of the other models of its kind?",
        grids=[Study("shapes3d", VARIANTS, "workstation", num_seeds=5, settings=SHORT_STYLE_MLP)],
        comparisons=[("qlae", name) for name in VARIANTS if name != "qlae"],
    ),
    __name__,
)
