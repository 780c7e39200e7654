"""Bad sources and latents: each is refused by name, with what was given and what is allowed."""

import warnings

import numpy as np
import pytest

from lib.metrics import (
    PROTOCOLS,
    QuantizedFloatsWarning,
    active_latents,
    compactness,
    dci,
    discretize,
    explicitness,
    infomec,
    mig,
    modularity,
    modularity_score,
    nmi_matrix,
    sap,
)

SCORES = [infomec, nmi_matrix, explicitness, mig, sap, dci, modularity_score]
RNG = np.random.default_rng(0)
SOURCES = RNG.integers(0, 3, (60, 2))
INDICES = RNG.integers(0, 4, (60, 3))
FLOATS = RNG.normal(size=(60, 3))


def with_value(value: float) -> np.ndarray:
    latents = FLOATS.copy()
    latents[5, 1] = value
    return latents


BAD_ARRAYS = {
    "lengths": (SOURCES, INDICES[:50], ValueError, r"sources have 60 rows and latents 50"),
    "nan": (SOURCES, with_value(np.nan), ValueError, r"latents hold 1 NaN or inf.*columns \[1\]"),
    "infinity": (SOURCES, with_value(-np.inf), ValueError, r"latents hold 1 NaN or infinite"),
    "one sample": (SOURCES[:1], INDICES[:1], ValueError, r"sources have 1 sample; .* at least 2"),
    "string latents": (SOURCES, INDICES.astype(str), TypeError, r"latents have dtype <U"),
    "object latents": (SOURCES, INDICES.astype(object), TypeError, r"latents have dtype object"),
    "complex latents": (SOURCES, FLOATS * 1j, TypeError, r"latents have dtype complex128"),
    "string sources": (SOURCES.astype(str), INDICES, TypeError, r"sources have dtype <U"),
    "object sources": (SOURCES.astype(object), INDICES, TypeError, r"sources have dtype object"),
    "float sources": (SOURCES * 1.0, INDICES, TypeError, r"float64; .*sources\.astype\(int\)"),
    "flat sources": (SOURCES[:, 0], INDICES, ValueError, r"sources have shape \(60,\); expected"),
    "flat latents": (SOURCES, INDICES[:, 0], ValueError, r"latents have shape \(60,\); expected"),
    "deep latents": (SOURCES, INDICES[None], ValueError, r"latents have shape \(1, 60, 3\)"),
    "no sample": (SOURCES[:0], INDICES[:0], ValueError, r"sources have shape \(0, 2\)"),
    "no latent": (SOURCES, INDICES[:, :0], ValueError, r"latents have shape \(60, 0\)"),
    "no source": (SOURCES[:, :0], INDICES, ValueError, r"sources have shape \(60, 0\)"),
    "ragged": (SOURCES, [[1, 2], [3]], ValueError, r"latents cannot be read as an array"),
    "masked": (SOURCES, np.ma.masked_less(FLOATS, 0), ValueError, r"latents are a masked array"),
    "constant source": (SOURCES * [1, 0], INDICES, ValueError, r"single value in columns \[1\]"),
}


TRANSPOSED = r"There are more columns than rows: transposed\?$"


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("sources", "latents", "message"),
    [
        (SOURCES.T, INDICES.T, rf"^sources have 2 rows and latents 3; .*{TRANSPOSED}"),
        (SOURCES, FLOATS.T, rf"^sources have 60 rows and latents 3; .*{TRANSPOSED}"),
        (SOURCES.T, SOURCES.T, rf"^sources have shape \(2, 60\); .*{TRANSPOSED}"),
        (
            np.ones((60, 40), int),
            INDICES,
            r"in 40 columns \(\[0, 1, 2, 3, 4, \.\.\.\]\); exp",
        ),
        (
            SOURCES,
            np.full((60, 50), np.nan),
            r"3000 NaN .* in 50 columns \(\[0, 1, 2, 3, 4, ",
        ),
    ],
)
def test_transposed_and_wide_arrays_are_told_in_a_line(score, sources, latents, message):
    with pytest.raises(ValueError, match=message) as caught:
        score(sources, latents)
    assert len(str(caught.value)) < 250


def straight_through(indices):
    """What a straight-through estimator makes of code values in float32: one value is several."""
    values = np.linspace(-0.5, 0.5, 10, dtype=np.float32)[indices]
    before = np.random.default_rng(0).normal(size=values.shape).astype(np.float32)
    return before + (values - before)


