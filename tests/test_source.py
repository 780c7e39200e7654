"""What a digest of code is made of, and which modules belong to a number."""

import importlib
import textwrap

import pytest

from lib.source import digest, module_digests
from tests.child import python


def _digests(tmp_path, *texts: str) -> list[str]:
    found = []
    for number, text in enumerate(texts):
        file = tmp_path / f"part{number}.py"
        file.write_text(textwrap.dedent(text))
        found.append(digest(file))
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", '"""Words."""\nx  =  1  # a comment'),
        ("def f(a):\n    return a", "def f(a: int) -> int:\n    'Words.'\n    return a"),
        ("if x:\n    raise ValueError('a')", "if x:\n    raise ValueError(f'b {x}')"),
        ("class A:\n    label = 'a'\n    x = 1", "class A:\n    label = 'b'\n    x = 1"),
        ("class A:\n    color, marker = 1, 2", "class A:\n    color, marker = 3, 4"),
        ("s = Score(name='a', label='b')", "s = Score(name='a', label='c', digits=3)"),
        ("x = 1\n__all__ = ['x']", "x = 1"),
        ("def f():\n    print('a')\n    return 1", "def f():\n    print('b')\n    return 1"),
    ],
)
def test_what_only_says_something_is_left_out(tmp_path, one, other):
    first, second = _digests(tmp_path, one, other)
    assert first == second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("COLOR = 1", "COLOR = 2"),  # a constant of a scene, not a model's colour
        ("color = 1", "color = 2"),
        ("m = Material(color=1)", "m = Material(color=2)"),
        ("f = lambda s: draw(s, color=1)", "f = lambda s: draw(s, color=2)"),
        ("m = replace(M, color=1)", "m = replace(M, color=2)"),
        ("def f():\n    label = 1", "def f():\n    label = 2"),
        ("raise Undefined('a', nmi=x)", "raise Undefined('a', nmi=y)"),
        ("raise ValueError", "raise TypeError"),
        ("s = Score(name='a')", "s = Score(name='b')"),
        ("x: float = 1", "x: float = 2"),
        ("x = None", "x = 0"),
    ],
)
def test_what_shapes_a_number_counts(tmp_path, one, other):
    first, second = _digests(tmp_path, one, other)
    assert first != second


def test_a_package_of_a_user_is_followed(tmp_path, monkeypatch):
    """Absolute and relative imports, beside the file and elsewhere; nothing that is installed."""
    package = tmp_path / "mine"
    package.mkdir()
    files = {
        "__init__.py": "",
        "models.py": "import numpy\nfrom mine.layers import X\nfrom .parts import Y\n",
        "layers.py": "from lib.models.losses import commitment_loss\nX = 1\n",
        "parts.py": "Y = 1\n",
        "other.py": "Z = 1\n",
    }
    for name, text in files.items():
        (package / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("mine.models")
    found = module_digests(["mine.models"])
    assert set(found) == {
        "mine/models.py",
        "mine/layers.py",
        "mine/parts.py",
        "lib/models/losses.py",
    }


def test_a_module_without_a_file_is_refused():
    with pytest.raises(ValueError, match=r"module 'nowhere' has no file.*define models"):
        module_digests(["nowhere"])


PROTOCOL = """
from dataclasses import replace
from lib.metrics import PROTOCOLS
from lib.metrics.protocol import add_protocol
add_protocol(replace(PROTOCOLS["hsu2023"], name={name!r}), __name__)
"""


def test_files_of_one_name_are_told_apart(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own.py").write_text(PROTOCOL.format(name=name))
    code = "from lib.metrics import PROTOCOLS as P; print(*P, P.module('a') == P.module('b'))"
    done = python("-c", code, env={"PATH": ""}, extensions=f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    assert done.stdout.split()[-3:] == ["a", "b", "False"], done.stderr


def test_an_extension_that_fails_is_not_forgotten(tmp_path):
    (tmp_path / "own.py").write_text("raise RuntimeError('broken')")
    code = """
    from lib.metrics import PROTOCOLS
    for _ in range(2):
        try:
            list(PROTOCOLS)
        except RuntimeError as error:
            print(error)
    """
    done = python("-c", textwrap.dedent(code), env={"PATH": ""}, extensions=tmp_path)
    assert done.stdout.split() == ["broken", "broken"], done.stderr
