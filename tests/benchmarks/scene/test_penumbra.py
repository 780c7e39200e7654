"""Soft shadows against an area light of many points."""

import jax.numpy as jnp
import numpy as np
import pytest

from lib.benchmarks.scene.penumbra import share_hidden
from lib.benchmarks.scene.vectors import Vector
from tests.quick import quickly

LAMP, LAMP_RADIUS = np.array([0.0, 0.0, 5.0]), 1.2


def hidden_by(ball, radius, points):
    """Share of the lamp over each of (n, 3) points."""

    def towards(place):
        return Vector(*jnp.asarray((place - points).T, jnp.float32))

    return np.asarray(quickly(share_hidden)(towards(LAMP), LAMP_RADIUS, towards(ball), radius))


@pytest.mark.parametrize("radius", [0.15, 0.35])
def test_a_ball_hides_the_share_of_the_lamps_points_that_it_stands_before(radius):
    ball = np.array([0.3, 0.2, 1.2])
    places = np.random.default_rng(0).uniform(-1, 1.5, size=(300, 2))
    points = np.concatenate([places, np.zeros((300, 1))], axis=-1)
    # Points of the lamp, even over its area, on rings.
    along = np.sqrt((np.arange(40) + 0.5) / 40)[:, None] * LAMP_RADIUS
    around = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    disc = np.stack([along * np.cos(around), along * np.sin(around)], axis=-1).reshape(-1, 2)
    lamp = np.concatenate([disc, np.full((len(disc), 1), LAMP[2])], axis=-1)
    ways = lamp - points[:, None]
    ways /= np.linalg.norm(ways, axis=-1, keepdims=True)
    across = np.linalg.norm(np.cross(ways, (ball - points)[:, None]), axis=-1)
    found = hidden_by(ball, radius, points)
    # Both discs are taken to face the point, which they do not quite.
    np.testing.assert_allclose(found, (across < radius).mean(axis=-1), atol=0.04)
    assert found.max() > 0.2
    assert found.min() == 0


def test_a_penumbra_goes_evenly_from_all_to_nothing():
    ball = np.array([0.0, 0.0, 0.5])
    points = np.zeros((200, 3))
    points[:, 0] = np.linspace(0, 1.5, 200)
    share = hidden_by(ball, 0.35, points)
    # From the middle the ball looks larger than the lamp: 0.35 / 0.5 against 1.2 / 5.
    assert share[0] == pytest.approx(1.0, abs=1e-5)
    assert share[-1] == 0
    assert (np.diff(share) <= 1e-6).all()
    assert ((share > 0.01) & (share < 0.99)).sum() > 20
