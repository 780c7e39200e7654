"""Published files of the benchmarks: `python -m lib.benchmarks fetch|verify|where NAME`."""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from lib.benchmarks.official import OFFICIAL, fetch, verify
from lib.benchmarks.official.places import DATA_DIR_VARIABLE, Places
from lib.benchmarks.official.sets import find_set


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: those after the program's name; None for the process's own.

    Returns:
        0, or 1 after an error, which is one line on stderr, or 130 after Ctrl-C.
    """
    given = _parser().parse_args(arguments)
    try:
        given.run(given)
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on from here.", file=sys.stderr)
        return 130
    except (OSError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lib.benchmarks", description="Published files of the benchmarks."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run, text in (
        (_fetch, "download a set, or take a file that you have, and convert it"),
        (_verify, "read a converted set again and compare it with what was written"),
        (_where, "say where a set comes from and where it lies"),
    ):
        command = commands.add_parser(run.__name__.strip("_"), help=text, description=text)
        command.set_defaults(run=run)
        command.add_argument("name", metavar="NAME", help=", ".join(OFFICIAL))
        command.add_argument(
            "--data-dir", type=Path, help=f"folder of all sets (default: ${DATA_DIR_VARIABLE})"
        )
        if run is _fetch:
            command.add_argument("--file", type=Path, help="the published file, if you have it")
    return parser


def _fetch(given: argparse.Namespace) -> None:
    opened = fetch(given.name, given.data_dir, file=given.file)
    places = Places(opened.official, given.data_dir)
    print(f"{opened.official.title}: {len(opened.images):,} images at {places.converted}")
    if places.original.is_file():
        print(f"{places.original} is no longer needed, except to verify it.")


def _verify(given: argparse.Namespace) -> None:
    for finding in verify(given.name, given.data_dir):
        print(finding)


def _where(given: argparse.Namespace) -> None:
    official = find_set(given.name)
    places = Places(official, given.data_dir)
    exact = f"{official.size_bytes:,} bytes" if official.size_bytes else None
    rows = [("set", official.title)]
    rows += [("address", address) for address in official.addresses]
    rows += [
        ("size", exact or f"about {official.about_bytes:,} bytes (not known exactly)"),
        ("hash", official.known_hash or "none is known"),
        ("published file", f"{places.original} ({_presence(places.original)})"),
        ("converted", f"{places.converted} ({_presence(places.converted)})"),
        ("converted size", f"{math.prod(official.shape):,} bytes"),
        ("licence", official.publication.licence),
        ("citation", official.publication.citation),
        ("page", official.publication.url),
    ]
    if places.partial.is_dir():
        rows.append(("unfinished", f"{places.partial} (a later fetch goes on from it)"))
    for label, value in rows:
        print(f"{label:<15} {value}")


def _presence(path: Path) -> str:
    return "there" if path.exists() else "not there"


if __name__ == "__main__":
    sys.exit(main())
