"""Phone as camera: its page without the camera, and what Settings shows and keeps of it.

The real camera, pairing and the connection's test are seen in the browser,
tests/e2e/test_own_network.py.
"""

import threading
from types import SimpleNamespace

import pytest
import streamlit as st

from pages.components import camera, phone_camera, phone_settings
from pages.components.database import open_database
from pages.components.lan import DESK, Lan, describe
from posecore import Settings
from posecore.lan import LanNames, find_names
from posecore.lan_certificate import provide_certificate, read_certificate
from tests.pages.provider_secrets import use_secrets
from tests.pages.test_live import record
from tests.pages.test_sessions import button


@pytest.fixture
def lan(page_store, tmp_path, monkeypatch):
    """Serve the network, as --lan does."""
    made = provide_certificate(tmp_path / "lan", find_names().all)
    monkeypatch.setenv("POSECORE_LAN_CERTIFICATE", str(made.path))
    hosts = find_names().list_hosts(st.get_option("server.port"))
    monkeypatch.setenv("POSECORE_HOSTS", ",".join(hosts))
    return made


@pytest.fixture
def phone(monkeypatch):
    """Let the page believe that the browser is ready and the camera runs; notes which one."""
    shown = []

    def show_camera(room, settings, *, facing=None):
        shown.append(facing)
        room.pipeline._thread = threading.current_thread()
        return True

    monkeypatch.setattr(camera, "show_camera", show_camera)
    monkeypatch.setattr(phone_camera, "keep_awake", lambda keys: True)
    return shown


def text_of(app):
    elements = [*app.markdown, *app.caption, *app.code, *app.error, *app.success, *app.warning]
    return "\n".join(str(each.value) for each in elements) + "\n".join(
        str(each.proto) for each in app.get("html")
    )


def field(app, label):
    return next(each for each in app.text_input if each.label == label)


# ---------------------------------------------------------------- the phone's page


def test_without_a_camera_the_phone_shows_one_button_that_waits(open_page):
    app = open_page("phone.py")
    assert [(each.label, each.disabled) for each in app.button] == [("Start recording", True)]


def test_the_phone_records_whom_the_address_names(open_page, phone, page_store):
    app = open_page("phone.py", athlete="Mira <b>")
    button(app, "Start recording").click().run()
    recorder = app.session_state["live_room"][1].recorder
    recorder._starts_at = recorder._clock()  # the countdown is over
    record(app)
    button(app, "Stop recording").click().run()
    [session] = page_store.get_sessions()
    assert (session.athlete, session.status, session.frame_count) == ("Mira <b>", "completed", 3)
    assert session.name.startswith("Recording ")
    assert set(phone) == {"environment"}


def test_an_athlete_of_the_address_that_is_none_is_nobody(open_page, phone):
    for athlete in ("", "x" * 101, "   "):
        app = open_page("phone.py", athlete=athlete)
        assert app.selectbox(key="phone_athlete").value is None
        assert not app.exception


def test_the_front_camera_is_a_mirror_and_the_back_camera_is_none(open_page, phone):
    app = open_page("phone.py")
    pipeline = app.session_state["live_room"][1].pipeline
    assert not pipeline.mirror
    assert app.button_group[0].disabled  # not under a running camera
    app.session_state["phone_facing"] = "user"
    app.run()
    assert phone[-1] == "user"
    assert app.session_state["live_room"][1].pipeline.mirror


def test_each_side_is_a_camera_of_its_own():
    names = {camera.name_key(each) for each in (None, "environment", "user")}
    assert len(names) == 3


# ---------------------------------------------------------------- Settings


def test_without_lan_settings_says_how_to_start(open_page):
    text = text_of(open_page("settings.py"))
    assert "python3 scripts/run.py --lan" in text
    assert DESK.code not in text


def test_settings_shows_what_a_phone_needs(open_page, lan):
    app = open_page("settings.py")
    text = text_of(app)
    assert DESK.code in text
    assert "data:image/png;base64" in text
    assert lan.fingerprint in text
    assert "visit this website" in text
    assert "No device is paired yet." in text


@pytest.fixture
def move(tmp_path, monkeypatch):
    """Start in one network, with a certificate that knows others, and look from another."""

    def move(*, start, now):
        made = provide_certificate(tmp_path / "moved", (*start, "10.9.9.9", "wall.local"))
        monkeypatch.setenv("POSECORE_LAN_CERTIFICATE", str(made.path))
        names = LanNames(addresses=start, host_names=("wall.local",))
        hosts = names.list_hosts(st.get_option("server.port"))
        monkeypatch.setenv("POSECORE_HOSTS", ",".join(hosts))
        names = LanNames(addresses=now, host_names=("wall.local",))
        monkeypatch.setattr("pages.components.lan.find_names", lambda: names)

    return move


HOME, VPN, CLUB = "192.168.1.20", "10.8.0.2", "10.9.9.9"


@pytest.mark.parametrize(
    ("start", "now", "words"),
    [
        ((HOME,), (CLUB,), f"{HOME} and is {CLUB} now"),
        ((HOME,), (), f"no network now (its address was {HOME})"),
        ((HOME, VPN), (CLUB, VPN), f"{HOME} and is {CLUB} now"),
    ],
)
def test_settings_says_that_the_network_changed_and_shows_no_code_that_leads_nowhere(
    open_page, move, start, now, words
):
    move(start=start, now=now)
    app = open_page("settings.py")
    [warning] = app.warning
    assert words in warning.value
    assert "python3 scripts/run.py --lan" in warning.value
    text = text_of(app)
    assert "data:image/png" not in text
    assert DESK.code not in text
    assert "No device is paired yet." in text


