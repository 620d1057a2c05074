"""The command ``find``: its options, the search, and how moments are written."""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from posecore.cli_text import make_printable
from posecore.conditions import Condition, check_duration
from posecore.errors import InvalidOptionError

if TYPE_CHECKING:
    import pandas as pd

    from posecore.storage.session_store import SessionStore

_FIRST_YEAR: Final = 1970


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Options of the command."""
    command.add_argument(
        "--where",
        metavar="CONDITION",
        type=_read_condition,
        action="append",
        required=True,
        help="'left_elbow_flexion > 90', 'hip_speed < 0.05' or '60 < trunk_lean < 90'; given "
        "several times, all hold at once",
    )
    command.add_argument(
        "--for",
        dest="min_duration_s",
        metavar="SECONDS",
        type=_read_duration,
        default=0.0,
        help="for at least so long",
    )
    command.add_argument("--athlete", help="only the sessions of this athlete")
    command.add_argument("--tag", help="only the sessions with this tag")
    for name, text in (("since", "from this day on"), ("until", "up to this day")):
        command.add_argument(
            f"--{name}", metavar="YYYY-MM-DD", type=_read_day, help=f"only those recorded {text}"
        )
    command.add_argument("--json", action="store_true", help="as JSON")


def search(store: "SessionStore", options: argparse.Namespace) -> "pd.DataFrame":
    """Search as the options say; readings that are still to be made show their progress."""
    from posecore.search import find_moments

    until = None if options.until is None else options.until + timedelta(days=1)
    with _progress_bar() as on_progress:
        return find_moments(
            store,
            options.where,
            min_duration_s=options.min_duration_s,
            athlete=options.athlete,
            tag=options.tag,
            since=_begin_of(options.since),
            until=_begin_of(until),
            on_progress=on_progress,
        )


def describe_as_json(moments: "pd.DataFrame") -> str:
    """Write one object a moment."""
    rows = moments.assign(created_at=[each.isoformat() for each in moments["created_at"]])
    return json.dumps(rows.to_dict("records"), indent=2)


def describe(moments: "pd.DataFrame") -> str:
    """Write one line a moment, for a terminal; seconds since the session's first frame."""
    lines = []
    for row in moments.to_dict("records"):
        who = row["name"] + (f" ({row['athlete']})" if row["athlete"] else "")
        lines.append(
            f"{row['session_id']}  {row['created_at']:%Y-%m-%d %H:%M}  {row['start_s']:>9.2f} s to "
            f"{row['end_s']:>9.2f} s  {row['duration_s']:>8.2f} s  {make_printable(who)}"
        )
    return "\n".join(lines)


@contextmanager
def _progress_bar() -> Iterator[Callable[[int, int], None]]:
    """Show nothing as long as there is nothing to be made."""
    from tqdm import tqdm

    bars: list[Any] = []

    def show(n_done: int, n_frames: int) -> None:
        if not bars:
            bars.append(tqdm(desc="Reading the sessions", total=n_frames, unit=" frames"))
        bars[0].update(n_done - bars[0].n)

    try:
        yield show
    finally:
        for bar in bars:
            bar.close()


def _read_condition(text: str) -> Condition:
    try:
        return Condition.parse(text)
    except InvalidOptionError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _read_duration(text: str) -> float:
    try:
        return check_duration(float(text))
    except InvalidOptionError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    except ValueError:
        raise argparse.ArgumentTypeError(f"a number of seconds, not {text!r}") from None


def _read_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not _FIRST_YEAR <= day.year < date.max.year:
        raise argparse.ArgumentTypeError(f"a day such as 2026-11-22, not {text!r}")
    return day


def _begin_of(day: date | None) -> datetime | None:
    """Midnight in the computer's own zone."""
    return None if day is None else datetime.combine(day, time())
