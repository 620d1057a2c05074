"""The way to a running dashboard: what it answers, and its problems as posecore's own errors."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from posecore import errors
from posecore.errors import (
    NoteNotFoundError,
    NotSignedInError,
    PoseCoreError,
    RemoteError,
    SessionNotFoundError,
    TooManyRequestsError,
)

_TYPE_PREFIX: Final = "urn:posecore:"
# Refining an hour takes minutes; connecting does not.
_TIMEOUT: Final = httpx.Timeout(900.0, connect=10.0)


class Link:
    """Asks the dashboard, and raises its problems as posecore's own errors."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = str(url).rstrip("/")
        if token is not None and not (token.isascii() and token.isprintable()):
            raise NotSignedInError("This is no token of posecore; make one in Settings.")
        try:
            address = httpx.URL(self._url)
            if address.scheme not in ("http", "https") or not address.host:
                raise self._explain("it must begin with http:// or https://")
            self._client = httpx.Client(
                base_url=f"{self._url}/api/v1",
                headers={"Authorization": f"Bearer {token}"} if token else {},
                timeout=_TIMEOUT,
                # A proxy is on the way to other machines, never to this one.
                trust_env=address.host not in ("127.0.0.1", "localhost", "::1"),
            )
        except httpx.InvalidURL as error:
            raise self._explain(str(error)) from error

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        content: bytes | None = None,
        content_type: str = "application/json",
    ) -> httpx.Response:
        """Ask, and return the answer.

        Raises
        ------
        PoseCoreError
        """
        if body is not None:
            content = json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": content_type}
        with self._explaining():
            response = self._client.request(
                method, path, params=params or {}, content=content, headers=headers
            )
        check_answer(response)
        return response

    def fetch(self, path: str, to: Path) -> bool:
        """Write what is at an address to a file, all of it or nothing; whether there is anything.

        Raises
        ------
        PoseCoreError
        """
        part = to.with_name(f"{to.name}.part")
        try:
            with self._explaining(), self._client.stream("GET", path) as response:
                if not response.is_success:
                    response.read()
                    if response.status_code == 404 and "about:blank" in response.text:
                        return False
                    check_answer(response)
                with part.open("wb") as stream:
                    for chunk in response.iter_bytes():
                        stream.write(chunk)
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
        return True

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise self._explain("it did not answer in time") from error
        except httpx.HTTPError as error:
            raise self._explain(str(error) or type(error).__name__) from error
        except RuntimeError as error:  # what httpx says of a client that was closed
            raise self._explain("it was let go of with close()") from error

    def _explain(self, what: str) -> RemoteError:
        return RemoteError(
            f"No dashboard can be asked at {self._url} ({what}); start it, or give connect() the "
            "address that its page has in the browser."
        )


def check_answer(response: httpx.Response) -> None:
    """Raise what the dashboard answered, if that is a problem."""
    if response.is_success:
        return
    try:
        problem = response.json()
        sentence, kind = str(problem["detail"]), str(problem["type"])
    except (ValueError, KeyError, TypeError):
        raise RemoteError(
            f"The dashboard answered {response.status_code} {response.reason_phrase}, which no "
            "dashboard of posecore does; look at the address."
        ) from None
    error = getattr(errors, kind.removeprefix(_TYPE_PREFIX), None)
    if error is TooManyRequestsError:
        wait_s = float(response.headers.get("Retry-After", "1"))
        raise TooManyRequestsError(sentence, retry_after_s=wait_s)
    if isinstance(error, type) and issubclass(error, PoseCoreError):
        raise error(sentence)
    raise RemoteError(sentence)


def at_session(session_id: str, rest: str = "") -> str:
    """Address of a session, or of what belongs to it.

    Raises
    ------
    SessionNotFoundError
        If it is no id at all; such a text could lead to another address.
    """
    try:
        return f"/sessions/{uuid.UUID(str(session_id))}{rest}"
    except ValueError:
        raise SessionNotFoundError(
            f"There is no session {str(session_id)[:40]!r}; it may have been deleted. "
            "Look for it in the list of sessions."
        ) from None


def at_note(note_id: str) -> str:
    """Address of a note.

    Raises
    ------
    NoteNotFoundError
        If it is no id at all.
    """
    try:
        return f"/notes/{uuid.UUID(str(note_id))}"
    except ValueError:
        raise NoteNotFoundError(
            f"There is no note {str(note_id)[:40]!r}; it may have been deleted. "
            "Open the session again to see its notes."
        ) from None
