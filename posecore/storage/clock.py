"""What time it is, in one place, so that everything that runs out does so by the same clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time in UTC as the database keeps it, without its zone."""
    return datetime.now(UTC).replace(tzinfo=None)
