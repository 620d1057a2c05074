"""The frames of sessions: in as they come, out as one recording."""

from posecore.errors import InvalidFieldError
from posecore.sequence import PoseSequence
from posecore.storage.frame_table import insert_frames, select_frames
from posecore.storage.owner_choices import OwnerChoices
from posecore.storage.session_lookup import find_session


class SessionFrames(OwnerChoices):
    """Frames of one owner's sessions; a part of :class:`posecore.SessionStore`."""

    def append_frames(
        self, session_id: str, sequence: PoseSequence, *, dropped_count: int | None = None
    ) -> None:
        """Add frames to a session, all of them or none; on disk when this returns.

        Parameters
        ----------
        session_id : str
        sequence : PoseSequence
            Later than what is stored, with frame numbers not used yet.
        dropped_count : int, optional
            Frames lost so far, kept with the session.

        Raises
        ------
        SessionNotFoundError, NotAllowedError, StorageFullError
        InvalidFieldError
            If the session is finished already, or has frames as late as these.
        """
        if not sequence.n_frames:
            return
        width, height = sequence.image_size
        n_detected = int(sequence.is_detected.sum())
        with self._database.transaction() as cursor:
            session = find_session(cursor, session_id, owner=self.owner, right="own")
            if session.status not in (
                "recording",
                "processing",
            ):
                raise InvalidFieldError(
                    "This session is finished, so no frames can be added; begin a new one."
                )
            insert_frames(cursor, session.id, sequence)
            cursor.execute(
                "UPDATE sessions SET image_width = ?, image_height = ?, "
                "frame_count = frame_count + ?, detected_count = detected_count + ?, "
                "dropped_count = coalesce(?, dropped_count) WHERE id = ?",
                [width, height, len(sequence), n_detected, dropped_count, session.id],
            )

    def load_sequence(self, session_id: str, *, every: int = 1) -> PoseSequence:
        """Load the frames of a session.

        Parameters
        ----------
        session_id : str
        every : int
            Load each frame whose number is a multiple of this; 1 for all of them.

        Returns
        -------
        PoseSequence
            Frames with nobody in them are rows of NaN.

        Raises
        ------
        SessionNotFoundError
        """
        with self._database.cursor() as cursor:
            session = find_session(cursor, session_id, owner=self.owner)
            image_size = (session.image_width or 1, session.image_height or 1)
            return select_frames(cursor, session.id, every, image_size)
