"""What must hold for any sources and latents, under every protocol."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.metrics import PROTOCOLS, IterationLimitWarning, UndefinedScoreError, infomec

SETTINGS = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)
# An early end of a regression depends on rounding; the classes of a held-out fold on the order of
# nothing but the samples, which these tests keep.
CLOSE = 4e-3


def score(sources, latents, protocol):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IterationLimitWarning)
        return infomec(sources, latents, protocol=protocol)


@st.composite
def representations(draw, continuous=False):
    """Sources, and latents that each follow one source, or two, with some noise."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    num_sources = draw(st.integers(2, 4))
    num_latents = draw(st.integers(3, 5))
    sources = rng.integers(draw(st.integers(3, 6)), size=(400, num_sources))
    mixing = np.eye(num_latents, num_sources) * 2
    mixing += rng.uniform(0, 1, mixing.shape) * (rng.random(mixing.shape) < 0.4)
    mixing[num_sources:, 0] += 1.0
    latents = sources @ mixing.T + draw(st.floats(0.1, 0.6)) * rng.normal(size=(400, num_latents))
    return sources, latents if continuous else np.rint(latents).astype(int)


def assert_same(after, before, tolerance=CLOSE):
    np.testing.assert_allclose(
        [after.infom, after.infoe, after.infoc],
        [before.infom, before.infoe, before.infoc],
        atol=tolerance,
    )


@each_protocol
@SETTINGS
@given(data=st.data())
def test_scores_and_their_parts_are_in_the_unit_interval(protocol, data):
    continuous = data.draw(st.booleans())
    result = score(*data.draw(representations(continuous)), protocol)
    parts = [result.modularity_per_latent[result.active], result.compactness_per_source]
    for values in ([result.infom, result.infoe, result.infoc], *parts):
        assert np.all((np.asarray(values) >= 0) & (np.asarray(values) <= 1))
    assert np.isnan(result.modularity_per_latent[~result.active]).all()
    assert result.infom == pytest.approx(np.mean(result.modularity_per_latent[result.active]))
    assert result.infoe == pytest.approx(np.mean(result.explicitness_per_source))
    assert result.infoc == pytest.approx(np.mean(result.compactness_per_source))


@each_protocol
@SETTINGS
@given(data=st.data())
def test_the_order_of_latents_changes_nothing(protocol, data):
    sources, latents = data.draw(representations(data.draw(st.booleans())))
    order = data.draw(st.permutations(range(latents.shape[1])))
    before, after = (score(sources, z, protocol) for z in (latents, latents[:, order]))
    np.testing.assert_allclose(after.nmi, before.nmi[:, order], atol=1e-9)
    assert_same(after, before)


@each_protocol
@SETTINGS
@given(data=st.data())
def test_names_of_source_values_change_nothing(protocol, data):
    sources, latents = data.draw(representations())
    names = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(50)
    before, after = (score(s, latents, protocol) for s in (sources, names[sources]))
    np.testing.assert_allclose(after.nmi, before.nmi, atol=1e-9)
    # Other names, other samples of the same classes are held out.
    assert_same(after, before, 0.03 if protocol == "corrected" else CLOSE)


@pytest.mark.parametrize("protocol", ["hsu2023", "corrected"])
@SETTINGS
@given(data=st.data())
def test_names_of_latent_values_change_nothing_where_no_range_is_measured(protocol, data):
    sources, latents = data.draw(representations())
    latents = latents - latents.min()
    names = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(latents.max() + 1)
    before, after = (score(sources, z, protocol) for z in (latents, names[latents]))
    np.testing.assert_allclose(after.nmi, before.nmi, atol=1e-9)
    assert_same(after, before)


@each_protocol
@SETTINGS
@given(data=st.data(), power=st.sampled_from([0.5, 3.0]))
def test_a_monotone_map_of_continuous_latents_changes_nmi_within_the_estimators_error(
    protocol, data, power
):
    sources, latents = data.draw(representations(continuous=True))
    bent = np.sign(latents) * np.abs(latents) ** power
    before, after = (score(sources, z, protocol).nmi for z in (latents, bent))
    assert np.abs(after - before).max() < 0.08


