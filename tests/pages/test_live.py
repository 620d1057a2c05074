"""Live, without the camera: streamlit-webrtc needs a real runtime, so its one function is a seam.

The real camera path is tested in the browser, tests/e2e/test_journey.py.
"""

import threading

import numpy as np
import pytest
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components import camera, recording_form
from posecore.errors import StorageFullError
from tests.pages.test_sessions import button
from tests.unit.test_recorder import SIZE, make_frame

PICTURE = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)


@pytest.fixture
def playing(monkeypatch):
    """Let the page believe that the camera runs, or not."""
    state = {"is_playing": True}

    def show_camera(room, settings):
        room.pipeline._thread = threading.current_thread() if state["is_playing"] else None
        return state["is_playing"]

    monkeypatch.setattr(camera, "show_camera", show_camera)
    return state


def record(app, n_frames: int = 3) -> None:
    """Let some frames arrive."""
    recorder = app.session_state["live_room"][1].recorder
    for number in range(n_frames):
        recorder.add_frame(make_frame(number / 30), SIZE)


def choose_countdown(app, seconds: int) -> None:
    app.button_group[0].set_value(seconds).run()


def test_without_a_camera_nothing_can_be_started(open_page, playing, page_store):
    playing["is_playing"] = False
    assert button(open_page("live.py"), "Start recording").disabled
    assert page_store.get_sessions() == []


def test_record_and_stop_keeps_the_session_with_its_facts(open_page, playing, page_store):
    app = open_page("live.py")
    app.text_input(key="live_name").input("Wall <b>").run()
    choose_countdown(app, 0)
    button(app, "Start recording").click().run()
    record(app)
    button(app, "Stop recording").click().run()
    (session,) = page_store.get_sessions()
    assert (session.name, session.frame_count, session.status) == ("Wall <b>", 3, "completed")
    labels = [each.label for each in app.button]
    assert labels[:3] == ["Replay now", "Record again", "Discard"]


@pytest.mark.parametrize(("field", "limit"), [("name", 200), ("description", 5000)])
def test_a_text_that_is_too_long_is_said_and_as_much_as_fits_is_kept(
    open_page, playing, page_store, field, limit
):
    app = open_page("live.py")
    widget = app.text_input if field == "name" else app.text_area
    widget(key=f"live_{field}").input("x" * limit).run()
    assert not app.warning
    widget(key=f"live_{field}").input("x" * limit + "y" * 100).run()
    assert f"This {field} has {limit + 100:,} characters" in app.warning[0].value
    assert "shorten it" in app.warning[0].value
    choose_countdown(app, 0)
    button(app, "Start recording").click().run()
    record(app)
    button(app, "Stop recording").click().run()
    (session,) = page_store.get_sessions()
    assert getattr(session, field) == "x" * limit


def test_a_name_is_given_where_none_was_typed(open_page, playing, page_store):
    app = open_page("live.py")
    choose_countdown(app, 0)
    button(app, "Start recording").click().run()
    record(app)
    button(app, "Stop recording").click().run()
    assert page_store.get_sessions()[0].name.startswith("Recording ")


def test_the_question_before_a_discard_comes_before_what_takes_long(
    open_page, playing, monkeypatch
):
    app = open_page("live.py")
    choose_countdown(app, 0)
    button(app, "Start recording").click().run()
    record(app)
    button(app, "Stop recording").click().run()
    is_asked = []
    ask = recording_form.ask_athlete_and_tags

    def ask_and_note(key):
        is_asked.append(get_script_run_ctx().has_dialog_opened)
        return ask(key)

    monkeypatch.setattr(recording_form, "ask_athlete_and_tags", ask_and_note)
    button(app, "Discard").click().run()
    assert is_asked == [True]
    button(app, "Record again").click().run()
    assert not any(is_asked[1:]), "withdrawn, and not shown once more for that"


def test_new_settings_wait_for_a_stretch_that_could_not_be_kept_yet(
    open_page, playing, page_store, monkeypatch
):
    playing["is_playing"] = False
    app = open_page("live.py")
    _, room, _ = app.session_state["live_room"]
    frame = make_frame(1.0)
    room.buffer.add(frame, frame, 0, PICTURE)

    def refuse(*_, **__):
        raise StorageFullError("The disk is full; free some space and try again.")

    monkeypatch.setattr(room.keeper._store, "create_session", refuse)
    room.obey({"part": "mirror_delay", "do": "keep"})
    room.keeper.join()
    page_store.save_preference("camera_size", "1280x720")
    assert app.run().session_state["live_room"][1] is room
    room.obey({"part": "mirror_delay", "do": "give_up"})
    assert app.run().session_state["live_room"][1] is not room


def test_stop_during_the_countdown_leaves_nothing(open_page, playing, page_store):
    app = open_page("live.py")
    choose_countdown(app, 10)
    button(app, "Start recording").click().run()
    record(app)
    button(app, "Stop recording").click().run()
    assert page_store.get_sessions() == []
    assert not button(app, "Start recording").disabled


def test_discard_asks_and_then_makes_room_for_the_next(open_page, playing, page_store):
    app = open_page("live.py")
    choose_countdown(app, 0)
    button(app, "Start recording").click().run()
    record(app)
    button(app, "Stop recording").click().run()
    button(app, "Discard").click().run()
    (session,) = page_store.get_sessions()
    assert any("3 frames" in each.value for each in app.markdown)
    page_store.delete_session(session.id)  # what the dialog's own button does
    app.run()
    assert not button(app, "Start recording").disabled


def record_one(app):
    choose_countdown(app, 0)
    button(app, "Start recording").click().run()
    record(app)
    button(app, "Stop recording").click().run()


