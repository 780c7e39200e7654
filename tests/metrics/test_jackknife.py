"""Intervals of a score against the textbook, and how often they hold what they should."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from lib.metrics import infomec, mean_interval, mig, modularity, nmi_matrix
from lib.metrics.jackknife import jackknife

VALUES = np.random.default_rng(0).normal(3, 2, size=(60, 1))
NO_SOURCES = np.zeros((60, 1), int)


def mean_latent(_, latents) -> float:
    return latents.mean()


def test_by_hand():
    # Means without either of two samples: 1 and 0. Standard error sqrt(1/2 * 2 * (1/2)^2) = 1/2,
    # t(0.975; 1) = 12.706 by the tables.
    mean, half_width = jackknife(mean_latent, [[0], [0]], [[0.0], [1.0]], num_groups=2)
    assert mean == 0.5
    assert half_width == pytest.approx(12.706 / 2, abs=1e-3)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_a_mean_has_the_textbook_interval(confidence):
    # One sample a group: Student's interval of a mean, whatever the division.
    found = jackknife(mean_latent, NO_SOURCES, VALUES, num_groups=60, confidence=confidence, seed=4)
    assert found == pytest.approx(mean_interval(VALUES[:, 0], confidence))


def test_each_sample_is_left_out_once():
    seen = []

    def remember(sources, latents):
        assert (sources == latents).all()
        seen.append(latents[:, 0].tolist())
        return 0.0

    rows = np.arange(47)[:, None]
    assert jackknife(remember, rows, rows, num_groups=5) == (0, 0)
    whole, *parts = seen
    assert whole == list(range(47))
    left_out = [sorted(set(whole) - set(part)) for part in parts]
    assert sorted(row for group in left_out for row in group) == whole
    # 47 = 10 + 10 + 9 + 9 + 9.
    assert sorted(map(len, left_out)) == [9, 9, 9, 10, 10]


def test_sorted_rows_are_no_problem():
    # Successive groups of 0, 1, ..., 999 would differ about sqrt(50) times as much as random ones.
    rows = np.arange(1_000)[:, None]
    half_width = jackknife(mean_latent, rows, rows).half_width
    # t(0.975; 19) = 2.093; a standard error from 20 groups is off by 1/sqrt(38) = 16 percent.
    assert half_width == pytest.approx(2.093 * rows.std() / math.sqrt(1_000), rel=0.5)


def test_groups_are_fixed_by_the_seed():
    first, again, other = [
        jackknife(mean_latent, NO_SOURCES, VALUES, num_groups=6, seed=seed) for seed in (1, 1, 2)
    ]
    assert first == again
    assert first.mean == other.mean
    assert first.half_width != other.half_width


def test_several_scores_by_name():
    intervals = jackknife(
        lambda sources, latents: {"mean": latents.mean(), "largest": latents.max()},
        NO_SOURCES,
        VALUES,
    )
    assert set(intervals) == {"mean", "largest"}
    assert intervals["mean"] == jackknife(mean_latent, NO_SOURCES, VALUES)
    assert intervals["largest"].mean == VALUES.max()


def test_nan_scores_have_no_width():
    interval = jackknife(lambda *_: math.nan, NO_SOURCES, VALUES)
    assert math.isnan(interval.mean)
    assert math.isnan(interval.half_width)


def noisy_samples(rng, num_samples=300):
    """Two sources of 3 values and latents that repeat them 7 times of 10, else either anew."""
    sources = rng.integers(0, 3, (num_samples, 2))
    anew = rng.random(sources.shape) < 0.3
    return sources, np.where(anew, rng.integers(0, 3, sources.shape), sources)


def nmi_and_infom(sources, latents) -> dict[str, float]:
    nmi = nmi_matrix(sources, latents)
    return {"nmi": nmi[0, 0], "infom": modularity(nmi)}


def test_interval_holds_the_expected_score_as_often_as_it_says():
    rng = np.random.default_rng(0)
    draws = [jackknife(nmi_and_infom, *noisy_samples(rng), num_groups=6) for _ in range(200)]
    for name in ("nmi", "infom"):
        means, half_widths = np.array([draw[name] for draw in draws]).T
        share = np.mean(np.abs(means - means.mean()) <= half_widths)
        # Binomial with n = 200 and p = 0.95: standard deviation 0.015.
        assert share == pytest.approx(0.95, abs=0.04)


def nmi_of_one(sources, latents) -> float:
    return nmi_matrix(sources, latents).item()


def test_a_bootstrap_would_raise_mutual_information():
    rng = np.random.default_rng(0)
    sources, latents = rng.integers(0, 10, (2, 400, 1))
    interval = jackknife(nmi_of_one, sources, latents)
    draws = rng.integers(0, 400, (200, 400))
    resampled = [nmi_of_one(sources[rows], latents[rows]) for rows in draws]
    # Independent: the plug-in estimate is too high by 9 * 9 / (2 * 400) = 0.101 nats, and drawing
    # anew from these samples adds as much again, of an entropy of log(10) = 2.303.
    added = np.mean(resampled) - interval.mean
    assert added == pytest.approx(0.101 / 2.303, rel=0.25)
    # So far that the bootstrap's 95 percent leave the score of the very samples outside.
    assert np.quantile(resampled, 0.025) > interval.mean


@pytest.mark.parametrize(
    ("num_groups", "message"),
    [(1, "small; expected an integer >= 2"), (0, "small"), (61, "large; .* samples, which is 60")],
)
def test_bad_number_of_groups(num_groups, message):
    with pytest.raises(ValueError, match=f"num_groups={num_groups} is too {message}"):
        jackknife(mean_latent, NO_SOURCES, VALUES, num_groups=num_groups)


@pytest.mark.parametrize("num_groups", [2.0, True, None])
def test_number_of_groups_that_is_not_an_integer(num_groups):
    with pytest.raises(TypeError, match=f"num_groups={num_groups!r} is a .* an integer >= 2"):
        jackknife(mean_latent, NO_SOURCES, VALUES, num_groups=num_groups)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_bad_confidence(confidence):
    with pytest.raises(ValueError, match=f"confidence={confidence} is not allowed"):
        jackknife(mean_latent, NO_SOURCES, VALUES, confidence=confidence)


def test_bad_lengths():
    with pytest.raises(ValueError, match=r"sources have shape \(60, 1\) and latents \(59, 1\)"):
        jackknife(mean_latent, NO_SOURCES, VALUES[1:])


def test_masked_entries():
    masked = np.ma.masked_greater(VALUES, 3)
    message = f"are a masked array with {masked.mask.sum()} masked entries; expected a value every"
    with pytest.raises(ValueError, match=f"latents {message}"):
        jackknife(mean_latent, NO_SOURCES, masked)
    with pytest.raises(ValueError, match=f"sources {message}"):
        jackknife(mean_latent, masked, VALUES)
    # Nothing is masked.
    kept = np.ma.masked_array(VALUES, mask=False)
    assert jackknife(mean_latent, NO_SOURCES, kept) == jackknife(mean_latent, NO_SOURCES, VALUES)


@pytest.mark.parametrize(
    ("score", "returned"),
    [
        pytest.param(infomec, "InfoMEC", id="infomec"),
        pytest.param(mig, "MIG", id="mig"),
        pytest.param(nmi_matrix, "ndarray", id="array"),
        pytest.param(lambda *_: None, "NoneType", id="nothing"),
        pytest.param(lambda *_: "0.5", "str", id="string"),
        pytest.param(lambda *_: {"nmi": 0.5, "all": [0.5]}, "list under 'all'", id="by name"),
    ],
)
def test_scores_that_are_no_numbers(score, returned):
    calls = []

    def count(sources, latents):
        calls.append(len(sources))
        return score(sources, latents)

    with pytest.raises(
        TypeError, match=rf"score returned {returned}; .* lambda s, z: mig\(s, z\)\.score"
    ):
        jackknife(count, *noisy_samples(np.random.default_rng(0)))
    assert calls == [300]


@pytest.mark.parametrize("kind", [float, int, np.float32, np.array, jnp.float32, jnp.bfloat16])
def test_numbers_of_any_kind(kind):
    assert jackknife(lambda *_: kind(1), NO_SOURCES, VALUES) == (1, 0)
