"""The chapters keep the book's rules, and each of them runs in the smoke profile."""

import ast
import re
from collections import Counter
from pathlib import Path

import nbformat
import papermill
import pytest
from jupyter_client.provisioning import local_provisioner

from lib.chapters import (
    Book,
    declared_parameters,
    earlier_execution,
    execute_chapter,
    warnings_of,
)
from lib.profiles import PROFILES
from tests.child import python
from tests.forked import ForkedModule
from tests.simulated import simulated_devices
from tools.check_search import SEARCHES

ROOT = Path(__file__).resolve().parent.parent
BOOK = Book(ROOT)
NAMES = BOOK.chapter_names()
NOTEBOOKS = sorted(BOOK.folder.glob("*.ipynb"))
LONGEST_CELL = 25

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def parameters_cell(path: Path) -> nbformat.NotebookNode:
    [cell] = [cell for cell in read(path).cells if "parameters" in tags(cell)]
    return cell


def figures(path: Path) -> list[dict]:
    return [
        cell.metadata["mystnb"].get("figure", {})
        for cell in code_cells(path)
        if "mystnb" in cell.metadata
    ]


def test_the_table_of_contents_and_the_folder_hold_the_same_chapters():
    files = [
        path.relative_to(BOOK.folder).with_suffix("").as_posix()
        for folder in (BOOK.folder, BOOK.folder / "api")
        for path in folder.iterdir()
        if path.suffix in (".ipynb", ".md")
    ]
    assert Counter(files) == Counter(NAMES)


def test_a_search_is_for_a_page_of_the_book():
    assert set(SEARCHES.values()) <= set(NAMES)


