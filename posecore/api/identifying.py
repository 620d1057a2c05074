"""Who asks: by a token, by the dashboard's own sign-in, or everybody where nobody signs in."""

from collections.abc import Callable

from starlette.requests import HTTPConnection

from posecore.errors import NotSignedInError
from posecore.identity import LOCAL_IDENTITY, Identity
from posecore.storage.session_store import SessionStore


def make_identify(
    get_store: Callable[[], SessionStore],
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
        token = find_token(connection)
        if token is not None:
            return get_store().identify(token)
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


def find_token(connection: HTTPConnection) -> str | None:
    """Return the token somebody shows, whether or not it is worth anything; None for none.

    Raises
    ------
    NotSignedInError
        If something else is shown as one.
    """
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
