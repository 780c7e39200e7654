"""Where the sliders of a model's latents stand and go, and what stands beside them."""

import re
from functools import partial
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from lib.figures.packed_decoder import RoundedDecoder
from lib.models import MODELS
from lib.networks import build_networks
from lib.studies import StudyPage
from lib.studies.live_models import copies_psnr, travel
from lib.studies.words import latent_words

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3), dtype=np.uint8)
NETWORKS = partial(build_networks, "style-mlp", resolution=4, channels=3, width=8)


def _model(kind: str) -> nnx.Module:
    return MODELS[kind].build(NETWORKS, 3, rngs=nnx.Rngs(0))


def _read(model: nnx.Module) -> np.ndarray:
    return np.asarray(model(jnp.asarray(IMAGES, jnp.float32) / 255).code.decoder_input)


@pytest.mark.parametrize("settings", [{}, {"global_values": True}])
def test_a_quantized_latent_goes_through_its_code_values_and_starts_at_the_images(settings):
    model = MODELS["qlae"].build(NETWORKS, 3, rngs=nnx.Rngs(0), **settings)
    went = travel(model, IMAGES)
    for latent, positions, starts in zip(
        _read(model).T, went.positions, went.starts.T, strict=True
    ):
        assert len(positions) == 10
        assert (np.diff(positions) > 0).all()
        np.testing.assert_allclose(positions[starts], latent, atol=1e-6)


def test_a_continuous_latent_goes_through_its_range_and_starts_at_the_nearest_step():
    model = _model("autoencoder")
    went = travel(model, IMAGES)
    for latent, positions, starts in zip(
        _read(model).T, went.positions, went.starts.T, strict=True
    ):
        low, high = np.quantile(latent, [0.005, 0.995])
        assert positions[[0, -1]] == pytest.approx([low, high])
        inside = (latent > low) & (latent < high)
        step = positions[1] - positions[0]
        assert np.abs(positions[starts] - latent)[inside].max() <= step / 2 + 1e-6


def test_the_copies_of_a_page_are_scored_as_it_draws_them():
    """A decoder that makes one grey image, whatever the weights are rounded to."""
    model = _model("qlae")
    model.decoder.to_image.kernel[...] *= 0
    model.decoder.to_image.bias[...] *= 0
    error = np.mean((IMAGES / 255 - 0.5) ** 2, axis=(1, 2, 3))
    went = travel(model, IMAGES)
    rounded = RoundedDecoder(model.decoder, went.positions, 0.05)
    found = copies_psnr(rounded.network, went, IMAGES)
    assert found == pytest.approx(np.mean(-10 * np.log10(error)), abs=0.02)


@pytest.mark.parametrize(
    ("nmi", "active", "words"),
    [
        ([0.03, 0.97, 0.05], True, "mostly shape, NMI 0.97; nothing else above 0.1"),
        ([0.2, 0.5, 0.05], True, "mostly shape, NMI 0.50; also floor hue, NMI 0.20"),
        (
            [0.3, 0.4, 0.2],
            True,
            "a mixture: shape, NMI 0.40; also floor hue, NMI 0.30; scale, NMI 0.20",
        ),
        ([0.03, 0.09, 0.05], True, "about no source: no NMI reaches 0.1"),
        ([0.3, 0.4, 0.2], False, "inactive: it hardly moves from image to image"),
    ],
)
def test_what_a_latent_is_about_is_said_in_words(nmi, active, words):
    assert latent_words(np.array(nmi), ["floor hue", "shape", "scale"], active) == words


def test_the_matrix_and_the_scores_are_those_of_the_record():
    study = StudyPage("main", "book/results")
    records = [study.results["shapes3d"].first[name] for name in ("qlae", "autoencoder")]
    notebook = Path("book/index.ipynb").read_text()
    step = float(re.search(r"page\.live\(.*quantization_step=([\d.]+)", notebook).group(1))
    page = study.live("shapes3d", quantization_step=step).data
    matrix = re.findall(r'aria-label="([a-z ]+), latent (\d+): NMI ([\d.]+)"', page)
    expected = [np.array(record.scoring.nmi) for record in records]
    assert len(matrix) == sum(nmi.size for nmi in expected)
    rows = ["floor hue", "wall hue", "object hue", "scale", "shape", "orientation"]
    for at, (source, latent, shown) in enumerate(matrix):
        nmi = expected[at >= expected[0].size]
        assert float(shown) == pytest.approx(nmi[rows.index(source), int(latent)], abs=0.0051)
    for record in records:
        told = "InfoM {infom:.2f}, InfoE {infoe:.2f}, InfoC {infoc:.2f}, {sources_known} of 6"
        assert told.format(**record.scores) in page
        assert f"PSNR {record.scores['psnr']:.1f} dB, not collapsed" in page
    # Rounding costs something, and both models nearly as much.
    copied = [float(ratio) for ratio in re.findall(r"rounded weights: PSNR ([\d.]+) dB", page)]
    for record, ratio in zip(records, copied, strict=True):
        assert 27.5 < ratio < record.scores["psnr"]
    # Five values are fewer than ten hues; a continuous latent has no ceiling.
    assert page.count("<small>≤ .70</small>") == 3
    # What the first page may ask a reader to load.
    weights = [len(text) for text in re.findall('"weights": "([^"]*)"', page)]
    assert len(weights) == 2
    assert sum(weights) <= 400_000


def test_a_study_without_kept_models_says_so(tmp_path):
    told = StudyPage("main", tmp_path).live("shapes3d").data
    assert told == "There is no figure yet: no trained model is kept."
