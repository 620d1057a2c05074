"""The command ``stream``: a camera or video analysed here, its poses sent to a dashboard."""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from posecore.errors import PoseCoreError, RemoteError
from posecore.settings import MODEL_NAMES, Settings

if TYPE_CHECKING:
    from posecore.streaming.sender import PoseSender

_Pictures = Iterator[tuple[int, float, Any]]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Options of the command."""
    command.add_argument("source", metavar="SOURCE", help="a camera's number, or a video file")
    command.add_argument(
        "--to", metavar="URL", required=True, help="the dashboard, like http://computer:8501"
    )
    command.add_argument(
        "--token", default="", help="made in Settings, with scope stream (or set POSECORE_TOKEN)"
    )
    command.add_argument("--stream", metavar="NAME", default="main", help="by default main")
    command.add_argument("--record", action="store_true", help="make a session of it there")
    command.add_argument("--name", help="of the session")
    command.add_argument("--athlete", help="who moves")
    command.add_argument("--fast", action="store_true", help="a video as fast as it goes")
    command.add_argument("--model", choices=MODEL_NAMES, help="size of the pose model")


def find_usage_error(options: argparse.Namespace) -> str:
    """Say what does not go together; empty when all is well."""
    if not options.record and (options.name is not None or options.athlete is not None):
        return "--name and --athlete are those of a session; add --record to make one."
    return ""


def stream(options: argparse.Namespace, settings: Settings, say: Callable[[str], object]) -> str:
    """Send until the source ends, or until Ctrl+C; either finishes the recording.

    Returns
    -------
    str
        The session's id; empty where nothing was recorded.

    Raises
    ------
    RemoteError, VideoReadError, ModelUnavailableError, EstimatorError
    """
    from posecore.streaming.sender import PoseSender

    token = options.token or os.environ.get("POSECORE_TOKEN", "")
    if token and urlsplit(options.to).scheme in ("http", "ws") and not _is_here(options.to):
        say("The token and the poses travel unencrypted; use https where others share the network.")
    sender = PoseSender(
        options.to,
        stream=options.stream,
        token=token,
        recording=_describe(options, settings) if options.record else None,
        say=say,
    )
    problem: PoseCoreError | None = None
    with _open_source(options) as (pictures, is_live), sender:
        try:
            _send_all(pictures, is_live, sender, settings, options)
        except KeyboardInterrupt:
            say("Stopped; the last frames are being sent.")
        except RemoteError:
            raise
        except PoseCoreError as error:
            problem = error  # the camera was pulled out, for example; what came is kept
        result = sender.finish()
    if sender.n_lost:
        say(f"{sender.n_lost:,} frames were lost: the dashboard was away for too long.")
    if "frame_count" in result:
        say(f"{result['frame_count']:,} frames stored, {result['dropped_count']:,} dropped.")
    if problem is not None:
        raise problem
    return str(result.get("session_id", ""))


def _is_here(address: str) -> bool:
    return urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1")


def _describe(options: argparse.Namespace, settings: Settings) -> dict[str, str]:
    model = options.model or settings.model
    fields = {"name": options.name, "athlete": options.athlete, "model": model}
    if options.name is None and not options.source.isdecimal():
        fields["name"] = Path(options.source).stem
    return {key: value for key, value in fields.items() if value is not None}


@contextmanager
def _open_source(options: argparse.Namespace) -> Iterator[tuple[_Pictures, bool]]:
    """Open the camera or the video; pictures with number and time, and whether it is live."""
    if options.source.isdecimal():
        from posecore.camera import Camera

        with Camera(int(options.source)) as camera:
            yield iter(camera), True
        return
    from posecore.video import open_video

    with open_video(options.source).read_frames() as frames:
        numbered = ((number, *frame) for number, frame in enumerate(frames))
        yield (numbered if options.fast else _paced(numbered)), False


def _paced(pictures: _Pictures) -> _Pictures:
    """Hold each picture back until its time has come."""
    start_s = None
    for number, time_s, frame_rgb in pictures:
        start_s = time.monotonic() - time_s if start_s is None else start_s
        time.sleep(max(0.0, start_s + time_s - time.monotonic()))
        yield number, time_s, frame_rgb


def _send_all(
    pictures: _Pictures,
    is_live: bool,
    sender: "PoseSender",
    settings: Settings,
    options: argparse.Namespace,
) -> None:
    from posecore.estimation import open_estimator

    with open_estimator(settings, model=options.model) as estimator:
        for number, time_s, frame_rgb in pictures:
            frame = estimator.estimate(frame_rgb, time_s)
            height, width = frame_rgb.shape[:2]
            # A video can wait for the dashboard; a camera cannot.
            sender.send(frame, number, (width, height), wait=not is_live)
