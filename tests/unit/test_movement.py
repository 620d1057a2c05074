"""Whether somebody moves: at any distance, and never because the estimator jitters."""

import itertools
from dataclasses import replace

import av
import numpy as np
import pytest

from posecore import PoseFrame
from posecore.capture.movement import MOVES_HZ, STILL_HZ, AttemptWatch, MovementMeter
from posecore.disturbances import add_noise
from posecore.estimation import open_estimator
from posecore.simulated_camera import SimulatedCamera
from posecore.synthetic import make_sequence, make_squats
from tests.unit.live_rooms import split

SIZE = (640, 360)
STILL = make_sequence({}, time_s=np.arange(600) / 30)


def measure(sequence):
    """Speeds of a recording, without the beginning."""
    meter = MovementMeter()
    speeds = [meter.update(frame, sequence.image_size) for frame in split(sequence)]
    return np.array([speed for speed in speeds if speed is not None])


def watch(watcher, frames, size=SIZE):
    """Changes with their times."""
    found = [(frame.time_s, watcher.update(frame, size)) for frame in frames]
    return [(time_s, change) for time_s, change in found if change]


def walking(n_frames, **options):
    time_s = np.arange(n_frames) / 30
    travel_m = np.stack([1.0 * time_s - 1.5, 0 * time_s, 0 * time_s], axis=1)
    return make_sequence({}, time_s=time_s, travel_m=travel_m, **options)


@pytest.mark.parametrize("seed", range(5))
def test_the_jitter_of_the_estimator_is_no_movement(seed):
    """2 pixels of a body 200 pixels tall are many times what was seen of it in still pictures."""
    assert measure(add_noise(STILL, seed=seed, image_sd_px=2.0)).max() < STILL_HZ


def test_walking_is_as_fast_near_as_it_is_far():
    near = measure(walking(90, camera=SimulatedCamera(distance_m=3.0)))
    far = measure(walking(90, camera=SimulatedCamera(distance_m=9.0)))
    assert np.median(near) == pytest.approx(np.median(far), rel=0.1)
    assert 0.5 < np.median(far) < 0.75  # a metre a second, of a body 1.6 m tall


def test_one_landmark_that_leaps_is_no_movement():
    frames = split(STILL)
    for number, frame in enumerate(frames):
        frame.image_landmarks[15] = [number % 7 / 7, number % 5 / 5, 0]
    assert watch(AttemptWatch(), frames) == []


def test_one_arm_that_reaches_is_movement():
    lift_deg = 90 - 90 * np.cos(np.pi * np.arange(60) / 30)
    reach = make_sequence({"left_shoulder_elevation": lift_deg}, time_s=np.arange(60) / 30)
    assert measure(reach).max() > MOVES_HZ


def test_nobody_in_view_has_no_speed():
    meter = MovementMeter()
    assert {meter.update(PoseFrame.empty(n / 30), SIZE) for n in range(60)} == {None}


def shifted(sequence, by_s):
    return [replace(frame, time_s=frame.time_s + by_s) for frame in split(sequence)]


def test_an_attempt_begins_with_the_movement_and_ends_when_it_has_been_still():
    watcher = AttemptWatch()
    frames = [
        *shifted(STILL[:90], 0.0),
        *shifted(make_squats(5.0), 3.0),
        *shifted(STILL[:150], 8.0),
    ]
    (began_s, began), (ended_s, ended) = watch(watcher, frames)
    assert (began, ended) == ("began", "ended")
    assert 3.0 < watcher.moving_since_s < 3.8 < began_s < 4.7
    assert ended_s == pytest.approx(8.0 + watcher.still_for_s, abs=0.6)


def test_whoever_leaves_ends_the_attempt():
    frames = [*shifted(make_squats(5.0), 0.0)]
    frames += [PoseFrame.empty(5.0 + number / 30) for number in range(150)]
    changes = watch(AttemptWatch(), frames)
    assert [change for _, change in changes] == ["began", "ended"]
    assert changes[1][0] == pytest.approx(8.0, abs=0.2)


def test_a_jump_of_the_estimator_to_another_person_is_no_attempt():
    beside = make_sequence({}, time_s=STILL.time_s[:120], travel_m=(1.0, 0.0, 0.0))
    assert watch(AttemptWatch(), [*shifted(STILL[:120], 0), *shifted(beside, 4.0)]) == []


def test_after_a_rest_was_asked_for_it_waits_for_stillness():
    watcher = AttemptWatch()
    assert len(watch(watcher, shifted(make_squats(4.0), 0.0))) == 1
    watcher.rest()
    assert watch(watcher, shifted(make_squats(4.0), 4.0)) == []
    assert watch(watcher, shifted(STILL[:60], 8.0)) == []
    assert len(watch(watcher, shifted(make_squats(4.0), 10.0))) == 1


def test_a_clock_that_is_set_back_is_no_movement():
    watcher = AttemptWatch()
    watch(watcher, shifted(STILL[:60], 500.0))
    assert watch(watcher, shifted(STILL[:120], 0.0)) == []


def test_the_people_of_the_real_video_move_and_its_still_picture_does_not(test_video, settings):
    with av.open(str(test_video)) as container:
        pictures = [
            frame.reformat(*SIZE, format="rgb24").to_ndarray()
            for frame in itertools.islice(container.decode(video=0), 120)
        ]
    random = np.random.default_rng(1)
    with open_estimator(settings) as estimator:
        moving = [estimator.estimate(each, n / 30) for n, each in enumerate(pictures)]
    grain = [random.normal(0, 6, pictures[0].shape) for _ in range(4)]
    grainy = [np.clip(pictures[100] + each, 0, 255).astype(np.uint8) for each in grain]
    with open_estimator(settings) as estimator:
        still = [estimator.estimate(grainy[n % 4], n / 30) for n in range(60)]
    assert [change for _, change in watch(AttemptWatch(), moving)][:1] == ["began"]
    meter = MovementMeter()
    speeds = [meter.update(frame, SIZE) for frame in still][15:]
    assert max(speeds) < STILL_HZ
