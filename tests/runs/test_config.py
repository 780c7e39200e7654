"""Configurations: what they resolve to, what they refuse, and their identity."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

from lib.models import MODELS
from lib.runs import PROFILES, RunConfig


def test_the_paper_profile_is_the_published_recipe():
    """Values from the authors' configuration files (Hsu et al. 2023)."""
    config = RunConfig("shapes3d", "qlae", "paper")
    assert config.data.resolution == 64
    assert (config.networks.network, config.networks.width) == ("convolutional", 256)
    recipe = config.recipe
    assert (recipe.steps, recipe.batch_size) == (200_000, 128)
    assert (recipe.learning_rate, recipe.schedule, recipe.clip) == (1e-3, "constant", 1.0)
    assert recipe.weight_decay == 0.1
    assert config.hyperparameters.to_dict() == {
        "num_values": 10,
        "learn_values": True,
        "global_values": False,
        "quantization_weight": 0.01,
        "commitment_weight": 0.01,
    }
    assert config.networks.num_latents == 12
    assert config.data.evaluation_images == 10_000
    assert recipe.precision == "tensorfloat32"
    assert RunConfig("shapes3d", "autoencoder", "paper").recipe.weight_decay == 0


def test_the_workstation_profile_inherits_what_it_does_not_change():
    falcor3d = RunConfig("falcor3d", "qlae", "workstation")
    assert falcor3d.recipe.steps == 36_000  # its own, and not those of Falcor3D's laptop runs
    config = RunConfig("mpi3d", "qlae", "workstation")
    assert config.data.resolution == 32
    assert config.recipe.steps == 36_000
    assert config.hyperparameters.num_values == 5
    assert config.recipe.weight_decay == 1e-3  # published for MPI3D, as in the laptop's
    assert RunConfig("shapes3d", "qlae", "workstation").recipe.weight_decay == 0.1
    assert RunConfig("dsprites", "qlae", "workstation").recipe.steps == 12_000  # its twin's own
    isaac3d = RunConfig("isaac3d", "qlae", "workstation")
    assert isaac3d.hyperparameters.commitment_weight == 0.01


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("model", list(MODELS))
def test_identity_survives_a_round_trip(profile, model):
    config = RunConfig("shapes3d", model, profile, seed=3)
    again = RunConfig(**config.to_dict())
    assert again == config
    assert again.identity == config.identity
    assert hash(again) == hash(config)


def test_every_setting_changes_the_identity():
    config = RunConfig("shapes3d", "qlae", "laptop", seed=0, resolution=32)
    changed = {
        "benchmark": "mpi3d",
        "model": "autoencoder",
        "profile": "smoke",
        "origin": "official",
        "network": "convolutional",
        "schedule": "constant",
        "precision": "bfloat16",
        "protocol": "tripod2024",
    }
    settings = config.to_dict()
    for name, value in settings.items():
        if name == "model":
            other = RunConfig("shapes3d", "autoencoder", "laptop", seed=0, resolution=32)
        elif name in ("benchmark", "profile"):
            other = RunConfig(**{**settings, name: changed[name]})
        else:
            other = config.replace(**{name: changed.get(name, _another(value))})
        assert other.identity != config.identity, name
        # Neither the profile's name nor the protocol changes what is trained.
        same = name in ("profile", "protocol")
        assert (other.training_identity == config.training_identity) == same, name


def _another(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, float) and value < 1:
        return value / 2 if value else 0.5
    return value * 2 if value else 1


def test_benchmarks_change_the_settings_of_a_profile():
    # Source: the authors' configuration files.
    assert RunConfig("mpi3d", "qlae", "paper").recipe.weight_decay == 0.001
    assert RunConfig("falcor3d", "qlae", "paper").recipe.weight_decay == 0.1
    assert RunConfig("mpi3d", "autoencoder", "paper").recipe.weight_decay == 0
    # One of the six sources of dSprites has a single value.
    assert RunConfig("dsprites", "qlae").networks.num_latents == 10
    assert RunConfig("isaac3d", "qlae").networks.num_latents == 18


def test_equal_numbers_of_other_types_are_the_same_setting():
    plain = RunConfig("shapes3d", "qlae", "laptop", seed=1, weight_decay=1.0, num_values=6)
    other = RunConfig(
        "shapes3d",
        "qlae",
        "laptop",
        seed=np.int64(1),
        weight_decay=1,
        num_values=np.int32(6),
        commitment_weight=np.float64(0.1),
    )
    assert other == plain
    assert other.identity == plain.identity
    assert type(other.recipe.weight_decay) is float