def asks_to_delete(app):
    return any(each.label == "Delete for good" for each in app.button)


def test_a_recording_that_starts_by_itself_leaves_the_question_open(open_page, playing, page_store):
    app = open_page("live.py")
    record_one(app)
    assert not asks_to_delete(app)
    button(app, "Discard").click().run()
    first = page_store.get_sessions()[0]
    assert get_room(app).start_recording(delay_s=0.0, name="Wall 2")
    record(app)
    app.run()  # whatever asks for it
    assert asks_to_delete(app) and button(app, "Stop recording")
    assert any("3 frames" in each.value for each in app.markdown)
    button(app, "Keep").click().run()
    assert not asks_to_delete(app)
    assert not app.run().exception
    assert not asks_to_delete(app)
    button(app, "Stop recording").click().run()
    button(app, "Discard").click().run()
    button(app, "Delete for good").click().run()
    assert not asks_to_delete(app)
    assert [each.id for each in page_store.get_sessions()] == [first.id]


def test_record_again_without_a_picture_says_so_and_keeps_the_last_in_view(
    open_page, playing, page_store
):
    app = open_page("live.py")
    record_one(app)
    playing["is_playing"] = False
    button(app, "Record again").click().run()
    assert any("the camera has sent no picture" in each.value for each in app.warning)
    app.run()
    assert button(app, "Replay now")
    assert len(page_store.get_sessions()) == 1


def test_after_a_look_at_another_page_live_is_ready_with_the_same_choices(
    open_page, playing, page_store, add_session
):
    add_session("Before", athlete="Mira", tags=["wall"])
    app = open_page("live.py")
    app.selectbox(key="live_athlete").set_value("Mira").run()
    app.multiselect(key="live_tags").set_value(["wall"]).run()
    app.toggle(key="live_keep_video").set_value(True).run()
    app.toggle(key="live_mirror").set_value(False).run()
    choose_countdown(app, 0)
    button(app, "Start recording").click().run()
    record(app)
    button(app, "Stop recording").click().run()
    assert "Record again" in [each.label for each in app.button]
    app.switch_page("sessions.py").run()
    app.switch_page("live.py").run()
    app.run()
    assert not button(app, "Start recording").disabled
    button(app, "Start recording").click().run()
    record(app)
    button(app, "Stop recording").click().run()
    first, second, _ = page_store.get_sessions()
    assert (first.athlete, first.tags) == (second.athlete, second.tags) == ("Mira", ("wall",))
    room = app.session_state["live_room"][1]
    assert (room.keep_video, room.pipeline.mirror) == (True, False)


def test_the_mirror_switch_reaches_the_picture(open_page, playing):
    app = open_page("live.py")
    pipeline = app.session_state["live_room"][1].pipeline
    assert pipeline.mirror
    app.toggle[0].set_value(False).run()
    assert not pipeline.mirror


def test_the_video_is_kept_only_when_it_is_switched_on(open_page, playing, page_store):
    app = open_page("live.py")
    choose_countdown(app, 0)
    assert not app.toggle(key="live_keep_video").value
    assert "ask before you film" in app.toggle(key="live_keep_video").help
    for is_kept in (False, True):
        app.toggle(key="live_keep_video").set_value(is_kept).run()
        said = any("picture is stored" in each.value for each in app.caption)
        assert said is is_kept
        button(app, "Record again" if is_kept else "Start recording").click().run()
        assert app.toggle(key="live_keep_video").disabled
        recorder = app.session_state["live_room"][1].recorder
        for number in range(3):
            recorder.add_frame(make_frame(number / 30), SIZE, PICTURE)
        button(app, "Stop recording").click().run()
        assert (page_store.get_video_file(page_store.get_sessions()[0].id) is not None) is is_kept


def get_room(app):
    return app.session_state["live_room"][1]


def test_the_mirror_is_late_and_keeps_as_much_as_was_chosen(open_page, playing):
    app = open_page("live.py")
    mirror = get_room(app).mirror_delay
    assert (mirror.delay_s, mirror.keep_s) == (0, 10)
    assert app.slider(key="mirror_delay_s").disabled
    app.toggle(key="mirror_is_late").set_value(True).run()
    assert mirror.delay_s == 8
    app.slider(key="mirror_delay_s").set_value(60).run()
    app.select_slider(key="mirror_keep_s").set_value(30).run()
    assert (mirror.delay_s, mirror.keep_s) == (60, 30)
    app.toggle(key="mirror_is_late").set_value(False).run()
    assert mirror.delay_s == 0
    assert not app.exception


def test_what_starts_and_stops_a_recording_is_chosen_on_the_page(open_page, playing):
    app = open_page("live.py")
    choose_countdown(app, 5)
    part = get_room(app).hands_free
    assert (part.choice.starts_by, part.choice.stop_after_s) == ("button", 0)
    app.radio(key="hands_free_by").set_value("gesture").run()
    app.radio(key="gesture_does").set_value("only starts").run()
    app.select_slider(key="stop_after_s").set_value(20).run()
    app.select_slider(key="again_after_s").set_value(10).run()
    choice = part.choice
    assert (choice.starts_by, choice.gesture_stops, choice.countdown_s) == ("gesture", False, 5)
    assert (choice.stop_after_s, choice.again_after_s) == (20, 10)
    assert any("Climbers have them up" in each.value for each in app.caption)
    app.radio(key="hands_free_by").set_value("movement").run()
    app.select_slider(key="still_for_s").set_value(5).run()
    choice = part.choice
    assert (choice.starts_by, choice.still_for_s, choice.again_after_s) == ("movement", 5, 0)
    assert not app.exception
