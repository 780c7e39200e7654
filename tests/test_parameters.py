"""What papermill injects into a chapter."""

import papermill
import pytest

from tests.tools.small_book import write_notebook

CHECK = """from lib.parameters import check_parameters

check_parameters()
print(profile, seed)"""


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    return write_notebook(tmp_path_factory.mktemp("book") / "small.ipynb", "# Small", CHECK)


def _executed(chapter, **parameters):
    out = chapter.with_name("out.ipynb")
    options = {"kernel_name": "python3", "progress_bar": False}
    done = papermill.execute_notebook(str(chapter), str(out), parameters=parameters, **options)
    return done.cells[-1].outputs[0].text


def test_plain_papermill_stops_at_an_unknown_name(chapter):
    """`papermill ... -p seeed 3` would otherwise run with the default seed."""
    with pytest.raises(papermill.PapermillExecutionError) as stopped:
        _executed(chapter, seeed=3)
    assert (
        "seeed=3 is no parameter of this chapter; expected one of profile, seed, runs_dir. "
        "Did you mean seed?"
    ) in str(stopped.value)


def test_declared_names_pass(chapter):
    assert _executed(chapter, seed=3, profile="smoke") == "smoke 3\n"
    assert _executed(chapter) == "laptop 0\n"
