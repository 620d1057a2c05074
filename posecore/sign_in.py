"""Who may come in, as ``[auth]`` in ``.streamlit/secrets.toml`` says: checked, or refused.

Streamlit signs people in; what it is told is checked here more strictly than there, because what
is half configured must never be open to all.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from posecore.errors import NotSignedInError, SignInSetupError
from posecore.identity import Identity

CALLBACK: Final = "/oauth2callback"
LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
SHORTEST_SECRET: Final = 32
_PROVIDER_KEYS: Final = ("client_id", "client_secret", "server_metadata_url")
_NO_PROVIDERS: Final = frozenset({"client_kwargs"})
_LONGEST_NAME: Final = 200
# What tells one signing in from the next: the provider puts a new time and number into each.
_OF_ONE_SIGN_IN: Final = ("iss", "sub", "iat", "auth_time", "exp", "nonce", "at_hash", "sid", "jti")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_MAKE_SECRET: Final = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


@dataclass(frozen=True, kw_only=True)
class SignInSetup:
    """What is configured, and whole.

    Attributes
    ----------
    redirect_uri : str
        Where providers send people back to: the dashboard's public address and ``/oauth2callback``.
    providers : dict of str to str
        Name of each provider, as ``st.login`` takes it, and its ``server_metadata_url``.
    """

    redirect_uri: str
    providers: Mapping[str, str]

    @property
    def origin(self) -> str:
        """Scheme, host and port of the dashboard's public address."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """One person, signed in once; signing out ends this and no other.

    Attributes
    ----------
    identity : Identity
    mark : str
        Tells one signing in from the next; empty where nobody has to sign in.
    """

    identity: Identity
    mark: str = ""


def read_auth_section(section: object, *, port: int = 8501) -> SignInSetup:
    """Check an ``[auth]`` section.

    Parameters
    ----------
    section : mapping
        As it stands in ``secrets.toml``.
    port : int
        What ``{port}`` in the ``redirect_uri`` means.

    Raises
    ------
    SignInSetupError
        If anything is missing or weak.
    """
    if not isinstance(section, Mapping):
        raise _broken("is no section")
    secret = section.get("cookie_secret")
    if not isinstance(secret, str) or len(secret) < SHORTEST_SECRET:
        raise _broken(
            f"needs a cookie_secret of at least {SHORTEST_SECRET} characters, with which anybody "
            f"could sign in as anybody; make one with {_MAKE_SECRET}"
        )
    providers = {name: _read_provider(name, each) for name, each in _list_providers(section)}
    if not providers:
        raise _broken(f"names no provider: {', '.join(_PROVIDER_KEYS)} are missing")
    return SignInSetup(
        redirect_uri=_read_redirect_uri(section.get("redirect_uri"), port), providers=providers
    )


def _list_providers(section: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    named = [
        (str(name), each)
        for name, each in section.items()
        if isinstance(each, Mapping) and name not in _NO_PROVIDERS
    ]
    if any(key in section for key in _PROVIDER_KEYS):
        named.insert(0, ("default", section))
    return named


def _read_provider(name: str, section: Mapping[str, Any]) -> str:
    if "_" in name:
        raise _broken(f"has a provider {name[:40]!r}; its name may hold no underscore")
    where = "" if name == "default" else f" of the provider {name[:40]!r}"
    for key in _PROVIDER_KEYS:
        if not isinstance(section.get(key), str) or not section[key].strip():
            raise _broken(f"lacks the {key}{where}")
    address = str(section["server_metadata_url"])
    if not _is_private_on_its_way(_split(address)):
        raise _broken(f"must name the server_metadata_url{where} with https")
    return address


def _read_redirect_uri(text: object, port: int) -> str:
    address = text.replace("{port}", str(port)) if isinstance(text, str) else ""
    parts = _split(address)
    if not parts.hostname or not parts.path.endswith(CALLBACK) or parts.query or parts.fragment:
        raise _broken(
            "needs a redirect_uri: the dashboard's public address and /oauth2callback, such as "
            f"https://posecore.example.org{CALLBACK}"
        )
    if not _is_private_on_its_way(parts):
        raise _broken(
            "must name a redirect_uri with https: without it, whoever listens on the way could "
            "sign in as others"
        )
    return address


def _split(address: str) -> SplitResult:
    """Take an address apart; what is none has no host."""
    try:
        parts = urlsplit(address.strip())
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def _is_private_on_its_way(parts: SplitResult) -> bool:
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES)
    )


def _broken(what: str) -> SignInSetupError:
    return SignInSetupError(
        f"Nobody can sign in: the section [auth] of .streamlit/secrets.toml {what}. Correct it, "
        "then start posecore again."
    )


def read_claims(claims: Mapping[str, Any], setup: SignInSetup) -> SignIn:
    """Say who somebody is, by what Streamlit kept of a provider's answer and signed.

    Parameters
    ----------
    claims : mapping
        Of ``st.user``, or of its cookie once its signature is checked; never anything unsigned.
    setup : SignInSetup

    Raises
    ------
    NotSignedInError
        If nobody is signed in, or by a provider that is not, or no longer, configured.
    """
    provider = setup.providers.get(str(claims.get("provider")))
    if claims.get("is_logged_in") is not True or provider is None:
        raise NotSignedInError("Nobody is signed in here; sign in, then open this again.")
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str) or not subject.strip():
        raise _unknown_person()
    # One provider must not speak for the people of another; and '#' parts the two in an owner.
    if "#" in issuer or _split(issuer).netloc != _split(provider).netloc:
        raise _unknown_person()
    if _CONTROL.search(issuer + subject) or len(issuer + subject) > 2 * 255:
        raise _unknown_person()
    return SignIn(
        identity=Identity(owner=f"{issuer}#{subject}", name=_read_name(claims)),
        mark=_mark(claims),
    )


def _unknown_person() -> NotSignedInError:
    return NotSignedInError(
        "The provider did not say who signed in, or speaks for people of another one; sign out "
        "there, or ask whoever runs this dashboard."
    )


def _read_name(claims: Mapping[str, Any]) -> str:
    for key in ("email", "name", "preferred_username"):
        text = claims.get(key)
        if isinstance(text, str) and text.strip():
            return _CONTROL.sub(" ", text).strip()[:_LONGEST_NAME]
    return "Somebody without a name"


def _mark(claims: Mapping[str, Any]) -> str:
    of_one = json.dumps({key: claims.get(key) for key in _OF_ONE_SIGN_IN}, default=str)
    return hashlib.sha256(of_one.encode()).hexdigest()
