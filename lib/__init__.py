"""The library under the book: benchmarks, models, training, metrics and figures."""
