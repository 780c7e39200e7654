"""InfoMEC against golden values, brackets and invariances."""

import warnings

import jax.numpy as jnp
import numpy as np
import pytest

from lib.metrics import (
    PROTOCOLS,
    IterationLimitWarning,
    UndefinedScoreError,
    compactness,
    explicitness,
    infomec,
    modularity,
    nmi_matrix,
)

SIZES = (4, 3, 5)


def all_combinations() -> np.ndarray:
    """Every source combination twice: independent in the sample too, so estimates are exact."""
    grid = np.stack(np.meshgrid(*map(np.arange, SIZES), indexing="ij"), axis=-1)
    return np.tile(grid.reshape(-1, len(SIZES)), (2, 1))


def mixed_representation() -> tuple[np.ndarray, np.ndarray]:
    """Sources, and noisy nonlinear mixtures of them as continuous latents."""
    rng = np.random.default_rng(0)
    sources = np.stack([rng.integers(0, size, 500) for size in SIZES], axis=1)
    mixtures = sources @ rng.normal(size=(len(SIZES), 6))
    return sources, mixtures + np.sin(3 * mixtures) + 0.3 * rng.normal(size=mixtures.shape)


def scores(result) -> np.ndarray:
    return np.array([result.infom, result.infoe, result.infoc])


def test_golden_infomec(golden, infomec_name):
    expected = golden(infomec_name)
    discrete = bool(expected["discrete"])
    result = infomec(expected["sources"], expected["latents"], discrete=discrete)
    # Tolerances: golden/README.md. The continuous estimate parts ties by noise of its own.
    exact = 1e-6 if discrete else 2e-3
    np.testing.assert_allclose(result.nmi, expected["nmi"], rtol=0, atol=exact)
    np.testing.assert_array_equal(result.active, expected["active"])
    assert result.infom == pytest.approx(float(expected["infom"]), abs=exact)
    assert result.infoc == pytest.approx(float(expected["infoc"]), abs=exact)
    assert result.infoe == pytest.approx(float(expected["infoe"]), abs=5e-3)


def test_golden_infomec_settles_by_dtype_whether_latents_are_discrete(golden, infomec_name):
    arrays = golden(infomec_name)
    given = nmi_matrix(arrays["sources"], arrays["latents"], discrete=bool(arrays["discrete"]))
    settled = nmi_matrix(arrays["sources"], arrays["latents"])
    np.testing.assert_array_equal(settled, given)


def test_perfect_representation_scores_one():
    sources = all_combinations()
    result = infomec(sources, sources)
    np.testing.assert_allclose(result.nmi, np.eye(len(SIZES)), atol=1e-12)
    # InfoE reaches 1 only in the limit of infinite logits.
    np.testing.assert_allclose(scores(result), 1, atol=1e-4)
    assert result.explicitness_converged
    assert result.protocol == "hsu2023"


def test_constant_latents_change_nothing_but_are_not_active():
    sources = all_combinations()
    latents = np.insert(sources, 1, 7, axis=1)
    result = infomec(sources, latents)
    np.testing.assert_array_equal(result.active, [True, False, True, True])
    np.testing.assert_array_equal(result.nmi[:, 1], 0)
    np.testing.assert_allclose(scores(result), 1, atol=1e-4)


def test_duplicated_latent_keeps_modularity_and_lowers_compactness():
    sources = all_combinations()
    result = infomec(sources, np.concatenate([sources, sources[:, :1]], axis=1))
    assert result.infom == pytest.approx(1, abs=1e-12)
    # The duplicated source has two equal entries: mean of (1/2, 1, 1) is 5/6, over 4 latents.
    assert result.infoc == pytest.approx((5 / 6 - 1 / 4) / (1 - 1 / 4), abs=1e-12)


def test_latent_that_mixes_two_sources_lowers_modularity():
    sources = all_combinations()
    mixed = sources.copy()
    mixed[:, 0] = sources[:, 0] * SIZES[1] + sources[:, 1]
    result = infomec(sources, mixed)
    # The mixing latent determines both: shares (1/2, 1, 1), over 3 sources.
    assert result.infom == pytest.approx((5 / 6 - 1 / 3) / (1 - 1 / 3), abs=1e-12)
    assert result.infoe == pytest.approx(1, abs=1e-4)


