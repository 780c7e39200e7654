"""What a cell of parameters declares, what fits it, and what papermill injects."""

import re
from types import SimpleNamespace

import IPython
import papermill
import pytest

from lib.parameters import Parameter, check_parameters, declared
from tests.tools.small_book import write_notebook

CELL = """profile: str = "laptop"  # smoke or laptop
seed: int = 0  # of the run
rate: float = 1e-3
decay: float = None  # None: the profile's
names: list = None  # of models
crop: bool = False  # the middle
note: str = None"""


def test_a_cell_declares_names_types_defaults_and_comments():
    found = declared(CELL)
    assert list(found) == ["profile", "seed", "rate", "decay", "names", "crop", "note"]
    assert found["decay"] == Parameter("decay", "float", None, "None: the profile's")
    assert found["rate"].help == ""


@pytest.mark.parametrize(
    "line",
    [
        "",
        "seed = 0",
        "seed: int = 1 + len('a')",
        "seed: int",
        "seed: int | None = 0",
        "seed: int = 0.5",
        "seed: tuple = ()",
        "import os",
        "seed: int = (",
    ],
)
def test_another_way_to_declare_is_refused(line):
    with pytest.raises(ValueError, match="its cell tagged 'parameters'"):
        declared(line)


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("seed", "3", 3),
        ("rate", "1e-3", 0.001),
        ("rate", "2", 2.0),
        ("decay", "none", None),
        ("decay", "null", None),
        ("crop", "true", True),
        ("crop", "False", False),
        ("names", "[1, 2.5]", [1, 2.5]),
        ("names", "[qlae, none, true]", ["qlae", None, True]),
        ("names", '["qlae"]', ["qlae"]),
        ("profile", "3", "3"),
        ("profile", "none", "none"),
        ("note", "None", None),
        ("note", "[1]", "[1]"),
    ],
)
def test_a_word_is_read_by_the_declared_type(name, word, value):
    parsed = declared(CELL)[name].parse(word)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("name", "word", "message"),
    [
        ("seed", "three", "seed='three' is a str; expected an integer."),
        ("seed", "1.5", "seed=1.5 is a float; expected an integer."),
        ("seed", "true", "seed=True is a bool; expected an integer."),
        ("seed", "none", "seed=None is a NoneType; expected an integer."),
        ("rate", "true", "rate=True is a bool; expected a finite number."),
        ("rate", "1e999", "rate=inf is a float; expected a finite number."),
        ("decay", "NaN", "decay=nan is a float; expected a finite number or None."),
        ("crop", "1", "crop=1 is a int; expected True or False."),
        ("names", "qlae", "names='qlae' is a str; expected a list or None."),
    ],
)
def test_a_word_of_another_type_is_refused(name, word, message):
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        declared(CELL)[name].parse(word)


@pytest.mark.parametrize(
    ("injected", "message"),
    [
        ("seed = 3\nrate = 2\nnames = ['qlae']\ndecay = None", None),
        ("seeed = 3", "seeed=3 is no parameter .* profile, seed, .* Did you mean seed?"),
        ("seed = 3\nprofile = 1", "profile=1 is a int; expected a text."),
        ("rate = float('nan')", "rate=nan is a float; expected a finite number."),
        ("crop = 0", "crop=0 is a int; expected True or False."),
    ],
)
def test_what_was_injected_is_checked_in_the_kernel(monkeypatch, injected, message):
    cells = ["", CELL, f"# Parameters\n{injected}\n", "check_parameters()"]
    shell = SimpleNamespace(user_ns={"In": cells})
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    if message is None:
        check_parameters()
    else:
        with pytest.raises(TypeError, match=message):
            check_parameters()


def test_plain_papermill_stops_at_a_value_of_another_type(tmp_path):
    """`papermill ... -p seed three` would otherwise stop somewhere inside, or nowhere."""
    source = write_notebook(
        tmp_path / "small.ipynb",
        "# Small",
        "from lib.parameters import check_parameters\n\ncheck_parameters()",
        f"open({str(tmp_path / 'executed.txt')!r}, 'w').close()",
    )
    with pytest.raises(papermill.PapermillExecutionError) as stopped:
        papermill.execute_notebook(
            str(source),
            str(tmp_path / "out.ipynb"),
            parameters={"seed": "three"},
            kernel_name="python3",
            progress_bar=False,
        )
    assert "seed='three' is a str; expected an integer." in str(stopped.value)
    assert not (tmp_path / "executed.txt").exists()
