"""What a study declares; making one trains nothing."""

import pytest

from lib.studies import SHORT, Study, Variant

VARIANTS = {"QLAE": Variant("qlae"), "plain": Variant("autoencoder", {"weight_decay": 0.5})}


def test_a_study_has_a_configuration_for_each_variant_and_seed(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    study = Study("shapes3d", VARIANTS, "smoke", 4, 2)
    assert list(study.configs) == [("QLAE", 4), ("QLAE", 5), ("plain", 4), ("plain", 5)]
    assert [config.model for config in study.configs.values()] == ["qlae"] * 2 + ["autoencoder"] * 2
    assert [config.seed for config in study.configs.values()] == [4, 5, 4, 5]
    assert {config.data.origin for config in study.configs.values()} == {"rendered"}
    assert list(tmp_path.iterdir()) == []


def test_one_seed_is_usual_and_more_follow_the_first():
    assert list(Study("shapes3d", VARIANTS, seed=2).seeds) == [2]
    assert list(Study("shapes3d", VARIANTS, seed=2, num_seeds=3).seeds) == [2, 3, 4]


def test_a_variants_settings_come_before_those_of_all():
    variants = {"own": Variant("autoencoder", {"steps": 10, "clip": None}), "all": Variant("qlae")}
    study = Study("shapes3d", variants, "smoke", settings={"steps": 20, "weight_decay": None})
    assert study.configs["own", 0].recipe.steps == 10
    assert study.configs["all", 0].recipe.steps == 20
    assert study.configs["all", 0].recipe.weight_decay == 0.3  # the profile's


@pytest.mark.parametrize(
    ("benchmark", "model", "expected"),
    [
        ("shapes3d", "qlae", {"steps": 800, "learning_rate": 2e-3, "training_images": 20_000}),
        ("mpi3d", "qlae", {"steps": 800, "learning_rate": 2e-3, "training_images": 10_000}),
        ("shapes3d", "infowgan_gp", {"steps": 800, "learning_rate": 1e-3, "width": 96}),
    ],
)
def test_laptop_runs_are_no_longer_than_the_bounds_allow(benchmark, model, expected):
    variants = {"one": Variant(model)}
    settings = Study(benchmark, variants, bounds=SHORT).configs["one", 0].to_dict()
    assert {name: settings[name] for name in expected} == expected
    assert (settings["width"], settings["evaluation_images"]) == (96, 3000)
    # Only the laptop profile is bounded: 60 steps of the smoke profile stay, and 200,000 of paper.
    for profile, steps in (("smoke", 60), ("paper", 200_000)):
        study = Study(benchmark, {"one": Variant("qlae")}, profile, bounds=SHORT)
        assert study.configs["one", 0].recipe.steps == steps


def test_only_the_model_beside_the_autoencoder_has_settings_of_its_own():
    settings = {"num_values": 7, "weight_decay": None}
    study = Study.beside_autoencoder("dsprites", "qlae", "smoke", 3, 1, settings=settings)
    assert list(study.configs) == [("autoencoder", 3), ("qlae", 3)]
    assert study.configs["qlae", 3].hyperparameters.num_values == 7
    assert study.configs["autoencoder", 3].hyperparameters.to_dict() == {}


def test_the_autoencoder_beside_itself_is_one_run():
    study = Study.beside_autoencoder("dsprites", "autoencoder", "smoke", num_seeds=1)
    assert list(study.configs) == [("autoencoder", 0)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"benchmark": "shapes4d"}, "benchmark='shapes4d' is unknown"),
        ({"variants": {}}, "at least one model"),
        ({"variants": {"x": Variant("qale")}}, "model='qale' is unknown"),
        ({"num_seeds": 0}, "num_seeds=0 is too small"),
        ({"seed": -1}, "seed=-1 is too small"),
        ({"settings": {"steps": 0}}, "steps=0"),
        ({"origin": "drawn"}, "origin='drawn' is unknown"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Study(**({"benchmark": "shapes3d", "variants": VARIANTS} | arguments))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"seed": 0.5}, TypeError, "seed=0.5 is a float"),
        ({"num_seeds": 10**7}, ValueError, "num_seeds=10000000 is too large"),
        ({"settings": {"num_values": 1}}, ValueError, "num_values=1 is too small"),
        (
            {"model": "autoencoder", "settings": {"weight_decay": 0.1, "num_values": None}},
            ValueError,
            "weight_decay=0.1 is a setting of the model beside the plain autoencoder",
        ),
        ({"origin": "official", "settings": {"resolution": 65}}, ValueError, "resolution=65"),
    ],
)
def test_bad_values_beside_the_autoencoder_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        Study.beside_autoencoder(**({"benchmark": "dsprites", "profile": "smoke"} | arguments))
