"""What must hold for any sources and latents, under every protocol."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.metrics import (
    PROTOCOLS,
    IterationLimitWarning,
    UndefinedScoreError,
    infomec,
    modularity,
    nmi_matrix,
)

SETTINGS = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)
each_kind = pytest.mark.parametrize("continuous", [False, True], ids=["discrete", "continuous"])
seeds = st.integers(0, 2**32 - 1)
# An early end of a regression depends on rounding.
CLOSE = 4e-3


def score(sources, latents, protocol):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IterationLimitWarning)
        return infomec(sources, latents, protocol=protocol)


def representation(seed, continuous, num_samples=400):
    """Sources, and latents that each follow one source, or two, with some noise."""
    rng = np.random.default_rng(seed)
    num_sources, num_latents = rng.integers(2, 5), rng.integers(3, 6)
    sources = rng.integers(rng.integers(3, 7), size=(num_samples, num_sources))
    mixing = np.eye(num_latents, num_sources) * 2
    mixing += rng.uniform(0, 1, mixing.shape) * (rng.random(mixing.shape) < 0.4)
    mixing[num_sources:, 0] += 1.0
    noise = rng.uniform(0.1, 0.6) * rng.normal(size=(num_samples, num_latents))
    latents = sources @ mixing.T + noise
    return sources, latents if continuous else np.rint(latents).astype(int)


def assert_same(after, before, *, counted=1e-9, explained=CLOSE):
    assert after.infom == pytest.approx(before.infom, abs=counted)
    assert after.infoc == pytest.approx(before.infoc, abs=counted)
    assert after.infoe == pytest.approx(before.infoe, abs=explained)


@each_kind
@each_protocol
@SETTINGS
@given(seed=seeds)
def test_scores_and_their_parts_are_in_the_unit_interval(protocol, continuous, seed):
    result = score(*representation(seed, continuous), protocol)
    parts = [result.modularity_per_latent[result.active], result.compactness_per_source]
    for values in ([result.infom, result.infoe, result.infoc], *parts):
        assert np.all((np.asarray(values) >= 0) & (np.asarray(values) <= 1))
    assert np.isnan(result.modularity_per_latent[~result.active]).all()
    assert result.infom == pytest.approx(np.mean(result.modularity_per_latent[result.active]))
    assert result.infoe == pytest.approx(np.mean(result.explicitness_per_source))
    assert result.infoc == pytest.approx(np.mean(result.compactness_per_source))


@each_kind
@each_protocol
@SETTINGS
@given(seed=seeds)
def test_the_order_of_latents_changes_nothing(protocol, continuous, seed):
    sources, latents = representation(seed, continuous)
    order = np.random.default_rng(seed).permutation(latents.shape[1])
    before, after = (score(sources, z, protocol) for z in (latents, latents[:, order]))
    np.testing.assert_allclose(after.nmi, before.nmi[:, order], atol=1e-9)
    np.testing.assert_array_equal(after.active, before.active[order])
    assert_same(after, before)


@each_kind
@each_protocol
@SETTINGS
@given(seed=seeds)
def test_names_of_source_values_change_nothing(protocol, continuous, seed):
    sources, latents = representation(seed, continuous)
    names = np.random.default_rng(seed).permutation(50)
    before, after = (score(s, latents, protocol) for s in (sources, names[sources]))
    np.testing.assert_allclose(after.nmi, before.nmi, atol=1e-9)
    # With other names, other samples of the same classes are held out.
    assert_same(after, before, explained=0.03 if protocol == "corrected" else CLOSE)


@pytest.mark.parametrize("protocol", ["hsu2023", "corrected"])
@SETTINGS
@given(seed=seeds)
def test_names_of_latent_values_change_nothing_where_no_range_is_measured(protocol, seed):
    sources, latents = representation(seed, continuous=False)
    latents = latents - latents.min()
    names = np.random.default_rng(seed).permutation(latents.max() + 1)
    before, after = (score(sources, z, protocol) for z in (latents, names[latents]))
    np.testing.assert_allclose(after.nmi, before.nmi, atol=1e-9)
    assert_same(after, before)


@each_protocol
@pytest.mark.parametrize("power", [0.5, 3.0])
@SETTINGS
@given(seed=seeds)
def test_a_monotone_map_of_continuous_latents_changes_nmi_within_the_estimators_error(
    protocol, power, seed
):
    sources, latents = representation(seed, continuous=True, num_samples=4_000)
    bent = np.sign(latents) * np.abs(latents) ** power
    before, after = (nmi_matrix(sources, z, protocol=protocol) for z in (latents, bent))
    # Four standard errors of the estimate for independent variables, see `lib.metrics.chance`: the
    # square root of 1.75 / (k n) nats, with k of 3 and a source of log 3 nats at least.
    assert np.abs(after - before).max() < 4 * np.sqrt(1.75 / (3 * 4_000)) / np.log(3)


@each_protocol
@SETTINGS
@given(seed=seeds)
def test_rows_given_twice_change_nothing_published_and_little_corrected(protocol, seed):
    sources, latents = representation(seed, continuous=False)
    before = score(sources, latents, protocol)
    after = score(np.tile(sources, (2, 1)), np.tile(latents, (2, 1)), protocol)
    if protocol == "corrected":
        # Twice the samples are taken as twice the evidence, so the correction is halved, and what
        # is held out has been fitted: InfoE rises.
        assert np.abs(after.nmi - before.nmi).max() < 0.05
        assert after.infoe > before.infoe - CLOSE
    else:
        np.testing.assert_allclose(after.nmi, before.nmi, atol=1e-9)
        assert_same(after, before)


@each_kind
@each_protocol
@SETTINGS
@given(seed=seeds)
def test_a_dead_latent_changes_nothing(protocol, continuous, seed):
    sources, latents = representation(seed, continuous)
    dead = np.full((len(latents), 1), 2, dtype=latents.dtype)
    before = score(sources, latents, protocol)
    after = score(sources, np.hstack([latents, dead]), protocol)
    np.testing.assert_allclose(after.nmi[:, :-1], before.nmi, atol=1e-9)
    assert after.active.tolist() == [*before.active, False]
    assert_same(after, before)


@each_kind
@each_protocol
@SETTINGS
@given(seed=seeds)
def test_every_latent_twice_leaves_modularity_and_halves_shares(protocol, continuous, seed):
    sources, latents = representation(seed, continuous)
    before = score(sources, latents, protocol)
    after = score(sources, np.hstack([latents, latents]), protocol)
    # InfoC = (c - 1/A) / (1 - 1/A), and with twice the latents c is half as large.
    num_active = before.active.sum()
    share = before.infoc * (1 - 1 / num_active) + 1 / num_active
    halved = (share / 2 - 1 / (2 * num_active)) / (1 - 1 / (2 * num_active))
    # Of twice as many entries, each has another limit of chance.
    tolerance = 0.05 if protocol == "corrected" else 1e-9
    assert after.infom == pytest.approx(before.infom, abs=tolerance)
    assert after.infoc == pytest.approx(halved, abs=tolerance)


@each_protocol
def test_one_latent_twice_lowers_compactness_alone(protocol):
    rng = np.random.default_rng(0)
    sources = rng.integers(4, size=(2_000, 3))
    before = score(sources, sources, protocol)
    after = score(sources, np.hstack([sources, sources[:, :1]]), protocol)
    assert after.infom == pytest.approx(before.infom, abs=0.002)
    assert after.infoe == pytest.approx(before.infoe, abs=CLOSE)
    # Shares of 1/2, 1 and 1 over four latents, up to what chance adds to the published ones.
    assert after.infoc == pytest.approx((5 / 6 - 1 / 4) / (1 - 1 / 4), abs=0.02)


@each_protocol
@SETTINGS
@given(seed=seeds)
def test_mixing_two_sources_lowers_modularity_and_noise_lowers_explicitness(protocol, seed):
    rng = np.random.default_rng(seed)
    sources = rng.integers(4, size=(1_000, 3))
    mixed = np.stack([4 * sources[:, 0] + sources[:, 1], sources[:, 1], sources[:, 2]], axis=1)
    noisy = np.where(rng.random(sources.shape) < 0.4, rng.integers(4, size=sources.shape), sources)
    clean = score(sources, sources, protocol)
    assert score(sources, mixed, protocol).infom < clean.infom - 0.1
    assert score(sources, noisy, protocol).infoe < clean.infoe - 0.1


@each_kind
@each_protocol
@SETTINGS
@given(seed=seeds)
def test_an_independent_code_scores_nothing_or_is_refused(protocol, continuous, seed):
    rng = np.random.default_rng(seed)
    sources = rng.integers(5, size=(2_000, 3))
    latents = rng.normal(size=(2_000, 4)) if continuous else rng.integers(6, size=(2_000, 4))
    result = score(sources, latents, protocol)
    if protocol == "corrected":
        assert np.isnan(result.infom)
        assert "0 active of 4" in result.undefined
        assert "infom=undefined" in repr(result)
        assert result.infoc == 0
        assert result.nmi.max() <= 0.01
        assert result.infoe <= 0.01
    else:
        assert result.nmi.max() < 0.05
        assert result.infoe < 0.05


@each_kind
def test_modularity_of_a_perfect_code_is_flat_over_the_number_of_samples(continuous):
    found = []
    for num_samples in (500, 2_000, 8_000, 20_000):
        rng = np.random.default_rng(num_samples)
        sources = rng.integers([10, 10, 10, 8, 4, 15], size=(num_samples, 6))
        latents = sources + rng.uniform(-0.1, 0.1, sources.shape) if continuous else 20 - sources
        found.append(modularity(nmi_matrix(sources, latents, protocol="corrected")))
    assert min(found[1:]) >= 0.995
    assert max(found) - min(found) < 0.02


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
