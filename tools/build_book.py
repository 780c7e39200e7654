"""Execute the chapters, render the site and look it over: `python -m tools.build_book --help`."""

import argparse
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from lib.chapters import (
    Book,
    BookError,
    check_parameters,
    earlier_execution,
    find_book,
    parse_parameters,
    warnings_of,
)
from lib.chapters.book import exit_status
from lib.checks import check_choice, check_integer
from lib.profiles import PROFILES

from .execute import executed
from .render import render
from .static_check import check_site


def main(arguments: Sequence[str] | None = None, book: Book | None = None) -> int:
    """Build the book; 0: whole and sound, 1: failed, 130 or 143: Ctrl-C or SIGTERM."""
    options = _parser().parse_args(arguments)
    return exit_status(lambda: build(book or find_book(), options))


def build(book: Book, options: argparse.Namespace) -> None:
    """Execute the chapters, render the site to `_build/html`, and print how long each step took.

    A chapter that was executed in this profile before is kept while nothing that it is made from
    has changed. With one chapter, that one is executed in any case, and those that would have to
    be are left out of the site.

    Args:
        book: where the book's files lie.
        options: of the command line.

    Raises:
        BookError: for a bad argument, before anything is executed; if a chapter fails; if the
            site cannot be rendered or is not sound.
    """
    profile, chapter, jobs = options.profile, options.chapter, options.jobs
    try:
        check_choice("PROFILE", profile, PROFILES)
        if jobs is not None:
            check_integer("JOBS", jobs, minimum=1)
    except ValueError as error:
        raise BookError(str(error)) from error
    sources = book.execution_order() if chapter is None else [book.notebook(chapter)]
    words = dict(_assignment(word) for word in options.parameters)
    if "profile" in words:
        raise BookError("PARAMETERS: the profile is given as PROFILE=..., for the whole build")
    if words and chapter is None:
        raise BookError("PARAMETERS: they belong to one chapter, so CHAPTER is needed too")
    given = {source: {"profile": profile, **parse_parameters(source, words)} for source in sources}
    for source in sources:
        check_parameters(source, given[source])

    executed_dir = book.build / "executed" / profile
    seconds: list[tuple[str, float]] = []
    notebooks: dict[str, Path] = {}
    kept = {}
    if chapter is None and not options.fresh:
        kept = _earlier(book, executed_dir, ())
    left = {source: given[source] for source in sources if source.stem not in kept}
    began = time.perf_counter()
    for done in executed(left, executed_dir, book.root, jobs):
        notebooks[done.name] = done.notebook
        seconds.append((done.name, done.seconds))
        print(f"[{len(seconds)}/{len(left)}] {done.name}: {done.seconds:.1f} s", flush=True)
        for warning in warnings_of(done.notebook):
            print(f"      {warning}", flush=True)

    earlier = kept if chapter is None else _earlier(book, executed_dir, notebooks)
    print("rendering the site", flush=True)
    site = book.build / "html"
    started = time.perf_counter()
    pages = render(book, {**earlier, **notebooks}, profile, site)
    seconds.append(("render the site", time.perf_counter() - started))
    started = time.perf_counter()
    if problems := check_site(site, pages, pages == book.chapter_names()):
        raise BookError("the site is not sound:\n" + "\n".join(f"  {line}" for line in problems))
    seconds.append(("look it over", time.perf_counter() - started))
    total = time.perf_counter() - began
    _print_summary(site, pages, book.chapter_names(), list(earlier), seconds, total)


def _assignment(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (equals and name.isidentifier()):
        raise BookError(f"PARAMETERS: expected words such as seed=3, got {word!r}")
    return name, value


def _earlier(book: Book, executed_dir: Path, executed: Collection[str]) -> dict[str, Path]:
    found = {}
    for name in book.chapter_names():
        source = book.folder / f"{name}.ipynb"
        if name not in executed and source.is_file():
            notebook = earlier_execution(source, executed_dir, book.root)
            if notebook is not None:
                found[name] = notebook
    return found


def _print_summary(
    site: Path,
    pages: Sequence[str],
    chapters: Sequence[str],
    earlier: Sequence[str],
    seconds: Sequence[tuple[str, float]],
    total: float,
) -> None:
    width = max(len(name) for name, _ in seconds)
    print("\nHow long each step took")
    for name, value in [*seconds, ("the whole", total)]:
        print(f"  {name:<{width}} {value:7.1f} s")
    if earlier:
        print(f"Kept, since nothing they are made from has changed: {', '.join(earlier)}")
    if missing := [name for name in chapters if name not in pages]:
        print(f"Not in this site, not executed in their present form: {', '.join(missing)}")
    print(f"The book: {site / 'index.html'}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.build_book", description=__doc__)
    parser.add_argument("--profile", default="laptop", help=f"one of {', '.join(PROFILES)}")
    parser.add_argument("--chapter", help="execute this chapter alone")
    parser.add_argument(
        "--parameters",
        nargs="*",
        default=[],
        metavar="NAME=VALUE",
        help="further parameters of that chapter",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="execute chapters that have not changed, too"
    )
    help = "how many at once (default: one a core, up to 4; with an accelerator 1)"
    parser.add_argument("--jobs", type=int, metavar="N", help=help)
    return parser


if __name__ == "__main__":
    sys.exit(main())
