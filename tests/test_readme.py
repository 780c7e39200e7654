"""The README's examples do what they say."""

import re
from pathlib import Path

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


def test_every_file_and_command_it_names_is_there():
    root = Path(__file__).parent.parent
    for target in re.findall(r"\]\(((?!http)[^)]+)\)", README):
        assert (root / target).is_file(), target
    makefile = (root / "Makefile").read_text()
    for command in re.findall(r"`?make ([a-z-]+)", README):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE), command