@each_protocol
@SETTINGS
@given(data=st.data())
def test_rows_given_twice_change_little(protocol, data):
    sources, latents = data.draw(representations())
    before = score(sources, latents, protocol)
    after = score(np.tile(sources, (2, 1)), np.tile(latents, (2, 1)), protocol)
    if protocol == "corrected":
        # Twice the samples are taken as twice the evidence, so the correction is halved.
        assert np.abs(after.nmi - before.nmi).max() < 0.05
    else:
        np.testing.assert_allclose(after.nmi, before.nmi, atol=1e-9)
        assert_same(after, before)


@each_protocol
@SETTINGS
@given(data=st.data())
def test_a_dead_latent_changes_nothing(protocol, data):
    sources, latents = data.draw(representations(data.draw(st.booleans())))
    dead = np.full((len(latents), 1), 2, dtype=latents.dtype)
    before, after = (
        score(sources, latents, protocol),
        score(sources, np.hstack([latents, dead]), protocol),
    )
    assert not after.active[-1]
    assert_same(after, before)


@each_protocol
@SETTINGS
@given(data=st.data())
def test_every_latent_twice_leaves_modularity_and_lowers_compactness(protocol, data):
    sources, latents = data.draw(representations(data.draw(st.booleans())))
    before, after = (
        score(sources, latents, protocol),
        score(sources, np.hstack([latents, latents]), protocol),
    )
    # Of twice as many entries, each has another threshold of chance.
    assert after.infom == pytest.approx(before.infom, abs=0.05 if protocol == "corrected" else 1e-9)
    assert after.infoc < before.infoc


@each_protocol
@SETTINGS
@given(seed=st.integers(0, 2**32 - 1))
def test_mixing_two_sources_lowers_modularity_and_noise_lowers_explicitness(protocol, seed):
    rng = np.random.default_rng(seed)
    sources = rng.integers(4, size=(1_000, 3))
    mixed = np.stack([4 * sources[:, 0] + sources[:, 1], sources[:, 1], sources[:, 2]], axis=1)
    noisy = np.where(rng.random(sources.shape) < 0.4, rng.integers(4, size=sources.shape), sources)
    clean = score(sources, sources, protocol)
    assert score(sources, mixed, protocol).infom < clean.infom - 0.1
    assert score(sources, noisy, protocol).infoe < clean.infoe - 0.1


@each_protocol
@SETTINGS
@given(seed=st.integers(0, 2**32 - 1), discrete=st.booleans())
def test_an_independent_code_scores_nothing_or_is_refused(protocol, seed, discrete):
    rng = np.random.default_rng(seed)
    sources = rng.integers(5, size=(2_000, 3))
    size = (2_000, 4)
    result = score(
        sources, rng.integers(6, size=size) if discrete else rng.normal(size=size), protocol
    )
    if protocol == "corrected":
        assert np.isnan(result.infom)
        assert "0 active of 4" in result.undefined
        assert "infom=undefined" in repr(result)
        assert result.infoc == 0
        assert result.nmi.max() <= 0.01
        assert result.infoe <= 0.01
    else:
        assert result.infoe < 0.05


@pytest.mark.parametrize("sizes", [(10, 10, 10, 8, 4, 15), (6, 6, 2, 3, 3, 40, 40)])
@pytest.mark.parametrize(("num_samples", "seed"), [(2_000, 0), (2_000, 1), (6_000, 2)])
def test_a_perfect_code_scores_one_from_2000_samples_on(sizes, num_samples, seed):
    rng = np.random.default_rng(seed)
    sources = np.stack([rng.integers(size, size=num_samples) for size in sizes], axis=1)
    result = infomec(sources, 100 - sources[:, ::-1], protocol="corrected")
    assert min(result.infom, result.infoe, result.infoc) >= 0.995


def test_one_active_latent_and_none_have_scores_under_corrected():
    rng = np.random.default_rng(0)
    sources = rng.integers(4, size=(2_000, 3))
    one = np.stack([np.zeros(2_000, dtype=int), sources[:, 1]], axis=1)
    result = infomec(sources, one, protocol="corrected")
    assert result.infom == pytest.approx(1)
    # One of three sources is known, and known to a single latent.
    assert result.infoc == pytest.approx(1 / 3)
    assert result.infoe == pytest.approx(1 / 3, abs=0.005)
    none = infomec(sources, np.zeros((2_000, 2), dtype=int), protocol="corrected")
    assert np.isnan(none.infom)
    assert (none.infoe, none.infoc) == (0, 0)
    with pytest.raises(UndefinedScoreError):
        infomec(sources, one)
