"""People who share: fixtures for the tests of rights, shares, tokens and the audit list."""

from datetime import UTC, datetime, timedelta

from posecore.storage import clock
from posecore.synthetic import make_squats

NO_ID = "00000000-0000-4000-8000-000000000000"


class MovableClock:
    """The store's clock, which a test moves on by itself."""

    def __init__(self, monkeypatch):
        self._now = datetime.now(UTC).replace(tzinfo=None)
        monkeypatch.setattr(clock, "now", lambda: self._now)

    def move(self, **delta):
        self._now += timedelta(**delta)


def add_session(store, name="Wall", athlete="Mira", duration_s=0.5, **fields):
    session_id = store.create_session(name=name, source="live", athlete=athlete, **fields)
    store.append_frames(session_id, make_squats(duration_s))
    store.finish_session(session_id)
    return session_id


def share(giver, taker, athlete="Mira", right="read", days=None):
    """Let one have what another shares."""
    offered, secret = giver.shares.create(athlete=athlete, right=right, days=days)
    taker.shares.accept(secret)
    return offered
