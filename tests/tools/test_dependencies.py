"""What makes a build execute a chapter again, on a copy of the library."""

import ast
import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from tests.tools.small_book import ROOT, write_notebook
from tools import dependencies

CHAPTERS = {
    "drawn": "from lib import figures\nfigures.nmi_heatmap",
    "scored": "from lib.metrics import infomec",
    "trained": "from lib.models import MODELS",
    "shown": "from lib.benchmarks import load",
    "recorded": 'results_dir: str = "book/results/small"',
}


@pytest.fixture
def digests(tmp_path, monkeypatch):
    """A function that digests each chapter, as a process does that starts now."""
    everything = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lib", tmp_path / "lib", ignore=everything)
    for name, code in CHAPTERS.items():
        write_notebook(tmp_path / "book" / f"{name}.ipynb", "# Title", code)
    write(tmp_path / "book/results/small/run.json", "1")
    write(tmp_path / "requirements.txt", "numpy==2.4")

    def digest() -> dict[str, str]:
        spec = importlib.util.spec_from_file_location("copied", tmp_path / "lib" / "source.py")
        source = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(source)
        monkeypatch.setattr(dependencies, "page_digests", source.page_digests)
        return {
            name: dependencies.made_from(tmp_path / "book" / f"{name}.ipynb", tmp_path)
            for name in CHAPTERS
        }

    return digest


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_docstrings_comments_hints_and_formatting_change_no_chapter(digests, tmp_path):
    before = digests()
    for path in (tmp_path / "lib").rglob("*.py"):
        formatted = ast.unparse(ast.parse(path.read_text()))  # without comments
        hinted = re.sub(r"\) -> [\w.]+:", ") -> object:", formatted)
        path.write_text("# Reworded\n" + hinted.replace('"""', '"""Reworded. ', 1))
        ast.parse(path.read_text())
    assert digests() == before


@pytest.mark.parametrize(
    ("path", "executed_again"),
    [
        ("lib/figures/heatmap.py", {"drawn"}),
        ("lib/figures/curves.py", set()),
        ("lib/metrics/infomec.py", {"scored"}),
        ("lib/models/vqvae.py", {"trained"}),  # found by its name only
        ("lib/latents/vector_quantized.py", {"trained"}),
        ("lib/benchmarks/published/transfer.py", set()),
        ("lib/benchmarks/scene/tracer.py", {"shown"}),
        ("book/results/small/run.json", {"recorded"}),
        ("book/results/small/models/new.json", {"recorded"}),
        ("book/results/other/run.json", set()),
        ("book/drawn.ipynb", {"drawn"}),
        ("requirements.txt", set(CHAPTERS)),
    ],
)
def test_a_change_executes_the_chapters_that_use_it(digests, tmp_path, path, executed_again):
    before = digests()
    file = tmp_path / path
    if path.endswith(".py"):
        assert file.is_file(), "the library has moved on; name another of its files"
    if path.endswith(".ipynb"):
        write_notebook(file, "# Title", "from lib import figures\nfigures.nmi_heatmap  # changed")
    else:
        write(file, (file.read_text() if file.is_file() else "") + "\nCHANGED = 1\n")
    after = digests()
    assert {name for name in CHAPTERS if after[name] != before[name]} == executed_again


def test_a_new_model_and_a_changed_message_execute_chapters_again(digests, tmp_path):
    before = digests()
    write(tmp_path / "lib/models/another.py", "MEANING = 1\n")
    with_a_model = digests()
    assert {name for name in CHAPTERS if with_a_model[name] != before[name]} == {"trained"}
    file = tmp_path / "lib/metrics/infomec.py"
    write(file, file.read_text() + '\ndef refuse():\n    raise ValueError("no")\n')
    once = digests()
    write(file, file.read_text().replace('ValueError("no")', 'ValueError("never")'))
    assert digests()["scored"] != once["scored"]
