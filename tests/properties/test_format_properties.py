"""What must hold for every recording: each format gives back the numbers it was given."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from posecore import PoseSequence, read_sequence, write_sequence
from posecore.errors import LandmarkFileError
from posecore.formats.markers import make_world_sequence
from posecore.reading import read_landmark_file

ARRAYS = {
    "image_landmarks": (33, 3),
    "world_landmarks": (33, 3),
    "visibility": (33,),
    "presence": (33,),
}
FLOATS = st.floats(width=32, allow_infinity=False)
# Where the hips are nearer than 5 cm to the origin, or missing, nothing is moved.
NEAR = st.one_of(st.just(np.nan), st.floats(-0.015625, 0.015625, width=32))


@st.composite
def sequences(draw):
    n_frames = draw(st.integers(1, 4))
    steps = draw(st.lists(st.floats(1e-3, 1e3), min_size=n_frames, max_size=n_frames))
    numbers = draw(st.lists(st.integers(1, 1000), min_size=n_frames, max_size=n_frames))
    values = {
        name: draw(arrays(np.float32, (n_frames, *shape), elements=FLOATS, fill=FLOATS))
        for name, shape in ARRAYS.items()
    }
    for nobody in draw(st.sets(st.integers(0, n_frames - 1))):
        for array in values.values():
            array[nobody] = np.nan
    return PoseSequence(
        time_s=np.cumsum(steps),
        frame_number=np.cumsum(numbers, dtype=np.int64),
        image_size=draw(st.tuples(st.integers(2, 8000), st.integers(2, 8000))),
        **values,
    )


@st.composite
def marker_sequences(draw):
    """Even steps, and a landmark is there or not."""
    n_frames = draw(st.integers(1, 4))
    world = draw(arrays(np.float32, (n_frames, 33, 3), elements=NEAR, fill=NEAR))
    world[np.isnan(world).any(axis=2)] = np.nan
    world[0, 23:25] = 0.0
    fps = draw(st.sampled_from([1.0, 25.0, 29.97, 59.94, 240.0]))
    return make_world_sequence(np.arange(n_frames) / fps, world)


def write_and_read(sequence, name, read=read_sequence):
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"x.{name.partition('-')[0]}"
        write_sequence(sequence, path, file_format=name)
        return read(path)


@pytest.mark.parametrize("name", ["csv", "csv-tidy", "parquet", "json"])
@settings(max_examples=20)
@given(sequence=sequences())
def test_whole_recordings_come_back_exactly(name, sequence):
    found = write_and_read(sequence, name)
    for array in ("time_s", "frame_number", *ARRAYS):
        np.testing.assert_array_equal(getattr(found, array), getattr(sequence, array))
    assert found.image_size == sequence.image_size


@pytest.mark.parametrize("name", ["trc", "c3d"])
@settings(max_examples=20)
@given(sequence=marker_sequences())
def test_markers_come_back_exactly(name, sequence):
    found = write_and_read(sequence, name)
    np.testing.assert_array_equal(found.world_landmarks, sequence.world_landmarks)
    np.testing.assert_allclose(found.time_s, sequence.time_s, rtol=1e-7)


@pytest.mark.parametrize("ending", ["trc", "c3d", "csv", "parquet", "json", "jsonl"])
@settings(max_examples=30)
@given(data=st.data())
def test_any_bytes_are_a_recording_or_one_sentence(ending, data):
    """Whatever is changed in a file of ours, too."""
    content = data.draw(st.binary(max_size=300))
    if ending != "jsonl" and data.draw(st.booleans()):
        sequence = make_world_sequence(np.arange(3.0), np.zeros((3, 33, 3), dtype=np.float32))
        whole = bytearray(write_and_read(replace(sequence), ending, Path.read_bytes))
        where = data.draw(st.integers(0, len(whole) - 1))
        whole[where : where + len(content)] = content
        content = bytes(whole)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"x.{ending}"
        path.write_bytes(content)
        try:
            assert read_landmark_file(path).sequence.n_frames >= 0
        except LandmarkFileError as error:
            assert str(error).endswith(".")
            assert "\n" not in str(error)
