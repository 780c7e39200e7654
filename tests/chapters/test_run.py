"""One chapter executed: what it is given, what is kept, and what is said when it stops."""

import contextlib
import errno
import gc
import os
import re
import signal
from pathlib import Path

import nbconvert
import nbformat
import papermill
import psutil
import pytest
from papermill.clientwrap import PapermillNotebookClient

from lib.chapters import (
    BookError,
    ChapterFailed,
    ChapterInterrupted,
    Execution,
    earlier_execution,
    execute_chapter,
    page,
    run,
    warnings_of,
)
from tests.tools.small_book import CHART, PARAMETERS, write_notebook
from tools.static_check import CSS_ADDRESS, Page


def execute(source: Path, with_page: bool = False, **parameters) -> Execution:
    given = {"profile": "smoke", **parameters}
    root = source.parent
    return execute_chapter(source, root / "out", given, cwd=root, with_page=with_page)


def left_in(folder: Path) -> list[str]:
    """Files that a reader sees, and whatever was not written to its end."""
    names = [path.name for path in folder.iterdir()]
    return sorted(name for name in names if not (name.startswith(".") and name.endswith(".lock")))


def first_cell(notebook: Path) -> str:
    return nbformat.read(notebook, as_version=4).cells[0].source


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> tuple[Path, bytes, Execution, int]:
    """A chapter whose kernel starts at the second try, and its source as it was before."""
    source = write_notebook(
        tmp_path_factory.mktemp("book") / "plain.ipynb",
        "# Plain",
        "import sys\nimport warnings\nprint(profile, seed, runs_dir)",
        'print("step 1/2", file=sys.stderr)\nwarnings.warn("too few images")',
        CHART,
    )
    before = source.read_bytes()
    original, calls = papermill.execute_notebook, []

    def racing(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 1:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return original(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(papermill, "execute_notebook", racing)
        done = execute(source, with_page=True, seed=7, runs_dir="kept/runs")
    return source, before, done, len(calls)


def test_a_chapter_sees_its_parameters_and_its_source_stays_as_it_is(executed):
    source, before, done, _ = executed
    notebook = nbformat.read(done.notebook, as_version=4)
    assert notebook.cells[3].outputs[0].text == "smoke 7 kept/runs\n"
    assert source.read_bytes() == before
    assert left_in(source.parent / "out") == ["plain.html", "plain.ipynb"]


def test_a_kernel_that_does_not_start_is_tried_once_more(executed, tmp_path, monkeypatch):
    assert executed[3] == 2

    def dead(*_, **__):
        raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(papermill, "execute_notebook", dead)
    with pytest.raises(ChapterFailed, match=r"(?s)before its first cell.*before replying.*Nothing"):
        execute(write_notebook(tmp_path / "plain.ipynb", "# Plain", "1"))
    assert left_in(tmp_path / "out") == []


def test_no_path_of_this_machine_is_published(executed):
    source, _, done, _ = executed
    for path in (done.notebook, done.page):
        assert str(source.parent) not in path.read_text()


def test_the_page_holds_its_charts_and_formulas_and_asks_no_other_host(executed):
    path = executed[2].page
    text = path.read_text()
    assert Page(path).fetched == []
    assert not CSS_ADDRESS.search(text)
    assert "window.VEGA_DEBUG = " in text
    assert "window.MathJax = " in text
    assert '"field": "loss"' in text


def test_warnings_are_told_from_progress(executed):
    # papermill's own cell for the parameters comes before the two.
    [line] = warnings_of(executed[2].notebook)
    assert re.match("cell 5: .*UserWarning: too few images", line)


def test_a_failing_chapter_names_itself_its_cell_and_the_error(tmp_path):
    source = write_notebook(
        tmp_path / "broken.ipynb", "# Broken", "x = 1", "y = 0\nprint(x / y)", "never = True"
    )
    failing = nbformat.read(source, as_version=4).cells[3]
    with pytest.raises(ChapterFailed) as caught:
        execute(source)
    message = str(caught.value)
    expected = [
        "chapter 'broken' failed",
        f"cell 4 (id {failing.id})",
        "profile 'smoke'",
        "    print(x / y)",
        "ZeroDivisionError: division by zero",
        "broken.failed.ipynb",
    ]
    assert [text for text in expected if text not in message] == []
    assert "\x1b" not in message
    assert left_in(tmp_path / "out") == ["broken.failed.ipynb"]
    assert f"cell 4 (id {failing.id})" in first_cell(tmp_path / "out" / "broken.failed.ipynb")


def test_a_parameter_that_a_cell_refuses_is_told_in_one_line(tmp_path):
    cell = 'if seed < 0:\n    raise ValueError(f"seed={seed} is too small")'
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", cell)
    with pytest.raises(BookError) as caught:
        execute(source, seed=-1)
    assert str(caught.value) == "chapter 'plain': seed=-1 is too small"
    assert left_in(tmp_path / "out") == []


def test_a_kernel_that_dies_names_the_chapter_and_the_cell(tmp_path):
    source = write_notebook(tmp_path / "dying.ipynb", "# Dying", "x = 1", "import os\nos._exit(1)")
    with pytest.raises(
        ChapterFailed, match=r"(?s)'dying' failed in cell 4.*os\._exit.*kernel died"
    ):
        execute(source)
    assert "'dying' failed in cell 4" in first_cell(tmp_path / "out" / "dying.failed.ipynb")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_kernel_and_leaves_what_was_there(tmp_path, caplog, number):
    """The chapter itself sends what a user or a scheduler would."""
    source = write_notebook(
        tmp_path / "long.ipynb",
        "# Long",
        "import os, time\nopen('kernel', 'w').write(str(os.getpid()))\n"
        f"os.kill(os.getppid(), {number:d})\ntime.sleep(600)",
    )
    earlier = tmp_path / "out" / "long.ipynb"
    earlier.parent.mkdir()
    earlier.write_text("earlier")
    with pytest.raises(ChapterInterrupted, match=f"stopped by {number.name} in cell 3") as stopped:
        execute(source)
    assert stopped.value.signal == number
    assert earlier.read_text() == "earlier"
    assert left_in(earlier.parent) == ["long.failed.ipynb", "long.ipynb"]
    assert "in cell 3" in first_cell(earlier.with_suffix(".failed.ipynb"))
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "kernel").read_text())).wait(timeout=30)
    del stopped
    gc.collect()
    assert caplog.records == []


