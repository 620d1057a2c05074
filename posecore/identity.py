"""Who asks, and what they may do: the answer is the same for pages, REST, sockets and links."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from posecore.errors import NotAllowedError
from posecore.settings import LOCAL_OWNER

Scope = Literal["read", "write", "stream"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
ALL_SCOPES: Final[frozenset[Scope]] = frozenset(SCOPES)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A person, or a program with a token that a person gave it.

    Attributes
    ----------
    owner : str
        Whose account it is: :data:`posecore.settings.LOCAL_OWNER` where nobody signs in, else the
        provider's address and its name for the person, ``"<issuer>#<subject>"``.
    name : str
        For people to read, such as an e-mail address; never used to decide anything.
    scopes : frozenset of {"read", "write", "stream"}
        ``read`` sees what the owner sees, ``write`` makes, changes and deletes, ``stream`` sends to
        and listens on live streams. A person has all; a token what it was made for.
    """

    owner: str
    name: str = ""
    scopes: frozenset[Scope] = ALL_SCOPES

    def require(self, scope: Scope) -> None:
        """Make sure that something may be done.

        Raises
        ------
        NotAllowedError
            If the token was not made for it.
        """
        if scope not in self.scopes:
            raise NotAllowedError(
                f"This token may not {_VERBS[scope]}; make one with the scope {scope!r} in "
                "Settings."
            )


_VERBS: Final[dict[Scope, str]] = {
    "read": "read sessions",
    "write": "change sessions",
    "stream": "use live streams",
}
LOCAL_IDENTITY: Final = Identity(owner=LOCAL_OWNER)
"""Everybody, where no sign-in is configured: the one owner of this computer."""
