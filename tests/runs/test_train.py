"""Every model can be built and trained on every benchmark, in every profile."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.benchmarks import BENCHMARKS
from lib.models import MODELS, Step
from lib.runs import RunConfig, build_model, reconstruct


def _terms(config: RunConfig) -> list[dict[str, jax.ShapeDtypeStruct]]:
    """Shapes of the terms of each loss and of the gradients, without computing anything."""
    size = (
        4,
        config.data.resolution,
        config.data.resolution,
        BENCHMARKS[config.benchmark].channels,
    )

    def terms():
        model = build_model(config)
        found = []
        for number, objective in enumerate(model.objectives):
            step = Step(jax.random.split(jax.random.key(number), 4), jnp.int32(0))
            found.append(objective.terms(jnp.zeros(size), step))
        return found, model(jnp.zeros(size))

    found, output = nnx.eval_shape(terms)
    assert output.logits.shape == size
    assert output.code.scored.shape == (4, config.networks.num_latents)
    return found


@pytest.mark.parametrize(
    ("images", "error"),
    [
        (np.zeros((2, 16, 16, 3)), TypeError),
        (np.zeros((16, 16, 3), np.uint8), ValueError),
        (np.zeros((0, 16, 16, 3), np.uint8), ValueError),
    ],
    ids=["floats", "one", "none"],
)
def test_what_are_no_images_of_bytes_is_not_reconstructed(images, error):
    with pytest.raises(error, match=r"images are .*; expected uint8 of \(n, height, width"):
        reconstruct(build_model(RunConfig("shapes3d", "autoencoder", "smoke")), images)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_every_model_fits_every_benchmark(benchmark, model):
    for terms in _terms(RunConfig(benchmark, model, "laptop")):
        assert {term.shape for term in terms.values()} == {()}
        assert {term.dtype for term in terms.values()} == {np.dtype("float32")}


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_the_published_networks(model):
    """At 64x64, of one channel; in bfloat16, but for second differences, which it would round."""
    precision = "tensorfloat32" if model == "tripod" else "bfloat16"
    config = RunConfig("dsprites", model, "paper", precision=precision)
    for terms in _terms(config):
        assert {term.dtype for term in terms.values()} == {np.dtype("float32")}


def test_the_plain_decoder_is_a_setting_of_a_run():
    config = RunConfig("shapes3d", "qlae", "paper", network="convolutional-plain", width=16)
    assert _terms(config)
