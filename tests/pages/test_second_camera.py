"""A second camera on the Live page, and the way from a session to the replay of both."""

import pytest

from pages.components import live_panel, second_camera
from posecore.capture.live_room import LiveRoom
from posecore.pairing import name_device
from posecore.settings import Settings
from tests.pages.test_live import playing, record  # noqa: F401 - a fixture
from tests.pages.test_sessions import button
from tests.unit.test_recorder import make_frame

ANDROID = "Mozilla/5.0 (Linux; Android 15) Chrome/131.0 Mobile Safari/537.36"


class OpenRoom(LiveRoom):
    """A room whose camera runs, without a picture."""

    def __init__(self, store, tmp_path):
        super().__init__(store, Settings.from_env({"POSECORE_DATA": str(tmp_path)}))
        self.pipeline._thread = object()
        self.pipeline.latest = make_frame(1.0)
        self.joint.device = name_device(ANDROID)


@pytest.fixture
def other(page_store, tmp_path, monkeypatch):
    """The same owner's phone, whose camera runs."""
    other = OpenRoom(page_store, tmp_path)
    monkeypatch.setattr(second_camera, "get_rooms", lambda owner: [other])
    return other


@pytest.fixture
def pair(page_store, add_session):
    a, b = add_session(name="Wall"), add_session(name="Wall (camera 2)")
    page_store.tracks.join(b, beside=a, offset_s=0.2, error_s=0.02, how="movement")
    return a, b


def test_without_a_second_camera_it_says_how_to_have_one(
    open_page,
    playing,  # noqa: F811
    monkeypatch,
):
    # Other tests' rooms may not have been collected yet.
    monkeypatch.setattr(second_camera, "get_rooms", lambda owner: [])
    app = open_page("live.py")
    assert any("second device" in each.value for each in app.caption)
    # What is wished for now holds for the camera that comes.
    assert not app.toggle(key="record_both").disabled


def test_record_both_takes_the_other_camera_along(open_page, playing, other, page_store):  # noqa: F811
    app = open_page("live.py")
    assert any("Android phone, Chrome" in each.value for each in app.markdown)
    app.toggle(key="record_both").set_value(True).run()
    app.text_input(key="live_name").input("Wall").run()
    app.button_group[0].set_value(0).run()
    button(app, "Start recording").click().run()
    assert other.recorder.fields["name"] == "Wall (camera 2)"
    record(app)
    other.recorder.add_frame(make_frame(0.0), (640, 360))
    button(app, "Stop recording").click().run()
    assert other.is_idle
    assert {each.name for each in page_store.get_sessions()} == {"Wall", "Wall (camera 2)"}


def test_what_a_browser_says_of_itself_is_never_shown_as_it_is():
    # Its name is shown as Markdown: nothing of the text itself may be in it.
    assert name_device("<b>**Firefox/1**</b> Windows NT](javascript:x)") == (
        "Windows computer, Firefox"
    )


def test_the_listed_rooms_are_the_owners(monkeypatch, page_store, open_page, playing):  # noqa: F811
    asked = []
    monkeypatch.setattr(second_camera, "get_rooms", lambda owner: asked.append(owner) or [])
    open_page("live.py")
    assert set(asked) == {page_store.owner}
    assert live_panel.get_rooms("somebody else") == []


def test_the_replay_leads_to_both_on_their_common_clock(open_page, pair):
    a, b = pair
    app = open_page("replay.py", session=a)
    line = [each.value for each in app.caption if "second camera" in each.value]
    assert line == [
        "Recorded with a second camera: the cameras' clocks agree within ±20 ms, by the movement "
        "both saw."
    ]
    button(app, "Replay together").click().run()
    assert dict(app.query_params) == {"a": a, "b": b, "by": "clock"}
    assert app.selectbox(key="wish_by").value == "clock"
    told = " ".join(each.value for each in app.markdown)
    assert "Two cameras, one movement." in told
    assert "Similarity" not in told, "that is for two attempts"
    assert not app.exception
    assert not app.warning


def test_a_session_alone_has_no_such_line(open_page, add_session, page_store, pair):
    alone = add_session(name="Alone")
    for session_id in (alone, pair[0]):
        app = open_page("replay.py", session=session_id)
        assert "Replay together" not in [each.label for each in app.button]
        page_store.delete_session(pair[1]) if session_id == alone else None


def test_the_clock_is_offered_only_for_those_filmed_at_once(open_page, add_session, pair):
    a, b = pair
    alone = add_session(name="Alone")
    app = open_page("compare.py", a=a, b=alone, by="clock")
    assert any("no common clock" in each.value for each in app.warning)
    assert app.selectbox(key="wish_by").value == "warp"
    assert "The cameras' clock" not in app.selectbox(key="wish_by").options
    app = open_page("compare.py", a=b, b=a)
    assert "The cameras' clock" in app.selectbox(key="wish_by").options


def test_a_drift_that_was_put_right_is_said(open_page, page_store, pair):
    a, b = pair
    page_store.tracks.join(b, beside=a, offset_s=0.2, error_s=0.11, how="clocks", drift=40e-6)
    app = open_page("replay.py", session=a)
    assert any("drift apart is put right" in each.value for each in app.caption)
