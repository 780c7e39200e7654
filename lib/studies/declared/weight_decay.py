"""What weight decay does: with and without quantization, by networks, schedule and length."""

from lib.studies.declaration import DeclaredStudy, add_study
from lib.studies.study import Study, Variant

# Over its whole training the published recipe takes 20 e-foldings off a weight that no gradient
# renews: learning rate 0.001 times weight decay 0.1 times 200,000 steps.
PUBLISHED_E_FOLDINGS = 20
STEPS, RATE = 12_000, 4e-3  # on average, a cosine has half its first rate
# A small decoder in whose style no norm hides what weight decay does, trained for a third of the
# workstation profile's steps: the recipe of all studies of this kind.
SHORT_STYLE_MLP = {"network": "style-mlp", "steps": STEPS}
_AS_PUBLISHED = PUBLISHED_E_FOLDINGS / (STEPS * RATE / 2)
_CONSTANT = {"schedule": "constant", "learning_rate": 1e-3}
_LONG = {"steps": 3 * STEPS}

VARIANTS = {
    "qlae, decay 0": Variant("qlae", {"weight_decay": 0.0}),
    "qlae, decay 0.1": Variant("qlae", {"weight_decay": 0.1}),
    "qlae, 20 e-foldings": Variant("qlae", {"weight_decay": _AS_PUBLISHED}),
    "autoencoder, decay 0": Variant("autoencoder", {"weight_decay": 0.0}),
    "autoencoder, decay 0.1": Variant("autoencoder", {"weight_decay": 0.1}),
    "autoencoder, 20 e-foldings": Variant("autoencoder", {"weight_decay": _AS_PUBLISHED}),
    "qlae, normalised, decay 0": Variant("qlae", {"network": "mlp", "weight_decay": 0.0}),
    "qlae, normalised, decay 0.1": Variant("qlae", {"network": "mlp", "weight_decay": 0.1}),
    "qlae, normalised, 20 e-foldings": Variant(
        "qlae", {"network": "mlp", "weight_decay": _AS_PUBLISHED}
    ),
    "qlae, constant rate, decay 0": Variant("qlae", {**_CONSTANT, "weight_decay": 0.0}),
    "qlae, constant rate, 20 e-foldings": Variant(
        "qlae", {**_CONSTANT, "weight_decay": PUBLISHED_E_FOLDINGS / (STEPS * 1e-3)}
    ),
    "qlae, three times as long, decay 0": Variant("qlae", {**_LONG, "weight_decay": 0.0}),
    "qlae, three times as long, 20 e-foldings": Variant(
        "qlae", {**_LONG, "weight_decay": _AS_PUBLISHED / 3}
    ),
}

add_study(
    DeclaredStudy(
        name="weight_decay",
        title="What weight decay does, with and without quantization",
        question="What does weight decay do to modularity, and does it need quantized latents, "
        "networks without normalisation, a constant learning rate or long training?",
        grids=[Study("shapes3d", VARIANTS, "workstation", num_seeds=7, settings=SHORT_STYLE_MLP)],
        comparisons=[
            (f"{kind}, {decay}", f"{kind}, decay 0")
            for kind, decay in (
                ("qlae", "decay 0.1"),
                ("qlae", "20 e-foldings"),
                ("autoencoder", "decay 0.1"),
                ("autoencoder", "20 e-foldings"),
                ("qlae, normalised", "decay 0.1"),
                ("qlae, normalised", "20 e-foldings"),
                ("qlae, constant rate", "20 e-foldings"),
                ("qlae, three times as long", "20 e-foldings"),
            )
        ],
        kept_seeds=(),
    ),
    __name__,
)