@pytest.fixture
def no_kernel(monkeypatch):
    """Cells are begun, as papermill does, and none is executed."""

    def execute(client: PapermillNotebookClient) -> None:
        for index, cell in enumerate(client.nb.cells):
            client.nb_man.cell_start(cell, index)

    monkeypatch.setattr(PapermillNotebookClient, "execute", execute)


@pytest.mark.parametrize("number_written", range(6))
def test_a_full_disk_leaves_what_was_there_and_nothing_half_written(
    tmp_path, monkeypatch, no_kernel, number_written
):
    """The note of who runs it, the notebook before each of three cells and whole, and the page."""
    monkeypatch.setattr(run, "page_of", lambda *_: "a page")
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", "1")
    earlier = execute(source, with_page=True)
    before = [path.read_bytes() for path in (earlier.notebook, earlier.page)]
    flush, written = os.fsync, []

    def full(file: int) -> None:
        written.append(file)
        if len(written) > number_written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BookError, match=r"(?s)'plain'.*No space left on device"):
        execute(source, with_page=True, seed=1)
    assert [path.read_bytes() for path in (earlier.notebook, earlier.page)] == before
    is_kept = number_written > 1
    kept = ["plain.failed.ipynb"] if is_kept else []
    assert left_in(tmp_path / "out") == sorted(["plain.html", "plain.ipynb", *kept])
    for name in kept:
        nbformat.validate(nbformat.read(tmp_path / "out" / name, as_version=4))


def test_a_relative_folder_is_in_the_current_one(tmp_path, monkeypatch, no_kernel):
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", "1")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    done = execute_chapter(source, Path("out"), {}, cwd=tmp_path)
    assert done.notebook == tmp_path / "elsewhere" / "out" / "plain.ipynb"
    assert done.notebook.is_file()


def test_a_page_that_cannot_be_made_is_an_error(tmp_path, monkeypatch, no_kernel):
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", "1")

    def failing(*_, **__):
        raise ValueError("no such template")

    monkeypatch.setattr(page, "vega_bundle", str)
    monkeypatch.setattr(nbconvert.HTMLExporter, "from_notebook_node", failing)
    with pytest.raises(
        ChapterFailed, match=r"(?s)after its last cell.*nbconvert.*no such template"
    ):
        execute(source, with_page=True)
    assert left_in(tmp_path / "out") == ["plain.failed.ipynb"]


def test_an_earlier_execution_is_kept_while_it_is_the_book_s_page(tmp_path, no_kernel):
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", "print(profile, seed)")
    (tmp_path / "requirements.txt").write_text("numpy==2.4\n")

    def earlier() -> Path | None:
        return earlier_execution(source, tmp_path / "out", tmp_path)

    assert earlier() is None
    executed = execute(source).notebook
    assert earlier() == executed
    (tmp_path / "requirements.txt").write_text("numpy==2.5\n")
    assert earlier() is None
    execute(source, seed=1)
    assert earlier() is None, "executed with a parameter of its own"


def test_an_unknown_parameter_is_refused_before_anything_is_written(tmp_path):
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", "print(profile)")
    with pytest.raises(BookError, match=r"'plain': sede=7 is no parameter.*profile, seed"):
        execute(source, sede=7)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_records_that_is_not_there_is_refused(tmp_path):
    parameters = f'{PARAMETERS}\nresults_dir: str = "book/results"  # records'
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", parameters=parameters)
    with pytest.raises(BookError, match=r"results_dir='rusults' is not there; expected a folder"):
        execute(source, results_dir="rusults")
    assert not (tmp_path / "out").exists()