def test_minus_zero_is_zero():
    one, other = (RunConfig("shapes3d", "qlae", weight_decay=zero) for zero in (0.0, -0.0))
    assert one.identity == other.identity


def test_none_leaves_a_setting_to_the_profile():
    plain = RunConfig("shapes3d", "qlae", "laptop")
    assert RunConfig("shapes3d", "qlae", "laptop", weight_decay=None) == plain
    assert RunConfig("shapes3d", "qlae", "laptop", weight_decay=0) != plain


def test_replace_keeps_what_is_not_named():
    config = RunConfig("shapes3d", "qlae", "laptop", num_values=7).replace(seed=5)
    assert (config.hyperparameters.num_values, config.seed) == (7, 5)


@pytest.mark.parametrize(
    ("name", "value"), [("benchmark", "shapes3d"), ("model", "autoencoder"), ("profile", "paper")]
)
def test_what_other_settings_follow_from_cannot_be_replaced(name, value):
    with pytest.raises(TypeError, match=f"{name}='{value}' cannot be replaced"):
        RunConfig("shapes3d", "qlae").replace(**{name: value})


def test_a_config_survives_pickle():
    config = RunConfig("shapes3d", "qlae", "laptop", seed=2, num_values=7)
    assert pickle.loads(pickle.dumps(config)) == config


def test_a_config_is_frozen():
    config = RunConfig("shapes3d", "qlae")
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.seed = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.hyperparameters.num_values = 3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"benchmark": "shapes4d"}, ValueError, "benchmark='shapes4d' .*shapes3d"),
        ({"model": "qale"}, ValueError, "model='qale' .*autoencoder, .*Did you mean qlae"),
        ({"profile": "desktop"}, ValueError, f"profile='desktop' .*{', '.join(PROFILES)}"),
        ({"stepz": 10}, TypeError, "stepz=10 is no setting .*steps.*Did you mean steps"),
        (
            {"model": "autoencoder", "num_values": 4},
            TypeError,
            "num_values=4 is no setting of a run of autoencoder.*a setting of qlae, .*tripod",
        ),
        ({"seed": "3"}, TypeError, "seed='3' is a str.*integer >= 0"),
        ({"seed": -1}, ValueError, "seed=-1 .*>= 0"),
        ({"seed": 2**32}, ValueError, "seed=4294967296 .*<= 4294967295"),
        ({"weight_decay": 10**400}, ValueError, "weight_decay=1000.*finite"),
        ({"learning_rate": 1e-60}, ValueError, "learning_rate=1e-60 .*> 0"),
        ({"evaluation_images": 99}, ValueError, "evaluation_images=99 .*>= 100"),
        ({"steps": 0}, ValueError, "steps=0 .*>= 1"),
        ({"steps": 10**13}, ValueError, "steps=10000000000000 .*<= 2147483647"),
        ({"batch_size": -1}, ValueError, "batch_size=-1 .*>= 1"),
        ({"resolution": 0}, ValueError, "resolution=0 .*>= 1"),
        ({"width": 0}, ValueError, "width=0 .*>= 1"),
        ({"network": "convolutional"}, ValueError, "resolution=16 is too small .*at least 32"),
        ({"num_latents": 0}, ValueError, "num_latents=0 .*>= 1"),
        ({"num_values": [3] * 11}, ValueError, "lists 11 latents, but num_latents=12"),
        ({"model": "tripod", "perturbation_size": 0.0}, ValueError, "perturbation_size=0.0 .*> 0"),
        ({"model": "tripod", "precision": "bfloat16"}, ValueError, "bfloat16' is too coarse for"),
        ({"model": "infowgan_gp", "steps": 4}, ValueError, "steps=4 .*>= critic_steps=5"),
        ({"beta1": 1.0}, ValueError, "beta1=1.0 .*below 1"),
        ({"beta2": -0.1}, ValueError, "beta2=-0.1 .*>= 0"),
        ({"weight_decay": "0.1"}, TypeError, "weight_decay='0.1' is a str"),
        ({"weight_decay": float("nan")}, ValueError, "weight_decay=nan .*finite"),
        ({"network": "resnet"}, ValueError, "network='resnet' .*convolutional, .*mlp"),
        ({"precision": "float16"}, ValueError, "precision='float16' .*float32, tensorf.*bfloat16"),
        ({"steps": 1e3}, TypeError, "steps=1000.0 is a float"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate='fast' is a str"),
        ({"schedule": "linear"}, ValueError, "schedule='linear' .*constant, cosine"),
        ({"weight_decay": -0.1}, ValueError, "weight_decay=-0.1 .*>= 0"),
        ({"clip": float("inf")}, ValueError, "clip=inf .*finite"),
        ({"protocol": "hsu1999"}, ValueError, "protocol='hsu1999' .*hsu2023"),
        ({"evaluation_images": 480_000}, ValueError, "evaluation_images=480000 .*480000"),
        ({"training_images": -5}, ValueError, "training_images=-5 .*>= 0"),
    ],
)
def test_bad_settings(arguments, error, message):
    with pytest.raises(error, match=message):
        RunConfig(**({"benchmark": "shapes3d", "model": "qlae"} | arguments))


