"""One chapter executed: what it is given, what is kept, and what is said when it fails."""

import functools
import re
from pathlib import Path

import nbformat
import papermill
import pytest
from tools.chapters import BookError
from tools.execute import ChapterFailed, earlier_execution, execute_chapter, warnings_of

from tests.tools.small_book import write_notebook


def execute(source: Path, tmp_path: Path, **options) -> Path:
    settings = {"profile": "smoke", "cwd": tmp_path, "runs_dir": tmp_path / "runs", **options}
    return execute_chapter(source, tmp_path / "out", **settings).notebook


def test_a_failing_chapter_names_itself_its_cell_and_the_error(tmp_path):
    source = write_notebook(
        tmp_path / "broken.ipynb", "# Broken", "x = 1", "y = 0\nprint(x / y)", "never = True"
    )
    failing = nbformat.read(source, as_version=4).cells[3]
    with pytest.raises(ChapterFailed) as caught:
        execute(source, tmp_path)
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
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["broken.failed.ipynb"]


def test_a_kernel_that_dies_names_the_chapter_and_the_cell(tmp_path):
    source = write_notebook(tmp_path / "dying.ipynb", "# Dying", "x = 1", "import os\nos._exit(1)")
    with pytest.raises(
        ChapterFailed, match=r"(?s)'dying' failed in cell 4.*os\._exit.*kernel died"
    ):
        execute(source, tmp_path)


def test_a_chapter_sees_its_parameters_and_its_source_stays_as_it_is(tmp_path):
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", "print(profile, seed, runs_dir)")
    before = source.read_bytes()
    notebook = nbformat.read(
        execute(source, tmp_path, parameters={"seed": 7}, runs_dir=tmp_path / "kept" / "runs"),
        as_version=4,
    )
    assert notebook.cells[-1].outputs[0].text == "smoke 7 kept/runs\n"
    assert source.read_bytes() == before
    assert str(tmp_path) not in nbformat.writes(notebook)


def test_an_earlier_execution_is_kept_while_it_is_the_book_s_page(tmp_path):
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", "print(profile, seed)")
    executed = execute(source, tmp_path)
    earlier = functools.partial(earlier_execution, source, tmp_path / "out", tmp_path)
    assert earlier() == executed
    execute(source, tmp_path, parameters={"seed": 7})
    assert earlier() is None
    execute(source, tmp_path)
    write_notebook(source, "# Plain", "print(profile, seed)  # changed")
    assert earlier() is None


def test_a_failure_leaves_an_earlier_execution_and_what_is_known_of_it(tmp_path):
    """The copy is the book's page still, until what it was made from changes."""
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", "print(1 / (1 - seed))")
    executed = execute(source, tmp_path)
    before = executed.read_bytes()
    earlier = functools.partial(earlier_execution, source, tmp_path / "out", tmp_path)
    with pytest.raises(ChapterFailed):
        execute(source, tmp_path, parameters={"seed": 1})
    assert executed.read_bytes() == before
    assert earlier() == executed
    write_notebook(source, "# Plain", "print(1 / 0)")
    with pytest.raises(ChapterFailed):
        execute(source, tmp_path)
    assert earlier() is None


def test_an_unknown_parameter_is_refused_before_anything_is_written(tmp_path):
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", "print(profile)")
    with pytest.raises(BookError, match="'plain': no parameter 'sede'; allowed: profile"):
        execute(source, tmp_path, parameters={"sede": 7})
    assert not (tmp_path / "out").exists()


def test_warnings_are_told_from_progress(tmp_path):
    source = write_notebook(
        tmp_path / "loud.ipynb",
        "# Loud",
        "import sys\nimport warnings",
        'print("step 1/2", file=sys.stderr)\nwarnings.warn("too few images")',
    )
    # papermill's own cell for the profile comes before the two.
    [line] = warnings_of(execute(source, tmp_path))
    assert re.match("cell 5: .*UserWarning: too few images", line)


@pytest.mark.parametrize(("failures", "succeeds"), [(1, True), (2, False)])
def test_a_kernel_that_does_not_start_is_tried_once_more(tmp_path, monkeypatch, failures, succeeds):
    source = write_notebook(tmp_path / "plain.ipynb", "# Plain", "print(profile)")
    original, calls = papermill.execute_notebook, []

    def racing(*arguments, **options):
        calls.append(arguments)
        if len(calls) <= failures:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return original(*arguments, **options)

    monkeypatch.setattr(papermill, "execute_notebook", racing)
    if succeeds:
        assert execute(source, tmp_path).is_file()
    else:
        with pytest.raises(RuntimeError, match="before replying"):
            execute(source, tmp_path)
    assert len(calls) == 2
