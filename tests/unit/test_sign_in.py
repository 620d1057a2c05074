"""Signing in: a setup that is whole, or a sentence; a person whom a provider names, or nobody."""

from dataclasses import replace

import pytest

from posecore import doctor
from posecore.errors import NotSignedInError, PoseCoreError, SignInSetupError
from posecore.sign_in import read_auth_section, read_claims

SECRET = "a secret of more than thirty-two characters"
PROVIDER = {
    "client_id": "posecore",
    "client_secret": "shared with the provider",
    "server_metadata_url": "https://accounts.example.com/.well-known/openid-configuration",
}
BASE = {"redirect_uri": "https://posecore.example.org/oauth2callback", "cookie_secret": SECRET}
SECTION = BASE | PROVIDER
CLAIMS = {
    "is_logged_in": True,
    "provider": "default",
    "iss": "https://accounts.example.com",
    "sub": "248289761001",
    "email": "mira@example.org",
    "name": "Mira",
    "iat": 1_790_000_000,
    "nonce": "n-0S6_WzA2Mj",
}


def test_one_provider_is_the_default_one():
    setup = read_auth_section(SECTION | {"client_kwargs": {"prompt": "login"}})
    assert list(setup.providers) == ["default"]
    assert setup.origin == "https://posecore.example.org"


def test_several_providers_have_names():
    other = PROVIDER | {"server_metadata_url": "https://login.example.net/x"}
    setup = read_auth_section(BASE | {"google": PROVIDER, "club": other})
    assert list(setup.providers) == ["google", "club"]


def test_on_this_computer_http_will_do_at_the_port_that_is_served():
    section = SECTION | {"redirect_uri": "http://localhost:{port}/oauth2callback"}
    assert read_auth_section(section, port=8600).origin == "http://localhost:8600"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cookie_secret": None}, "cookie_secret"),
        ({"cookie_secret": ""}, "cookie_secret"),
        ({"cookie_secret": "xxx"}, "cookie_secret"),
        ({"cookie_secret": 12345678901234567890123456789012345}, "cookie_secret"),
        ({"redirect_uri": None}, "redirect_uri"),
        ({"redirect_uri": "https://posecore.example.org/"}, "redirect_uri"),
        ({"redirect_uri": "http://posecore.example.org/oauth2callback"}, "https"),
        ({"redirect_uri": "https://[/oauth2callback"}, "redirect_uri"),
        ({"redirect_uri": "/oauth2callback"}, "redirect_uri"),
        ({"client_id": None}, "client_id"),
        ({"client_secret": " "}, "client_secret"),
        ({"server_metadata_url": "http://accounts.example.com/x"}, "https"),
        ({"server_metadata_url": None}, "server_metadata_url"),
        ({"google": {"client_id": "posecore"}}, "'google'"),
        ({"my_club": PROVIDER}, "underscore"),
    ],
)
def test_what_is_half_configured_lets_nobody_in(change, said):
    section = {key: value for key, value in (SECTION | change).items() if value is not None}
    with pytest.raises(SignInSetupError, match=said) as refused:
        read_auth_section(section)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("section", [{}, "yes", None, BASE, {"cookie_secret": SECRET}])
def test_a_section_that_is_none_lets_nobody_in(section):
    with pytest.raises(SignInSetupError):
        read_auth_section(section)


def test_a_person_is_the_provider_and_its_name_for_them():
    found = read_claims(CLAIMS, read_auth_section(SECTION))
    assert found.identity.owner == "https://accounts.example.com#248289761001"
    assert found.identity.name == "mira@example.org"


def test_names_are_for_people_and_decide_nothing():
    setup = read_auth_section(SECTION)
    hostile = CLAIMS | {"email": "local\n" + "x" * 5000, "name": "local"}
    found = read_claims(hostile, setup)
    assert found.identity.owner == read_claims(CLAIMS, setup).identity.owner
    assert "\n" not in found.identity.name
    assert len(found.identity.name) <= 200
    nameless = {key: value for key, value in CLAIMS.items() if key not in ("email", "name")}
    assert read_claims(nameless, setup).identity.name


@pytest.mark.parametrize(
    "change",
    [
        {"is_logged_in": False},
        {"is_logged_in": "True"},
        {"is_logged_in": 1},
        {"provider": "another"},
        {"provider": None},
        {"iss": None},
        {"iss": "https://accounts.example.net"},
        {"iss": "https://accounts.example.com.evil.example.net"},
        {"iss": "local"},
        {"iss": "https://accounts.example.com#someone"},
        {"iss": "https://accounts.example.com\n"},
        {"iss": "https://accounts.example.com:99999"},
        {"sub": ""},
        {"sub": " "},
        {"sub": None},
        {"sub": 12},
        {"sub": "a\x00b"},
        {"sub": "x" * 10_000},
    ],
)
def test_whom_no_configured_provider_names_is_nobody(change):
    with pytest.raises(NotSignedInError):
        read_claims(CLAIMS | change, read_auth_section(SECTION))
    with pytest.raises(NotSignedInError):
        read_claims({}, read_auth_section(SECTION))


def test_one_provider_cannot_speak_for_the_people_of_another():
    other = PROVIDER | {"server_metadata_url": "https://login.example.net/x"}
    setup = read_auth_section(BASE | {"google": PROVIDER, "club": other})
    assert read_claims(CLAIMS | {"provider": "google"}, setup)
    with pytest.raises(NotSignedInError):
        read_claims(CLAIMS | {"provider": "club"}, setup)


def test_each_signing_in_is_told_from_the_next():
    setup = read_auth_section(SECTION)
    first, again = (read_claims(CLAIMS, setup) for _ in range(2))
    later = read_claims(CLAIMS | {"iat": CLAIMS["iat"] + 60, "nonce": "another"}, setup)
    assert first == again
    assert first.identity == later.identity
    assert first.mark != later.mark


@pytest.fixture
def check_doctor(tmp_path, monkeypatch, settings):
    """What doctor says about a file of secrets."""
    path = tmp_path / "secrets.toml"
    monkeypatch.setattr(doctor, "_SECRETS", (tmp_path / "none.toml", path))

    def check(text=None, **changes):
        if text is not None:
            path.write_text(text, encoding="utf-8")
        return doctor._check_sign_in(replace(settings, **changes))

    return check


def test_doctor_says_whether_sign_in_is_configured(check_doctor):
    assert "not configured" in check_doctor()
    assert "not configured" in check_doctor("[other]\nkey = 1")
    assert "wall.example.org" in check_doctor(hosts=("wall.example.org",))
    lines = [f'{key} = "{value}"' for key, value in SECTION.items()]
    said = check_doctor("\n".join(["[auth]", *lines]))
    assert "https://posecore.example.org" in said
    assert SECRET not in said


@pytest.mark.parametrize("text", ["[auth", "[auth]", "[Auth]\ncookie_secret = 'x'", "\x00"])
def test_doctor_says_what_is_wrong_with_it(check_doctor, text):
    with pytest.raises(PoseCoreError, match="obody can sign in"):
        check_doctor(text)
