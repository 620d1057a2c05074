"""Watch, and the audience on Live: what is listed, for whom, and what to do where nothing is."""

import numpy as np
import pytest
import streamlit as st

from pages.components.live_streams import HUB, get_audience, make_audience
from posecore.capture.live_part import LiveMoment
from posecore.capture.live_room import LiveRoom
from posecore.lan import LanNames
from posecore.lan_certificate import provide_certificate
from tests.pages.provider_secrets import use_secrets
from tests.pages.test_live import PICTURE, playing
from tests.pages.test_sessions import button
from tests.pages.test_signed_in import owner_of, text_of, visit
from tests.unit.sharing import share
from tests.unit.test_recorder import SIZE, make_frame

__all__ = ["playing", "visit"]  # fixtures: no camera, and people who sign in


def show(room):
    """Let a frame of its camera come."""
    frame = make_frame(0.0)
    moment = LiveMoment(
        frame=frame,
        calm=frame,
        frame_number=0,
        image_size=SIZE,
        frame_rgb=PICTURE,
        arrived_s=0.0,
    )
    get_audience(room).see(moment)


@pytest.fixture
def start_camera(page_store, settings):
    """Let somebody's camera run, with an athlete before it."""
    rooms = []

    def start_camera(owner, athlete="Ann"):
        store = page_store.for_owner(owner)
        room = LiveRoom(store, settings, make_further=lambda room: make_audience(room, owner))
        room.fields = {"athlete": athlete}
        show(room)
        rooms.append(room)
        return room

    yield start_camera
    for room in rooms:
        room.camera_ended()


def test_with_no_camera_the_page_says_what_to_do_and_leads_there(open_page, playing):
    app = open_page("audience.py")
    assert app.title[0].value == "Watch"
    assert "No camera is running" in text_of(app)
    button(app, "Open Live").click().run()
    assert app.button[0].label == "Start recording"


def test_the_only_camera_is_watched_at_once(open_page, page_store, start_camera):
    start_camera(page_store.owner)
    app = open_page("audience.py")
    assert app.query_params["stream"] == "camera"
    assert "No camera is running" not in text_of(app)
    assert [each.label for each in app.button] == []


def test_a_stream_of_the_address_is_waited_for(open_page):
    app = open_page("audience.py", stream="<b>wall</b>", of="somebody'; --")
    assert not app.exception
    assert "<b>" not in text_of(app)


def test_others_cameras_are_listed_while_their_athlete_is_shared(
    monkeypatch,
    page_store,
    start_camera,
    visit,
):
    use_secrets(monkeypatch)
    mira, jo = (page_store.for_owner(owner_of(each)) for each in ("mira", "jo"))
    mira.people.remember(name="Mira <b>")
    room = start_camera(mira.owner)
    assert "No camera is running" in text_of(visit("jo", "audience"))
    given = share(mira, jo, "Ann")
    start_camera(jo.owner, "")
    app = visit("jo", "audience")
    labels = [each.label for each in app.button if each.label != "Sign out"]
    assert len(labels) == 2
    assert labels[0] == "Your camera"
    assert labels[1].startswith("Camera of Mira") and labels[1].endswith(": Ann")
    button(app, labels[1]).click().run()
    assert app.query_params["of"] == mira.owner
    room.fields = {"athlete": "Somebody else"}
    assert "Mira" not in str([each.label for each in visit("jo", "audience").button])
    room.fields = {"athlete": "Ann"}
    mira.shares.revoke(given.id)
    assert "Mira" not in str([each.label for each in visit("jo", "audience").button])


def test_live_says_where_it_is_watched_and_shows_no_picture_unless_told_to(
    open_page,
    playing,
    page_store,
    add_session,
):
    add_session(athlete="Ann")
    app = open_page("live.py")
    assert app.code[0].value.endswith("/audience?stream=camera")
    room = app.session_state["live_room"][1]
    assert get_audience(room).shows_picture is False
    assert "Nobody is watching now." in text_of(app)
    app.toggle(key="live_shows_picture").set_value(True).run()
    assert get_audience(room).shows_picture is True
    app.run()
    assert get_audience(room).shows_picture is True
    app.selectbox(key="live_athlete").set_value("Ann").run()
    show(room)
    assert HUB.stage.find_athlete(page_store.owner, "camera") == "Ann"
    room.camera_ended()
    assert np.isneginf(get_audience(room)._last_s)


def test_the_picture_that_one_athlete_shows_is_not_that_of_the_next(
    open_page, playing, add_session
):
    for athlete in ("Ann", "Bo"):
        add_session(athlete=athlete)
    app = open_page("live.py")
    room = app.session_state["live_room"][1]
    for athlete in ("Ann", "Bo", None):
        app.selectbox(key="live_athlete").set_value(athlete).run()
        assert get_audience(room).shows_picture is False
        assert app.toggle(key="live_shows_picture").value is False
        app.toggle(key="live_shows_picture").set_value(True).run()
        assert get_audience(room).shows_picture is True


def open_at(monkeypatch, url):
    """Let the page have been opened under an address."""
    monkeypatch.setattr(type(st.context), "url", property(lambda _self: url))


def test_an_address_of_this_computer_alone_is_said_to_be_one(open_page, playing, monkeypatch):
    monkeypatch.delenv("POSECORE_LAN_CERTIFICATE", raising=False)
    open_at(monkeypatch, "http://127.0.0.1:8501/live")
    app = open_page("live.py")
    assert app.code[0].value == "http://127.0.0.1:8501/audience?stream=camera"
    assert "opens on this computer alone" in text_of(app)
    assert "run.py --lan" in text_of(app)


def test_in_its_network_live_says_the_address_that_other_devices_open(
    open_page, playing, monkeypatch, tmp_path
):
    names = LanNames(addresses=("192.168.1.20",), host_names=())
    made = provide_certificate(tmp_path / "lan", names.all)
    monkeypatch.setenv("POSECORE_LAN_CERTIFICATE", str(made.path))
    hosts = names.list_hosts(st.get_option("server.port"))
    monkeypatch.setenv("POSECORE_HOSTS", ",".join(hosts))
    monkeypatch.setattr("pages.components.lan.find_names", lambda: names)
    open_at(monkeypatch, "https://127.0.0.1:8501/live")
    app = open_page("live.py")
    port = st.get_option("server.port")
    assert app.code[0].value == f"https://192.168.1.20:{port}/audience?stream=camera"
    (link,) = app.get("link_button")
    assert link.proto.url == "https://127.0.0.1:8501/audience?stream=camera"
    assert "paired once" in text_of(app)


def test_under_a_name_that_others_know_the_address_is_that_of_the_page(
    open_page, playing, monkeypatch
):
    open_at(monkeypatch, "https://wall.example.org/club/live")
    app = open_page("live.py")
    assert app.code[0].value == "https://wall.example.org/club/audience?stream=camera"
    assert "this computer alone" not in text_of(app)
