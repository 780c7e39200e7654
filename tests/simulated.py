"""Processes that see several devices where there is one."""

import os


def simulated_devices(count: int) -> dict[str, str]:
    """The environment of a process in which XLA makes `count` devices of the CPU."""
    flags = os.environ.get("XLA_FLAGS", "")
    wanted = f"--xla_force_host_platform_device_count={count}"
    return os.environ | {"XLA_FLAGS": f"{flags} {wanted}".strip()}
