"""Who looks at a page, asks a route or opens a socket.

Streamlit signs people in (``st.login``) and keeps what the provider said in a signed cookie. A page
knows it from ``st.user``, everything else reads the cookie; both are checked by
:mod:`posecore.sign_in`. Where ``secrets.toml`` has no ``[auth]`` everybody is the one local owner.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary

import streamlit as st
from starlette.requests import HTTPConnection
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from pages.components.database import view_as
from posecore import SessionStore
from posecore.errors import NotSignedInError, PoseCoreError, SignInSetupError
from posecore.identity import LOCAL_IDENTITY, Identity
from posecore.sign_in import SignIn, SignInSetup, read_auth_section, read_claims

LOCAL_SIGN_IN: Final = SignIn(identity=LOCAL_IDENTITY)
_ENDED: Final = "ended_sign_ins"
_KEPT_S: Final = 40 * 86400.0  # longer than Streamlit's cookie holds
_NOBODY: Final = "You are signed out; sign in, then open this again."

_acting_for: ContextVar[SignIn | None] = ContextVar("acting_for", default=None)
# When each owner signed out, by what they had signed in with.
_ended: "WeakKeyDictionary[SessionStore, dict[str, float]]" = WeakKeyDictionary()
_lock: Final = Lock()
_was_needed = False


def needs_sign_in() -> bool:
    """Whether everybody must sign in; also where that is configured and does not work."""
    try:
        return find_setup() is not None
    except SignInSetupError:
        return True


def find_setup() -> SignInSetup | None:
    """Read how people sign in; None where nobody has to.

    Raises
    ------
    SignInSetupError
        If it is configured and not whole, or was configured when posecore started: what is being
        edited must not be open meanwhile.
    """
    global _was_needed
    section = _read_auth()
    if section is None and not _was_needed:
        return None
    _was_needed = True
    if section is None:
        raise SignInSetupError(
            "Signing in was configured and is not any more; start posecore again if everybody on "
            "this computer is to be one owner."
        )
    if st.get_option("server.trustedUserHeaders"):
        raise SignInSetupError(
            "Nobody can sign in: server.trustedUserHeaders would let a header say who somebody is; "
            "take it out of .streamlit/config.toml."
        )
    return read_auth_section(section, port=int(st.get_option("server.port")))


def _read_auth() -> object:
    """Return the section of the secrets; None where there is none, or no secrets at all."""
    try:
        found = [each for name, each in st.secrets.items() if name.lower() == "auth"]
    except Exception as error:
        if any(Path(path).exists() for path in st.get_option("secrets.files")):
            raise SignInSetupError(
                "Nobody can sign in: .streamlit/secrets.toml cannot be read. Correct it, then "
                "start posecore again."
            ) from error
        return None
    return found[0] if found else None


def find_sign_in() -> SignIn:
    """Return who looks at this page, or for whom this thread makes a download.

    Raises
    ------
    NotSignedInError
        If nobody is signed in, or signed out meanwhile, in another tab for example.
    SignInSetupError
    """
    acting_for = _acting_for.get()
    if acting_for is not None:
        return _check(acting_for)
    setup = find_setup()
    if setup is None:
        return LOCAL_SIGN_IN
    return _check(read_claims(st.user.to_dict(), setup))


def is_signed_in() -> bool:
    """Whether whoever looks at this page may see the dashboard at all."""
    try:
        find_sign_in()
    except (NotSignedInError, SignInSetupError):
        return False
    except PoseCoreError:
        pass  # they may, but there is nothing to see
    return True


def find_identity() -> Identity:
    """Return who looks at this page; raises as :func:`find_sign_in` does."""
    return find_sign_in().identity


@contextmanager
def acting_for(sign_in: SignIn) -> Iterator[None]:
    """Let code that runs outside of a page, such as a download, work for whoever asked for it."""
    token = _acting_for.set(_check(sign_in))
    try:
        yield
    finally:
        _acting_for.reset(token)


def read_sign_in(connection: HTTPConnection) -> SignIn | None:
    """Read who asks a route or opens a socket from Streamlit's signed cookie; None for nobody.

    As Streamlit does: the signature, its age, and that it was made for this dashboard's address.
    Further: that its provider is configured, and that nobody signed out with it.
    """
    try:
        setup = find_setup()
        claims = _read_cookie_claims(connection.cookies) if setup else None
        if setup is None or claims is None or claims.get("origin") != setup.origin:
            return None
        return _check(read_claims(claims, setup))
    except (NotSignedInError, SignInSetupError):
        return None


def read_cookie(connection: HTTPConnection) -> Identity | None:
    """Read who asks a route or opens a socket; None for nobody, and where nobody signs in."""
    sign_in = read_sign_in(connection)
    return sign_in.identity if sign_in else None


def identify(connection: HTTPConnection) -> Identity:
    """Say who asks one of the dashboard's own routes.

    Raises
    ------
    NotSignedInError
        If people sign in here, and whoever asks did not.
    """
    if not needs_sign_in():
        return LOCAL_IDENTITY
    identity = read_cookie(connection)
    if identity is None:
        raise NotSignedInError(_NOBODY)
    return identity


def _read_cookie_claims(cookies: Mapping[str, str]) -> dict[str, Any] | None:
    secret = get_cookie_secret()

    def read_one(name: str) -> bytes | None:
        value = cookies.get(name)
        if value is None:
            return None
        try:
            return decode_signed_value(secret, name, value.encode("latin-1"))
        except ValueError:  # characters that no cookie of ours has
            return None

    try:
        claims = json.loads(get_cookie_with_chunks(read_one, USER_COOKIE_NAME) or b"null")
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def end_sign_in(sign_in: SignIn) -> None:
    """Sign somebody out: what they signed in with is worth nothing from now on, wherever it is.

    Streamlit only takes the cookie back from one browser. A copy of it, other tabs, and addresses
    that a tab was given would go on working; so it is kept, across restarts, that it is over.
    """
    if not sign_in.mark:
        return
    store = view_as(sign_in.identity.owner)
    with _lock:
        ended, now_s = _load_ended(store), time.time()
        ended[sign_in.mark] = now_s
        for mark in [mark for mark, at_s in ended.items() if now_s - at_s > _KEPT_S]:
            del ended[mark]
        store.save_preference(_ENDED, json.dumps(ended))
    store.note_less_rights()


def _check(sign_in: SignIn) -> SignIn:
    """Make sure that nobody signed out with it."""
    if sign_in.mark:
        store = view_as(sign_in.identity.owner)
        with _lock:
            is_over = sign_in.mark in _load_ended(store)
        if is_over:
            raise NotSignedInError(_NOBODY)
    return sign_in


def _load_ended(store: SessionStore) -> dict[str, float]:
    if store not in _ended:
        kept = store.load_preferences().get(_ENDED, "{}")
        _ended[store] = {str(mark): float(at_s) for mark, at_s in json.loads(kept).items()}
    return _ended[store]
