"""The scores of a run, by hand."""

import numpy as np
import pytest

from lib.metrics import infomec, psnr
from lib.metrics.evaluation import Evaluation
from lib.scores import SCORES
from tests.child import output_of

RNG = np.random.default_rng(0)
SOURCES = RNG.integers(0, 4, (400, 3))
IMAGES = RNG.integers(0, 256, (400, 4, 4, 1), dtype=np.uint8)


def evaluation(latents, errors=0.1, protocol="hsu2023") -> Evaluation:
    """Reconstructions that are off by `errors` everywhere, towards the middle."""
    values = IMAGES / 255
    return Evaluation(
        SOURCES, latents, IMAGES, values + np.where(values < 0.5, errors, -errors), protocol
    )


def scores(made: Evaluation) -> dict:
    return {name: score.compute(made) for name, score in SCORES.items()}


def test_scores_of_a_good_run():
    # Two sources in a latent each, a third in none; the last latent is dead.
    made = evaluation(np.stack([SOURCES[:, 1], SOURCES[:, 0], 0 * SOURCES[:, 0]], axis=1))
    found, expected = scores(made), infomec(SOURCES, made.latents)
    assert (found["infom"], found["infoe"], found["infoc"]) == (
        expected.infom,
        expected.infoe,
        expected.infoc,
    )
    assert found["psnr"] == pytest.approx(20)  # -20 log10(0.1)
    assert (found["sources_known"], found["num_active"], found["collapsed"]) == (2, 2, False)
    assert made.undefined == ""
    np.testing.assert_array_equal(made.nmi, expected.nmi)


def test_a_source_is_known_from_a_tenth_on():
    # A bit that is drawn anew in half of the samples is right in p = 3/4 of them, and tells
    # 1 + p log2 p + (1 - p) log2 (1 - p) = 0.189 bits; in three quarters, p = 5/8, 0.046 bits.
    rng = np.random.default_rng(1)
    sources = rng.integers(0, 2, (20_000, 2))
    anew = rng.random(sources.shape) >= [0.5, 0.25]
    latents = np.where(anew, rng.integers(0, 2, sources.shape), sources)
    images = np.zeros((20_000, 1, 1, 1), np.uint8)
    made = Evaluation(sources, latents, images, images / 255)
    np.testing.assert_allclose(np.diag(made.nmi), [0.189, 0.046], atol=0.02)
    assert SCORES["sources_known"].compute(made) == 1


@pytest.mark.parametrize(
    ("latents", "protocol", "reason", "active"),
    [
        (0 * SOURCES, "hsu2023", "0 active of 3: none varies", 0),
        (SOURCES * [0, 1, 0], "hsu2023", "1 active of 3 (latent 1): InfoC", 1),
        (RNG.integers(0, 4, (400, 3)), "corrected", "none tells more of a source", 0),
    ],
)
def test_scores_that_are_not_defined(latents, protocol, reason, active):
    made = evaluation(latents, protocol=protocol)
    found = scores(made)
    assert reason in made.undefined
    assert found["infom"] is None
    assert (found["infoe"] is None) == (protocol == "hsu2023")
    assert (found["num_active"], found["sources_known"]) == (active, active)
    assert found["collapsed"] == (active == 0)
    assert made.nmi.shape == (3, 3)


def test_collapsed_is_no_better_than_the_mean_image():
    mean = np.broadcast_to(IMAGES.mean(axis=0) / 255, IMAGES.shape)
    compute = SCORES["collapsed"].compute
    assert compute(Evaluation(SOURCES, SOURCES, IMAGES, mean)) is True
    closer = mean + 0.05 * (IMAGES / 255 - mean)
    assert compute(Evaluation(SOURCES, SOURCES, IMAGES, closer)) is False
    assert psnr(IMAGES, closer) - psnr(IMAGES, mean) == pytest.approx(-20 * np.log10(0.95))


def test_scores_are_shown_in_reading_order_as_they_are_written():
    written = {name: (SCORES[name].title, SCORES[name].format(0.8765)) for name in SCORES}
    assert written == {
        "infom": ("InfoM (modularity)", "0.88"),
        "infoe": ("InfoE (explicitness)", "0.88"),
        "infoc": ("InfoC (compactness)", "0.88"),
        "psnr": ("PSNR (dB)", "0.9 dB"),
        "sources_known": ("sources known", "1"),
        "num_active": ("active latents", "1"),
        "collapsed": ("collapsed", "1"),
    }
    assert list(written) == list(SCORES)
    assert [score.is_ratio for score in SCORES.values()] == [True] * 3 + [False] * 4
    assert SCORES["collapsed"].format(True) == "yes"
    assert SCORES["infom"].format(None) == SCORES["infom"].format(float("nan")) == "undefined"


def test_metrics_and_scores_import_neither_flax_nor_jax():
    code = (
        "import sys, lib.metrics; from lib.scores import SCORES; len(SCORES); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'jax', 'flax', 'optax'}))"
    )
    assert output_of("-c", code, env={"PATH": ""}) == "[]\n"


def test_a_protocol_and_a_score_of_a_users_own_file(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from dataclasses import replace\n"
        "from lib.metrics.protocol import Activity, add_protocol\n"
        "from lib.metrics.protocols.hsu2023 import HSU2023\n"
        "from lib.scores import Score, add_score\n"
        "wide = Activity('range', discrete=2, discrete_share=0, continuous_share=0)\n"
        "add_protocol(replace(HSU2023, name='mine', activity=wide), __name__)\n"
        "def least(evaluation):\n"
        "    return float(evaluation.nmi.min())\n"
        "add_score(Score(name='least', label='least NMI', compute=least), __name__)\n"
    )
    code = (
        "import numpy as np\n"
        "from lib.metrics import active_latents\n"
        "from lib.metrics.evaluation import Evaluation\n"
        "from lib.scores import SCORES\n"
        "z = np.array([[0, 0], [2, 3], [0, 3]])\n"
        "print(active_latents(z, protocol='mine').tolist(), list(SCORES)[-1])\n"
        "made = Evaluation(z, z, None, None, 'mine')\n"
        "print(round(SCORES['least'].compute(made), 3), SCORES['num_active'].compute(made))\n"
    )
    # Both have an entropy of log 3 - 2/3 log 2 = 0.6365 nats, together log 3: they share 0.1744.
    told = output_of("-c", code, env={"PATH": ""}, extensions=tmp_path)
    assert told == "[False, True] least\n0.274 1\n"
