"""The address of the repository, which pyproject.toml names: `make stamp REPOSITORY=owner/name`."""

import argparse
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from lib.files import write_text

ROOT = Path(__file__).resolve().parent.parent
HOST = "https://github.com/"
FIRST_CELL = "start"  # its id in every chapter
_OWNER_AND_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_URLS = re.compile(r"\n\[project\.urls\]\nRepository = .*\n")


def address(root: Path) -> str | None:
    """`owner/name` of the repository on GitHub, or None as long as it has no public address."""
    path = root / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"] if path.is_file() else {}
    url = project.get("urls", {}).get("Repository")
    return url and url.removeprefix(HOST)


def first_cell(at: str | None) -> str:
    """The code with which every chapter begins.

    Args:
        at: `owner/name` of the repository, from which a chapter that is opened alone installs
            `lib`; None where there is no such address.
    """
    if at is None:
        return "from lib.start import start\n\nstart()"
    return f"""try:
    from lib.start import start
except ModuleNotFoundError:  # this page was opened alone
    import subprocess
    import sys

    library = "git+{HOST}{at}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    if subprocess.run([*pip, library]).returncode:
        raise RuntimeError(f"could not install {{library}}; is there a network?") from None
    from lib.start import start

start()"""


def open_on_colab(at: str, chapter: str) -> str:
    """The address under which Colab opens a chapter of the repository `owner/name`."""
    return f"https://colab.research.google.com/github/{at}/blob/main/book/{chapter}.ipynb"


def stamp(root: Path, at: str | None) -> None:
    """Write an address into pyproject.toml, from which all that names it is made.

    Args:
        root: folder of the repository.
        at: `owner/name`; None takes the address out.

    Raises:
        ValueError: anything else.
    """
    if at is not None and not _OWNER_AND_NAME.fullmatch(at):
        raise ValueError(f"REPOSITORY={at!r}; expected owner/name, as in {HOST}owner/name.")
    path = root / "pyproject.toml"
    text = _URLS.sub("", path.read_text(encoding="utf-8"))
    urls = f'\n[project.urls]\nRepository = "{HOST}{at}"\n' if at else ""
    write_text(
        path,
        text.replace(
            "\n[project.optional-dependencies]\n", f"{urls}\n[project.optional-dependencies]\n"
        ),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Stamp the repository; `python -m tools.lists` then writes what follows from its address."""
    parser = argparse.ArgumentParser(prog="python -m tools.address", description=__doc__)
    parser.add_argument("repository", metavar="OWNER/NAME", help="as on GitHub")
    try:
        stamp(ROOT, parser.parse_args(arguments).repository)
    except ValueError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
