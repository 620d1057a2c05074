"""Single moments as pictures: of the video where it has one, else of the room."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from posecore.capture.overlay import COLOURS_RGB
from posecore.disturbances import add_gaps
from posecore.errors import VideoReadError
from posecore.stills import draw_stills
from posecore.synthetic import make_squats
from tests.unit.videos import make_pictures, write_video

SQUATS = make_squats(4.0)


def open_picture(content):
    with Image.open(BytesIO(content)) as picture:
        return picture.format, np.asarray(picture.convert("RGB"))


def test_a_moment_of_the_room_is_the_same_however_many_are_asked_for():
    standing, sitting = draw_stills(SQUATS, [0.0, 1.0])
    assert next(draw_stills(SQUATS, [1.0])) == sitting != standing
    kind, picture = open_picture(sitting)
    assert (kind, picture.shape) == ("PNG", (480, 640, 3))
    for side in ("left", "right"):
        assert (picture == COLOURS_RGB[side]).all(axis=2).any()


def test_a_moment_of_the_video_shows_its_picture_with_the_skeleton(tmp_path):
    video = write_video(tmp_path / "video.mp4", make_pictures(40))
    kind, picture = open_picture(next(draw_stills(SQUATS, [1.0], video_file=video)))
    assert kind == "JPEG"
    assert picture[20, 20].min() > 240  # the white corner
    assert picture[20, 300].max() < 15


def test_where_the_video_has_ended_the_room_is_shown(tmp_path):
    video = write_video(tmp_path / "video.mp4", make_pictures(40))  # 1.3 s
    times_s = [3.0, 0.5]
    _, room = open_picture(next(draw_stills(SQUATS, [3.0])))
    after, within = (
        open_picture(each)[1] for each in draw_stills(SQUATS, times_s, video_file=video)
    )
    assert after.shape == room.shape
    assert np.abs(after.astype(int) - room).mean() < 3
    assert within[20, 300].max() < 15


def test_a_video_that_cannot_be_read_is_said(tmp_path):
    with pytest.raises(VideoReadError, match=r"There is no file gone\.mp4"):
        list(draw_stills(SQUATS, [0.0], video_file=tmp_path / "gone.mp4"))


def test_one_frame_and_nobody_have_a_picture_too():
    assert len(list(draw_stills(SQUATS[:1], [0.0, 9.0]))) == 2
    nobody = add_gaps(SQUATS, seed=1, share=1.0)
    assert open_picture(next(draw_stills(nobody, [1.0])))[0] == "PNG"
