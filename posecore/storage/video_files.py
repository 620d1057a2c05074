"""The videos of one database: a folder beside it, each file named by its session's id."""

import uuid
from contextlib import suppress
from pathlib import Path
from typing import Final

from posecore.errors import InvalidFieldError, VideoReadError
from posecore.settings import Settings

_UNFINISHED: Final = (".part.mp4", ".new.mp4")


class VideoFiles:
    """Finds, finishes and removes the files; what the database says of them is not known here.

    Parameters
    ----------
    database : Path
    """

    def __init__(self, database: Path) -> None:
        self._home = database.parent
        self._folder = Settings(database=database).videos_dir

    def path_of(self, session_id: str) -> Path:
        """Where a session's video goes."""
        return self._folder / f"{session_id}.mp4"

    def to_stored(self, session_id: str, path: Path) -> str:
        """Say where a session's video is, relative to the database's folder.

        Raises
        ------
        InvalidFieldError
            If it is not the file that :meth:`path_of` says.
        """
        expected = self.path_of(session_id)
        if path.resolve() != expected.resolve() or not path.is_file():
            raise InvalidFieldError(f"A session's video must be the file {expected}, not {path}.")
        return expected.relative_to(self._home).as_posix()

    def find(self, stored: str | None) -> Path | None:
        """Find the file that the database names; None for one outside the folder of videos."""
        if stored is None:
            return None
        with suppress(OSError, ValueError):  # names that no file can have
            path = (self._home / stored).resolve()
            if path.is_relative_to(self._folder.resolve()) and path.is_file():
                return path
        return None

    def remove(self, session_id: str) -> None:
        """Remove all that there is of a session's video."""
        self.remove_part(session_id)
        self.path_of(session_id).unlink(missing_ok=True)

    def remove_part(self, session_id: str) -> None:
        """Remove what is unfinished of a session's video."""
        for ending in _UNFINISHED:
            self.path_of(session_id).with_suffix(ending).unlink(missing_ok=True)

    def list_ids(self) -> list[str]:
        """Sessions of which there is a video, or a part of one."""
        names = {path.name.partition(".")[0] for path in self._folder.glob("*.mp4")}
        return sorted(filter(_is_id, names))

    def finish(self, session_id: str) -> Path | None:
        """Finish what was cut off; None where there is no picture in it.

        Raises
        ------
        VideoWriteError
            If the disk refuses it; the part stays.
        """
        from posecore.video_writer import PART_SUFFIX, finish_video

        path = self.path_of(session_id)
        part_path = path.with_suffix(PART_SUFFIX)
        if part_path.exists():
            try:
                finish_video(part_path, path)
            except VideoReadError:
                part_path.unlink()
        return path if path.exists() else None


def _is_id(text: str) -> bool:
    with suppress(ValueError):
        return str(uuid.UUID(text)) == text
    return False
