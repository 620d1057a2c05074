"""Find by movement on a running dashboard: what stands in the place of ``store.readings``."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from posecore.client_link import Link
from posecore.conditions import Condition
from posecore.errors import RemoteError
from posecore.storage.session import Session

if TYPE_CHECKING:
    import pandas as pd

MOST_MOMENTS: Final = 100_000
_COLUMNS: Final = ["session_id", "name", "athlete", "created_at", "start_s", "end_s", "duration_s"]


class RemoteReadings:
    """The dashboard's readings of all that may be searched; what is missing it reads itself."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def find_missing(self, version: str) -> list[Session]:
        """Return none: the dashboard reads what is missing when it is searched."""
        return []

    def find_moments(
        self,
        version: str,
        conditions: Sequence[Condition],
        *,
        min_duration_s: float = 0.0,
        athlete: str | None = None,
        tag: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> "pd.DataFrame":
        """Search as :meth:`posecore.storage.reading_store.ReadingStore.find_moments` does.

        The dashboard's own version of the readings is searched; the first search of what was
        recorded since may take minutes.

        Raises
        ------
        RemoteError
            If more moments are found than one answer holds.
        """
        import pandas as pd

        wanted: dict[str, Any] = {
            "min_duration_s": min_duration_s,
            "athlete": athlete,
            "tag": tag,
            "since": None if since is None else f"{since.isoformat()}Z",
            "until": None if until is None else f"{until.isoformat()}Z",
        }
        params = {name: each for name, each in wanted.items() if each is not None}
        params |= {"where": [str(each) for each in conditions], "fill": True, "limit": MOST_MOMENTS}
        answer = self._link.ask("GET", "/moments", params=params).json()
        if answer["total"] > MOST_MOMENTS:
            raise RemoteError(
                f"{answer['total']:,} moments are more than the {MOST_MOMENTS:,} of one answer; "
                "ask for longer ones, or search one athlete or tag."
            )
        found = pd.DataFrame(answer["moments"], columns=_COLUMNS)
        # Of nothing found, pandas cannot tell what it would have been.
        found = found.astype(dict.fromkeys(("start_s", "end_s", "duration_s"), "float64"))
        created_at = pd.to_datetime(found["created_at"], utc=True, format="ISO8601")
        return found.assign(created_at=created_at.dt.tz_localize(None).dt.as_unit("us"))
