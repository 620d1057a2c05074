"""A browser whose camera is a real video, and what a test does first on a page with one."""

from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
from playwright.sync_api import Page, expect

CAMERA_SIZE = (640, 360)
N_CAMERA_FRAMES = 190  # somebody is in view until then
N_ALONE_FRAMES = 120  # and is seen well
LONG_MS = 60_000
OpenCameraPage = Callable[..., Page]


def write_camera_clip(
    video: Path, path: Path, *, is_one_person: bool = False, is_there_and_back: bool = False
) -> None:
    """Write a video in the form that Chromium takes for a camera; it shows it over and over.

    Parameters
    ----------
    is_one_person : bool
        Show the part of the picture in which only one of both people is.
    is_there_and_back : bool
        Let it run backwards from its end, so that nobody leaps where it begins again: a recording
        takes who leaps for somebody else.
    """
    with av.open(str(path), "w", format="mjpeg") as output, av.open(str(video)) as container:
        stream = output.add_stream("mjpeg", rate=30)
        stream.width, stream.height = CAMERA_SIZE
        stream.pix_fmt = "yuvj420p"
        stream.time_base = Fraction(1, 30)
        n_frames = N_ALONE_FRAMES if is_one_person else N_CAMERA_FRAMES
        frames = islice(container.decode(video=0), n_frames)
        pictures = [
            (_cut_out(frame) if is_one_person else frame).reformat(
                *CAMERA_SIZE, "yuvj420p", dst_color_range="JPEG"
            )
            for frame in frames
        ]
        if is_there_and_back:
            pictures += pictures[::-1]
        for number, picture in enumerate(pictures):
            picture.pts, picture.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(picture))
        output.mux(stream.encode())


def _cut_out(frame: av.VideoFrame) -> av.VideoFrame:
    width, height = frame.width * 50 // 100 // 2 * 2, frame.height * 50 // 100 // 2 * 2
    left = frame.width * 12 // 100 // 2 * 2
    pixels = frame.to_ndarray(format="rgb24")[:height, left : left + width]
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")


def make_camera_arguments(clip: Path) -> list[str]:
    """Return what Chromium must be started with, so that the clip is its camera, and allowed."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
        "--autoplay-policy=no-user-gesture-required",
    ]


def start_camera(page: Page) -> None:
    """Press Start camera until it runs, as a person would on a busy machine."""
    start = page.frame_locator("iframe").get_by_role("button", name="Start camera")
    analysed = page.get_by_test_id("live-panel").get_by_text("frames/s analysed")
    for _ in range(3):
        start.click()
        try:
            expect(analysed).to_be_visible(timeout=25_000)
        except AssertionError:
            continue
        return
    raise AssertionError("The camera did not start.")


def acknowledge_privacy(page: Page) -> None:
    page.get_by_role("button", name="Understood").click()
    expect(page.get_by_role("button", name="Understood")).to_have_count(0)
    expect(page.get_by_role("button", name="Record now")).to_have_count(1)
