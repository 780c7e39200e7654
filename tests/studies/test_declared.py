"""What declared studies and the prose of pages rest on stands in the records."""

from pathlib import Path

from lib.studies import STUDIES, StudyPage
from lib.studies.declared.family import CHOSEN
from lib.studies.declared.family_search import TRIALS

RECORDS = Path(__file__).resolve().parents[2] / "book" / "results"


def test_every_model_had_as_many_trials():
    assert {len(trials) for trials in TRIALS.values()} == {4}
    assert list(TRIALS) == list(CHOSEN)


def test_the_trial_with_the_best_scores_is_taken():
    runs = STUDIES["family_search"].table(RECORDS)
    assert len(runs) == sum(map(len, TRIALS.values()))
    runs = runs[~runs["collapsed"]]
    reached = (runs["infom"] + runs["infoe"]).astype(float).dropna()
    best = runs.loc[reached.groupby(runs["model"]).idxmax()].set_index("model")["variant"]
    # A model none of whose trials has both scores keeps its profile's settings.
    wanted = {name: best.get(name, f"{name}, trial 0") for name in TRIALS}
    assert {name: f"{name}, trial {number}" for name, number in CHOSEN.items()} == wanted


def test_no_recipe_became_more_modular_by_decay():
    """As the page on weight decay begins."""
    compared = StudyPage("weight_decay", RECORDS).compared("shapes3d")
    infom = [found for (_, _, score), found in compared.differences.items() if score == "infom"]
    assert len(infom) == 8
    assert {found.num_seeds for found in infom} >= {7}
    assert not any(found.is_clear and found.mean > 0 for found in infom)
    strong = [
        compared.differences["Shapes3D", pair, score]
        for pair in StudyPage("weight_decay").pairs
        if pair[0].endswith("20 e-foldings")
        for score in ("infoe", "psnr")
    ]
    assert all(found.is_clear and found.mean < 0 for found in strong)


def test_quantized_latents_are_more_modular_than_others_on_shapes3d():
    compared = StudyPage("main", RECORDS).compared("shapes3d").differences
    found = compared["Shapes3D", ("qlae", "autoencoder"), "infom"]
    assert found.is_clear
    assert found.mean > 0