@each_notebook
def test_a_notebook_is_valid_and_its_cells_have_ids(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert notebook.metadata.kernelspec.name == "python3"


@each_notebook
def test_a_notebook_is_kept_without_outputs(path):
    assert [cell.id for cell in code_cells(path) if cell.outputs or cell.execution_count] == []


@each_notebook
def test_a_chapter_opens_with_its_title(path):
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert re.match(r"# \S", first.source)


@each_notebook
def test_a_chapter_marks_the_first_use_of_terms_of_the_glossary(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    marked = Counter(re.findall(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`", text))
    assert marked
    assert [term for term, count in marked.items() if count > 1] == []


@each_notebook
def test_no_string_shows_what_it_should_have_filled_in(path):
    """A string with a name in braces wants an f before it."""
    for cell in code_cells(path):
        tree = ast.parse(cell.source)
        filled = {
            part
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        plain = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in filled
        ]
        assert [text for text in plain if re.search(r"\{[a-z_]+[.\[(:}]", text)] == []


@each_notebook
def test_parameters_are_visible_literals_typed_and_commented(path):
    assert set(tags(parameters_cell(path))) == {"parameters"}
    declared = declared_parameters(path)
    assert declared["profile"].default == "laptop"
    assert declared["seed"].kind == "int"
    # papermill warns of each parameter that it does not know.
    assert set(papermill.inspect_notebook(str(path))) == set(declared)
    assert [name for name, parameter in declared.items() if not parameter.help] == []


@each_notebook
def test_the_cell_behind_the_parameters_checks_what_was_injected(path):
    cells = code_cells(path)
    behind = cells[cells.index(parameters_cell(path)) + 1]
    calls = [ast.unparse(node) for node in ast.parse(behind.source).body]
    assert "check_parameters()" in calls


@each_notebook
def test_a_chapter_takes_every_profile(path):
    cells = code_cells(path)
    at = cells.index(parameters_cell(path))
    for profile in PROFILES:
        names: dict[str, object] = {}
        for cell in cells[: at + 1]:
            exec(cell.source, names)
        names["profile"] = profile
        exec(cells[at + 1].source, names)  # checks them, and names what it will train


@each_notebook
def test_a_cell_fits_on_a_screen(path):
    lengths = {cell.id: len(cell.source.splitlines()) for cell in code_cells(path)}
    assert {name: length for name, length in lengths.items() if length > LONGEST_CELL} == {}


@each_notebook
def test_a_chapter_is_made_with_the_library(path):
    imported = set()
    for cell in code_cells(path):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.split(".")[0])
    assert "lib" in imported
    # Their outputs need scripts from another host.
    assert imported.isdisjoint({"ipywidgets", "tqdm", "plotly"})


def test_what_two_chapters_define_belongs_in_the_library():
    defined = [
        node.name
        for path in NOTEBOOKS
        for cell in code_cells(path)
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    assert [name for name, count in Counter(defined).items() if count > 1] == []


@each_notebook
def test_a_chapter_has_figures_with_a_name_and_a_caption(path):
    assert figures(path)
    for figure in figures(path):
        assert figure.get("name")
        assert len(figure.get("caption", "").split()) >= 3, figure


def test_names_of_figures_are_used_once():
    names = Counter(figure["name"] for path in NOTEBOOKS for figure in figures(path))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.chapter
@pytest.mark.parametrize("name", [*NAMES[1:], NAMES[0]])
def test_a_chapter_runs_in_the_smoke_profile(name, monkeypatch):
    monkeypatch.setattr(local_provisioner, "launch_kernel", ForkedModule)
    source = BOOK.source(name)
    if source.suffix == ".md":
        return
    # Where `make book PROFILE=smoke` keeps chapters and looks for them, too.
    executed_dir = BOOK.build / "executed" / "smoke"
    notebook = earlier_execution(source, executed_dir, ROOT)
    if notebook is None:
        given = {"profile": "smoke"}
        notebook = execute_chapter(source, executed_dir, given, cwd=ROOT).notebook
    assert list(warnings_of(notebook)) == []
    checks = [cell for cell in code_cells(notebook) if "check_parameters()" in cell.source]
    assert [cell.outputs for cell in checks if cell.outputs] == []
    for cell in code_cells(notebook):
        pages = [output.data.get("text/html", "") for output in cell.outputs if "data" in output]
        if any("altair-viz-" in page for page in pages):
            assert "figure" in cell.metadata.get("mystnb", {}), f"chart without caption: {cell.id}"


def test_what_chapters_find_imported_was_imported_without_a_word():
    done = python("-c", "import tests.preloaded")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.chapter
@pytest.mark.parametrize(
    ("name", "parameters"), [("quantized_latents", {}), ("weight_decay", {"num_seeds": 1})]
)
def test_a_chapter_runs_as_on_a_tpu_host(name, parameters, tmp_path, monkeypatch):
    """With JAX set as on a TPU: eight devices, products in bfloat16 by default, no float64.

    A CPU accepts the second and rounds nothing, so that the numbers are a CPU's. One seed meets
    the devices as well as three.
    """
    wanted = {"JAX_DEFAULT_MATMUL_PRECISION": "bfloat16", "JAX_ENABLE_X64": "false"}
    for variable, value in (simulated_devices(8) | wanted).items():
        monkeypatch.setenv(variable, value)
    given = {"profile": "smoke", "runs_dir": str(tmp_path / "runs"), **parameters}
    notebook = execute_chapter(BOOK.source(name), tmp_path, given, cwd=ROOT).notebook
    assert list(warnings_of(notebook)) == []
    [first] = [cell for cell in code_cells(notebook) if cell.id == "start"]
    assert "on 8 × cpu" in first.outputs[0].text


def test_nothing_but_official_images_is_asked_of_the_host_from_within_a_compiled_program():
    """Several hosts of a TPU cannot be asked so; `RunImages` refuses it for them."""
    sources = {path.name: path.read_text() for path in (ROOT / "lib").rglob("*.py")}
    for path in NOTEBOOKS:
        sources[path.name] = "\n".join(cell.source for cell in code_cells(path))
    asking = [name for name, text in sources.items() if re.search(r"(pure|io)_callback", text)]
    assert asking == ["lookup.py"]
