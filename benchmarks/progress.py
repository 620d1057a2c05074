"""The progress page over 1,000 sessions of one athlete: the server's time for it.

Run with ``python -m benchmarks.progress``. Every session has all its numbers kept, each a note in
ten; the page runs as its script does, by Streamlit's AppTest, in this process. The first visit pays
for Streamlit's and the page's imports; it is not counted, and printed.
"""

import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from benchmarks.common import Row, print_table
from benchmarks.timing import measure_median_s
from pages.components import state
from posecore import METRICS, SessionStore, open_store
from posecore.session_metrics import describe_measuring
from posecore.synthetic import make_squats

N_SESSIONS = 1000
LIMIT_S = 1.0
EVERY_WITHOUT, EVERY_NOTED = 25, 10
PAGES = Path(__file__).resolve().parent.parent / "pages"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"POSECORE_DATA": folder, "POSECORE_DB": ""}
        with open_store(Path(folder) / "posecore.duckdb") as store:
            fill(store)
        page = open_page()
        first_s = measure_first_s(page)
        shown_s = measure_median_s(lambda: run(page))
        numbers = iter(("sparc", "tempo") * 9)
        switched_s = measure_median_s(lambda: switch(page, next(numbers)))
        query_s = measure_median_s(load_one_number)
        state.close_store()
    rows = [
        Row(
            "the page, server time",
            f"{shown_s:.2f} s (first visit, imports included: {first_s:.1f} s)",
            f"limit {LIMIT_S} s",
            shown_s / LIMIT_S,
            1.0,
            "at most",
        ),
        Row(
            "another number chosen, server time",
            f"{switched_s:.2f} s",
            f"limit {LIMIT_S} s",
            switched_s / LIMIT_S,
            1.0,
            "at most",
        ),
        Row(
            "of it: one number of all sessions read",
            f"{1000 * query_s:.0f} ms",
            f"limit {LIMIT_S} s",
            query_s / LIMIT_S,
            0.1,
            "at most",
        ),
    ]
    print_table(f"Progress, {N_SESSIONS:,} sessions with {len(METRICS)} numbers each", rows)


def fill(store: SessionStore) -> None:
    """Store the sessions, two days apart, with numbers that rise, scatter and are missing."""
    store.save_preference("privacy_notice", "understood")
    rng = np.random.default_rng(0)
    frames = make_squats(0.1)
    begin = datetime(2021, 1, 4, 18, tzinfo=UTC)
    for number in range(N_SESSIONS):
        session_id = store.create_session(name=f"Wall {number}", source="live", athlete="Mira")
        store.append_frames(session_id, frames)
        store.finish_session(session_id)
        if number % EVERY_NOTED == 0:
            store.notes.add(session_id, start_s=0.0, text="Left foot slipped")
        names = list(METRICS)
        if number % EVERY_WITHOUT == 0:
            names = names[: len(names) // 2]
        store.metrics.keep(
            session_id,
            describe_measuring(),
            frame_count=len(frames),
            numbers={name: 50 + 0.01 * number + rng.normal() for name in names},
            reasons={name: "nobody is seen" for name in METRICS if name not in names},
        )
        moment = (begin + timedelta(days=2 * number)).replace(tzinfo=None)
        with store._database.transaction() as cursor:
            cursor.execute("UPDATE sessions SET created_at = ? WHERE id = ?", [moment, session_id])


def open_page() -> AppTest:
    """Go to the page through the navigation, as a person does."""
    page = AppTest.from_file(str(PAGES / "navigation.py"), default_timeout=60).run()
    return page.switch_page("progress.py")


def measure_first_s(page: AppTest) -> float:
    """Seconds of the first visit."""
    start_s = time.perf_counter()
    run(page)
    return time.perf_counter() - start_s


def run(page: AppTest) -> None:
    """Run the page, which must show all sessions."""
    page.run()
    assert not page.exception, page.exception
    assert len(page.dataframe[0].value) == N_SESSIONS


def switch(page: AppTest, metric: str) -> None:
    """Choose another number."""
    page.selectbox(key="progress_metric").set_value(metric)
    run(page)


def load_one_number() -> None:
    """Read one number of all sessions."""
    assert len(state.get_store().metrics.load(describe_measuring(), ["sparc"])) == N_SESSIONS


if __name__ == "__main__":
    main()
