"""The last minute in memory: never over its limits, and never without saying so."""

import itertools
import threading

import numpy as np
import pytest

from posecore.capture.rolling_buffer import MAX_RAW, POSE_BYTES, RollingBuffer
from tests.unit.test_recorder import make_frame

PICTURE = np.full((36, 64, 3), 120, dtype=np.uint8)
WIDE = np.full((36, 80, 3), 120, dtype=np.uint8)


@pytest.fixture
def buffer():
    buffer = RollingBuffer()
    buffer.keeps_pictures = True
    return buffer


def add(buffer, *times_s, picture=PICTURE, first_number=0):
    """Add frames and make their pictures small, as the live picture does."""
    added = []
    for number, time_s in enumerate(times_s, first_number):
        frame = make_frame(time_s)
        each = buffer.add(frame, frame, number, picture)
        if each is not None:
            buffer.pack(each)
        added.append(each)
    return added


def times_of(frames):
    return [each.time_s for each in frames]


def test_the_newest_frame_that_is_old_enough_is_found(buffer):
    add(buffer, 1.0, 1.4, 2.1)
    assert buffer.find(0.9) is None
    assert [buffer.find(time_s).time_s for time_s in (1.0, 1.39, 1.4, 2.0, 9.0)] == [
        1.0,
        1.0,
        1.4,
        1.4,
        2.1,
    ]


def test_a_picture_comes_back_as_it_was(buffer):
    half = PICTURE.copy()
    half[:, :32] = (200, 40, 20)
    (each,) = add(buffer, 1.0, picture=half)
    np.testing.assert_allclose(each.read_picture()[:, :24], half[:, :24], atol=12)
    np.testing.assert_allclose(each.read_picture()[:, 40:], half[:, 40:], atol=12)


def test_a_picture_can_be_read_before_it_is_small_and_drawing_on_it_changes_nothing(buffer):
    frame = make_frame(1.0)
    each = buffer.add(frame, frame, 0, PICTURE)
    each.read_picture()[:] = 0
    np.testing.assert_array_equal(each.read_picture(), PICTURE)


def test_pictures_are_remembered_only_where_that_is_wanted(buffer):
    buffer.keeps_pictures = False
    (each,) = add(buffer, 1.0)
    assert not each.has_picture and each.n_bytes == POSE_BYTES
    assert buffer.first_picture_s == float("inf")
    buffer.keeps_pictures = True
    add(buffer, 2.0, 3.0, first_number=1)
    assert buffer.first_picture_s == 2.0
    assert buffer.find(2.5).time_s == 2.0
    assert buffer.find(1.5) is None


def test_it_reaches_back_as_far_as_it_is_told_to(buffer):
    buffer.seconds = 5.0
    add(buffer, *np.arange(100) / 10)
    assert times_of(buffer.get_last(5.0).frames) == pytest.approx(np.arange(49, 100) / 10)
    assert times_of(buffer.get_last(1.0).frames) == pytest.approx(np.arange(89, 100) / 10)
    assert not buffer.is_full
    assert buffer.n_forgotten == 48  # one more stays, for whoever asks what was seen just before
    assert buffer.find(4.85).time_s == pytest.approx(4.8)


def test_where_the_bytes_are_used_up_the_oldest_go_and_it_says_so():
    buffer = RollingBuffer(max_bytes=10 * POSE_BYTES)
    add(buffer, *np.arange(10) / 10)
    assert not buffer.is_full
    add(buffer, 1.0, first_number=10)
    assert buffer.is_full
    assert times_of(buffer.get_last(60.0).frames)[0] == pytest.approx(0.1)
    assert buffer.n_bytes == 10 * POSE_BYTES


def test_frames_that_somebody_needs_stay_counted_until_they_are_released():
    buffer = RollingBuffer(max_bytes=10 * POSE_BYTES)
    add(buffer, *np.arange(10) / 10)
    held = buffer.get_last(0.45).frames
    buffer.hold(held)
    add(buffer, *np.arange(10, 30) / 10, first_number=10)
    assert buffer.n_bytes == 10 * POSE_BYTES
    assert buffer.n_frames == 10 - len(held)
    buffer.release(held)
    buffer.release(held)
    assert buffer.n_bytes == buffer.n_frames * POSE_BYTES


