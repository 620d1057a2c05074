"""A session's video: attached, found, deleted with it, finished after a bad day, and no other."""

from pathlib import Path
from uuid import uuid4

import duckdb
import numpy as np
import pytest

from posecore import SessionStore, Settings, open_store
from posecore.errors import InvalidFieldError, VideoWriteError
from posecore.storage.video_files import VideoFiles
from posecore.synthetic import make_squats
from posecore.video import open_video
from posecore.video_writer import PART_SUFFIX, VideoWriter
from tests.unit.videos import make_pictures, write_video


def make_session(store: SessionStore, *, is_finished: bool = True, source: str = "live") -> str:
    """Return a session with frames."""
    session_id = store.create_session(name="Wall", source=source)
    store.append_frames(session_id, make_squats(duration_s=1.0))
    if is_finished:
        store.finish_session(session_id)
    return session_id


def keep_video(store: SessionStore, session_id: str) -> Path:
    """Write a video and attach it."""
    path = store.make_video_path(session_id)
    path.parent.mkdir(exist_ok=True)
    write_video(path, make_pictures(30))
    store.set_video(session_id, path)
    return path


def cut_off_video(store: SessionStore, session_id: str, n_frames: int = 90) -> Path:
    """Write the part that a killed program leaves."""
    path = store.make_video_path(session_id)
    part = path.with_suffix(PART_SUFFIX)
    writer = VideoWriter(path, (320, 240))
    for number, picture in enumerate(make_pictures(n_frames)):
        writer.write(picture, number / 30)
    content = part.read_bytes()
    writer.discard()
    part.write_bytes(content)
    return part


def write_stored_path(settings: Settings, stored: str) -> None:
    """Write what somebody else may have written into the database."""
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("UPDATE sessions SET video_path = ?", [stored])


def test_a_video_lies_beside_the_database_under_its_sessions_id(store, settings):
    session_id = make_session(store)
    assert store.get_video_file(session_id) is None
    path = keep_video(store, session_id)
    assert path == settings.videos_dir / f"{session_id}.mp4"
    assert store.get_session(session_id).video_path == f"posecore.videos/{session_id}.mp4"
    assert store.get_video_file(session_id) == path.resolve()
    path.unlink()
    assert store.get_video_file(session_id) is None


def test_data_that_was_moved_is_found_where_it_is_now(store, settings, tmp_path):
    session_id = make_session(store)
    keep_video(store, session_id)
    store.close()
    moved = settings.data_dir.rename(tmp_path / "moved")
    with open_store(moved / "posecore.duckdb") as again:
        assert again.get_video_file(session_id) == moved / "posecore.videos" / f"{session_id}.mp4"


def test_only_a_sessions_own_file_can_be_its_video(store, settings, tmp_path):
    mine, other = make_session(store), make_session(store)
    keep_video(store, other)
    outside = write_video(tmp_path / "outside.mp4", make_pictures(2))
    for path in (store.make_video_path(mine), store.make_video_path(other), outside):
        with pytest.raises(InvalidFieldError, match="must be the file"):
            store.set_video(mine, path)
    assert store.get_session(mine).video_path is None


@pytest.mark.parametrize(
    "stored",
    [
        "../secret.mp4",
        "posecore.videos/../../secret.mp4",
        "posecore.videos/../posecore.duckdb",
        "{outside}",
        "posecore.duckdb",
        "posecore.videos",
        "posecore.videos/link.mp4",
        "",
        ".",
        "posecore.videos/" + "x" * 5000,
    ],
)
def test_a_path_in_the_database_never_leads_outside_the_folder(store, settings, tmp_path, stored):
    secret = write_video(tmp_path / "secret.mp4", make_pictures(2))
    session_id = make_session(store)
    keep_video(store, session_id)
    if "link" in stored:
        (settings.videos_dir / "link.mp4").symlink_to(secret)
    store.close()
    write_stored_path(settings, stored.format(outside=secret))
    with open_store(settings.database) as again:
        assert again.get_video_file(session_id) is None
        again.delete_session(session_id)
    assert secret.exists()


