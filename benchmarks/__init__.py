"""Side-by-side measurements; each module prints one table: ``python -m benchmarks.store``."""
