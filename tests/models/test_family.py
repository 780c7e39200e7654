"""What all models share: names, terms, where gradients go, and what is refused."""

import inspect
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib import settings
from lib.models import MODELS, Autoencoder
from lib.models.objective import annealed
from tests.models.small import NETWORKS, build, destinations, images, step
from tests.quick import quickly

BOTH = {"encoder", "decoder"}
# For each model the parts that each term reaches, of its first and of its second objective.
DESTINATIONS = {
    "autoencoder": [{"reconstruction": BOTH}],
    "beta_vae": [{"reconstruction": BOTH, "divergence": {"encoder"}}],
    "beta_tcvae": [
        {
            "reconstruction": BOTH,
            "mutual_information": {"encoder"},
            "total_correlation": {"encoder"},
            "dimension_wise_kl": {"encoder"},
        }
    ],
    "bioae": [
        {"reconstruction": BOTH, "nonnegativity": {"encoder"}, "activity": {"encoder"}},
    ],
    "vqvae": [{"reconstruction": BOTH, "quantization": {"latent"}, "commitment": {"encoder"}}],
    "qlae": [{"reconstruction": BOTH, "quantization": {"latent"}, "commitment": {"encoder"}}],
    # Where an objective does not train a part that its terms reach, `trains` leaves it out.
    "infowgan_gp": [
        {
            "critic": {"encoder", "critic", "decoder"},
            "gradient_penalty": {"encoder", "critic", "decoder"},
            "latent": BOTH,
        },
        {"generator": {"encoder", "critic", "decoder"}, "generator_latent": BOTH},
    ],
    "qlinfowgan_gp": [
        {
            "critic": {"encoder", "critic", "decoder", "latent"},
            "gradient_penalty": {"encoder", "critic", "decoder", "latent"},
            "latent": {*BOTH, "latent"},
            "quantization": {"latent"},
            "commitment": {*BOTH, "latent"},
        },
        {
            "generator": {"encoder", "critic", "decoder", "latent"},
            "generator_latent": {*BOTH, "latent"},
            "generator_quantization": {"latent"},
            "generator_commitment": {*BOTH, "latent"},
        },
    ],
    "tripod": [
        {"reconstruction": BOTH, "total_correlation": {"encoder"}, "hessian_penalty": BOTH},
    ],
}


@pytest.mark.parametrize("name", MODELS)
def test_which_parts_each_term_reaches(name):
    model = build(name)
    assert len(model.objectives) == len(DESTINATIONS[name])
    for number, expected in enumerate(DESTINATIONS[name]):
        assert destinations(model, number) == expected


@pytest.mark.parametrize("name", ["infowgan_gp", "qlinfowgan_gp"])
def test_what_the_objectives_of_a_gan_train(name):
    """The critic never moves the generator or the code values, nor they the critic."""
    critic, generator = build(name).objectives
    assert set(critic.trains) == {"encoder", "critic"}
    assert set(generator.trains) == {"decoder", "latent"}
    assert (critic.every, generator.every) == (1, 5)


@pytest.mark.parametrize("name", MODELS)
def test_a_weight_scales_its_term(name):
    """Doubling a weight doubles one term of some objective, and changes no other term."""
    weights = [
        setting
        for setting in MODELS[name].Settings.names()
        if setting.endswith("_weight") or setting == "beta"
    ]
    before = [objective.terms(images(), step()) for objective in build(name).objectives]
    for weight in weights:
        doubled = 2 * getattr(MODELS[name].Settings(), weight)
        model, changed = build(name, **{weight: doubled}), set()
        for old, objective in zip(before, model.objectives, strict=True):
            new = objective.terms(images(), step())
            for term in old:
                if np.isclose(new[term], old[term], rtol=1e-5, atol=0):
                    continue
                np.testing.assert_allclose(new[term], 2 * old[term], rtol=1e-4)
                changed.add(term.removeprefix("generator_"))
        assert len(changed) == 1, (weight, changed)


@pytest.mark.parametrize("name", MODELS)
def test_every_image_is_reconstructed_alone_and_the_same_each_time(name):
    model = build(name)
    one, other = model(images()), model(images())
    np.testing.assert_array_equal(one.logits, other.logits)
    np.testing.assert_allclose(model(images()[:1]).logits, one.logits[:1], atol=1e-5)
    assert one.code.scored.shape == (6, 4)


