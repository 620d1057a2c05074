"""The videos of sessions: where one goes, which one is there."""

from pathlib import Path

from posecore.storage.audit_store import write_down
from posecore.storage.connection import Database
from posecore.storage.session import Session
from posecore.storage.session_frames import SessionFrames
from posecore.storage.session_lookup import find_session, parse_id
from posecore.storage.video_files import VideoFiles


class SessionVideos(SessionFrames):
    """Videos of one owner's sessions; a part of :class:`posecore.SessionStore`."""

    def __init__(self, database: Database, *, owner: str) -> None:
        super().__init__(database, owner=owner)
        self._videos = VideoFiles(database.path)

    def make_video_path(self, session_id: str) -> Path:
        """Say where a session's video is to be written, before :meth:`set_video` attaches it."""
        return self._videos.path_of(parse_id(session_id))

    def set_video(self, session_id: str, path: Path) -> Session:
        """Attach a finished video to its session, with which it is deleted.

        Raises
        ------
        InvalidFieldError
            If it does not lie where :meth:`make_video_path` says.
        SessionNotFoundError, NotAllowedError
        """
        with self._database.transaction() as cursor:
            session_id = find_session(cursor, session_id, owner=self.owner, right="own").id
            stored = self._videos.to_stored(session_id, path)
            cursor.execute("UPDATE sessions SET video_path = ? WHERE id = ?", [stored, session_id])
            session = find_session(cursor, session_id, owner=self.owner)
            write_down(cursor, "changed", actor=self.owner, session=session, detail="video")
            return session

    def get_video_file(self, session_id: str) -> Path | None:
        """Find a session's video; None where none was kept, or its file is gone."""
        with self._database.cursor() as cursor:
            session = find_session(cursor, session_id, owner=self.owner)
        return self._videos.find(session.video_path)
