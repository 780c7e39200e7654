"""Settings from words of a command line."""

import pytest

from lib.settings import parse_assignment


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("seed=3", 3),
        ("weight_decay=1e-3", 0.001),
        ("model=qlae", "qlae"),
        ("fast=True", True),
        ("num_values=[3, 8]", [3, 8]),
        ("path=a=b", "a=b"),
    ],
)
def test_an_assignment_keeps_its_type(word, value):
    name, parsed = parse_assignment(word)
    assert (name, type(parsed), parsed) == (word.split("=")[0], type(value), value)


@pytest.mark.parametrize("word", ["seed", "=3", "two words=3", ""])
def test_a_word_that_is_no_assignment_is_refused(word):
    with pytest.raises(ValueError, match=f"expected words such as seed=3, got {word!r}"):
        parse_assignment(word)
