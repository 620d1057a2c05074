"""Who asks: by a token, by the dashboard's own sign-in, or everybody where nobody signs in."""

from collections.abc import Callable
from typing import Any, Final

from starlette.requests import HTTPConnection

from posecore.errors import NotSignedInError
from posecore.identity import LOCAL_IDENTITY, Identity

_LONGEST_TOKEN: Final = 200


def make_identify(
    get_store: Callable[[], Any],
    read_cookie: Callable[[HTTPConnection], Identity | None],
    needs_sign_in: Callable[[], bool],
) -> Callable[[HTTPConnection], Identity]:
    """Make the function that says who asks.

    Parameters
    ----------
    get_store : callable
        The open database, whose ``identify(token)`` knows the tokens.
    read_cookie : callable
        Who is signed in at the dashboard in this browser; None for nobody.
    needs_sign_in : callable
        Whether a provider is configured, so that there is no local owner.

    Returns
    -------
    callable
        From a request or socket to an :class:`posecore.identity.Identity`; raises NotSignedInError.
        A token counts before the cookie, and a wrong one is never passed over. Sockets may give it
        as ``?token=`` too, for a browser cannot send a header with them.
    """

    def identify(connection: HTTPConnection) -> Identity:
        token = _find_token(connection)
        if token is not None:
            return _identify_token(get_store(), token)
        if not needs_sign_in():
            return LOCAL_IDENTITY
        identity = read_cookie(connection)
        if identity is None:
            raise NotSignedInError(
                "Nobody is signed in; sign in at the dashboard, or send a token made in its "
                "Settings as 'Authorization: Bearer pc_...'."
            )
        return identity

    return identify


def _find_token(connection: HTTPConnection) -> str | None:
    header = connection.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedInError(
                "Only tokens are taken, as 'Authorization: Bearer pc_...'; make one in Settings."
            )
        return token.strip()
    if connection.scope["type"] == "websocket":
        return connection.query_params.get("token")
    return None


def _identify_token(store: Any, token: str) -> Identity:
    find = getattr(store, "identify", None)
    if find is None or not 0 < len(token) <= _LONGEST_TOKEN:
        raise NotSignedInError(
            "This token is unknown, has expired or was taken back; make a new one in Settings."
        )
    identity: Identity = find(token)
    return identity
