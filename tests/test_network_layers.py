"""Convolutions and norms in the forms that are fast, against their definitions."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.networks.conv_layers import dilated, dilated_by_parity, strided, strided_by_blocks
from lib.networks.norm_layers import LEAKY_SLOPE, NORM_EPSILON, scaled_norm
from tests.quick import quickly

FORMS = {
    "halve": (strided, strided_by_blocks, (3, 8, 6, 5)),
    "double": (dilated, dilated_by_parity, (3, 4, 3, 5)),
}


def _with_gradients(function):
    """Compiled: of a cotangent and arguments, the values and the gradients."""

    def computed(cotangent, *arguments):
        values, pull = jax.vjp(function, *arguments)
        return [values, *pull(cotangent)]

    return quickly(computed)


@pytest.mark.parametrize("name", FORMS)
def test_the_forms_for_a_cpu_and_for_others_are_one_function(name):
    """A GPU takes the first, whose gradients of a doubling are written out."""
    for_others, for_a_cpu, shape = FORMS[name]
    arguments = _normals(shape, (4, 4, shape[3], 7))
    [cotangent] = _normals(jax.eval_shape(for_others, *arguments).shape)
    found = _with_gradients(for_others)(cotangent, *arguments)
    wanted = _with_gradients(for_a_cpu)(cotangent, *arguments)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


@pytest.mark.parametrize("name", FORMS)
def test_a_gpu_gets_convolutions_that_cudnn_has_and_no_copy_of_the_maps(name):
    """With steps in the one direction and dilation in the other, both for the kernel as well."""
    for_others, _, shape = FORMS[name]
    arguments = jnp.zeros(shape), jnp.zeros((4, 4, shape[3], 7))
    cotangent = jnp.zeros(jax.eval_shape(for_others, *arguments).shape)
    traced = _with_gradients(for_others).trace(cotangent, *arguments)
    text = traced.lower(lowering_platforms=("cuda",)).as_text("hlo")
    convolutions = [line for line in text.splitlines() if " convolution(" in line]
    windows = ["stride=2x2", "lhs_dilate=2x2", "rhs_dilate=2x2"]
    assert sorted(w for line in convolutions for w in windows if w in line) == sorted(windows)
    assert len(convolutions) == 3
    for line in text.splitlines():
        moved = any(
            f" {operation}(" in line for operation in ("transpose", "copy", "pad", "gather")
        )
        assert not (moved and f"[{shape[0]}," in line), line


def _defined(maps, scale, bias, relu_first, numpy=jnp):
    def leaky_relu(values):
        return numpy.where(values >= 0, values, LEAKY_SLOPE * values)

    values = leaky_relu(maps) if relu_first else maps
    mean = values.mean((1, 2), keepdims=True)
    variance = numpy.square(values - mean).mean((1, 2), keepdims=True)
    standard = (values - mean) / numpy.sqrt(variance + NORM_EPSILON)
    scaled = standard * scale[:, None, None] + bias[:, None, None]
    return scaled if relu_first else leaky_relu(scaled)


def _normals(*shapes):
    keys = jax.random.split(jax.random.key(0), len(shapes))
    return [jax.random.normal(key, shape) for key, shape in zip(keys, shapes, strict=True)]


@pytest.mark.parametrize(
    ("num_maps", "num_styles"), [(3, 3), (3, 1), (1, 3)], ids=["each", "one style", "one map"]
)
@pytest.mark.parametrize("relu_first", [True, False])
def test_a_scaled_norm_and_its_gradients_are_those_of_the_definition(
    num_maps, num_styles, relu_first
):
    style = num_styles, 4
    arguments = _normals((3, 6, 5, 4), (num_maps, 6, 5, 4), style, style)
    found = _with_gradients(partial(scaled_norm, relu_first=relu_first))(*arguments)
    wanted = _with_gradients(partial(_defined, relu_first=relu_first))(*arguments)
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == jnp.float32
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("relu_first", [True, False])
def test_a_mean_of_a_hundred_deviations_costs_no_digits(relu_first):
    """A plain sum of squares would lose four of them."""
    maps, scale, bias = _normals((2, 6, 5, 4), (2, 4), (2, 4))
    found = scaled_norm(maps + 100, scale, bias, relu_first=relu_first)
    exact = [np.asarray(argument, np.float64) for argument in (maps + 100, scale, bias)]
    np.testing.assert_allclose(found, _defined(*exact, relu_first, np), atol=2e-5)


def test_a_map_of_one_colour_has_a_norm_of_zero():
    """However bright it is: what rounding leaves of a variance would be blown up a thousandfold."""
    maps = jnp.full((1, 8, 8, 2), 1234.567)
    normed = scaled_norm(maps, jnp.ones((1, 2)), jnp.full((1, 2), 0.5), relu_first=False)
    np.testing.assert_array_equal(normed, 0.5)


def test_second_derivatives_of_a_scaled_norm_are_those_of_the_definition():
    """A critic's gradient is itself differentiated."""
    maps, direction = _normals((2, 5, 6, 3), (2, 5, 6, 3))
    style = jnp.linspace(0.5, 2, 3)[None], jnp.linspace(-1, 1, 3)[None]

    def penalty(norm):
        def steepness(maps):
            gradient = jax.grad(lambda maps: jnp.sum(direction * norm(maps, *style)))(maps)
            return jnp.sum(jnp.square(gradient))

        return quickly(jax.grad(steepness))(maps)

    for relu_first in (True, False):
        found = penalty(partial(scaled_norm, relu_first=relu_first))
        wanted = penalty(partial(_defined, relu_first=relu_first))
        np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=2e-4)
