"""What must hold for every stream: each valid pose is stored or counted, and nothing else is."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posecore import PoseFrame, open_store
from posecore.errors import InvalidMessageError
from posecore.streaming.messages import read_message, read_pose, write_pose
from posecore.streaming.stream_recorder import StreamRecorder

NUMBERS = st.integers(0, 30) | st.integers(0, 2**31 - 1) | st.none()
TIMES = st.integers(0, 40).map(lambda tick: tick / 30) | st.floats(0, 1e9)
POSES = st.lists(st.tuples(NUMBERS, TIMES), max_size=40)
SHARES = st.floats(0, 1, width=32)
PLACES = st.tuples(*[st.floats(-100, 100, width=32)] * 3)
MARKS = st.lists(st.none() | PLACES, min_size=33, max_size=33)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """One database for all examples, which add session after session."""
    with open_store(tmp_path_factory.mktemp("data") / "posecore.duckdb") as store:
        yield store


def make_message(number, time_s):
    fields = {"timestamp": time_s, "width": 4, "height": 3, "landmarks": None}
    return read_pose(fields if number is None else fields | {"frame_number": number})


@settings(max_examples=60)
@given(POSES)
def test_every_valid_pose_is_stored_or_counted_as_dropped(store, poses):
    recorder = StreamRecorder(store)
    recorder.start(name="Wall")
    came, first_s, highest = [], None, -1
    for number, time_s in poses:
        counted = highest + 1 if number is None else number
        if counted >= 2**31:
            continue  # nobody can count on from there
        highest = max(highest, counted)
        came.append(counted)
        first_s = time_s if first_s is None else first_s
        try:
            recorder.add(make_message(number, time_s))
        except InvalidMessageError as error:
            assert error.code == "recording_too_long"
            assert time_s - first_s > 24 * 3600
    session = recorder.stop()
    sequence = store.load_sequence(session.id)
    assert (np.diff(sequence.frame_number) > 0).all() and (np.diff(sequence.time_s) > 0).all()
    assert set(sequence.frame_number.tolist()) <= set(came)
    first = came[0] if came else 0
    n_never = highest + 1 - first - len({each for each in came if each >= first})
    assert session.frame_count == len(sequence)
    n_not_stored = len(came) + n_never - session.frame_count
    assert session.dropped_count == min(n_not_stored, 2**31 - 1)


@given(MARKS, MARKS, st.lists(SHARES, min_size=33, max_size=33), st.integers(0, 2**31 - 1))
def test_a_pose_that_was_written_is_read_the_same(image, world, shares, number):
    arrays = {
        "image_landmarks": to_rows(image),
        "world_landmarks": to_rows(world),
        "visibility": np.where([mark is None for mark in image], np.nan, shares),
        "presence": np.where([mark is None for mark in image], np.nan, shares),
    }
    frame = PoseFrame(
        time_s=number / 30, **{key: value.astype(np.float32) for key, value in arrays.items()}
    )
    pose = read_pose(read_message(write_pose(frame, number, (640, 360))))
    assert (pose.frame_number, pose.image_size) == (number, (640, 360))
    for key, value in arrays.items():
        np.testing.assert_allclose(getattr(pose.frame, key), value, atol=2e-5)


def to_rows(marks):
    return np.array([(np.nan,) * 3 if mark is None else mark for mark in marks])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    ["type", "timestamp", "frame_number", "width", "height", "landmarks", "world_landmarks"]
)


@given(st.text() | JSON.map(json.dumps))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    try:
        assert isinstance(read_message(text), dict)
    except InvalidMessageError as error:
        assert str(error).endswith(".")


@given(st.dictionaries(FIELDS, JSON))
def test_a_pose_with_anything_in_its_fields_is_within_the_contract_or_refused(changes):
    good = json.loads(write_pose(PoseFrame.empty(1.0), 7, (640, 360)))
    try:
        pose = read_pose(good | changes)
    except InvalidMessageError as error:
        assert str(error).endswith(".")
    else:
        assert 0 <= pose.frame.time_s < 1e11
        assert pose.frame_number is None or 0 <= pose.frame_number < 2**31
        assert min(pose.image_size) > 0
        assert not np.isinf(pose.frame.image_landmarks).any()
