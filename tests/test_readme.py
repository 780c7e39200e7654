"""The README's examples do what they say, and its lists hold what there is."""

import re
from pathlib import Path

import pytest

from tools import lists

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_the_first_example_prints_what_its_comment_says(capsys):
    example = re.search(r"```python\n(.*?infomec.*?)```", README, re.DOTALL).group(1)
    said = re.search(r"# (InfoMEC\(.*), \.\.\.\)", example).group(1)
    exec(example, {})
    assert capsys.readouterr().out.startswith(said)


def test_the_quantized_latent_example_runs():
    example = re.search(r"```python\n(from flax.*?)```", README, re.DOTALL).group(1)
    import jax

    names = {"encoder_output": jax.random.normal(jax.random.key(0), (5, 12))}
    exec(example, names)
    for name in re.findall(r"\.(\w+)", example.split("#")[1]):
        assert getattr(names["code"], name).shape == (5, 12)


def test_the_example_of_recorded_runs_gives_a_table_and_a_model(capsys, monkeypatch):
    monkeypatch.chdir(Path(__file__).parent.parent)
    example = re.search(r"```python\n(from lib.runs import recorded_runs.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(example.group(1), names)
    assert len(names["runs"]) == 21
    assert "sources_known" in capsys.readouterr().out
    assert names["model"].latent.values.shape == (12, 5)


def test_the_configurations_are_runs():
    from lib.runs import RunConfig

    example = re.search(r"```python\n(RunConfig.*?)```", README, re.DOTALL).group(1)
    for line in example.splitlines():
        assert eval(line, {"RunConfig": RunConfig}).model in line


def test_every_file_and_command_it_names_is_there():
    root = Path(__file__).parent.parent
    for target in re.findall(r"\]\(((?!http)[^)]+)\)", README):
        assert (root / target).is_file(), target
    makefile = (root / "Makefile").read_text()
    for command in re.findall(r"`?make ([a-z-]+)", README):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE), command


def test_the_lists_are_what_the_library_holds():
    """As `make lists` writes them: models, benchmarks, protocols, scores, packages, chapters."""
    texts = README + (lists.ROOT / "book" / "index.ipynb").read_text()
    assert set(re.findall(r"<!-- list: (\w+) -->", texts)) == set(lists.LISTS)
    assert [path.name for path in lists.stale()] == [], "run `make lists`"


def test_a_list_that_is_old_is_seen_and_written_anew():
    text = "Before\n<!-- list: names -->\n\n- old\n\n<!-- end -->\nafter\n"
    renewed = lists.renew(text, {"names": lambda: iter(["- one", "- two"])})
    assert renewed == "Before\n<!-- list: names -->\n\n- one\n- two\n\n<!-- end -->\nafter\n"
    with pytest.raises(KeyError, match="names"):
        lists.renew(text, {})
