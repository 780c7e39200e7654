"""Chapters from the command line: `python -m lib.chapters list`, or `run NAME`."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from lib.chapters.book import Book, BookError, exit_status, find_book
from lib.chapters.declared import described, parse_parameters
from lib.chapters.run import execute_chapter, warnings_of


def main(arguments: Sequence[str] | None = None, book: Book | None = None) -> int:
    """Do what the command line says; 0: done, 1: failed, 130 or 143: Ctrl-C or SIGTERM."""
    options = _parser().parse_args(arguments)
    return exit_status(lambda: options.act(book or find_book(), options))


def _list(book: Book, options: argparse.Namespace) -> None:
    names = book.chapter_names()
    width = max(map(len, names))
    for name in names:
        print(f"{name:<{width}}  {book.title(name)}")


def _run(book: Book, options: argparse.Namespace) -> None:
    source = book.notebook(options.name)
    if options.help_chapter:
        print(f"{book.title(options.name)}; parameters:", *described(source), sep="\n")
        return
    words = dict(options.parameters)
    if repeated := [name for name, word in options.parameters if words[name] != word]:
        raise BookError(f"parameter {repeated[0]!r} is given twice, with different values")
    done = execute_chapter(
        source,
        options.out or book.build / "chapters",
        parse_parameters(source, words),
        cwd=book.root,
        with_page=True,
    )
    for warning in warnings_of(done.notebook):
        print(warning)
    print(f"{done.name}: {done.seconds:.1f} s\n{done.notebook}\n{done.page}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib.chapters", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    text = "list the chapters, in reading order"
    commands.add_parser("list", help=text, description=text).set_defaults(act=_list)
    text = "execute a chapter; keep the notebook, and the same as one HTML file"
    run = commands.add_parser("run", help=text, description=text)
    run.set_defaults(act=_run)
    # argparse takes -1e-3 for an option: it knows no negative number with an exponent.
    run._negative_number_matcher = re.compile(r"-\.?\d")
    run.add_argument("name", metavar="NAME", help="of the chapter, as `list` shows it")
    run.add_argument(
        "-p",
        nargs=2,
        action="append",
        default=[],
        dest="parameters",
        metavar=("PARAMETER", "VALUE"),
        help="set a parameter of the chapter; may be given many times",
    )
    run.add_argument(
        "--profile",
        type=lambda name: ["profile", name],
        action="append",
        dest="parameters",
        metavar="PROFILE",
        help="short for -p profile PROFILE",
    )
    run.add_argument("--out", type=Path, metavar="FOLDER", help="default: _build/chapters")
    run.add_argument(
        "--help-chapter", action="store_true", help="only show the parameters of the chapter"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
