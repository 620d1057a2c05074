"""Videos that are written: each picture at its own time, and nothing lost on a bad day."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from posecore.errors import VideoReadError, VideoWriteError
from posecore.video import open_video
from posecore.video_writer import PART_SUFFIX, VideoWriter, finish_video
from tests.unit.videos import make_pictures

ROOT = Path(__file__).resolve().parents[2]
ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="limits and signals of POSIX")

WRITE = """
import itertools, sys
from pathlib import Path
import numpy as np
from posecore.video_writer import VideoWriter
noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
writer = VideoWriter(Path(sys.argv[1]), (160, 120))
for number in itertools.count():
    writer.write(np.roll(noise, number, axis=1), number / 30)
    print(number / 30, flush=True)
"""

FILL = """
import resource, signal, sys
from contextlib import suppress
from pathlib import Path
import numpy as np
from posecore.errors import PoseCoreError
from posecore.video_writer import VideoWriter
noise = np.random.default_rng(0).integers(0, 255, (600, 240, 320, 3), dtype=np.uint8)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
writer = None
try:
    writer = VideoWriter(Path(sys.argv[1]), (320, 240))
    for number in range(int(sys.argv[3])):
        writer.write(noise[number], number / 30)
    writer.close()
except PoseCoreError as error:
    print(error)
    with suppress(PoseCoreError):
        writer and writer.close()
"""

FINISH = """
import resource, signal, sys
from pathlib import Path
from posecore.errors import PoseCoreError
from posecore.video_writer import finish_video
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    finish_video(Path(sys.argv[1]), Path(sys.argv[2]))
except PoseCoreError as error:
    print(error)
"""


def write(path: Path, times_s: NDArray[np.float64], size: tuple[int, int] = (320, 240)) -> Path:
    """Write pictures with a white corner at these times."""
    with VideoWriter(path, size) as writer:
        for picture, time_s in zip(make_pictures(len(times_s), size), times_s, strict=True):
            writer.write(picture, time_s)
    return path


def read(path: Path) -> tuple[NDArray[np.float64], list[NDArray[np.uint8]]]:
    """Times and pictures by posecore's own reader."""
    with open_video(path).read_frames() as frames:
        times_s, pictures = zip(*frames, strict=True)
        assert frames.dropped_count == 0
    return np.array(times_s), list(pictures)


def read_packets(path: Path) -> list[tuple[float, float, bool]]:
    """Time shown, time decoded, and whether it is a key frame, of each picture."""
    with av.open(str(path)) as container:
        packets = container.demux(video=0)
        return [
            (float(each.pts * each.time_base), float(each.dts * each.time_base), each.is_keyframe)
            for each in packets
            if each.pts is not None
        ]


@pytest.mark.parametrize(
    "gaps_s",
    [
        np.full(100, 1 / 30),
        np.full(100, 1 / 120),
        np.random.default_rng(1).uniform(0.004, 0.15, 200),
        np.array([0.033, 0.033, 4.7, 0.001, 0.001, 12.0]),
    ],
    ids=["30 a second", "120 a second", "uneven", "with holes"],
)
def test_each_picture_keeps_its_own_time(tmp_path, gaps_s):
    times_s = np.concatenate([[0.0], np.cumsum(gaps_s)])
    path = write(tmp_path / "video.mp4", times_s)
    read_s, _ = read(path)
    np.testing.assert_allclose(read_s, times_s, atol=1e-4)
    assert [file.name for file in tmp_path.iterdir()] == ["video.mp4"]


def test_a_key_frame_comes_each_second_and_pictures_in_the_order_they_are_shown(tmp_path):
    times_s = np.arange(301) / 30
    shown_s, decoded_s, is_key = zip(*read_packets(write(tmp_path / "a.mp4", times_s)), strict=True)
    assert shown_s == decoded_s
    key_s = np.array(shown_s)[np.array(is_key)]
    np.testing.assert_allclose(key_s, np.arange(11), atol=1e-4)


def test_the_index_comes_first_so_that_a_browser_can_begin_at_once(tmp_path):
    content = write(tmp_path / "a.mp4", np.arange(30) / 30).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert b"moof" not in content


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((320, 240), (320, 240)),
        ((321, 241), (320, 240)),
        ((639, 363), (640, 364)),
        ((1920, 1080), (1280, 720)),
        ((1081, 1921), (720, 1280)),
        ((1, 1), (2, 2)),
    ],
)
def test_sides_become_even_and_large_pictures_small(tmp_path, size, expected):
    path = write(tmp_path / "a.mp4", np.array([0.0]), size)
    assert open_video(path).image_size == expected


