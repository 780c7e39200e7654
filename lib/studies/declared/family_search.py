"""Four trials of each model of the family: its profile's settings, and three others."""

from lib.studies.declaration import DeclaredStudy, add_study
from lib.studies.declared.weight_decay import SHORT_STYLE_MLP
from lib.studies.study import Study, Variant

SEED = 1000  # the book's other runs have seeds below
TRIALS = {
    "autoencoder": [{}, *({"weight_decay": decay} for decay in (0.01, 0.1, 0.3))],
    "qlae": [{}, {"weight_decay": 0.03}, {"weight_decay": 0.3}, {"num_values": 8}],
    "beta_vae": [{}, *({"beta": beta} for beta in (3 / 16, 3 / 2, 3.0))],
    "beta_tcvae": [
        {},
        *(
            {"beta": 3 * weight, "information_weight": weight, "marginal_weight": weight}
            for weight in (1 / 16, 1 / 2, 1.0)
        ),
    ],
    "bioae": [{}, {"activity_weight": 1e-3}, {"activity_weight": 0.1}, {"weight_decay": 0.01}],
    "vqvae": [{}, {"weight_decay": 1e-3}, {"weight_decay": 0.1}, {"num_vectors": 16}],
    "infowgan_gp": [{}, {"latent_weight": 50.0}, {"latent_weight": 800.0}, {"weight_decay": 1e-3}],
    "qlinfowgan_gp": [
        {},
        {"latent_weight": 50.0},
        {"latent_weight": 800.0},
        {"weight_decay": 0.01},
    ],
    "tripod": [
        {},
        {"hessian_weight": 1e-3},
        {"hessian_weight": 0.1},
        {"total_correlation_weight": 0.01},
    ],
}

add_study(
    DeclaredStudy(
        name="family_search",
        title="Four trials of each model of the family",
        question="With which settings is each model of the family compared?",
        grids=[
            Study(
                "shapes3d",
                {
                    f"{model}, trial {number}": Variant(model, settings)
                    for model, trials in TRIALS.items()
                    for number, settings in enumerate(trials)
                },
                "workstation",
                seed=SEED,
                num_seeds=1,
                settings=SHORT_STYLE_MLP,
            )
        ],
        comparisons=[
            (f"{model}, trial {number}", f"{model}, trial 0")
            for model, trials in TRIALS.items()
            for number in range(1, len(trials))
        ],
        kept_seeds=(),
        is_shown=False,
    ),
    __name__,
)