def test_independent_latents_explain_nothing_and_prefer_no_source():
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    result = infomec(grid[:, :2], grid[:, 2:])
    np.testing.assert_allclose(result.nmi, 0, atol=1e-12)
    assert result.infoe == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("discrete", [True, False])
def test_order_of_latents_and_of_samples_changes_nothing(discrete):
    sources, latents = mixed_representation()
    latents = np.rint(latents).astype(int) if discrete else latents
    rng = np.random.default_rng(0)
    order, rows = rng.permutation(latents.shape[1]), rng.permutation(len(latents))
    before = infomec(sources, latents)
    after = infomec(sources[rows], latents[rows][:, order])
    np.testing.assert_allclose(after.nmi, before.nmi[:, order], atol=1e-9)
    np.testing.assert_array_equal(after.active, before.active[order])
    # A regression that the protocol ends early depends on rounding, a little.
    np.testing.assert_allclose(scores(after), scores(before), atol=1e-4)


def test_renaming_values_changes_nothing():
    sources, latents = mixed_representation()
    latents = np.rint(latents).astype(int)
    before, after = infomec(sources, latents), infomec(1000 - 7 * sources, 3 - 11 * latents)
    np.testing.assert_allclose(after.nmi, before.nmi, atol=1e-12)
    np.testing.assert_array_equal(after.active, before.active)
    np.testing.assert_allclose(scores(after), scores(before), atol=1e-4)


def test_scale_and_shift_of_continuous_latents_change_nothing():
    sources, latents = mixed_representation()
    before, after = infomec(sources, latents), infomec(sources, 5 - 40 * latents)
    np.testing.assert_allclose(after.nmi, before.nmi, atol=1e-9)
    np.testing.assert_allclose(scores(after), scores(before), atol=1e-4)


def test_bias_of_a_perfect_representation_shrinks_with_samples():
    # golden/README.md: sources of Shapes3D (10, 10, 10, 8, 4, 15 values), each latent a relabelled
    # source: InfoM about 0.95 at 2,000 samples and 0.99 at 10,000.
    rng = np.random.default_rng(0)
    sources = np.stack([rng.integers(0, size, 10_000) for size in (10, 10, 10, 8, 4, 15)], axis=1)
    infom = {n: infomec(sources[:n], 20 - sources[:n]).infom for n in (500, 2_000, 10_000)}
    assert infom[500] < infom[2_000] < infom[10_000] < 1
    assert infom[2_000] == pytest.approx(0.95, abs=0.01)
    assert infom[10_000] == pytest.approx(0.99, abs=0.005)


def test_modularity_and_compactness_by_hand():
    nmi = np.array([[0.6, 0.1, 0.5], [0.2, 0.3, 0.5]])
    # Columns: 0.6/0.8, 0.3/0.4, 0.5/1.0. Rows: 0.6/1.2, 0.5/1.0.
    assert modularity(nmi) == pytest.approx(((0.75 + 0.75 + 0.5) / 3 - 1 / 2) / (1 / 2))
    assert compactness(nmi) == pytest.approx((0.5 - 1 / 3) / (2 / 3))
    # Without the third latent: 0.75 both; rows 0.6/0.7 and 0.3/0.5.
    active = np.array([True, True, False])
    assert modularity(nmi, active) == pytest.approx(0.5)
    assert compactness(nmi, active) == pytest.approx(((6 / 7 + 3 / 5) / 2 - 1 / 2) / (1 / 2))


def test_no_information_counts_as_evenly_spread():
    # Second latent and second source: nothing known. Ratios (1, 1/2) both ways.
    nmi = np.array([[0.8, 0.0], [0.0, 0.0]])
    assert modularity(nmi) == pytest.approx(0.5)
    assert compactness(nmi) == pytest.approx(0.5)


