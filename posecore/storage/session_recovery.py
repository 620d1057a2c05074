"""What is done at the start for sessions that were cut off when the program last ended."""

from contextlib import suppress
from typing import Final

from posecore.errors import VideoWriteError
from posecore.storage.session import Session
from posecore.storage.session_changes import SessionChanges
from posecore.storage.session_lookup import COLUMNS

IMPORT_INTERRUPTED: Final = "posecore was stopped while it analysed the video; import it again."
_NO_FRAME: Final = "The recording was cut off before its first frame was saved."


class SessionRecovery(SessionChanges):
    """Recovery of everybody's sessions; a part of :class:`posecore.SessionStore`."""

    def recover_sessions(self) -> list[Session]:
        """Finish what was cut off when the program last ended; call once at start.

        A recording becomes ``completed`` and ``recovered`` with the frames that reached the disk,
        and with its video up to the last second; one without a single frame, or an import, becomes
        ``failed`` with the reason. Videos of sessions that are gone are removed if unfinished.

        Returns
        -------
        list of Session
            Those that were touched.
        """
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {COLUMNS} FROM sessions WHERE status IN ('recording', 'processing')"
            ).fetchall()
        touched = [self._recover(session) for session in map(Session.from_row, rows)]
        for session_id in self._videos.list_ids():
            self._recover_video(session_id)
        return touched

    def _recover(self, session: Session) -> Session:
        owned = SessionRecovery(self._database, owner=session.owner)
        if session.status == "processing":
            return owned.fail_session(session.id, IMPORT_INTERRUPTED)
        if not session.frame_count:
            return owned.fail_session(session.id, _NO_FRAME)
        return owned._close_session(
            session.id, "completed", dropped_count=session.dropped_count, recovered=True
        )

    def _recover_video(self, session_id: str) -> None:
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                "SELECT owner, video_path FROM sessions WHERE id = ? AND status = 'completed'",
                [session_id],
            ).fetchall()
        with suppress(VideoWriteError):  # no room now; the next start tries again
            if not rows:
                self._videos.remove_part(session_id)
            elif (path := self._videos.finish(session_id)) and rows[0][1] is None:
                SessionRecovery(self._database, owner=rows[0][0]).set_video(session_id, path)