@pytest.mark.parametrize("size", [(321, 241), (1767, 995)])
def test_what_is_seen_stays_where_it_was(tmp_path, size):
    _, (picture,) = read(write(tmp_path / "a.mp4", np.array([0.0]), size))
    is_white = picture[:, :, 0] > 127
    height, width = is_white.shape
    # The corner's share of the source, whose own edge lies between two pixels.
    assert is_white[0].sum() / width == pytest.approx(size[0] // 4 / size[0], abs=1 / width)
    assert is_white[:, 0].sum() / height == pytest.approx(size[1] // 4 / size[1], abs=1 / height)


@pytest.mark.parametrize(("order", "channel"), [("rgb24", 0), ("bgr24", 2)])
def test_colours_are_those_of_the_pictures(tmp_path, order, channel):
    picture = np.zeros((240, 320, 3), dtype=np.uint8)
    picture[:, :, channel] = 255
    with VideoWriter(tmp_path / "red.mp4", (320, 240)) as writer:
        writer.write(picture, 0.0, format=order)
    _, (seen,) = read(tmp_path / "red.mp4")
    np.testing.assert_allclose(seen.mean(axis=(0, 1)), (255, 0, 0), atol=6)


def test_pictures_may_change_their_size_on_the_way(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", (320, 240)) as writer:
        writer.write(make_pictures(1)[0], 0.0)
        writer.write(make_pictures(1, (160, 120))[0], 0.1)
    _, (first, second) = read(tmp_path / "a.mp4")
    assert first.shape == second.shape == (240, 320, 3)


@pytest.mark.parametrize("time_s", [0.5, 0.4, -1.0, float("nan"), float("inf")])
def test_a_time_that_does_not_rise_is_refused_and_costs_nothing(tmp_path, time_s):
    picture = make_pictures(1)[0]
    with VideoWriter(tmp_path / "a.mp4", (320, 240)) as writer:
        writer.write(picture, 0.0)
        writer.write(picture, 0.5)
        with pytest.raises(VideoWriteError, match=r"cannot follow one at 0\.500 s"):
            writer.write(picture, time_s)
        writer.write(picture, 0.6)
    assert read(tmp_path / "a.mp4")[0] == pytest.approx([0.0, 0.5, 0.6])


def test_without_a_picture_there_is_no_file(tmp_path):
    VideoWriter(tmp_path / "new" / "a.mp4", (320, 240)).close()
    assert list((tmp_path / "new").iterdir()) == []


def test_after_an_error_nothing_is_left(tmp_path):
    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / "a.mp4", (320, 240)) as writer:
        writer.write(make_pictures(1)[0], 0.0)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_video_that_cannot_be_finished_leaves_its_part_only_to_who_closed_it(
    tmp_path, monkeypatch
):
    def refuse(*_):
        raise VideoWriteError("The disk is full, so its video cannot be kept.")

    monkeypatch.setattr("posecore.video_writer.finish_video", refuse)
    writer = VideoWriter(tmp_path / "a.mp4", (320, 240))
    writer.write(make_pictures(1)[0], 0.0)
    with pytest.raises(VideoWriteError):
        writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.part.mp4"]
    with pytest.raises(VideoWriteError), VideoWriter(tmp_path / "a.mp4", (320, 240)) as writer:
        writer.write(make_pictures(1)[0], 0.0)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_video_takes_no_more(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4", (320, 240))
    writer.write(make_pictures(1)[0], 0.0)
    writer.close()
    writer.close()
    writer.discard()
    with pytest.raises(VideoWriteError, match="finished"):
        writer.write(make_pictures(1)[0], 1.0)
    assert len(read(tmp_path / "a.mp4")[0]) == 1


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(VideoWriteError, match="cannot be written"):
        VideoWriter(tmp_path / "file" / "a.mp4", (320, 240))


def test_an_encoder_that_is_missing_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("posecore.video_writer._ENCODER", "no such encoder")
    with pytest.raises(VideoWriteError, match="cannot write H"):
        VideoWriter(tmp_path / "a.mp4", (320, 240))
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_refuses_is_told(tmp_path):
    with (
        pytest.raises(VideoWriteError, match="cannot be written"),
        VideoWriter(tmp_path / "a.mp4", (320, 240), preset="no such preset") as writer,
    ):
        writer.write(make_pictures(1)[0], 0.0)
    assert list(tmp_path.iterdir()) == []


@ON_POSIX
def test_a_killed_program_loses_at_most_the_last_second(tmp_path):
    path = tmp_path / "a.mp4"
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as child:
        while (last_s := float(child.stdout.readline())) < 3.7:
            pass
        child.send_signal(signal.SIGKILL)
        last_s = float(([last_s, *child.stdout.read().split()])[-1])
    part = path.with_suffix(PART_SUFFIX)
    assert list(tmp_path.iterdir()) == [part]
    in_part_s, _ = read(part)
    finish_video(part, path)
    assert list(tmp_path.iterdir()) == [path]
    times_s, _ = read(path)
    assert times_s[-1] >= in_part_s[-1]
    assert times_s[-1] > last_s - 1.05
    np.testing.assert_allclose(times_s, np.arange(len(times_s)) / 30, atol=1e-4)


def make_part(tmp_path: Path) -> Path:
    """Write a video of 5 s whose program dies: it is never closed."""
    folder = tmp_path / "made"
    writer = VideoWriter(folder / "a.mp4", (320, 240))
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    for number in range(150):
        writer.write(np.roll(noise, number, axis=0), number / 30)
    part = tmp_path / f"a{PART_SUFFIX}"
    part.write_bytes((folder / part.name).read_bytes())
    writer.discard()
    folder.rmdir()
    return part


@pytest.mark.parametrize("share", [0.3, 0.5, 0.77, 0.99])
def test_a_part_that_ends_anywhere_gives_what_can_be_read(tmp_path, share):
    part = make_part(tmp_path)
    part.write_bytes(part.read_bytes()[: int(part.stat().st_size * share)])
    finish_video(part, tmp_path / "a.mp4")
    times_s, _ = read(tmp_path / "a.mp4")
    assert len(times_s) > 150 * share - 40
    np.testing.assert_allclose(times_s, np.arange(len(times_s)) / 30, atol=1e-4)


@pytest.mark.parametrize("n_bytes", [0, 20, 1000, None])
def test_a_part_without_a_picture_is_told_and_left_to_whoever_asked(tmp_path, n_bytes):
    part = make_part(tmp_path)
    content = part.read_bytes()
    part.write_bytes(b"no video " * 1000 if n_bytes is None else content[:n_bytes])
    with pytest.raises(VideoReadError, match="no video to keep"):
        finish_video(part, tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == [part]


def fill(script: str, *arguments: object) -> str:
    """Run a program whose disk is full; what it says."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@ON_POSIX
@pytest.mark.parametrize("limit_bytes", [0, 2_000])
def test_a_disk_that_is_full_from_the_start_leaves_no_video(tmp_path, limit_bytes):
    path = tmp_path / "a.mp4"
    said = fill(FILL, path, limit_bytes, 60)
    assert said.startswith("The disk that holds a.mp4 is full")
    assert not path.exists()


@ON_POSIX
@pytest.mark.parametrize("limit_bytes", [300_000, 5_000_000])
def test_what_fitted_on_the_disk_is_kept(tmp_path, limit_bytes):
    path = tmp_path / "a.mp4"
    said = fill(FILL, path, limit_bytes, 600)
    assert said.startswith("The disk that holds a.mp4 is full")
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]
    times_s, _ = read(path)
    assert path.stat().st_size > limit_bytes / 3
    np.testing.assert_allclose(times_s, np.arange(len(times_s)) / 30, atol=1e-4)


@ON_POSIX
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.9, 0.95, 0.98, 0.99])
def test_a_part_that_finds_no_room_to_be_finished_stays(tmp_path, share):
    part = make_part(tmp_path)
    finish_video(Path(shutil.copy(part, tmp_path / "copy.mp4")), tmp_path / "whole.mp4")
    size = (tmp_path / "whole.mp4").stat().st_size
    (tmp_path / "whole.mp4").unlink()
    assert fill(FINISH, part, tmp_path / "a.mp4", int(size * share)).startswith("The disk")
    assert list(tmp_path.iterdir()) == [part]