def test_the_published_recipes_of_the_family():
    """Values from the authors' configuration files; of Tripod, from those of Hsu et al. 2024."""
    gan = RunConfig("shapes3d", "qlinfowgan_gp", "paper")
    recipe = gan.recipe
    assert (recipe.batch_size, recipe.learning_rate) == (64, 2e-4)
    assert (recipe.beta1, recipe.beta2, recipe.weight_decay) == (0.0, 0.9, 1e-3)
    assert gan.hyperparameters.critic_steps == 5
    assert RunConfig("falcor3d", "qlinfowgan_gp", "paper").recipe.weight_decay == 1e-4
    for model, betas in {"beta_vae": (3, 0.1, 10, 0.3), "beta_tcvae": (3, 0.3, 3, 1)}.items():
        benchmarks = ("shapes3d", "mpi3d", "falcor3d", "isaac3d")
        found = [RunConfig(b, model, "paper").hyperparameters.beta for b in benchmarks]
        assert found == list(betas)
    assert RunConfig("shapes3d", "bioae", "paper").recipe.weight_decay == 1e-4
    assert RunConfig("isaac3d", "bioae", "paper").hyperparameters.activity_weight == 0.1
    assert RunConfig("shapes3d", "vqvae", "paper").recipe.weight_decay == 0.01
    tripod = RunConfig("shapes3d", "tripod", "paper")
    recipe = tripod.recipe
    assert (recipe.steps, recipe.batch_size, recipe.learning_rate) == (250_000, 64, 2e-4)
    weights = "total_correlation_weight", "hessian_weight"
    assert [getattr(tripod.hyperparameters, w) for w in weights] == [1e-4, 1e-2]
    mpi3d = RunConfig("mpi3d", "tripod", "paper").hyperparameters
    assert [getattr(mpi3d, w) for w in weights] == [1e-8, 1e-4]


def test_a_list_of_values_is_a_setting_like_any_other():
    config = RunConfig("shapes3d", "qlae", num_latents=3, num_values=[3, np.int64(4), 5])
    assert config.hyperparameters.num_values == (3, 4, 5)
    again = RunConfig(**json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert again.identity == config.identity
    with pytest.raises(ValueError, match="lists 3 latents, but num_latents=4"):
        config.replace(num_latents=4)


def test_the_size_of_the_data_set_is_that_of_what_is_drawn_from():
    kept = RunConfig("shapes3d", "beta_tcvae", "laptop")
    assert kept.hyperparameters.dataset_size == kept.data.training_images
    whole = RunConfig("shapes3d", "beta_tcvae", "paper")
    assert whole.hyperparameters.dataset_size == 480_000 - 10_000
    chosen = RunConfig("shapes3d", "beta_tcvae", dataset_size=7)
    assert chosen.hyperparameters.dataset_size == 7
    assert chosen.replace(training_images=2_000).hyperparameters.dataset_size == 7
    smaller = RunConfig("shapes3d", "beta_tcvae", training_images=2_000)
    assert kept.replace(training_images=2_000) == smaller
    assert whole.replace(evaluation_images=80_000).hyperparameters.dataset_size == 400_000


@pytest.mark.parametrize(
    ("recipes", "error", "message"),
    [
        ({"laptop": {"weight_decai": 0.1}}, TypeError, "'weight_decai'.*mean weight_decay"),
        ({"labtop": {"weight_decay": 0.1}}, ValueError, "names 'labtop'.*mean laptop"),
        ({("paper", "mpi3"): {"beta": 1.0}}, ValueError, "names 'mpi3'.*mean mpi3d"),
        ({"paper": {"num_values": 5}}, TypeError, "'num_values', which is no setting there"),
    ],
)
def test_a_misspelt_recipe_is_refused_whatever_the_profile(monkeypatch, recipes, error, message):
    monkeypatch.setattr(MODELS["beta_vae"], "recipes", recipes)
    with pytest.raises(error, match=f"recipes of beta_vae: .*{message}"):
        RunConfig("shapes3d", "beta_vae", "smoke")