@pytest.mark.parametrize("name", ["vqvae", "qlae", "qlinfowgan_gp", "tripod"])
def test_decoding_the_indices_reconstructs(name):
    model = build(name)
    code, logits = model(images())
    decoded = model.decode(model.latent.look_up(code.indices))
    np.testing.assert_allclose(decoded, nnx.sigmoid(logits), atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_and_loss_names_its_source(name):
    module = inspect.getmodule(MODELS[name])
    public = [
        value
        for key, value in vars(module).items()
        if not key.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
        and (key.endswith(("loss", "penalty", "divergence", "information")) or key == "Autoencoder")
    ]
    for thing in [MODELS[name], *public]:
        assert "Source:" in thing.__doc__, thing


@pytest.mark.parametrize(
    ("name", "hyperparameters", "error", "message"),
    [
        ("qlae", {"quantization_weight": -1.0}, ValueError, "quantization_weight=-1.0 .*>= 0"),
        ("qlae", {"commitment_weight": float("nan")}, ValueError, "commitment_weight=nan .*finite"),
        ("qlae", {"commitment_weight": "0.1"}, TypeError, "commitment_weight='0.1' is a str"),
        ("qlae", {"num_values": 1}, ValueError, "num_values=1 .*>= 2"),
        ("qlae", {"num_values": 2**24 + 1}, ValueError, "num_values=16777217 .*float32"),
        ("qlae", {"num_values": [5, 5, 5]}, ValueError, "lists 3 latents, but num_latents=4"),
        ("qlae", {"num_values": [5, 5, 5, 1]}, ValueError, "num_values=1 .*>= 2"),
        ("qlae", {"num_values": [5, 5, 5, 2.0]}, TypeError, "num_values=2.0 is a float"),
        ("qlae", {"learn_values": 1}, TypeError, "learn_values=1 is a int; expected True or False"),
        (
            "qlae",
            {"num_values": [5, 5, 5, 6], "global_values": True},
            ValueError,
            "differs between latents",
        ),
        ("qlinfowgan_gp", {"num_values": [5, 5]}, ValueError, "lists 2 latents, but num_lat.*=4"),
        ("qlinfowgan_gp", {"critic_steps": 0}, ValueError, "critic_steps=0 .*>= 1"),
        ("infowgan_gp", {"latent_weight": -200}, ValueError, "latent_weight=-200 .*>= 0"),
        ("infowgan_gp", {"gradient_weight": -1}, ValueError, "gradient_weight=-1 .*>= 0"),
        ("beta_vae", {"beta": -1.0}, ValueError, "beta=-1.0 .*>= 0"),
        ("beta_vae", {"anneal_steps": -1}, ValueError, "anneal_steps=-1 .*>= 0"),
        ("beta_vae", {"anneal_steps": 1.5}, TypeError, "anneal_steps=1.5 is a float"),
        ("beta_tcvae", {"dataset_size": 0}, ValueError, "dataset_size=0 .*>= 1"),
        ("bioae", {"activity_weight": -0.1}, ValueError, "activity_weight=-0.1 .*>= 0"),
        ("vqvae", {"num_vectors": 1}, ValueError, "num_vectors=1 .*>= 2"),
        ("vqvae", {"vector_size": 0}, ValueError, "vector_size=0 .*>= 1"),
        ("tripod", {"num_values": 1}, ValueError, "num_values=1 .*>= 2"),
        ("tripod", {"num_values": [3, 3, 3, 3]}, TypeError, "num_values=.* is a list"),
        ("tripod", {"hessian_weight": -1.0}, ValueError, "hessian_weight=-1.0 .*>= 0"),
        ("autoencoder", {"beta": 1.0}, TypeError, "beta=1.0 is no hyperparameter"),
    ],
)
def test_bad_hyperparameters_are_refused_at_construction(name, hyperparameters, error, message):
    with pytest.raises(error, match=message):
        build(name, **hyperparameters)


def test_a_latent_that_never_moves_leaves_tripods_gradient_finite():
    model = build("tripod")
    model.encoder.mlp.head.kernel[...] = jnp.zeros_like(model.encoder.mlp.head.kernel[...])
    graph, state = nnx.split(model, nnx.Param)

    @quickly
    @jax.grad
    def gradient(state):
        return sum(nnx.merge(graph, state).terms(images(), step()).values())

    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient(state)))


def test_an_unknown_setting_names_those_that_there_are():
    with pytest.raises(TypeError, match="x=1 is no hyperparameter; expected one of beta, anneal"):
        build("beta_vae", x=1)
    with pytest.raises(TypeError, match="Did you mean anneal_steps"):
        build("beta_vae", aneal_steps=1)


def test_a_new_model_is_a_class_with_its_terms():
    @dataclass(frozen=True, kw_only=True)
    class Weights(settings.Settings):
        sparsity_weight: float = settings.number(0.5)

    class Sparse(Autoencoder):
        Settings = Weights

        def terms(self, images, step):
            size = jnp.mean(jnp.abs(self(images).code.continuous))
            return super().terms(images, step) | {"sparsity": self.settings.sparsity_weight * size}

    model = Sparse.build(NETWORKS, 4, rngs=nnx.Rngs(0), sparsity_weight=0.1)
    assert destinations(model)["sparsity"] == {"encoder"}
    with pytest.raises(ValueError, match=r"sparsity_weight=-1 .*>= 0"):
        Sparse.build(NETWORKS, 4, rngs=nnx.Rngs(0), sparsity_weight=-1)


def test_annealing_is_linear_and_then_constant():
    weights = [float(annealed(3.0, jnp.int32(taken), 10)) for taken in (0, 5, 10, 99)]
    np.testing.assert_allclose(weights, [0.0, 1.5, 3.0, 3.0], rtol=1e-6)
    assert annealed(3.0, jnp.int32(0), 0) == 3.0


@pytest.mark.parametrize(
    ("name", "term"), [("beta_vae", "divergence"), ("beta_tcvae", "total_correlation")]
)
def test_annealing_scales_its_term_alone(name, term):
    model = build(name, anneal_steps=100)
    half, whole = (model.terms(images(), step(taken=taken)) for taken in (50, 100))
    np.testing.assert_allclose(half.pop(term), whole.pop(term) / 2, rtol=1e-5)
    for other in half:
        np.testing.assert_allclose(half[other], whole[other], rtol=1e-6)
