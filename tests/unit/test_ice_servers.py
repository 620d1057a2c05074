"""STUN and TURN servers: what is typed is checked, and a password is in no message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posecore.errors import InvalidFieldError
from posecore.ice_servers import (
    IceServer,
    check_servers,
    read_preference,
    read_servers,
    write_preference,
)
from posecore.settings import Settings

TURN = "turn:turn.example.org:3478?transport=udp"


def test_the_environment_names_servers_with_user_and_password():
    text = f" stun:stun.example.org:3478 , {TURN}|coach|p%2Cw%7C%25 "
    settings = Settings.from_env({"POSECORE_ICE_SERVERS": text})
    assert [each.for_browser for each in settings.ice_servers] == [
        {"urls": "stun:stun.example.org:3478"},
        {"urls": TURN, "username": "coach", "credential": "p,w|%"},
    ]
    assert Settings.from_env({}).ice_servers == ()
    assert Settings.from_env({"POSECORE_ICE_SERVERS": "stun:a.example"}).ice_servers == (
        IceServer(url="stun:a.example"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("example.org", "looks like stun:"),
        ("http://example.org", "looks like stun:"),
        ("stun:", "looks like stun:"),
        ("stun://example.org", "looks like stun:"),
        ("stun:exa mple.org", "looks like stun:"),
        ("stun:example.org:0", "1 to 65535"),
        ("stun:example.org:65536", "1 to 65535"),
        ("stun:example.org?transport=udp", "stun: address has none"),
        ("stuns:example.org", "not understood here"),
        ("turn:example.org", "user and a password"),
        ("turn:example.org|coach", "turn:turn.example.org:3478|user|password"),
        ("turn:example.org|coach|", "user and a password"),
        ("turn:example.org?transport=tls|coach|pw", "udp or tcp"),
        ("turns:example.org?transport=udp|coach|pw", "tcp"),
        ("stun:example.org|coach|pw", "knows no user"),
        ("stun:a.example,stun:b.example", "One STUN server is enough"),
        ("turn:a.example|u|p,turns:b.example|u|p", "One TURN server is enough"),
        (f"turn:example.org|{'u' * 301}|pw", "300 characters"),
    ],
)
def test_what_is_wrong_is_said_and_what_to_do(text, said):
    with pytest.raises(InvalidFieldError) as caught:
        read_servers(text)
    assert said in str(caught.value)


def test_a_password_is_in_no_text_about_a_server():
    server = IceServer.from_text(TURN, "coach", "hunter2hunter2")
    assert "hunter2" not in f"{server!r} {server} {Settings(ice_servers=(server,))!r}"
    for url, user in (("turn:", "coach"), (TURN, ""), ("stun:a.example", "")):
        with pytest.raises(InvalidFieldError) as caught:
            IceServer.from_text(url, user, "hunter2hunter2")
        assert "hunter2" not in str(caught.value)


def test_what_is_kept_comes_back_and_goes_before_the_environment():
    servers = read_servers(f"stun:stun.example.org,{TURN}|coach|pw")
    kept = {"ice_servers": write_preference(servers)}
    assert Settings().with_preferences(kept).ice_servers == servers
    settings = Settings.from_env({"POSECORE_ICE_SERVERS": "stun:other.example.org"})
    assert settings.with_preferences(kept).ice_servers == servers
    emptied = {"ice_servers": write_preference(())}
    assert settings.with_preferences(emptied).ice_servers == settings.ice_servers


@given(st.one_of(st.text(), st.sampled_from(["null", "[]", "[[1]]", '[["turn:x"]]', "{}", "[[]]"])))
def test_a_choice_that_is_none_is_no_server(text):
    assert read_preference(text) == ()


@given(st.lists(st.text(max_size=40), max_size=3))
def test_whatever_is_typed_is_a_server_or_a_sentence(parts):
    try:
        server = IceServer.from_text(*(parts or [""]))
    except InvalidFieldError as error:
        assert str(error).endswith(".")
    else:
        assert check_servers([server]) == (server,)
