"""Where the modularity comes from: quantization, weight decay, networks or the recipe."""

from itertools import product

from lib.studies.declaration import DeclaredStudy, add_study
from lib.studies.study import Study, Variant

MODELS = ("autoencoder", "qlae")
DECAYS = (0.0, 0.1, 0.3)
NETWORKS = ("style-mlp", "mlp")
RECIPES = {
    "cosine": {"schedule": "cosine"},
    "constant": {"schedule": "constant"},
}


def _variant(model: str, decay: float, network: str, recipe: str) -> tuple[str, Variant]:
    settings = {"weight_decay": decay, "network": network, **RECIPES[recipe]}
    return f"{model}, decay {decay:g}, {network}, {recipe}", Variant(model, settings)


add_study(
    DeclaredStudy(
        name="weight_decay",
        title="What weight decay does, with and without quantization",
        question="How much of the modularity is due to quantization, to weight decay, to the "
        "networks' normalisation and to the recipe, and do they need one another?",
        grids=[
            Study(
                "shapes3d",
                dict(_variant(*each) for each in product(MODELS, DECAYS, NETWORKS, RECIPES)),
                "workstation",
                num_seeds=7,
            )
        ],
        comparisons=[
            tuple(_variant(model, 0.3, network, recipe)[0] for model in reversed(MODELS))
            for network, recipe in product(NETWORKS, RECIPES)
        ],
        kept_seeds=(),
    ),
    __name__,
)
