"""One table a benchmark: what was measured, against what, and whether it is good enough."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

from scripts.machine import fetch_test_video


class Row(NamedTuple):
    """One measure.

    Attributes
    ----------
    measure, ours, baseline : str
        As they are to be read, units included.
    ratio : float
        Ours to the baseline, or the other way round, as the measure says.
    limit : float
        What the ratio is held against.
    sense : {"at least", "at most"}
        Which side of the limit is good.
    """

    measure: str
    ours: str
    baseline: str
    ratio: float
    limit: float
    sense: Literal["at least", "at most"]

    @property
    def is_met(self) -> bool:
        """Whether the ratio is on the good side of the limit."""
        return self.ratio >= self.limit if self.sense == "at least" else self.ratio <= self.limit


_HEADINGS = ("measure", "ours", "baseline", "ratio", "limit", "verdict")


def print_table(title: str, rows: Sequence[Row]) -> bool:
    """Print the table, with the machine and the day; return whether all limits are met."""
    cells = [
        (
            row.measure,
            row.ours,
            row.baseline,
            f"{row.ratio:.3g}",
            f"{row.sense} {row.limit:g}",
            "met" if row.is_met else "NOT MET",
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *cells, strict=True)]
    print(f"\n{title}")
    # What else the machine was doing: with all cores busy, nothing gains from a second process.
    load = f", load {os.getloadavg()[2]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"{platform.node()}, {platform.machine()}, {os.cpu_count()} cores{load}, "
        f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    )
    for line in (_HEADINGS, tuple("-" * width for width in widths), *cells):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
    return all(row.is_met for row in rows)


def find_test_video() -> Path:
    """Find the real video of two people that the tests use, too: POSECORE_TEST_VIDEO or fetched."""
    path = os.environ.get("POSECORE_TEST_VIDEO")
    return Path(path) if path else fetch_test_video(Path(sys.executable))