def test_a_name_that_no_file_can_have_is_no_video(settings):
    assert VideoFiles(settings.database).find("posecore.videos/\0.mp4") is None


@pytest.mark.parametrize("end", ["delete", "fail"])
def test_a_video_goes_with_its_session(store, settings, end):
    kept, gone = make_session(store), make_session(store)
    keep_video(store, kept)
    keep_video(store, gone)
    cut_off_video(store, gone)
    if end == "delete":
        store.delete_session(gone)
    else:
        assert store.fail_session(gone, "Because.").video_path is None
    assert [path.name for path in settings.videos_dir.iterdir()] == [f"{kept}.mp4"]
    assert store.get_video_file(kept) is not None


def test_a_stranger_cannot_delete_a_video(store):
    session_id = make_session(store)
    path = keep_video(store, session_id)
    with pytest.raises(LookupError):
        store.for_owner("stranger").delete_session(session_id)
    assert path.exists()


def test_a_recording_that_was_cut_off_gets_its_video(store, settings):
    session_id = make_session(store, is_finished=False)
    cut_off_video(store, session_id)
    (session,) = store.for_owner("somebody else").recover_sessions()
    assert (session.status, session.recovered) == ("completed", True)
    path = store.get_video_file(session_id)
    assert path is not None
    assert list(settings.videos_dir.iterdir()) == [path]
    with open_video(path).read_frames() as frames:
        times_s = [time_s for time_s, _ in frames]
    np.testing.assert_allclose(times_s, np.arange(60) / 30, atol=1e-4)
    assert store.recover_sessions() == []
    assert store.get_video_file(session_id) == path


def test_a_video_that_was_finished_but_not_attached_is_attached(store):
    session_id = make_session(store)
    path = keep_video(store, session_id)
    with store._database.transaction() as cursor:
        cursor.execute("UPDATE sessions SET video_path = NULL")
    store.recover_sessions()
    assert store.get_video_file(session_id) == path.resolve()


def test_a_part_that_cannot_be_read_is_removed_and_the_session_stays(store, settings):
    session_id = make_session(store, is_finished=False)
    cut_off_video(store, session_id).write_bytes(b"nonsense" * 100)
    (session,) = store.recover_sessions()
    assert (session.status, session.video_path) == ("completed", None)
    assert store.get_session(session_id).frame_count == 30
    assert list(settings.videos_dir.iterdir()) == []


def test_parts_of_no_session_and_of_imports_cut_off_are_removed(store, settings):
    cut_off_video(store, str(uuid4()))
    importing = make_session(store, is_finished=False, source="video")
    cut_off_video(store, importing)
    (settings.videos_dir / f"{uuid4()}.new.mp4").write_bytes(b"half")
    (settings.videos_dir / "holiday.part.mp4").write_bytes(b"not ours")
    store.recover_sessions()
    assert store.get_session(importing).status == "failed"
    assert [path.name for path in settings.videos_dir.iterdir()] == ["holiday.part.mp4"]


def test_a_part_that_finds_no_room_is_tried_again_at_the_next_start(store, settings, monkeypatch):
    session_id = make_session(store, is_finished=False)
    part = cut_off_video(store, session_id)

    def refuse(*_):
        raise VideoWriteError("The disk is full, so its video cannot be kept.")

    with monkeypatch.context() as full:
        full.setattr("posecore.video_writer.finish_video", refuse)
        (session,) = store.recover_sessions()
    assert (session.status, session.video_path) == ("completed", None)
    assert part.exists()
    store.recover_sessions()
    assert store.get_video_file(session_id) is not None


def test_a_session_may_be_given_its_id_beforehand(store):
    session_id = str(uuid4())
    assert store.create_session(name="Wall", source="live", session_id=session_id) == session_id
    assert store.get_session(session_id).name == "Wall"
