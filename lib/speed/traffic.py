"""What a training step moves to and from memory, counted in the program that computes it.

JAX_PLATFORMS=cpu python -m lib.speed.traffic > book/results/step_traffic.json

The command compiles for a GPU that need not be here, and wants JAX with CUDA: `jax[cuda12]`.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import partial
from math import prod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax.experimental import topologies

from lib.benchmarks import BENCHMARKS
from lib.runs import RunConfig
from lib.runs.provenance import commit
from lib.runs.train import build_model
from lib.speed.limits import work
from lib.speed.measure import prepared
from lib.speed.plain_step import optimizers_of
from lib.training import arithmetic
from lib.training.step import train_step

KINDS = ("products", "sums", "layout", "elementwise")
# What XLA asks of a GPU, as it writes it. Source: NVIDIA, H200 data sheet and CUDA programming
# guide, compute capability 9.0.
GPU = "NVIDIA H200"
_TARGET = """
gpu_device_info {
  cuda_compute_capability { major: 9 }
  threads_per_warp: 32 threads_per_block_limit: 1024 threads_per_core_limit: 2048
  shared_memory_per_block: 49152 shared_memory_per_block_optin: 232448
  shared_memory_per_core: 233472
  registers_per_block_limit: 65536 registers_per_core_limit: 65536
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  core_count: 132 fpus_per_core: 128 clock_rate_ghz: 1.98
  device_memory_size: 151397597184 memory_bandwidth: 4800000000000 l2_cache_size: 52428800
}
dnn_version_info { major: 9 minor: 10 }
"""

_BITS = re.compile(r"(pred|bf16|[a-z]+?(\d+)\w*)\[([\d,]*)\]")
_COMPUTATION = re.compile(r"^(ENTRY )?%?([\w.-]+) (?:\(.*\) -> .*)?\{$")
_INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%?([\w.-]+) = (\(.*?\)|\S+) ([\w-]+)\((.*?)\)(.*)$")
_CALLED = re.compile(r"(?:calls|to_apply|body|\w+_computation|branch_computations)=\{?([^}\s]+)\}?")
_TRIPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"')
_NAME = re.compile(r"[\w.-]+")

# Nothing is moved for these: they name, or are made where they are used.
_FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "reshape", "iota"}
_FREE |= {"broadcast", "after-all", "partition-id", "replica-id", "opt-barrier"}
_PRODUCTS = {"dot", "convolution"}
_IN_LIBRARIES = re.compile(r'custom_call_target="[^"]*(conv|gemm|cublas|cudnn|dot)', re.IGNORECASE)
_SUMS = {"reduce", "reduce-window", "select-and-scatter"}
_PARTS = {"slice", "dynamic-slice", "gather"}
_LAYOUT = {"copy", "transpose", "pad", "concatenate", "reverse", "scatter", "dynamic-update-slice"}
_LAYOUT |= _PARTS
_THROUGH = {"call", "while", "conditional"}


class Traffic(NamedTuple):
    """Of operations of one kind.

    Attributes:
        passes: how many of them go over memory, which on a GPU is a kernel each.
        num_bytes: of their operands and results, once each.
    """

    passes: int = 0
    num_bytes: int = 0


class _Instruction(NamedTuple):
    name: str
    shape: str
    opcode: str
    operands: list[str]
    rest: str


def described_gpu() -> jax.Device:
    """`GPU`, for which XLA can compile, though it is not here.

    Raises:
        RuntimeError: JAX cannot compile for a GPU here, as without CUDA.
    """
    described = _TARGET + f'platform_name: "CUDA" device_description_str: "{GPU}"'
    jax.local_devices()  # which is when JAX looks for its plugins
    try:
        options = {"topology": "1x1x1", "target_config": described}
        return topologies.get_topology_desc("", "cuda", **options).devices[0]
    except RuntimeError as error:
        raise RuntimeError(
            f"JAX cannot compile for a GPU here ({error}). It needs CUDA, though no GPU: "
            "pip install 'jax[cuda12]', and set JAX_PLATFORMS=cpu where there is none."
        ) from error


def lowered_step(config: RunConfig, device: jax.Device | None = None) -> jax.stages.Lowered:
    """One training step as XLA gets it.

    Args:
        config: what is trained.
        device: it is lowered for; None for any GPU, which cannot be compiled.
    """
    program, model, sampler, key = prepared(config, num_devices=1)
    graph = nnx.split(model, nnx.Param)[0]
    optimizers, size = optimizers_of(model, config.recipe), config.recipe.batch_size
    state = jax.eval_shape(lambda: jax.tree.map(lambda leaf: leaf[0], program.state))
    arguments = jax.eval_shape(lambda *given: given, sampler, key, jnp.int32(0), state)

    def step(sampler, key, taken, state):
        return train_step(graph, optimizers, sampler, size, 1, key, taken, state)

    place = jax.sharding.SingleDeviceSharding(device) if device else None
    with arithmetic(config.recipe.precision):
        traced = jax.jit(step, in_shardings=place, out_shardings=place).trace(*arguments)
        return traced.lower(lowering_platforms=("cuda",))


def traffic(text: str, *, in_loop: bool = False) -> dict[str, Traffic]:
    """Count what a program moves, by kind of operation.

    Before compilation every operation stands by itself, so this is the most that a step could move;
    afterwards a fusion is one pass. What stays in a cache or in registers is counted all the same.

    Args:
        text: in XLA's notation, as a lowered or compiled function of JAX gives it.
        in_loop: whether to count one turn of the loop that moves most, and nothing else: the step
            of a program that makes many.

    Returns:
        One entry for each of `KINDS`: products of matrices and convolutions, sums, what only moves
        numbers to other places, and all else. A fusion is of the first kind that it has anything
        of.
    """
    computations, entry = _computations(text)
    if in_loop:
        inner = [
            name
            for instructions in computations.values()
            for i in instructions
            if i.opcode == "while"
            for name in _called(i)
        ]
        entry = max(inner, key=lambda name: _total(_count(computations, name)))
    return _count(computations, entry)


def _total(found: dict[str, Traffic]) -> int:
    return sum(each.num_bytes for each in found.values())


def _computations(text: str) -> tuple[dict[str, list[_Instruction]], str]:
    """The instructions of each computation, by its name, and the name of the first to run."""
    found: dict[str, list[_Instruction]] = {}
    entry = current = ""
    for line in text.splitlines():
        if begun := _COMPUTATION.match(line):
            current = begun[2]
            found[current] = []
            entry = current if begun[1] else entry
        elif current and (read := _INSTRUCTION.match(line)):
            operands = _NAME.findall(re.sub(r"/\*.*?\*/", "", read[4]))
            found[current].append(_Instruction(*read.group(1, 2, 3), operands, read[5]))
    return found, entry


def _count(computations: dict[str, list[_Instruction]], name: str) -> dict[str, Traffic]:
    found = dict.fromkeys(KINDS, Traffic())
    shapes = {i.name: i.shape for i in computations[name]}
    for i in computations[name]:
        if i.opcode in _FREE:
            continue
        if i.opcode in _THROUGH:
            trips = _TRIPS.search(i.rest)
            times = int(trips[1]) if trips and i.opcode == "while" else 1
            for inner in _called(i):
                for kind, more in _count(computations, inner).items():
                    found[kind] = _sum(found[kind], more, times)
            continue
        operands = [_bytes(shapes[operand]) for operand in i.operands if operand in shapes]
        if i.opcode == "fusion":
            operands = [min(pair) for pair in zip(operands, _read(computations, i), strict=True)]
        moved = sum(operands) + _bytes(i.shape)
        if i.opcode in _PARTS:  # of a large array, a part is read
            moved = 2 * _bytes(i.shape)
        elif i.opcode == "dynamic-update-slice":  # and a part written
            moved = 2 * operands[1]
        kind = _kind(computations, i)
        found[kind] = _sum(found[kind], Traffic(1, moved))
    return found


def _sum(one: Traffic, more: Traffic, times: int = 1) -> Traffic:
    return Traffic(one.passes + times * more.passes, one.num_bytes + times * more.num_bytes)


def _kind(computations: dict[str, list[_Instruction]], instruction: _Instruction) -> str:
    inside = [instruction]
    if instruction.opcode == "fusion":
        inside = list(_within(computations, instruction))
    codes = {i.opcode for i in inside} - _FREE - {"fusion", "call"}
    if codes & _PRODUCTS or any(_IN_LIBRARIES.search(i.rest) for i in inside):
        return "products"
    if codes & _SUMS:
        return "sums"
    return "layout" if codes <= _LAYOUT else "elementwise"


def _within(
    computations: dict[str, list[_Instruction]], instruction: _Instruction
) -> Iterator[_Instruction]:
    for name in _called(instruction):
        for inner in computations[name]:
            yield inner
            if inner.opcode in ("fusion", "call"):
                yield from _within(computations, inner)


def _read(computations: dict[str, list[_Instruction]], fusion: _Instruction) -> list[int]:
    """At most how many bytes a fusion reads of each operand: of one that it only slices, those."""
    [inside] = [computations[name] for name in _called(fusion)]
    parameters = {i.name: int(i.operands[0]) for i in inside if i.opcode == "parameter"}
    found = [0] * len(parameters)
    for i in inside:
        for operand in set(i.operands) & set(parameters) if i.opcode != "parameter" else ():
            part = i.opcode in _PARTS and i.operands[0] == operand
            found[parameters[operand]] += _bytes(i.shape) if part else sys.maxsize
    return found


def _called(instruction: _Instruction) -> list[str]:
    """The computations that an instruction runs; the condition of a loop is left out."""
    found = _CALLED.findall(instruction.rest)
    return [name.strip("%,") for names in found for name in names.split(",") if name.strip("%, ")]


def _bytes(shape: str) -> int:
    """Bytes of an array, or of all arrays of a tuple."""
    total = 0
    for kind, bits, sides in _BITS.findall(shape):
        wide = 8 if kind == "pred" else 16 if kind == "bf16" else int(bits)
        total += prod(int(side) for side in sides.split(",") if side) * wide // 8
    return total


def main() -> None:
    """Print what a step of the published recipe moves on an H200, as JSON: the book's record."""
    device, steps = described_gpu(), []
    for precision in ("tensorfloat32", "bfloat16"):
        config = RunConfig("shapes3d", "qlae", "paper", precision=precision)
        batch_size, side = config.recipe.batch_size, config.data.resolution
        channels = BENCHMARKS[config.benchmark].channels
        images = jax.ShapeDtypeStruct((batch_size, side, side, channels), jnp.float32)
        found = traffic(lowered_step(config, device).compile().as_text())
        steps.append(
            {
                "model": config.model,
                "precision": precision,
                "batch": batch_size,
                "least_bytes": work(nnx.eval_shape(partial(build_model, config)), images)[1],
                "kinds": {kind: each._asdict() for kind, each in found.items()},
            }
        )
    made = {"commit": commit(), "gpu": GPU, "jax": jax.__version__}
    print(json.dumps(made | {"steps": steps}, indent=1))


if __name__ == "__main__":
    main()
