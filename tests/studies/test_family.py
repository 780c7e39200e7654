"""The models of the family are compared with what the search of their settings found."""

from pathlib import Path

from lib.studies import STUDIES
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
