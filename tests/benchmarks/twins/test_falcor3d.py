import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks.scene import living_room, tracer
from lib.benchmarks.scene.vectors import Vector
from lib.benchmarks.twins import falcor3d

# Names and sizes as in the published files.
SIZES = {
    "lighting_intensity": 5,
    "lighting_x": 6,
    "lighting_y": 6,
    "lighting_z": 6,
    "camera_x": 6,
    "camera_y": 6,
    "camera_z": 6,
}
BATCH = 64
draw = jax.jit(falcor3d.renderer(64))
trace = jax.jit(falcor3d.trace, static_argnums=(1, 2))
in_shadow = jax.jit(falcor3d.in_shadow)


def random_sources(num, seed):
    return np.random.default_rng(seed).integers(0, list(SIZES.values()), (num, len(SIZES)))


def pictures(sources):
    """Pictures as at rest, drawn `BATCH` at a time so that one shape is compiled."""
    batches = [draw(sources[start : start + BATCH]) for start in range(0, len(sources), BATCH)]
    return np.round(255 * np.concatenate(batches)).astype(int)


@pytest.fixture(scope="module")
def sources():
    return random_sources(BATCH, 0)


@pytest.fixture(scope="module")
def drawn(sources):
    return np.asarray(draw(sources))


@pytest.fixture(scope="module")
def light(sources):
    """Traced afresh, without what the renderer keeps."""
    return trace(sources[:, 1:], 64, 2)


def test_pictures_lie_in_the_unit_range_and_are_not_all_white(drawn):
    assert drawn.dtype == np.float32
    assert drawn.min() >= 0
    assert drawn.max() == 1
    assert ((drawn < 1).mean(axis=(1, 2, 3)) > 0.1).all()


def test_drawing_again_gives_the_same(sources, drawn):
    np.testing.assert_array_equal(draw(sources), drawn)


def test_one_picture_at_a_time_gives_the_same(sources, drawn):
    single = jax.jit(jax.vmap(falcor3d.renderer(64)))(sources[:8])
    # Shadows' edges may fall on the other side of a ray where operations are fused differently.
    assert (np.abs(single - drawn[:8]) > 1e-3).mean() < 1e-3


def test_kept_surfaces_give_what_tracing_gives(sources, drawn, light):
    traced = falcor3d.paint(light, jnp.asarray(sources[:, 0]))
    assert (np.abs(traced - drawn) > 1e-3).mean() < 1e-3


def test_intensity_scales_the_light_of_the_sun(sources, light):
    brightness = np.array(falcor3d.ROOM.sun)
    assert (np.diff(brightness) > 0).all()
    for step, strength in enumerate(brightness):
        painted = falcor3d.paint(light, jnp.full(BATCH, step))
        for channel in range(3):
            linear = light.room[channel] + strength * light.sun[channel]
            np.testing.assert_allclose(painted[..., channel], np.minimum(linear, 1), rtol=1e-5)
    # Drawn pictures too, where they stay below white.
    first, second = (
        np.asarray(draw(np.insert(sources[:, 1:], 0, step, axis=1))) for step in (0, 1)
    )
    below = (second < 1) & (second > first + 0.05)
    ratio = (second - first)[below] / np.stack(light.sun, axis=-1)[below]
    assert np.median(ratio) == pytest.approx(brightness[1] - brightness[0], rel=1e-3)


def test_smaller_pictures_are_means_of_larger_ones(sources, light):
    small = trace(sources[:, 1:], 32, 4)
    # 128 rays along each side in both; the limit to white comes after.
    for part, whole in zip(jax.tree.leaves(light), jax.tree.leaves(small), strict=True):
        mean = part.reshape(BATCH, 32, 2, 32, 2).mean(axis=(2, 4))
        assert (np.abs(whole - mean) > 1e-3).mean() < 2e-3


def test_shadows_are_those_of_marching_towards_the_sun():
    rng = np.random.default_rng(3)
    points = rng.uniform([-1.2, -2.4, 0.01], [1.6, -0.01, 1.5], (300, 3))
    outside = ~marched(points[:, None])
    origins = Vector(*jnp.asarray(points.T, jnp.float32))
    for steps in rng.integers(0, 6, (3, 3)):
        sun = falcor3d.sun_direction(jnp.asarray(steps))
        found = np.asarray(in_shadow(tracer.Rays(origins, sun)))[outside]
        way = np.array([float(part) for part in jax.tree.leaves(sun)])
        # Steps of 5 mm miss what is thinner along the ray, which is rare.
        expected = marched(points[outside, None] + np.arange(0, 3, 0.005)[:, None] * way)
        assert (found == expected).mean() > 0.99
        assert 0.05 < expected.mean() < 0.9
        assert (found & expected).sum() > 0.9 * (found | expected).sum()


def marched(places):
    """Whether any of the places of a ray, (rays, steps, 3), lies inside a caster."""
    blocked = np.zeros(len(places), bool)
    for name, *sides in living_room.SIDES:
        low, high = np.array(sides[0::2]), np.array(sides[1::2])
        if (name, *sides) in living_room.LEGS:
            continue
        blocked |= ((places > low) & (places < high)).all(-1).any(-1)
    for _, middle, half in living_room.BALLS[:3]:
        blocked |= ((((places - middle) / half) ** 2).sum(-1) < 1).any(-1)
    for _, middle, facing, half in living_room.PILLOWS:
        flat = np.array(facing) / np.linalg.norm(facing)
        level = np.cross([0, 0, 1], flat) / np.linalg.norm(np.cross([0, 0, 1], flat))
        axes = np.stack([level, np.cross(flat, level), flat])
        blocked |= (np.abs((places - middle) @ axes.T) < half).all(-1).any(-1)
    return blocked


def test_the_table_shades_the_rug_on_the_side_away_from_the_sun():
    on_rug = Vector(jnp.array([0.2, -0.95]), jnp.full(2, -1.9), jnp.zeros(2))
    # The sun stands on the left at all steps.
    sun = falcor3d.sun_direction(jnp.array([0, 0, 2]))
    assert in_shadow(tracer.Rays(on_rug, sun)).tolist() == [True, False]
