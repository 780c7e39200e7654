"""How the book is built and checked; the book itself needs only `lib`."""
