"""What holds in front of any camera: no time goes back, no frame changes whom it shows."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from posecore import PoseFrame
from posecore.capture.one_athlete import OneAthlete
from posecore.capture.stream_clock import LARGEST_GAIN_S, StreamClock
from posecore.synchronising import estimate_offset
from posecore.synthetic import make_squats
from tests.unit.test_synchronising import FRONT, SIDE, film

SQUATS = make_squats(duration_s=3.0)
SEEN = [film(camera, np.arange(150) / 30, noise=0.005) for camera in (FRONT, SIDE)]
times = st.floats(0, 1e9, allow_nan=False)


@given(st.lists(st.tuples(times, st.floats(0, 60)), min_size=2, max_size=50))
def test_whatever_a_cameras_clock_does_no_time_goes_back_or_far_from_the_arrivals(frames):
    clock = StreamClock()
    arrived_s = np.cumsum([passed_s for _, passed_s in frames])
    placed_s = [
        clock.place(time_s, arrived) for (time_s, _), arrived in zip(frames, arrived_s, strict=True)
    ]
    highest = np.maximum.accumulate(placed_s)
    rounding = 1e-6 * (1 + abs(np.array(placed_s)))
    assert (np.array(placed_s) >= highest - 0.2 - rounding).all()
    steps, passed = np.diff(placed_s), np.diff(arrived_s)
    assert (steps <= passed + LARGEST_GAIN_S + 0.2 + rounding[1:]).all()


@given(st.floats(0, 1e6), st.lists(st.floats(0.01, 0.1), min_size=2, max_size=50))
def test_a_clock_that_never_jumps_is_left_alone(start_s, steps_s):
    clock = StreamClock()
    times_s = start_s + np.cumsum(steps_s)
    placed_s = [clock.place(time_s, 7.0 + time_s - start_s) for time_s in times_s]
    np.testing.assert_array_equal(placed_s, times_s)


@settings(max_examples=30)
@given(
    arrays(np.float64, 90, elements=st.sampled_from([0.0, 0.0, 0.0, 0.15, 0.4])),
    st.sampled_from([0.5, 1.0, 2.0, 3.0]),
)
def test_who_is_the_athlete_does_not_depend_on_the_size_of_the_picture(shifts, scale):
    def watch(image_size):
        guard = OneAthlete()
        for number, shift in enumerate(shifts):
            image = SQUATS.image_landmarks[number] + np.array([shift, 0, 0], dtype=np.float32)
            frame = PoseFrame(
                time_s=float(SQUATS.time_s[number]),
                image_landmarks=image,
                world_landmarks=SQUATS.world_landmarks[number],
                visibility=SQUATS.visibility[number],
                presence=SQUATS.presence[number],
            )
            passed = guard(frame, image_size)
            assert passed is frame or not passed.is_detected
            yield passed.is_detected, guard.sentence

    whole = (640, 360)
    scaled = (round(640 * scale), round(360 * scale))
    assert list(watch(whole)) == list(watch(scaled))


@settings(max_examples=12)
@given(st.floats(-1e4, 1e4))
def test_putting_a_clock_forward_moves_the_offset_back_by_as_much(forward_s):
    a, b = SEEN
    before = estimate_offset(a, b, 0.04, 0.1)
    moved = replace(b, time_s=b.time_s + forward_s)
    after = estimate_offset(a, moved, 0.04 - forward_s, 0.1)
    assert after.how == before.how == "movement"
    assert abs(after.offset_s + forward_s - before.offset_s) < 2e-3
