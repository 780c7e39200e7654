"""The examples of docstrings, which the API reference shows, do what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "lib").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]
# What a reader looks up first; others may have an example, too.
WANTED = {
    "lib.benchmarks.loading": {"load"},
    "lib.latents.quantized": {"QuantizedLatent"},
    "lib.metrics.dci": {"dci"},
    "lib.metrics.infomec": {"infomec"},
    "lib.metrics.protocol": {"Protocol"},
    "lib.runs.config": {"RunConfig"},
    "lib.runs.execution": {"execute"},
    "lib.runs.own": {"OwnModel"},
    "lib.training.image_folder": {"read_images"},
}


def examples(module: str) -> list[doctest.DocTest]:
    found = doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(module))
    return [test for test in found if test.examples]


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_a_module_do_what_they_say(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reports: list[str] = []
    runner = doctest.DocTestRunner()
    failed = sum(runner.run(test, out=reports.append).failed for test in examples(module))
    assert failed == 0, "".join(reports)


def test_what_a_reader_looks_up_first_has_an_example():
    for module, names in WANTED.items():
        assert {f"{module}.{name}" for name in names} <= {test.name for test in examples(module)}
