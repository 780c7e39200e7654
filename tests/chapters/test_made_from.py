"""What makes a build execute a chapter again, on a copy of the library."""

import ast
import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from lib.chapters import made_from
from tests.tools.small_book import ROOT, write_notebook

CHAPTERS = {
    "drawn": "from lib import figures\nfigures.nmi_heatmap",
    "scored": "from lib.metrics import infomec",
    "trained": "from lib.models import MODELS",
    "shown": "from lib.benchmarks import load",
    "recorded": 'results_dir: str = "book/results/small"',
}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A copy of the library, with chapters that each use something else."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "lib", root / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    for name, code in CHAPTERS.items():
        write_notebook(root / "book" / f"{name}.ipynb", "# Title", code)
    write(root / "book/results/small/run.json", "1")
    write(root / "requirements.txt", "numpy==2.4")
    return root


@pytest.fixture(scope="module")
def before(root) -> dict[str, str]:
    return digests(root)


def digests(root: Path) -> dict[str, str]:
    """The digest of each chapter, as a process finds it that starts now."""
    spec = importlib.util.spec_from_file_location("copied", root / "lib" / "source.py")
    source = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made_from, "library", source)
        return {
            name: made_from.made_from(root / "book" / f"{name}.ipynb", root) for name in CHAPTERS
        }


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def executed_again(root: Path, before: dict[str, str], changes: dict[str, str]) -> set[str]:
    """Chapters whose digest is another one while files have other texts."""
    kept = {path: (root / path).read_text() for path in changes if (root / path).is_file()}
    for path, text in changes.items():
        write(root / path, text)
    try:
        after = digests(root)
    finally:
        for path in changes:
            (root / path).unlink()
        for path, text in kept.items():
            write(root / path, text)
    return {name for name in CHAPTERS if after[name] != before[name]}


def test_docstrings_comments_hints_and_formatting_change_no_chapter(root, before):
    changes = {}
    for path in (root / "lib").rglob("*.py"):
        formatted = ast.unparse(ast.parse(path.read_text()))  # without comments
        hinted = re.sub(r"\) -> [\w.]+:", ") -> object:", formatted)
        text = "# Reworded\n" + hinted.replace('"""', '"""Reworded. ', 1)
        ast.parse(text)
        changes[str(path.relative_to(root))] = text
    assert executed_again(root, before, changes) == set()


@pytest.mark.parametrize(
    ("path", "chapters"),
    [
        ("lib/figures/nmi_heatmap.py", {"drawn"}),
        ("lib/figures/images.py", set()),
        # Figures take labels and colours from whatever models and scores there are.
        ("lib/metrics/infomec.py", {"scored", "drawn"}),
        ("lib/models/vqvae.py", {"trained", "drawn"}),
        ("lib/models/another.py", {"trained", "drawn"}),
        ("lib/latents/vector_quantized.py", {"trained", "drawn"}),
        ("lib/benchmarks/published/transfer.py", set()),
        ("lib/benchmarks/scene/tracer.py", {"shown"}),
        ("book/results/small/run.json", {"recorded"}),
        ("book/results/small/models/new.json", {"recorded"}),
        ("book/results/other/run.json", set()),
        ("book/drawn.ipynb", {"drawn"}),
        ("requirements.txt", set(CHAPTERS)),
    ],
)
def test_a_change_executes_the_chapters_that_use_it(root, before, path, chapters):
    file = root / path
    text = file.read_text() if file.is_file() else "\n"
    if path.endswith(".py") and file.stem != "another":
        assert file.is_file(), "the library has moved on; name another of its files"
    changed = text.replace("figures.", "figures .") if "ipynb" in path else text + "CHANGED = 1\n"
    assert executed_again(root, before, {path: changed}) == chapters


def test_a_changed_message_may_be_on_a_page(root, before):
    path = "lib/metrics/infomec.py"
    text = (root / path).read_text()
    changed = re.sub(r'(raise \w+\(\s*f?")', r"\1Reworded: ", text, count=1)
    assert changed != text
    assert executed_again(root, before, {path: changed}) == {"scored", "drawn"}