def test_what_rounding_leaves_of_no_information_counts_as_none():
    # Independent in the sample, so that each estimate is a difference of entropies that are equal:
    # with these sizes some are 1e-16 and not 0, and would decide which source a latent prefers.
    grid = np.stack(np.meshgrid(*map(np.arange, (3, 5, 7, 6)), indexing="ij"), -1).reshape(-1, 4)
    result = infomec(grid[:, :3], grid[:, [3, 0]])
    np.testing.assert_array_equal(result.nmi[:, 0], 0)
    assert result.active.all()
    np.testing.assert_allclose(result.modularity_per_latent, [0, 1], atol=1e-12)
    # And where NMI comes from elsewhere.
    assert modularity(np.array([[1e-16, 0.5], [0, 0.0]])) == 0.5


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_largest_floats_do_not_overflow(protocol):
    # As if the signs had size 1.
    sources = all_combinations()[:, :2] % 2
    signs = np.where(sources, 1.0, -1.0)
    for discrete in (True, False):
        found, expected = (
            infomec(sources, scale * signs, discrete=discrete, protocol=protocol)
            for scale in (1.7e308, 1.0)
        )
        assert found.active.all()
        np.testing.assert_allclose(found.nmi, expected.nmi, atol=1e-9)
        np.testing.assert_allclose(scores(found), scores(expected), atol=1e-4)


@pytest.mark.parametrize("kind", [int, float])
def test_no_active_latent_is_undefined(kind):
    sources = all_combinations()
    with pytest.raises(UndefinedScoreError, match=r"latents have 0 active of 2.*InfoM and InfoC"):
        infomec(sources, np.full((len(sources), 2), 3, dtype=kind))


def test_one_active_latent_leaves_only_compactness_undefined():
    sources = all_combinations()
    latents = np.stack([np.zeros(len(sources), dtype=int), sources[:, 0]], axis=1)
    with pytest.raises(UndefinedScoreError, match=r"1 active of 2 \(latent 1\): InfoC") as caught:
        infomec(sources, latents)
    np.testing.assert_array_equal(caught.value.active, [False, True])
    assert modularity(caught.value.nmi, caught.value.active) == pytest.approx(1)
    # Of three sources, the one that the latent holds is explained.
    assert explicitness(sources, latents).infoe == pytest.approx(1 / 3, abs=1e-4)


def test_an_iteration_limit_that_decides_the_score_is_said_with_the_remedy():
    # Each source is the small difference of two latents that are noise otherwise.
    rng = np.random.default_rng(0)
    sources = rng.integers(10, size=(1_000, 2))
    noise = rng.normal(size=(1_000, 2))
    latents = np.concatenate([noise, noise + 0.005 * sources], axis=1)
    with pytest.warns(IterationLimitWarning, match=r"limit of 100 iterations.*'corrected' fits"):
        result = infomec(sources, latents)
    assert not result.explicitness_converged
    # In scaled features the same problem is a good one.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert infomec(sources, latents, protocol="corrected").explicitness_converged


def test_takes_whatever_turns_into_an_array():
    class Wrapped:
        def __init__(self, values):
            self.values = values

        def __array__(self, dtype=None, copy=None):
            return np.asarray(self.values, dtype=dtype)

    sources = all_combinations()
    plain, wrapped = infomec(sources, sources), infomec(Wrapped(sources), Wrapped(sources))
    np.testing.assert_array_equal(wrapped.nmi, plain.nmi)
    assert type(wrapped.nmi) is np.ndarray
    assert all(type(score) is float for score in (plain.infom, plain.infoe, plain.infoc))


def test_takes_arrays_of_jax():
    sources = all_combinations()
    latents = sources + 0.25
    # They take few values on purpose, so it is said that they are continuous.
    plain = infomec(sources, latents.astype(np.float32), discrete=False)
    found = infomec(jnp.asarray(sources), jnp.asarray(latents, jnp.float32), discrete=False)
    np.testing.assert_array_equal(found.nmi, plain.nmi)
    assert type(found.nmi) is np.ndarray


def test_inputs_are_left_as_they_were():
    sources = all_combinations()
    latents = np.random.default_rng(0).normal(size=(len(sources), 3)) + sources
    kept = sources.copy(), latents.copy()
    infomec(sources, latents)
    np.testing.assert_array_equal(sources, kept[0])
    np.testing.assert_array_equal(latents, kept[1])


def test_repr_is_read_at_a_glance():
    sources = all_combinations()
    assert repr(infomec(sources, sources)) == (
        "InfoMEC(infom=1.000, infoe=1.000, infoc=1.000, active=3 of 3 latents, protocol='hsu2023')"
    )
