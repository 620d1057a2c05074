"""Import: what is dropped becomes sessions, in the background.

The upload itself and the progress are tested in the browser, tests/e2e/test_journey.py.
"""

import io

import pytest

from pages.components.import_jobs import _write_upload
from posecore import write_sequence
from posecore.errors import StorageFullError
from posecore.import_queue import ImportQueue
from posecore.synthetic import make_squats
from tests.pages.test_sessions import button


def test_without_a_file_it_says_what_to_do(open_page):
    app = open_page("import_video.py")
    button(app, "Import").click().run()
    assert "Choose a file first" in app.warning[0].value


def test_a_file_that_is_no_video_becomes_a_failed_session_with_a_sentence(
    open_page, page_store, tmp_path
):
    app = open_page("import_video.py")
    app.file_uploader[0].upload("climb <b>.mp4", b"this is no video", "video/mp4")
    button(app, "Import").click().run()
    while page_store.get_sessions()[0].status == "processing":
        app.run()
    app.run()
    (session,) = page_store.get_sessions()
    assert (session.name, session.status) == ("climb <b>", "failed")
    assert session.status_reason
    assert app.error[0].value
    assert list((tmp_path / "posecore.uploads").iterdir()) == []


def test_landmarks_of_another_program_become_a_session_at_once(open_page, page_store, tmp_path):
    path = tmp_path / "lab.trc"
    write_sequence(make_squats(2.0), path)
    app = open_page("import_video.py")
    app.file_uploader[0].upload("lab <b>.trc", path.read_bytes(), "text/plain")
    button(app, "Import").click().run()
    (session,) = page_store.get_sessions()
    assert (session.name, session.source, session.status) == ("lab <b>", "file", "completed")
    assert "60 frames" in " ".join(each.value for each in app.markdown)
    assert button(app, "Replay")
    assert list((tmp_path / "posecore.uploads").iterdir()) == []


def test_a_broken_file_of_landmarks_makes_no_session(open_page, page_store, tmp_path):
    app = open_page("import_video.py")
    app.file_uploader[0].upload("lab.c3d", b"no markers in here", "text/plain")
    button(app, "Import").click().run()
    assert page_store.get_sessions() == []
    assert "lab\\.c3d could not be taken" in app.error[0].value
    assert list((tmp_path / "posecore.uploads").iterdir()) == []


def test_a_video_larger_than_the_disk_is_refused_before_it_is_copied(tmp_path):
    class Upload(io.BytesIO):
        size = 10**18

    with pytest.raises(StorageFullError, match="no room"):
        _write_upload(Upload(b"video"), tmp_path / "uploads")
    assert list((tmp_path / "uploads").iterdir()) == []


@pytest.mark.parametrize("is_kept", [False, True])
def test_the_video_is_kept_only_when_it_is_switched_on(open_page, monkeypatch, is_kept):
    submitted = []

    def submit(self, path, **options):
        submitted.append(options)

    monkeypatch.setattr(ImportQueue, "submit", submit)
    app = open_page("import_video.py")
    switch = app.toggle(key="import_keep_video")
    assert not switch.value
    assert "ask before you film" in switch.help
    switch.set_value(is_kept)
    app.file_uploader[0].upload("climb.mp4", b"video", "video/mp4")
    button(app, "Import").click().run()
    assert [options["keep_video"] for options in submitted] == [is_kept]
