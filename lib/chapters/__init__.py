"""Chapters: the book's notebooks, the parameters they declare, and their execution."""

from lib.chapters.book import Book, BookError, find_book
from lib.chapters.declared import check_parameters, declared_parameters, parse_parameters
from lib.chapters.made_from import earlier_execution
from lib.chapters.run import (
    ChapterFailed,
    ChapterInterrupted,
    Execution,
    execute_chapter,
    warnings_of,
)

__all__ = [
    "Book",
    "BookError",
    "ChapterFailed",
    "ChapterInterrupted",
    "Execution",
    "check_parameters",
    "declared_parameters",
    "earlier_execution",
    "execute_chapter",
    "find_book",
    "parse_parameters",
    "warnings_of",
]
