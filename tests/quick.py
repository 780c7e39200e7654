"""Compiling without pains what a test computes once, without drawing pictures of a scene.

It takes half of the time. Programs are slower then, and those that draw a scene far too slow.
"""

import os
from collections.abc import Callable

import jax

OPTIONS = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}


def quickly(function: Callable) -> Callable:
    """`jax.jit`, which makes one program of what would else be one for every operation."""
    return jax.jit(function, compiler_options=OPTIONS)


def quick_environment() -> dict[str, str]:
    """The environment of a process that compiles everything so."""
    return os.environ | {"XLA_FLAGS": " ".join(f"--{k}={v}" for k, v in OPTIONS.items())}
