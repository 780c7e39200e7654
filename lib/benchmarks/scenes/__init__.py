"""Rendered twins: one module a benchmark, over a shared tracer."""
