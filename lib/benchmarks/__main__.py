"""Published files of the benchmarks, and how like them the twins look.

python -m lib.benchmarks fetch|verify|where NAME
python -m lib.benchmarks likeness FOLDER
"""

import argparse
import math
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from lib.benchmarks.likeness import (
    Likeness,
    comparison_rows,
    measure,
    pairs,
    read_references,
    save_pairs,
    write_record,
)
from lib.benchmarks.published import (
    DATA_DIR_VARIABLE,
    SetFiles,
    converted_shape,
    fetch,
    find_published,
    verify,
)
from lib.benchmarks.twin import BENCHMARKS


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 0: done, 1: failed, told in a line, 130: Ctrl-C."""
    try:
        given = _parser().parse_args(arguments)
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
        prog="python -m lib.benchmarks",
        description="Published files of the benchmarks, and how like them the twins look.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run, text in (
        (_fetch, "download a set, or take a file that you have, and convert it"),
        (_verify, "read a converted set again and compare it with what was written"),
        (_where, "say where a set comes from and where it lies"),
    ):
        command = commands.add_parser(run.__name__.strip("_"), help=text, description=text)
        command.set_defaults(run=run)
        command.add_argument(
            "name",
            metavar="NAME",
            help=", ".join(name for name, twin in BENCHMARKS.items() if twin.published),
        )
        command.add_argument(
            "--data-dir", type=Path, help=f"folder of all sets (default: ${DATA_DIR_VARIABLE})"
        )
        if run is _fetch:
            command.add_argument("--file", type=Path, help="the published file, if you have it")
    text = "measure twins beside reference pictures that you have"
    command = commands.add_parser("likeness", help=text, description=text)
    command.set_defaults(run=_likeness)
    add = command.add_argument
    add("folder", metavar="FOLDER", type=Path, help="of sheets that are known, or of NAME-*.png")
    add("--benchmark", metavar="NAME", nargs="+", help="which (default: all that are there)")
    add("--pairs", metavar="FILE.png", type=Path, help="write both, one above the other")
    add("--record", metavar="FILE.json", type=Path, help="keep the numbers, which pages show")
    return parser


def _fetch(given: argparse.Namespace) -> None:
    opened = fetch(given.name, given.data_dir, file=given.file)
    files = SetFiles(opened.twin, given.data_dir)
    print(f"{opened.twin.title}: {len(opened.images):,} images at {files.converted}")
    if files.original.is_file():
        print(f"{files.original} is no longer needed, except to verify it.")


def _verify(given: argparse.Namespace) -> None:
    for finding in verify(given.name, given.data_dir):
        print(finding)


def _where(given: argparse.Namespace) -> None:
    twin = find_published(given.name)
    files, published = SetFiles(twin, given.data_dir), twin.published
    exact = f"{published.size_bytes:,} bytes" if published.size_bytes else None
    rows = [("set", twin.publication.title if twin.publication else twin.title)]
    rows += [("address", address) for address in published.addresses]
    rows += [
        ("size", exact or f"about {published.about_bytes:,} bytes (not known exactly)"),
        ("hash", published.known_hash or "none is known"),
        ("published file", f"{files.original} ({_presence(files.original)})"),
        ("converted", f"{files.converted} ({_presence(files.converted)})"),
        ("converted size", f"{math.prod(converted_shape(twin)):,} bytes"),
    ]
    rows += [("also read", other.file_name) for other in published.others]
    if twin.publication:
        rows += [
            ("licence", twin.publication.licence),
            ("citation", twin.publication.citation),
            ("page", twin.publication.url),
        ]
    if files.partial.is_dir():
        rows.append(("unfinished", f"{files.partial} (a later fetch goes on from it)"))
    for label, value in rows:
        print(f"{label:<15} {value}")


def _likeness(given: argparse.Namespace) -> None:
    found: list[Likeness] = []
    pictures = []
    for references in read_references(given.folder, given.benchmark):
        likeness, drawn = measure(references)
        found.append(likeness)
        pictures.append(pairs(references.images, drawn, references.row_lengths))
        print(f"{BENCHMARKS[likeness.benchmark].title}: {likeness.words}")
        rows = [("", "reference", "twin", "difference")]
        for row in rows + comparison_rows(likeness.reference, likeness.twin):
            print("  {:<22}{:>12}{:>12}{:>12}".format(*row))
        if differences := likeness.differences:
            mean, largest = statistics.mean(differences), max(differences)
            print(f"  mean absolute difference of an image {mean:.2f}, largest {largest:.2f}")
    if given.record:
        write_record(given.record, found)
    if given.pairs:
        save_pairs(given.pairs, pictures)


def _presence(path: Path) -> str:
    return "there" if path.exists() else "not there"


if __name__ == "__main__":
    sys.exit(main())
