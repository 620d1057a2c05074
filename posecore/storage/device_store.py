"""All SQL about paired devices: who may come in from the network besides this computer itself."""

import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self, TypeAlias

from posecore.errors import DeviceNotFoundError, InvalidFieldError, StorageFullError
from posecore.storage import clock
from posecore.storage.connection import Database
from posecore.storage.secret_text import hash_secret, make_secret
from posecore.storage.session_lookup import read_uuid

MAX_DEVICES: Final = 100
"""Devices that may be paired at a time."""
_COLUMNS: Final = "id, name, paired_at, last_seen_at"
_NAME_LIMIT: Final = 100
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SEEN_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class PairedDevice:
    """A device that showed the code once; its secret is known to it alone.

    Attributes
    ----------
    id : str
    name : str
        What its browser says it is.
    paired_at, last_seen_at : datetime
        UTC, aware; the second to the minute.
    """

    id: str
    name: str
    paired_at: datetime
    last_seen_at: datetime

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """Build it from a row of the database, whose columns are the fields above, in order."""
        device_id, name, paired_at, last_seen_at = row
        return cls(
            id=str(device_id),
            name=name,
            paired_at=paired_at.replace(tzinfo=UTC),
            last_seen_at=last_seen_at.replace(tzinfo=UTC),
        )


_Devices: TypeAlias = list[PairedDevice]


class DeviceStore:
    """The devices paired with this computer, whoever's; reached as ``store.devices``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pair(self, name: str) -> tuple[PairedDevice, str]:
        """Let a device in from now on.

        Returns
        -------
        PairedDevice
        str
            The secret it shows, which nobody can find out again.

        Raises
        ------
        InvalidFieldError
            If there are `MAX_DEVICES` already.
        """
        printable = "".join(each if each.isprintable() else " " for each in name)
        name = " ".join(printable.split())[:_NAME_LIMIT] or "Device"
        secret, now = make_secret(), clock.now()
        with self._database.transaction() as cursor:
            [(n_devices,)] = cursor.execute("SELECT count(*) FROM paired_devices").fetchall()
            if n_devices >= MAX_DEVICES:
                raise InvalidFieldError(
                    f"{MAX_DEVICES} devices are paired already; unpair one in Settings first."
                )
            rows = cursor.execute(
                f"INSERT INTO paired_devices VALUES (?, ?, ?, ?, ?) RETURNING {_COLUMNS}",
                [str(uuid.uuid4()), name, hash_secret(secret), now, now],
            ).fetchall()
        return PairedDevice.from_row(rows[0]), secret

    def list(self) -> _Devices:
        """Return all paired devices, the latest first."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM paired_devices ORDER BY paired_at DESC, id"
            ).fetchall()
        return [PairedDevice.from_row(row) for row in rows]

    def recognise(self, secret: str) -> PairedDevice | None:
        """Say which device shows a secret; None for one that is not, or no longer, paired."""
        if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
            return None
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM paired_devices WHERE secret_sha256 = ?",
                [hash_secret(secret)],
            ).fetchall()
        if not rows:
            return None
        device = PairedDevice.from_row(rows[0])
        if clock.now() - device.last_seen_at.replace(tzinfo=None) >= _SEEN_EVERY:
            self._note_seen(device)
        return device

    def unpair(self, device_id: str) -> None:
        """Let a device in no more, from its next request on.

        Raises
        ------
        DeviceNotFoundError
        """
        with self._database.transaction() as cursor:
            rows = cursor.execute(
                "DELETE FROM paired_devices WHERE id = CAST(? AS UUID) RETURNING id",
                [read_uuid(device_id)],
            ).fetchall()
        if not rows:
            raise DeviceNotFoundError(
                "This device is not paired any more; the list in Settings shows those that are."
            )
        self._database.note_less_rights()

    def _note_seen(self, device: PairedDevice) -> None:
        # What only reads goes on when the disk is full.
        with suppress(StorageFullError), self._database.transaction() as cursor:
            cursor.execute(
                "UPDATE paired_devices SET last_seen_at = ? WHERE id = CAST(? AS UUID)",
                [clock.now(), device.id],
            )
