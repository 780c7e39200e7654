"""What a step is spent on, by the profiler."""

from lib.runs import RunConfig
from lib.speed.kernels import longest_kernels


def test_the_longest_operations_of_a_step_are_named_longest_first():
    """Of the MLP's three layers a coder, each has products forward and backward."""
    config = RunConfig("shapes3d", "qlae", "smoke", training_images=100, evaluation_images=100)
    found = longest_kernels(config, num=300)
    rows = found["longest"]
    assert (found["precision"], found["batch"]) == ("float32", 64)
    assert [row["ms"] for row in rows] == sorted((row["ms"] for row in rows), reverse=True)
    assert sum(row["name"].startswith("dot") for row in rows) >= 17 - 6
    assert not any(row["name"].startswith(("while", "end:", "Thunk")) for row in rows)
    assert 0 < sum(row["ms"] for row in rows) <= found["ms"] * (1 + 1e-9)
    assert sum(row["launches"] for row in rows) <= found["launches"]
