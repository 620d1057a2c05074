"""Leave quietly after Hypothesis."""

import gc


def pytest_unconfigure():
    """Take its callback off the garbage collector.

    It keeps modules alive until after Python has shut down, and DuckDB then reports itself as
    leaked, forty lines long, below the result of the tests.
    """
    gc.callbacks.clear()
