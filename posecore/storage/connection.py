"""Opening the DuckDB file, and turning its errors into sentences."""

import errno
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import duckdb

from posecore.errors import (
    DatabaseLockedError,
    DatabaseUnreadableError,
    SchemaVersionError,
    StorageFullError,
    StoreError,
)
from posecore.storage.migrations import migrate

_FULL = re.compile(r"no space|disk full|could not write|file too large|quota|out of disk", re.I)
_DENIED = re.compile(r"permission denied|read-only|cannot open file|cannot create", re.I)
_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    # Nothing is fetched while running.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_LONGEST_WAIT_S: Final = 10.0
_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


class Database:
    """One open DuckDB file, used by several threads: each call gets a cursor of its own.

    Raises
    ------
    DatabaseLockedError, DatabaseUnreadableError, SchemaVersionError, StorageFullError
        On opening; nothing existing is ever overwritten.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = threading.Lock()
        self._reopening = threading.Lock()
        self._resting = threading.Condition()
        self._n_cursors = 0
        self._is_invalid = False
        self._rights_version = 0
        with _store_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(path)
        try:
            with _store_errors(path):
                migrate(self._connection)
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor whose errors are posecore's."""
        with _store_errors(self.path), self._counted(), self._new_cursor() as cursor:
            try:
                yield cursor
            except duckdb.FatalException:
                self._is_invalid = True
                raise

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._resting:
            self._n_cursors += 1
        try:
            yield
        finally:
            with self._resting:
                self._n_cursors -= 1
                self._resting.notify_all()

    def _new_cursor(self) -> duckdb.DuckDBPyConnection:
        """Open the file again first where DuckDB gave it up, as it does when the disk is full."""
        with self._reopening:
            if self._is_invalid:
                self._connection.close()
                self._connection = _connect(self.path)
                self._is_invalid = False
            return self._connection.cursor()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor all of whose changes are kept, or none; one at a time.

        Two that change the same row at once would make DuckDB refuse one of them: a session could
        not be renamed while it is recorded.
        """
        with self._writing, self.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                # A failed COMMIT has rolled back already; the first error is the news.
                with suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")
                raise

    @property
    def rights_version(self) -> int:
        """Another number as soon as somebody may do less than before.

        What goes on for long (a socket, an answer of an hour of frames) compares it before each
        piece, and asks the tables again only where it is another; nobody else changes the file.
        """
        return self._rights_version

    def note_less_rights(self) -> None:
        """Say that a right was taken away; call it when that is committed."""
        with self._resting:
            self._rights_version += 1

    def close(self) -> None:
        """Write everything out and let go of the file, after what other threads are reading."""
        with _store_errors(self.path), self._resting:
            # DuckDB refuses to close while a cursor is at work.
            self._resting.wait_for(lambda: not self._n_cursors, _LONGEST_WAIT_S)
            self._connection.close()


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    is_new = not path.exists()
    try:
        return duckdb.connect(str(path), config=_CONFIG)
    except duckdb.IOException as error:
        if is_new and _FULL.search(str(error)):
            # The piece that did fit would be taken for a damaged database at the next start.
            path.unlink(missing_ok=True)
        raise


@contextmanager
def _store_errors(path: Path) -> Iterator[None]:
    """Raise posecore's errors instead of DuckDB's and the system's."""
    try:
        yield
    except OSError as error:
        raise _from_os_error(error, path) from error
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        raise _from_duckdb_error(error, path) from error
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # what DuckDB makes of Ctrl+C during a query
            raise KeyboardInterrupt from error
        raise


def _from_os_error(error: OSError, path: Path) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return _full(path)
    return StorageFullError(
        f"The data folder {path.parent} cannot be written to ({error.strerror}); "
        "choose another with POSECORE_DATA or change its permissions."
    )


def _full(path: Path) -> StorageFullError:
    return StorageFullError(
        f"The disk that holds {path.name} is full, so nothing more can be saved; free some space "
        "and try again. What was saved before is safe."
    )


def _from_duckdb_error(error: duckdb.Error, path: Path) -> StoreError:
    text = str(error)
    if "lock" in text and "Could not set" in text:
        holder = _HOLDER.search(text)
        who = f"by process {holder['pid']} ({Path(holder['program']).name})" if holder else ""
        return DatabaseLockedError(
            f"The database {path.name} is already open {who or 'in another program'}, most likely "
            "a running dashboard; work on it with posecore.connect(), close it first, or use "
            "another file with --db."
        )
    if _FULL.search(text):
        return _full(path)
    if _DENIED.search(text):
        return StorageFullError(
            f"The database {path} cannot be opened for writing; check the permissions of the file "
            "and its folder, or choose another with --db."
        )
    if re.search(r"newer version|version number|storage version", text):
        return SchemaVersionError(
            f"The database {path.name} was written by another version of its storage engine; "
            "update posecore, or choose another file with --db. Nothing in it was changed."
        )
    is_damaged = text.startswith("Corrupt database")
    if is_damaged or isinstance(error, duckdb.IOException | duckdb.SerializationException):
        return DatabaseUnreadableError(
            f"The file {path} is not a posecore database, or it is damaged; put a backup in its "
            "place or choose another file with --db. Nothing in it was changed."
        )
    return StoreError(f"The database {path.name} could not do this: {text.splitlines()[0]}")