@pytest.mark.parametrize("score", [infomec, nmi_matrix, explicitness, mig, sap])
def test_code_values_given_for_indices_are_said_with_the_remedy(score):
    indices = np.random.default_rng(0).integers(0, 10, (500, 3))
    latents = straight_through(indices)
    assert len(np.unique(latents)) > 30
    message = r"columns \[0, 1, 2\] they take at most 10 values.* Pass the index .* discrete=True"
    for given in (latents, np.linspace(-0.5, 0.5, 10)[indices], 1.0 * indices):
        with pytest.warns(QuantizedFloatsWarning, match=message):
            score(indices[:, :2], given)


@pytest.mark.parametrize("few", [0, 1])
def test_few_values_of_one_latent_are_said(few):
    latents = np.random.default_rng(0).normal(size=(500, 2))
    latents[:, few] = np.sign(latents[:, few])
    with pytest.warns(QuantizedFloatsWarning, match=rf"in columns \[{few}\] .* at most 2 values"):
        nmi_matrix(np.random.default_rng(1).integers(0, 10, (500, 2)), latents)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("num_samples", [4, 60, 4_000])
def test_continuous_latents_are_not_taken_for_code_values(dtype, num_samples):
    # A dead latent, one that is 0 in most samples, and one at the ends of its range in most.
    rng = np.random.default_rng(num_samples)
    latents = rng.normal(size=(num_samples, 5)) * [1, 1e-3, 0, 1, 1]
    if num_samples == 4_000:
        latents[:, 3] = np.maximum(latents[:, 3] - 1, 0)
        latents[:, 4] = np.clip(3 * latents[:, 4], -1, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", QuantizedFloatsWarning)
        discretize(latents.astype(dtype), "equal_width", 5)


def test_saying_that_floats_are_continuous_is_enough_and_dci_sees_their_order_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("error", QuantizedFloatsWarning)
        assert dci(SOURCES, 1.0 * SOURCES).completeness == dci(SOURCES, SOURCES).completeness
        infomec(SOURCES, 1.0 * SOURCES, discrete=False)
        infomec(SOURCES, 1.0 * SOURCES, discrete=True)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("sources", "latents", "error", "message"), BAD_ARRAYS.values(), ids=BAD_ARRAYS
)
def test_bad_arrays(score, sources, latents, error, message):
    with pytest.raises(error, match=message):
        score(sources, latents)


@pytest.mark.parametrize("score", [infomec, dci, modularity_score])
def test_one_source(score):
    with pytest.raises(ValueError, match=r"sources hold 1 source; expected at least 2"):
        score(SOURCES[:, :1], INDICES)


@pytest.mark.parametrize("protocol", ["hsu2024", "", None, 3])
@pytest.mark.parametrize("score", [infomec, nmi_matrix, explicitness])
def test_unknown_protocol(score, protocol):
    with pytest.raises(ValueError, match=f"protocol={protocol!r} is unknown; .*hsu2023"):
        score(SOURCES, INDICES, protocol=protocol)


@pytest.mark.parametrize("discrete", ["yes", 1, [True]])
def test_discrete_is_a_flag(discrete):
    with pytest.raises(TypeError, match=r"discrete=.* not allowed; expected True, False or None"):
        infomec(SOURCES, INDICES, discrete=discrete)


def test_discrete_floats_are_whole_numbers():
    with pytest.raises(ValueError, match=r"discrete=True, but latents .* not whole numbers"):
        infomec(SOURCES, INDICES / 10, discrete=True)
    cast = infomec(SOURCES, INDICES.astype(np.float32), discrete=True)
    np.testing.assert_array_equal(cast.nmi, infomec(SOURCES, INDICES).nmi)


def test_integers_can_be_declared_continuous():
    # The protocol then asks for a range above a twentieth of the widest.
    latents = INDICES * [1, 1, 100]
    assert active_latents(latents).tolist() == [True, True, True]
    assert active_latents(latents, discrete=False).tolist() == [False, False, True]


def test_active_range_of_unsigned_integers_does_not_wrap():
    latents = np.array([[0, 5], [255, 5]], dtype=np.uint8)
    assert active_latents(latents).tolist() == [True, False]


def test_active_range_of_integers_that_no_float_holds():
    labels = np.arange(4)[:, None] + 2**60
    assert active_latents(labels).tolist() == [True]
    assert active_latents(-labels).tolist() == [True]


