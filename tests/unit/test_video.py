"""Video files: what is read of them, and what is said of those that cannot be read."""

import numpy as np
import pytest

from posecore.errors import VideoReadError
from posecore.video import LONG_SIDE_PX, open_video
from tests.unit.videos import make_pictures, turn_video, write_sound, write_video


def read_all(video, *stretch):
    with video.read_frames(*stretch) as frames:
        return [(time_s, int(frame.sum())) for time_s, frame in frames], frames.dropped_count


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mp4", "libx264"), (".mov", "mpeg4"), (".webm", "libvpx-vp9"), (".avi", "mpeg4")],
)
def test_every_promised_format(tmp_path, suffix, codec):
    path = write_video(tmp_path / f"walk{suffix}", make_pictures(30), codec=codec)
    video = open_video(path)
    assert (video.image_size, video.n_frames) == ((320, 240), 30)
    frames, n_dropped = read_all(video)
    assert len(frames) == 30
    assert n_dropped == 0
    assert frames[0][0] == 0
    assert np.diff([time_s for time_s, _ in frames]) == pytest.approx(np.full(29, 1 / 30), abs=2e-3)
    assert video.duration_s == pytest.approx(1.0, abs=0.05)


def test_a_stretch_holds_the_same_pictures_as_the_whole(test_video):
    video = open_video(test_video)
    whole, _ = read_all(video)
    stretch, _ = read_all(video, 3.3, 4.0)
    assert len(stretch) == 21
    assert stretch == [frame for frame in whole if 3.3 <= frame[0] < 4.0]


def test_a_file_that_cannot_be_sought_is_read_from_its_beginning(tmp_path):
    # One key frame, at the start.
    path = write_video(tmp_path / "a.mp4", make_pictures(60), gop_size=600)
    video = open_video(path)
    whole, _ = read_all(video)
    assert read_all(video, 1.5)[0] == [frame for frame in whole if frame[0] >= 1.5]


def test_times_are_the_containers(tmp_path):
    times_ms = [0, 20, 90, 100, 400, 1000]
    path = write_video(tmp_path / "phone.mp4", make_pictures(6), times_ms=times_ms)
    frames, _ = read_all(open_video(path))
    assert [time_s for time_s, _ in frames] == pytest.approx(np.array(times_ms) / 1000, abs=1e-3)


def test_time_begins_with_the_first_picture(tmp_path):
    path = write_video(
        tmp_path / "late.webm", make_pictures(3), codec="libvpx-vp9", times_ms=[500, 533, 566]
    )
    frames, _ = read_all(open_video(path))
    assert [time_s for time_s, _ in frames] == pytest.approx([0, 0.033, 0.066])


def test_a_phones_picture_is_set_upright(tmp_path):
    path = turn_video(write_video(tmp_path / "phone.mp4", make_pictures(3)))
    video = open_video(path)
    assert video.image_size == (240, 320)
    with video.read_frames() as frames:
        _, picture = next(iter(frames))
    assert picture.shape == (320, 240, 3)
    # A quarter turn clockwise brings the top left corner to the top right.
    brightness = {
        "top left": picture[:40, :40].mean(),
        "top right": picture[:40, -40:].mean(),
        "bottom left": picture[-40:, :40].mean(),
        "bottom right": picture[-40:, -40:].mean(),
    }
    assert max(brightness, key=brightness.get) == "top right"


def test_a_large_picture_is_scaled_for_the_estimator_only(tmp_path):
    path = write_video(tmp_path / "4k.mp4", make_pictures(2, (3840, 2160)))
    video = open_video(path)
    assert video.image_size == (3840, 2160)
    with video.read_frames() as frames:
        shapes = {frame.shape for _, frame in frames}
    assert shapes == {(720, LONG_SIDE_PX, 3)}


def test_odd_sizes_are_read(tmp_path):
    video = open_video(write_video(tmp_path / "odd.mp4", make_pictures(3, (321, 239))))
    with video.read_frames() as frames:
        pictures = [frame for _, frame in frames]
    assert video.image_size == (321, 239)
    assert {picture.shape for picture in pictures} == {(239, 321, 3)}
    assert all(picture.flags.c_contiguous for picture in pictures)


def test_a_damaged_packet_in_the_middle_is_survived_and_counted(tmp_path):
    path = write_video(tmp_path / "a.avi", make_pictures(60), codec="mpeg4", gop_size=1)
    content = bytearray(path.read_bytes())
    frames = [i for i in range(len(content)) if content.startswith(b"00dc", i)][:60]
    start, size = frames[30] + 8, int.from_bytes(content[frames[30] + 4 : frames[30] + 8], "little")
    content[start : start + size] = bytes(size)
    path.write_bytes(content)
    frames, n_dropped = read_all(open_video(path))
    assert len(frames) + n_dropped == 60
    assert 50 < len(frames) < 60
    assert frames[-1][0] == pytest.approx(59 / 30)


def test_a_file_cut_off_in_the_middle_is_refused(test_video, tmp_path):
    path = tmp_path / "cut.webm"
    write_video(path, make_pictures(120), codec="libvpx-vp9")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    video = open_video(path)
    frames, _ = read_all(video)
    with pytest.raises(VideoReadError, match="cut off or damaged"):
        video.check_complete(frames[-1][0])


def test_a_whole_file_is_not_called_cut_off(test_video):
    video = open_video(test_video)
    video.check_complete(read_all(video)[0][-1][0])


def make_text(path):
    path.write_text("this is no video, " * 1000)


def make_empty(path):
    path.touch()


def make_truncated(path):
    write_video(path, make_pictures(60))
    path.write_bytes(path.read_bytes()[:2000])


def make_missing(path):
    """No file at all."""


@pytest.mark.parametrize("make", [make_text, make_empty, make_truncated, make_missing, write_sound])
def test_what_is_no_video_gets_a_sentence(tmp_path, make):
    path = tmp_path / "clip.mp4"
    make(path)
    with pytest.raises(VideoReadError) as caught:
        open_video(path)
    sentence = str(caught.value)
    assert "clip.mp4" in sentence
    assert sentence.endswith(".")
    assert str(tmp_path) not in sentence


def test_messages_call_an_upload_by_its_own_name(tmp_path):
    path = tmp_path / "83fa.upload"
    path.touch()
    with pytest.raises(VideoReadError, match=r"^Monday's climb "):
        open_video(path, title="Monday's climb")