def test_a_frame_that_is_not_later_is_refused_and_counted(buffer):
    add(buffer, 1.0, 2.0)
    assert add(buffer, 2.0, 1.5, first_number=2) == [None, None]
    assert buffer.n_refused == 2
    assert times_of(buffer.get_last(60).frames) == [1.0, 2.0]


def test_a_clock_that_was_set_back_begins_another_stream(buffer):
    add(buffer, 100.0, 101.0)
    add(buffer, 3.0, first_number=2)
    assert times_of(buffer.get_last(60).frames) == [3.0]
    assert buffer.find(102.0).time_s == 3.0
    assert buffer.first_picture_s == 3.0


def test_a_clock_that_leaps_ahead_leaves_what_is_of_now(buffer):
    add(buffer, 1.0, 2.0, 5000.0)
    assert times_of(buffer.get_last(60).frames) == [5000.0]


def test_numbers_rise_whatever_comes(buffer):
    added = [buffer.add(make_frame(t), make_frame(t), n, PICTURE) for t, n in ((1, 5), (2, 4))]
    assert [each.frame_number for each in added] == [5, 6]


def test_a_smaller_picture_of_the_same_shape_goes_on(buffer):
    add(buffer, 1.0, 2.0)
    add(buffer, 3.0, picture=PICTURE[::2, ::2], first_number=2)
    stretch = buffer.get_last(60)
    assert times_of(stretch.frames) == [1.0, 2.0, 3.0] and not stretch.is_cut


def test_a_stretch_has_one_shape_of_picture(buffer):
    add(buffer, 1.0, 2.0)
    add(buffer, 3.0, 4.0, picture=WIDE, first_number=2)
    stretch = buffer.get_last(60)
    assert times_of(stretch.frames) == [3.0, 4.0] and stretch.is_cut
    assert stretch.length_s == 1.0
    assert not buffer.get_last(1.0).is_cut


def test_where_no_picture_was_made_small_the_frames_are_kept_all_the_same(buffer):
    frames = [make_frame(number / 30) for number in range(MAX_RAW + 5)]
    added = [buffer.add(frame, frame, n, PICTURE) for n, frame in enumerate(frames)]
    assert [each.has_picture for each in added] == [True] * MAX_RAW + [False] * 5
    assert buffer.n_without_picture == 5
    assert buffer.n_frames == len(frames)
    assert buffer.find(1.0).time_s == frames[MAX_RAW - 1].time_s
    for each in added:
        buffer.pack(each)
    assert buffer.add(make_frame(9.0), make_frame(9.0), 99, PICTURE).has_picture


def test_a_picture_that_is_forgotten_while_it_waits_leaves_no_trace(buffer):
    each = buffer.add(make_frame(1.0), make_frame(1.0), 0, PICTURE)
    buffer.clear()
    buffer.pack(each)
    assert buffer.n_bytes == 0 and not each.has_picture
    assert buffer.get_last(5).frames == []


def test_it_is_safe_under_several_threads():
    buffer = RollingBuffer(max_bytes=200 * POSE_BYTES)
    buffer.keeps_pictures = True
    is_over = threading.Event()
    errors = []

    def look():
        while not is_over.is_set():
            try:
                stretch = buffer.get_last(3.0)
                times_s = times_of(stretch.frames)
                assert times_s == sorted(set(times_s))
                buffer.hold(stretch.frames)
                assert buffer.n_bytes >= 0
                buffer.find(times_s[0] if times_s else 0.0)
                buffer.release(stretch.frames)
            except BaseException as error:
                errors.append(error)
                return

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for each in lookers:
        each.start()
    add(buffer, *itertools.islice(itertools.count(0.0, 1 / 30), 600))
    is_over.set()
    for each in lookers:
        each.join(10)
    assert errors == []
    buffer.clear()
    assert buffer.n_bytes == 0