def test_active_under_corrected_is_that_of_infomec():
    rng = np.random.default_rng(0)
    sources = rng.integers(5, size=(800, 2))
    latents = np.hstack([sources, rng.integers(5, size=(800, 2)), np.zeros((800, 1), int)])
    nmi = nmi_matrix(sources, latents, protocol="corrected")
    active = active_latents(latents, protocol="corrected", nmi=nmi)
    assert active.tolist() == [True, True, False, False, False]
    np.testing.assert_array_equal(active, infomec(sources, latents, protocol="corrected").active)
    for missing in (None, nmi[:, 1:], nmi[0]):
        with pytest.raises(ValueError, match=r"expects \(num_sources, 5\): nmi=nmi_matrix\("):
            active_latents(latents, protocol="corrected", nmi=missing)


def test_active_threshold_of_continuous_latents():
    # Ranges 20, 1 and 1.01 against the threshold 20 / 20: exactly at it is not above it.
    latents = np.array([[0.0, 0.0, 0.0], [20.0, 1.0, 1.01]])
    assert active_latents(latents).tolist() == [True, False, True]


@pytest.mark.parametrize("score", [modularity, compactness])
@pytest.mark.parametrize(
    ("nmi", "message"),
    [
        (np.ones(3), r"nmi has shape \(3,\)"),
        (np.ones((1, 3)), r"nmi hold 1 source"),
        (np.ones((3, 0)), r"nmi has shape \(3, 0\)"),
        (-np.ones((3, 2)), r"nmi goes from -1.0 to -1.0; expected finite, >= 0"),
        (np.full((3, 2), np.nan), r"nmi goes from nan"),
    ],
)
def test_bad_nmi(score, nmi, message):
    with pytest.raises(ValueError, match=message):
        score(nmi)


@pytest.mark.parametrize("score", [infomec, explicitness])
def test_no_value_twice_leaves_nothing_to_hold_out(score):
    sources = np.stack([np.arange(60), SOURCES[:, 0]], axis=1)
    with pytest.raises(ValueError, match=r"no value occurs twice; expected repeated values"):
        score(sources, INDICES, protocol="corrected")


def test_a_thousand_classes_with_some_seen_once():
    # A class of one sample is never held out, so that no class is scored that was not fitted.
    rng = np.random.default_rng(0)
    sources = np.stack([rng.integers(1_000, size=2_500), rng.integers(2, size=2_500)], axis=1)
    assert np.any(np.bincount(sources[:, 0]) == 1)
    latents = np.stack([sources[:, 0] // 100, sources[:, 1]], axis=1)
    result = infomec(sources, latents, protocol="corrected")
    assert result.active.all()
    # A tenth of the classes is left, so at most log 10 of log 1000 nats can be explained: a third.
    # With two or three samples a class to fit, less is.
    assert 0.15 < result.explicitness_per_source[0] < 1 / 3
    assert result.explicitness_per_source[1] == pytest.approx(1, abs=0.01)


def test_interquartile_range_of_tripod2024():
    # A latent that leaves its most frequent value for fewer than a quarter of the samples.
    latents = np.zeros((100, 2), dtype=int)
    latents[:20, 0] = 1
    latents[:40, 1] = 1
    assert active_latents(latents, protocol="tripod2024").tolist() == [False, True]
    assert active_latents(latents, protocol="hsu2023").tolist() == [True, True]
    # A range of 1 is not above an eighth of a range of 8.
    wide = np.stack([latents[:, 0], 8 * latents[:, 1]], axis=1)
    assert active_latents(wide, protocol="hsu2023-training").tolist() == [False, True]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_booleans_are_discrete_latents(protocol):
    latents = np.stack([SOURCES[:, 0] > 0, SOURCES[:, 1] > 1], axis=1)
    of_booleans = infomec(SOURCES, latents, protocol=protocol)
    of_integers = infomec(SOURCES, latents.astype(int), protocol=protocol)
    np.testing.assert_array_equal(of_booleans.nmi, of_integers.nmi)
    np.testing.assert_array_equal(of_booleans.active, of_integers.active)
    assert of_booleans.infoe == of_integers.infoe


def test_values_and_not_one_hot_under_hsu2023_training():
    # A source that is whether a latent takes its middle value: one-hot reads it, a line cannot.
    latents = np.tile([[0], [1], [2], [1]], (50, 1))
    sources = np.concatenate([latents == 1, latents == 0], axis=1)
    assert explicitness(sources, latents).per_source[0] == pytest.approx(1, abs=1e-3)
    of_values = explicitness(sources, latents, protocol="hsu2023-training")
    assert of_values.per_source[0] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("active", [np.ones(2, dtype=bool), np.array([0, 1, 2])])
def test_bad_active(active):
    with pytest.raises(ValueError, match=r"active has shape .* expected booleans of shape \(3,\)"):
        modularity(np.ones((2, 3)), active)