def test_settings_says_that_phones_find_it_under_no_name(open_page, lan, monkeypatch):
    monkeypatch.setenv("POSECORE_HOSTS", "wall.example.org")
    app = open_page("settings.py")
    [warning] = app.warning
    assert "no name or address" in warning.value
    assert not app.exception


@pytest.mark.parametrize(
    ("start", "now"),
    [((HOME,), (HOME,)), ((HOME,), (VPN, HOME)), ((HOME, VPN), (HOME,)), ((VPN, HOME), (HOME,))],
)
def test_a_vpn_that_comes_or_goes_is_no_other_network(open_page, move, start, now):
    move(start=start, now=now)
    app = open_page("settings.py")
    assert not app.warning
    text = text_of(app)
    assert DESK.code in text
    addresses = [line for each in app.code for line in str(each.value).split() if "/phone" in line]
    assert addresses[0].startswith(f"https://{HOME}:")
    assert not any("10." in line for line in addresses)


def test_a_new_code_is_another(open_page, lan):
    app = open_page("settings.py")
    before = DESK.code
    button(app, "New code").click().run()
    assert DESK.code != before
    assert DESK.code in text_of(app)
    assert before not in text_of(app)


def test_a_device_is_listed_as_text_and_unpaired(open_page, lan):
    devices = open_database().devices
    device, secret = devices.pair("<b>iPhone</b> **x**")
    kept, _ = devices.pair("Pixel")
    app = open_page("settings.py")
    assert r"\<b\>iPhone\<\/b\> \*\*x\*\*" in text_of(app)
    assert secret not in text_of(app)
    next(each for each in app.button if each.key == f"unpair_{device.id}").click().run()
    assert devices.recognise(secret) is None
    assert [each.id for each in devices.list()] == [kept.id]


def test_where_people_sign_in_devices_are_paired_at_the_computer_alone(monkeypatch, lan):
    assert phone_settings.may_pair()  # everything is one's own
    use_secrets(monkeypatch)

    context = SimpleNamespace(headers={"Host": "localhost:8501"}, ip_address=None)
    monkeypatch.setattr(phone_settings.st, "context", context)
    assert phone_settings.may_pair()
    context.headers = {"Host": "localhost:8501", "X-Forwarded-For": "127.0.0.1"}
    assert not phone_settings.may_pair()
    context.headers, context.ip_address = {}, "192.168.1.30"
    assert not phone_settings.may_pair()


def test_a_certificate_that_is_gone_is_a_sentence(open_page, lan):
    lan.path.unlink()
    app = open_page("settings.py")
    assert "start posecore again" in app.error[0].value
    assert not app.exception


def test_the_terminal_says_where_what_and_why(lan):
    text = "\n".join(
        describe(
            Lan(urls=("https://192.168.1.20:8501/",), certificate=read_certificate(lan.path)),
            "ABCD-EFGH",
        )
    )
    for words in (
        *("https://192.168.1.20:8501/phone", "ABCD-EFGH", lan.fingerprint),
        *("warns once", "no public authority", "Safari", "Chrome"),
    ):
        assert words in text


# ---------------------------------------------------------------- STUN and TURN


TURN = "turn:turn.example.org:3478"


def save(app, **values):
    labels = {
        "stun": "STUN server",
        "turn": "TURN server",
        "user": "User of the TURN server",
        "password": "Password of the TURN server",
    }
    for name, value in values.items():
        field(app, labels[name]).input(value)
    return button(app, "Save servers").click().run()


def servers_of(page_store):
    return Settings().with_preferences(page_store.load_preferences()).ice_servers


def test_servers_are_kept_and_the_password_is_shown_no_more(open_page, page_store):
    app = save(open_page("settings.py"), stun="stun:stun.example.org", turn=TURN, user="coach")
    assert "user and a password" in app.error[0].value
    save(app, password="hunter2hunter2")
    assert [each.for_browser for each in servers_of(page_store)] == [
        {"urls": "stun:stun.example.org"},
        {"urls": TURN, "username": "coach", "credential": "hunter2hunter2"},
    ]
    app = open_page("settings.py")
    assert field(app, "TURN server").value == TURN
    assert "hunter2" not in str([each.proto for each in app.text_input])
    save(app, user="other")
    assert servers_of(page_store)[1].credential == "hunter2hunter2"


def test_a_kept_password_goes_to_no_other_server(open_page, page_store):
    save(open_page("settings.py"), turn=TURN, user="coach", password="hunter2hunter2")
    app = save(open_page("settings.py"), turn="turn:evil.example")
    assert "user and a password" in app.error[0].value
    assert servers_of(page_store)[0].url == TURN
    save(app, turn="", user="", stun="")
    assert servers_of(page_store) == ()


def test_what_is_no_server_is_a_sentence_and_not_kept(open_page, page_store):
    app = open_page("settings.py")
    for values in ({"stun": "example.org"}, {"stun": "turn:a.example"}, {"stun": "", "user": "a"}):
        assert save(app, **values).error[0].value.endswith(".")
    assert servers_of(page_store) == ()


def test_where_people_sign_in_servers_come_from_the_environment_alone(monkeypatch, open_page, lan):
    """A member must not make this computer ask addresses of their choice."""
    use_secrets(monkeypatch)
    app = open_page("settings.py")
    assert "STUN server" not in [each.label for each in app.text_input]
