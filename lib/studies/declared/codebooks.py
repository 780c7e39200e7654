"""What matters about the codebooks."""

from lib.studies.declaration import DeclaredStudy, add_study
from lib.studies.declared.weight_decay import SHORT_STYLE_MLP
from lib.studies.study import Study, Variant

KINDS = {
    "qlae": Variant("qlae"),
    "one codebook for all": Variant("qlae", {"global_values": True}),
    "fixed values": Variant("qlae", {"learn_values": False}),
    "vqvae": Variant("vqvae"),
}
SIZES = {f"{num} values": Variant("qlae", {"num_values": num}) for num in (2, 3, 8, 16, 32)}
LATENTS = {f"{num} latents": Variant("qlae", {"num_latents": num}) for num in (6, 9, 18, 24)}

add_study(
    DeclaredStudy(
        name="codebooks",
        title="Codebooks of other kinds and sizes",
        question="Does it matter that every latent has scalar values of its own, that they are "
        "learned, and how many values and latents there are?",
        grids=[
            Study(
                "shapes3d",
                KINDS | SIZES | LATENTS,
                "workstation",
                num_seeds=5,
                settings=SHORT_STYLE_MLP,
            )
        ],
        comparisons=[("qlae", name) for name in (*KINDS, *SIZES, *LATENTS) if name != "qlae"],
        kept_seeds=(),
    ),
    __name__,
)
