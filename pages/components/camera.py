"""The camera picture: streamlit-webrtc on one side, the live room on the other."""

import threading
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial

import av
import numpy as np
from streamlit_webrtc import Translations, WebRtcMode, webrtc_streamer

from pages.components.devices import note_room
from pages.components.phone_camera import Facing
from posecore import Settings
from posecore.capture.live_part import Picture
from posecore.capture.live_room import LiveRoom
from posecore.settings import CAMERA_SIZES

_PICTURE_TIMEOUT_S = 5.0
_STYLE = {"width": "100%", "borderRadius": "0.4rem", "background": "#0b0f14"}
_TALLEST = "30rem"  # a phone held upright films upright, and the button must stay in view
_WORDS = Translations(
    start="Start camera",
    stop="Stop camera",
    select_device="Choose camera",
    media_api_not_available=(
        "The browser gives the camera only to pages on this computer (localhost) or on https."
    ),
    device_ask_permission="Allow the camera when the browser asks.",
    device_not_available="No camera was found: plug one in and try again.",
    device_access_denied=(
        "The camera is blocked for this page: click the camera sign in the address bar, allow it, "
        "and try again."
    ),
)


def name_key(facing: Facing | None) -> str:
    """Name the camera's component; one for each side, which share nothing that is remembered."""
    return f"camera_{facing}" if facing else "camera"


def show_camera(room: LiveRoom, settings: Settings, *, facing: Facing | None = None) -> bool:
    """Show the athlete's picture with the skeleton on it.

    Parameters
    ----------
    room : LiveRoom
    settings : Settings
    facing : {"environment", "user"}, optional
        Which of a phone's cameras; by default the one that is there, or was chosen before.

    Returns
    -------
    bool
        Whether the camera runs.
    """
    width, height = CAMERA_SIZES[settings.camera_size]
    note_room(room)
    context = webrtc_streamer(
        key=name_key(facing),
        mode=WebRtcMode.SENDRECV,
        # An empty list, or the library would ask a public server for this machine's address.
        rtc_configuration={"iceServers": [each.for_browser for each in settings.ice_servers]},
        media_stream_constraints={
            "video": {
                "width": {"ideal": width},
                "height": {"ideal": height},
                "frameRate": {"ideal": 30},
            }
            | ({"facingMode": {"ideal": facing}} if facing else {}),
            "audio": False,
        },
        queued_video_frames_callback=partial(_draw_frames, room),
        on_video_ended=partial(_end, room),
        sendback_audio=False,
        media_toggle_controls=False,
        video_html_attrs={
            "autoPlay": True,
            "controls": False,
            "muted": True,
            "playsInline": True,
            "style": _STYLE | ({"maxHeight": _TALLEST} if facing else {}),
        },
        translations=_WORDS,
    )
    return context.state.playing


async def _draw_frames(room: LiveRoom, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
    """Offer every frame that has come and wait for the picture of the newest.

    Runs on a thread of streamlit-webrtc's own: nothing of Streamlit may be touched here.
    """
    pictures = [room.pipeline.submit(_time_s(frame), partial(_to_rgb, frame)) for frame in frames]
    try:
        picture = pictures[-1].result(timeout=_PICTURE_TIMEOUT_S)
    except FutureTimeoutError:
        picture = None
    if picture is None:
        # One that was left out is not shown in the middle of a mirror that is late.
        picture = room.mirror_delay.late_picture
    if picture is None:
        if not room.pipeline.mirror:
            return [frames[-1]]
        picture = np.ascontiguousarray(_to_rgb(frames[-1])[:, ::-1])
    return [av.VideoFrame.from_ndarray(picture, format="rgb24")]


def _to_rgb(frame: av.VideoFrame) -> Picture:
    return frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)


def _time_s(frame: av.VideoFrame) -> float:
    """Seconds by the camera stream's own clock, not the clock of arrival."""
    if frame.pts is None or frame.time_base is None:
        raise ValueError("The camera stream sent a frame without a timestamp.")
    return float(frame.pts * frame.time_base)


def _end(room: LiveRoom) -> None:
    # Saving the last frames takes a moment, and this is the thread that serves all cameras. Not
    # a daemon: the program waits for it when it is closed.
    threading.Thread(target=room.camera_ended, name="camera-ended").start()
