"""The data contract: what a PoseSequence takes, refuses and hands over."""

import json
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest

from posecore import PoseFrame, PoseSequence
from posecore.errors import InvalidSequenceError
from posecore.sequence import ProcessingStep
from posecore.synthetic import make_sequence


def as_arguments(n_frames=3):
    sequence = make_sequence(time_s=np.arange(n_frames) / 10)
    return {field.name: getattr(sequence, field.name) for field in fields(sequence)}


def test_values_come_out_as_they_went_in_with_the_dtypes_of_the_contract():
    given = as_arguments()
    sequence = PoseSequence(**{**given, "time_s": [0, 0.5, 2], "frame_number": [0, 1, 7]})
    assert sequence.time_s.dtype == np.float64
    assert sequence.frame_number.dtype == np.int64
    for name in ("image_landmarks", "world_landmarks", "visibility", "presence"):
        assert getattr(sequence, name).dtype == np.float32
        np.testing.assert_array_equal(getattr(sequence, name), given[name])
    assert sequence.time_s.tolist() == [0.0, 0.5, 2.0]
    assert sequence.frame_number.tolist() == [0, 1, 7]
    assert sequence.image_size == (640, 360)


def test_length_duration_and_rate_are_measured_not_assumed():
    sequence = make_sequence(time_s=[1.0, 1.1, 1.4, 3.0])
    assert len(sequence) == sequence.n_frames == 4
    assert sequence.duration_s == 2.0
    assert sequence.fps == 1.5


@pytest.mark.parametrize("n_frames", [0, 1])
def test_the_shortest_recordings_have_no_duration_and_no_rate(n_frames):
    sequence = make_sequence(time_s=np.arange(n_frames))
    assert len(sequence) == n_frames
    assert sequence.duration_s == 0.0
    assert np.isnan(sequence.fps)


def test_nobody_in_the_frame_is_a_row_of_nan():
    frames = [PoseFrame.empty(0.0), PoseFrame.empty(0.1)]
    sequence = PoseSequence.from_frames(frames, image_size=(4, 3))
    assert sequence.is_detected.tolist() == [False, False]
    assert not frames[0].is_detected
    assert np.isnan(sequence.world_landmarks).all()
    assert sequence.visibility.shape == (2, 33)


def test_frames_are_joined_in_order_and_numbered():
    whole = make_sequence({"left_knee_flexion": [0, 10, 20]}, time_s=[0.0, 0.1, 0.3])
    rows = [
        PoseFrame(
            time_s=whole.time_s[i],
            image_landmarks=whole.image_landmarks[i],
            world_landmarks=whole.world_landmarks[i],
            visibility=whole.visibility[i],
            presence=whole.presence[i],
        )
        for i in range(3)
    ]
    assert rows[0].is_detected
    joined = PoseSequence.from_frames(iter(rows), image_size=(640, 360))
    np.testing.assert_array_equal(joined.world_landmarks, whole.world_landmarks)
    assert joined.time_s.tolist() == [0.0, 0.1, 0.3]
    assert joined.frame_number.tolist() == [0, 1, 2]
    with_hole = PoseSequence.from_frames(rows, image_size=(640, 360), frame_number=[0, 4, 5])
    assert with_hole.frame_number.tolist() == [0, 4, 5]


def test_no_frames_make_an_empty_recording():
    empty = PoseSequence.from_frames([], image_size=(640, 360))
    assert len(empty) == 0
    assert empty.image_landmarks.shape == (0, 33, 3)


def test_a_slice_keeps_times_and_numbers():
    part = make_sequence(time_s=np.arange(10) / 10)[4:8:2]
    assert part.frame_number.tolist() == [4, 6]
    assert part.time_s.tolist() == [0.4, 0.6]
    assert part.image_landmarks.shape == (2, 33, 3)


def test_a_single_position_is_no_slice():
    with pytest.raises(TypeError, match="slice"):
        make_sequence(time_s=[0.0, 0.1])[0]


