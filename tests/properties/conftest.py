"""Hypothesis as it has to be here: no stopwatch, and a quiet end."""

import gc

from hypothesis import settings

# Timings belong to benchmarks/: a busy machine is no wrong answer.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_unconfigure():
    """Take its callback off the garbage collector.

    It keeps modules alive until after Python has shut down, and DuckDB then reports itself as
    leaked, forty lines long, below the result of the tests.
    """
    gc.callbacks.clear()
