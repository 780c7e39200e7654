"""Processes that see several devices where there is one."""

import os
from collections.abc import Mapping


def simulated_devices(count: int, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a process in which XLA makes `count` devices of the CPU."""
    flags = environment.get("XLA_FLAGS", "")
    wanted = f"--xla_force_host_platform_device_count={count}"
    return {**environment, "XLA_FLAGS": f"{flags} {wanted}".strip()}
