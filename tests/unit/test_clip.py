"""Clips: what is in the file that a coach sends to an athlete."""

from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from posecore import clip
from posecore.capture.overlay import COLOURS_RGB
from posecore.clip import write_clip
from posecore.clip_canvas import DARK, LIGHT, ClipCanvas, format_time
from posecore.clip_scene import VIEWS
from posecore.errors import ClipError, VideoReadError
from posecore.synthetic import make_sequence, make_squats
from tests.unit.videos import write_video

SQUATS = make_squats(duration_s=6.0)
FRONT = VIEWS["front"]


def read_pictures(path):
    with av.open(str(path)) as container:
        return [(float(f.time), f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def read_duration_s(path):
    with av.open(str(path)) as container:
        return container.duration / av.time_base


def find_colour(picture, colour, tolerance=45):
    """Columns of the scene's pixels of about this colour; the line of facts has a key in colour."""
    scene = picture[: int(0.9 * len(picture))].astype(int)
    return np.nonzero(np.abs(scene - colour).max(axis=2) <= tolerance)[1]


def has_skeleton(picture):
    return len(find_colour(picture, COLOURS_RGB["left"])) > 200


# Length, clock, size


@pytest.mark.parametrize(
    ("clip_format", "n_pictures", "size"), [("mp4", 45, (960, 720)), ("gif", 23, (640, 480))]
)
def test_a_clip_is_as_long_as_its_stretch(tmp_path, clip_format, n_pictures, size):
    path = tmp_path / f"clip.{clip_format}"
    write_clip(path, SQUATS, start_s=1.0, end_s=2.5, clip_format=clip_format)
    pictures = read_pictures(path)
    assert len(pictures) == pytest.approx(n_pictures, abs=1)
    assert read_duration_s(path) == pytest.approx(1.5, abs=0.04)
    assert pictures[0][1].shape == (size[1], size[0], 3)
    assert list(tmp_path.iterdir()) == [path]


def test_half_the_speed_lasts_twice_as_long(tmp_path):
    write_clip(
        tmp_path / "slow.mp4", SQUATS, start_s=0, end_s=1, speed=0.5, fps=20, size=(200, 160)
    )
    pictures = read_pictures(tmp_path / "slow.mp4")
    assert len(pictures) == 40
    assert pictures[1][0] == pytest.approx(0.05)
    assert read_duration_s(tmp_path / "slow.mp4") == pytest.approx(2.0, abs=0.06)


def test_pictures_follow_the_measured_times_not_the_frame_numbers():
    """Ten frames in the first second, one in each half of the next."""
    times = [*np.arange(10) / 10, 1.4, 1.8]
    sequence = make_sequence(time_s=5.0 + np.array(times))
    moments = clip._choose_moments(sequence, 0.52, 1.8, 1.0, 10.0)
    assert len(moments.time_s) == 13
    assert moments.frame.tolist() == [5, 6, 7, 8, 9, 9, 9, 10, 10, 10, 10, 11, 11]


def test_a_clip_ends_with_the_session():
    moments = clip._choose_moments(SQUATS, 5.0, 100.0, 1.0, 30.0)
    assert moments.time_s[-1] <= SQUATS.duration_s
    assert len(moments.time_s) == 29


def test_a_gif_plays_for_ever_at_its_true_speed_with_the_true_colours(tmp_path):
    path = tmp_path / "clip.gif"
    write_clip(path, SQUATS, start_s=0, end_s=2, clip_format="gif", view=FRONT)
    with Image.open(path) as gif:
        assert gif.info["loop"] == 0
        lasting_ms = []
        for number in range(gif.n_frames):
            gif.seek(number)
            lasting_ms.append(gif.info["duration"])
        colours = {colour for _, colour in gif.convert("RGB").getcolors(1 << 20)}
    assert sum(lasting_ms) == 2000
    assert {COLOURS_RGB["left"], COLOURS_RGB["right"]} <= colours
    # Pillow looks colours up in steps of 4.
    assert min(np.abs(np.subtract(each, LIGHT.background)).max() for each in colours) <= 4
    assert path.stat().st_size < 1_000_000


# What is drawn


def test_left_and_right_are_where_the_camera_saw_them(tmp_path):
    for name, view in (("front", FRONT), ("back", VIEWS["back"])):
        write_clip(tmp_path / f"{name}.mp4", SQUATS, start_s=0, end_s=0.1, view=view)
        _, picture = read_pictures(tmp_path / f"{name}.mp4")[0]
        left = np.median(find_colour(picture, COLOURS_RGB["left"]))
        right = np.median(find_colour(picture, COLOURS_RGB["right"]))
        # The figure's left is at positive x: on the right of the camera's picture.
        assert (left > 480 > right) if name == "front" else (left < 480 < right)


def test_a_hole_in_the_recording_shows_nobody(tmp_path):
    times = np.concatenate([np.arange(0, 1, 1 / 30), np.arange(3, 4, 1 / 30)])
    path = tmp_path / "hole.mp4"
    write_clip(path, make_sequence(time_s=times), start_s=0, end_s=4, fps=10)
    seen = [has_skeleton(picture) for _, picture in read_pictures(path)]
    assert all(seen[:12])
    assert not any(seen[13:28])
    assert all(seen[28:])


def test_a_frame_with_nobody_in_it_says_so(tmp_path):
    arrays = {name: np.array(getattr(SQUATS, name)) for name in ("image_landmarks", "visibility")}
    world = np.array(SQUATS.world_landmarks)
    world[30:60] = np.nan
    path = tmp_path / "nobody.mp4"
    write_clip(path, replace(SQUATS, world_landmarks=world, **arrays), start_s=0, end_s=2, fps=10)
    pictures = [picture for _, picture in read_pictures(path)]
    assert [has_skeleton(picture) for picture in pictures] == [True] * 10 + [False] * 10
    words = pictures[15][300:400, 300:660].astype(int)
    assert np.abs(words - words[0, 0]).max() > 80


def test_dark_is_dark_and_light_is_light(tmp_path):
    for is_dark, look in ((False, LIGHT), (True, DARK)):
        path = tmp_path / "clip.mp4"
        write_clip(path, SQUATS, start_s=0, end_s=0.1, is_dark=is_dark)
        _, picture = read_pictures(path)[0]
        np.testing.assert_allclose(picture[5, 5], look.background, atol=6)


@pytest.mark.parametrize("caption", ["Überhang à la Müller", "壁 🧗", "x" * 5000, "a\nb\t\0\ud83e"])
def test_any_caption_stays_in_its_place(caption):
    canvases = [
        ClipCanvas((960, 670), footer_height=50, caption=text, speed=1.0, look=LIGHT)
        for text in ("", caption)
    ]
    plain, captioned = (canvas.draw_video(None, 1.0, "") for canvas in canvases)
    rows, columns = np.nonzero((plain != captioned).any(axis=2))
    assert len(rows) > 20
    assert rows.min() >= 670
    assert columns.min() > 100  # right of the clock
    assert columns.max() < 780  # left of the key


def test_the_clock_reads_as_in_the_player():
    assert [format_time(t) for t in (0, 0.099, 41.3, 59.96, 60, 600.04, 3600)] == [
        "0:00.0", "0:00.0", "0:41.3", "0:59.9", "1:00.0", "10:00.0", "60:00.0",
    ]  # fmt: skip


# On the video


@pytest.fixture
def grey_video(tmp_path):
    """Two seconds that get lighter: 8 levels of grey with each picture."""
    grey = [np.full((240, 320, 3), 8 * i, dtype=np.uint8) for i in range(20)]
    return write_video(tmp_path / "grey.mp4", grey, times_ms=range(0, 2000, 100))


def test_the_skeleton_is_drawn_on_the_nearest_picture_of_the_video(tmp_path, grey_video):
    path = tmp_path / "clip.mp4"
    sequence = replace(SQUATS, time_s=SQUATS.time_s + 7.0)
    write_clip(path, sequence, start_s=0.51, end_s=1.5, fps=10, video_file=grey_video)
    pictures = [picture for _, picture in read_pictures(path)]
    assert pictures[0].shape[1] == 320
    assert 240 < pictures[0].shape[0] < 320  # the line of facts is below, not on the picture
    corners = [int(picture[5, 5].mean()) for picture in pictures]
    np.testing.assert_allclose(corners, [8 * i for i in range(5, 15)], atol=4)
    assert all(has_skeleton(picture[:240]) for picture in pictures)


def test_where_the_video_has_ended_there_is_no_picture(tmp_path, grey_video):
    path = tmp_path / "clip.mp4"
    write_clip(path, SQUATS, start_s=1.5, end_s=4.0, fps=4, video_file=grey_video)
    pictures = [picture for _, picture in read_pictures(path)]
    assert len(pictures) == 10
    blank = [int(picture[5, 5].mean()) > 240 for picture in pictures]
    assert blank == [False] * 4 + [True] * 6


def test_a_file_that_is_no_video_is_told(tmp_path):
    nonsense = tmp_path / "nonsense.mp4"
    nonsense.write_bytes(b"nothing")
    with pytest.raises(VideoReadError):
        write_clip(tmp_path / "clip.mp4", SQUATS, start_s=0, end_s=1, video_file=nonsense)
    assert list(tmp_path.iterdir()) == [nonsense]


# What is refused


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"end_s": 120.5}, "may be 120 seconds long and this one would be 120.5"),
        ({"end_s": 20.5, "clip_format": "gif"}, "may be 20 seconds long"),
        ({"end_s": 13.0, "speed": 0.1}, "would be 130.0"),
        ({"end_s": 0.0}, "end after its start"),
        ({"start_s": -1.0}, "start at 0 s or later"),
        ({"start_s": float("nan")}, "start at 0 s or later"),
        ({"end_s": float("inf")}, "end after its start"),
        ({"start_s": 6.5, "end_s": 7.0}, "this session is 6.0 seconds long"),
        ({"sequence": SQUATS[:0]}, "0.0 seconds long"),
        ({"speed": 0.0}, "speed must be 0.1 to 4, not 0.0"),
        ({"speed": float("nan")}, "speed must be"),
        ({"fps": 1000}, "1 to 60 pictures"),
        ({"size": (10_000, 720)}, "160 to 1280 pixels"),
        ({"view": replace(FRONT, zoom=float("nan"))}, "finite"),
        ({"clip_format": "avi"}, "mp4 or gif, not as 'avi'"),
    ],
)
def test_what_cannot_be_a_clip_is_one_sentence_and_no_file(tmp_path, changes, sentence):
    given = {"sequence": SQUATS, "start_s": 0.0, "end_s": 1.0}
    with pytest.raises(ClipError, match=sentence):
        write_clip(tmp_path / "clip.mp4", **given | changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("clip_format", ["mp4", "gif"])
def test_places_that_cannot_be_written_to_are_told(tmp_path, clip_format):
    for path, sentence in ((tmp_path / "no" / "clip", "no folder"), (tmp_path, "not a file")):
        with pytest.raises(ClipError, match=sentence):
            write_clip(path, SQUATS, start_s=0, end_s=1, clip_format=clip_format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("clip_format", ["mp4", "gif"])
def test_a_clip_that_fails_half_way_keeps_what_was_there(tmp_path, monkeypatch, clip_format):
    path = tmp_path / f"clip.{clip_format}"
    path.write_bytes(b"before")
    drawn = []

    def fail_later(self, places_m, camera, time_s, message):
        drawn.append(time_s)
        if len(drawn) > 20:
            raise RuntimeError("the pen broke")
        return np.zeros((480, 640, 3), dtype=np.uint8)

    monkeypatch.setattr(ClipCanvas, "draw_skeleton", fail_later)
    with pytest.raises(RuntimeError, match="pen"):
        write_clip(path, SQUATS, start_s=0, end_s=2, clip_format=clip_format)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
