"""The two sides of a roofline: what a step asks for, and what the machine can do."""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from functools import partial
from math import prod
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.extend.core import Jaxpr, JaxprEqn, jaxprs_in_params
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from lib.models import Step
from lib.speed.plain import plain_copy
from lib.training import PRECISIONS, arithmetic
from lib.training.step import gradient, own_parameters

# Side of the matrices and values that are copied, more than a cache holds: on a CPU, elsewhere.
_MATRIX_SIDE = 1024, 8192
_COPIED_VALUES = 2**24, 2**28
# Parameters, gradients and both moments of Adam are read; all but the gradients are written.
_OPTIMIZER_PASSES = 7


def work(model: nnx.Module, images: jax.ShapeDtypeStruct) -> tuple[int, int]:
    """What a step of one model asks for at least, however its layers are written.

    The gradient with respect to the images is part of it only where a loss has it as a term.

    Args:
        model: has `objectives`; one that is minimised in every fifth step counts for a fifth.
        images: shape and type of a batch.

    Returns:
        Floating-point operations of the products of matrices and the convolutions, forward and
        backward, zeros between pixels not counted; and bytes: operands and results of these
        products once each, parameters and the optimizer's state. What stands between the products
        is not counted.
    """
    graph, parameters = nnx.split(plain_copy(model), nnx.Param)
    step = jax.eval_shape(lambda: Step(jax.random.split(jax.random.key(0), len(images)), 0))
    flops = moved = 0
    for number, objective in enumerate(model.objectives):
        traced = jax.make_jaxpr(partial(gradient, graph, number=number))(
            parameters, images=images, step=step
        )
        products = [e for e in _equations(traced.jaxpr) if e.primitive.name in _MULTIPLICATIONS]
        arrays = [v.aval for e in products for v in (*e.invars, *e.outvars)]
        own = own_parameters(parameters, objective.trains)
        arrays += jax.tree.leaves(own) * _OPTIMIZER_PASSES
        flops += sum(2 * _MULTIPLICATIONS[e.primitive.name](e) for e in products) / objective.every
        moved += sum(array.size * array.dtype.itemsize for array in arrays) / objective.every
    return round(flops), round(moved)


def _equations(jaxpr: Jaxpr) -> Iterator[JaxprEqn]:
    for equation in jaxpr.eqns:
        yield equation
        for inner in jaxprs_in_params(equation.params):
            yield from _equations(inner)


def _in_product(equation: JaxprEqn) -> int:
    (contracted, _), _ = equation.params["dimension_numbers"]
    left, result = equation.invars[0].aval, equation.outvars[0].aval
    return result.size * prod(left.shape[axis] for axis in contracted)


def _in_convolution(equation: JaxprEqn) -> int:
    _, in_axis, *window = equation.params["dimension_numbers"].rhs_spec
    kernel, result = equation.invars[1].aval, equation.outvars[0].aval
    taps = prod(kernel.shape[axis] for axis in (in_axis, *window))
    # Of an input with zeros between its pixels, a tap meets a pixel only now and then.
    return result.size * taps // prod(equation.params["lhs_dilation"])


_MULTIPLICATIONS = {"dot_general": _in_product, "conv_general_dilated": _in_convolution}


class Turn:
    """A piece of work on all devices of a mesh that can be done again and again.

    Args:
        amount: of what one time does, such as floating-point operations.
        function: does it, handing on what it returned the last time; called once here, so that it
            is compiled.
        operand: what it is first called with.

    Attributes:
        amount: as given.
    """

    def __init__(self, amount: int, function: Callable[[jax.Array], jax.Array], operand: jax.Array):
        self.amount = amount
        self._function = function
        self._operand = jax.block_until_ready(function(operand))

    def __call__(self) -> jax.Array:
        """Do it once."""
        self._operand = self._function(self._operand)
        return self._operand


def multiplication(mesh: Mesh, precision: str) -> Turn:
    """Multiply large square matrices in a policy's arithmetic; counts floating-point operations.

    Args:
        mesh: its devices each multiply matrices of their own.
        precision: one of `lib.training.PRECISIONS`.
    """
    side = _MATRIX_SIDE[jax.default_backend() != "cpu"]
    # The root keeps the entries of product after product at about the same size. Zeros would not
    # do: a card multiplies them with less heat, and so faster.
    signs = jax.random.rademacher(jax.random.key(0), (side, side)) / side**0.5
    matrices = _on_each_device(signs.astype(PRECISIONS[precision]), mesh)

    def multiply(product: jax.Array) -> jax.Array:
        with arithmetic(precision):
            return compiled(matrices, product)

    compiled = jax.jit(jnp.matmul)
    return Turn(mesh.size * 2 * side**3, multiply, matrices)


def copying(mesh: Mesh) -> Turn:
    """Read a large array and write it back, on each device; counts bytes."""
    size = _COPIED_VALUES[jax.default_backend() != "cpu"]
    values = _on_each_device(jnp.zeros(size, jnp.float32), mesh)
    return Turn(2 * values.nbytes, jax.jit(lambda values: values + 1, donate_argnums=0), values)


def peak_memory(mesh: Mesh) -> tuple[int, str]:
    """The most bytes that were in use so far.

    Returns:
        The bytes, and of what: of the "device" that is fullest, where devices keep count;
        otherwise of this "process".
    """
    kept = [device.memory_stats() or {} for device in mesh.local_devices]
    peaks = [stats["peak_bytes_in_use"] for stats in kept if "peak_bytes_in_use" in stats]
    if peaks:
        return max(peaks), "device"
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, "process"


class Others:
    """A context that tells how busy other processes kept the machine's cores meanwhile.

    Attributes:
        share: of all cores, between 0 and 1, when the context has ended; None where the system
            does not tell, as elsewhere than on Linux, or the time was too short.
    """

    def __init__(self):
        self.share: float | None = None

    def __enter__(self) -> "Others":
        self._began = self._times()
        return self

    def __exit__(self, *_: object) -> None:
        if self._began is None:
            return
        everything, idle, own = np.subtract(self._times(), self._began)
        if everything > 0:
            self.share = max(0.0, float(everything - idle - own) / float(everything))

    @staticmethod
    def _times() -> tuple[float, float, float] | None:
        """Seconds of all cores so far, those in which they were idle, and those of this process."""
        try:
            first = Path("/proc/stat").read_text().partition("\n")[0]
        except OSError:
            return None
        ticks = [int(word) / os.sysconf("SC_CLK_TCK") for word in first.split()[1:9]]
        own = os.times()
        return sum(ticks), ticks[3] + ticks[4], own.user + own.system


def _on_each_device(values: jax.Array, mesh: Mesh) -> jax.Array:
    """The values on every device, behind a dimension of devices."""
    each = NamedSharding(Mesh(mesh.devices.ravel(), "each"), PartitionSpec("each"))
    repeat = jax.jit(lambda values: jnp.stack([values] * mesh.size), out_shardings=each)
    return repeat(values)