def test_nothing_can_be_changed_afterwards():
    sequence = make_sequence(time_s=[0.0, 0.1])
    with pytest.raises(ValueError, match="read-only"):
        sequence.world_landmarks[0, 0, 0] = 1.0
    with pytest.raises(FrozenInstanceError):
        sequence.time_s = np.zeros(2)


def test_the_given_array_stays_writeable():
    times = np.array([0.0, 0.1])
    make_sequence(time_s=times)
    times[0] = -1.0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("time_s", [[0.0, 1.0, 2.0]], "one-dimensional"),
        ("time_s", [0.0, 0.2, 0.2], "time_s must rise .* position 2"),
        ("time_s", [0.0, 0.2, 0.1], "time_s must rise .* position 2"),
        ("time_s", [0.0, np.nan, 0.2], "finite seconds"),
        ("time_s", [0.0, 0.1, np.inf], "finite seconds"),
        ("time_s", [0.0, 0.1], "must have shape"),
        ("time_s", ["a", "b", "c"], "array of numbers"),
        ("frame_number", [0, 2, 2], "frame_number must rise .* position 2"),
        ("frame_number", [-1, 0, 1], "below 0"),
        ("frame_number", [0, 1], r"shape \(3,\)"),
        ("image_landmarks", np.zeros((3, 33, 2)), r"\(3, 33, 3\) .* not \(3, 33, 2\)"),
        ("world_landmarks", np.zeros((3, 17, 3)), "world_landmarks must have shape"),
        ("world_landmarks", np.full((3, 33, 3), np.inf), "infinity"),
        ("visibility", np.zeros((3, 32)), "visibility must have shape"),
        ("presence", "none", "array of numbers"),
        ("image_size", (640, 0), "positive pixels"),
        ("image_size", 640, "width, height"),
        ("image_size", ("a", "b"), "width, height"),
    ],
)
def test_what_breaks_the_contract_is_refused_with_a_sentence(name, value, sentence):
    with pytest.raises(InvalidSequenceError, match=sentence):
        PoseSequence(**{**as_arguments(), name: value})


def test_a_single_landmark_may_be_missing():
    given = as_arguments()
    given["world_landmarks"] = np.array(given["world_landmarks"])
    given["world_landmarks"][1, 5] = np.nan
    sequence = PoseSequence(**given)
    assert np.isnan(sequence.world_landmarks[1, 5]).all()
    assert sequence.is_detected.all()


def test_replace_validates_again():
    sequence = make_sequence(time_s=[0.0, 0.1])
    with pytest.raises(InvalidSequenceError):
        replace(sequence, time_s=[0.1, 0.0])


STEP = ProcessingStep.of("fill_gaps", method="pchip", limit_s=0.2, n_filled=3, cutoff_hz=None)


def test_a_recording_is_raw_until_a_step_is_added_and_the_input_stays_raw():
    raw = make_sequence(time_s=[0.0, 0.1, 0.3])
    moved = raw.after(STEP, world_landmarks=raw.world_landmarks + 1)
    twice = moved.after(ProcessingStep("look"))
    assert raw.steps == ()
    assert moved.steps == (STEP,)
    assert twice.steps == (STEP, ProcessingStep("look"))
    np.testing.assert_array_equal(moved.world_landmarks, raw.world_landmarks + 1)
    np.testing.assert_array_equal(twice.image_landmarks, raw.image_landmarks)


def test_what_was_done_goes_with_every_part_and_copy():
    cleaned = make_sequence(time_s=[0.0, 0.1, 0.3]).after(STEP)
    assert cleaned[1:].steps == (STEP,)
    assert replace(cleaned, image_size=(4, 3)).steps == (STEP,)
    assert replace(cleaned, steps=[STEP]).steps == (STEP,)


def test_a_step_can_be_compared_hashed_and_stored():
    assert ProcessingStep.from_dict(json.loads(json.dumps(STEP.to_dict()))) == STEP
    assert {STEP, ProcessingStep.from_dict(STEP.to_dict())} == {STEP}
    assert ProcessingStep.of("fill_gaps", limit_s=0.3) != ProcessingStep.of("fill_gaps")
