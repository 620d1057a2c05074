"""What can be set: the environment says where things are, the Settings page how they behave."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Self, get_args

from posecore.errors import InvalidFieldError
from posecore.ice_servers import IceServer, read_preference, read_servers

ModelName = Literal["lite", "full", "heavy"]
MODEL_NAMES: Final[tuple[ModelName, ...]] = get_args(ModelName)

Processing = Literal["recorded", "cleaned", "refined"]
PROCESSINGS: Final[tuple[Processing, ...]] = get_args(Processing)

ERROR_LIMITS_DEG: Final = ("15", "20", "30", "45", "inf")
"""What may be chosen as the largest expected error of an angle that is still shown."""

CAMERA_SIZES: Final[dict[str, tuple[int, int]]] = {
    "640x360": (640, 360),
    "960x540": (960, 540),
    "1280x720": (1280, 720),
}

LOCAL_OWNER: Final = "local"
_HOST: Final = re.compile(r"([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?", re.ASCII)
_PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set; immutable, passed in, never read from a global.

    Attributes
    ----------
    data_dir : Path
        Database, uploads and downloaded models. ``POSECORE_DATA``.
    database : Path
        The DuckDB file. ``POSECORE_DB``.
    model : {"lite", "full", "heavy"}
        Size of the pose model.
    camera_size : str
        A key of :data:`CAMERA_SIZES`, asked of the camera.
    processing : {"recorded", "cleaned", "refined"}
        Which landmarks the replay shows and CSV files hold, as :mod:`posecore.processing` makes
        them.
    max_error_deg : float, degrees
        Readings of an angle that may be further off than this are gaps; infinite for none.
    block_network : bool
        Keep the pose estimator's process off the network, where the system allows it.
    ice_servers : tuple of IceServer
        A STUN and a TURN server for cameras that cannot reach this computer directly,
        ``POSECORE_ICE_SERVERS`` (see :func:`posecore.ice_servers.read_servers`) or the Settings
        page. None by default: nothing outside is asked.
    import_workers : int
        Processes that analyse one video. ``POSECORE_WORKERS``.
    hosts : tuple of str
        Names, with a port where it is meant alone, under which the dashboard is asked besides this
        computer's own, ``POSECORE_HOSTS``, separated by commas. None by default.
    lan_certificate : Path or None
        The certificate with which the dashboard serves its network, ``POSECORE_LAN_CERTIFICATE``,
        as ``scripts/run.py --lan`` sets it. Where it is set, other devices must be paired.
    """

    data_dir: Path = _PROJECT / "data"
    database: Path = _PROJECT / "data" / "posecore.duckdb"
    model: ModelName = "full"
    camera_size: str = "640x360"
    processing: Processing = "recorded"
    max_error_deg: float = math.inf
    block_network: bool = True
    ice_servers: tuple[IceServer, ...] = ()
    import_workers: int = 2
    hosts: tuple[str, ...] = ()
    lan_certificate: Path | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the ``POSECORE_*`` variables; what is not set keeps its default."""
        environ = os.environ if environ is None else environ
        data_dir = Path(environ.get("POSECORE_DATA") or cls.data_dir).expanduser()
        database = environ.get("POSECORE_DB")
        certificate = environ.get("POSECORE_LAN_CERTIFICATE")
        return cls(
            data_dir=data_dir,
            database=Path(database).expanduser() if database else data_dir / "posecore.duckdb",
            ice_servers=read_servers(environ.get("POSECORE_ICE_SERVERS", "")),
            import_workers=_read_workers(environ.get("POSECORE_WORKERS")),
            hosts=_read_hosts(environ.get("POSECORE_HOSTS", "")),
            lan_certificate=Path(certificate) if certificate else None,
        )

    def with_preferences(self, preferences: Mapping[str, str]) -> Self:
        """Apply what was chosen on the Settings page; what is unknown or invalid is ignored."""
        settings = self
        for model in MODEL_NAMES:
            if preferences.get("model") == model:
                settings = replace(settings, model=model)
        for processing in PROCESSINGS:
            if preferences.get("processing") == processing:
                settings = replace(settings, processing=processing)
        if preferences.get("max_error_deg") in ERROR_LIMITS_DEG:
            settings = replace(settings, max_error_deg=float(preferences["max_error_deg"]))
        if preferences.get("camera_size") in CAMERA_SIZES:
            settings = replace(settings, camera_size=preferences["camera_size"])
        if "ice_servers" in preferences:
            servers = read_preference(preferences["ice_servers"])
            settings = replace(settings, ice_servers=servers or settings.ice_servers)
        if preferences.get("block_network") in ("yes", "no"):
            settings = replace(settings, block_network=preferences["block_network"] == "yes")
        return settings

    @property
    def models_dir(self) -> Path:
        """Where downloaded models are kept."""
        return self.data_dir / "models"

    @property
    def uploads_dir(self) -> Path:
        """Where a video waits while it is imported; one folder for each database."""
        return self.database.with_suffix(".uploads")

    @property
    def videos_dir(self) -> Path:
        """Where the videos that sessions keep lie; one folder for each database."""
        return self.database.with_suffix(".videos")


def _read_workers(text: str | None) -> int:
    if not text:
        return max(1, min(4, os.cpu_count() or 1))
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise InvalidFieldError(f"POSECORE_WORKERS must be a number from 1 to 64, not {text!r}.")
    return int(text)


def _read_hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in text.split(",") if host.strip())
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise InvalidFieldError(
                f"POSECORE_HOSTS must hold names such as posecore.example.org, separated by "
                f"commas, not {host[:60]!r}."
            )
    return hosts
