"""What must hold for every recording: it comes back from disk and from a file bit for bit."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from posecore import PoseSequence, open_store
from posecore.errors import InvalidFieldError
from posecore.export import safe_file_name, to_csv_bytes, to_landmarks_table, write_table
from posecore.storage.session import TEXT_LIMITS

ARRAYS = {
    "image_landmarks": (33, 3),
    "world_landmarks": (33, 3),
    "visibility": (33,),
    "presence": (33,),
}
# Any number and NaN anywhere: the data contract allows both.
FLOATS = st.floats(width=32, allow_infinity=False)
STEPS = st.floats(1e-3, 1e3)


@st.composite
def sequences(draw):
    n_frames = draw(st.integers(0, 5))
    times = np.cumsum(draw(st.lists(STEPS, min_size=n_frames, max_size=n_frames)))
    numbers = np.cumsum(
        draw(st.lists(st.integers(1, 1000), min_size=n_frames, max_size=n_frames)), dtype=np.int64
    )
    values = {
        name: draw(arrays(np.float32, (n_frames, *shape), elements=FLOATS, fill=FLOATS))
        for name, shape in ARRAYS.items()
    }
    for nobody in draw(st.sets(st.integers(0, 4))):
        if nobody < n_frames:
            for array in values.values():
                array[nobody] = np.nan
    size = draw(st.tuples(st.integers(1, 8000), st.integers(1, 8000)))
    return PoseSequence(time_s=times, frame_number=numbers, image_size=size, **values)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """One database for all examples, which add session after session."""
    with open_store(tmp_path_factory.mktemp("data") / "posecore.duckdb") as store:
        yield store


def assert_same(found, expected):
    np.testing.assert_array_equal(found.time_s, expected.time_s)
    np.testing.assert_array_equal(found.frame_number, expected.frame_number)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@settings(max_examples=50, deadline=None)
@given(sequence=sequences(), cut=st.integers(0, 5))
def test_what_is_stored_comes_back_exactly(store, sequence, cut):
    session_id = store.create_session(name="Any", source="live")
    store.append_frames(session_id, sequence[:cut])
    store.append_frames(session_id, sequence[cut:])
    session = store.finish_session(session_id)
    found = store.load_sequence(session_id)
    assert_same(found, sequence)
    if len(sequence):
        assert found.image_size == sequence.image_size
    assert session.frame_count == len(sequence)
    assert session.detected_count == int(sequence.is_detected.sum())
    assert session.duration_s == sequence.duration_s
    store.delete_session(session_id)


@settings(max_examples=50, deadline=None)
@given(sequence=sequences())
def test_what_is_exported_reads_back_exactly(sequence):
    table = to_landmarks_table(sequence)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "landmarks.parquet"
        write_table(table, path, "parquet")
        from_parquet = pyarrow.parquet.read_table(path).to_pandas()
    from_csv = pd.read_csv(io.BytesIO(to_csv_bytes(table)))
    for read in (from_parquet, from_csv):
        assert len(read) == len(sequence)
        np.testing.assert_array_equal(read["frame_number"], sequence.frame_number)
        np.testing.assert_array_equal(read["time_s"], sequence.time_s)
        for column, expected in (
            ("left_knee_world_z_m", sequence.world_landmarks[:, 25, 2]),
            ("nose_image_x", sequence.image_landmarks[:, 0, 0]),
            ("right_foot_index_presence", sequence.presence[:, 32]),
        ):
            np.testing.assert_array_equal(read[column].astype(np.float32), expected)


@settings(max_examples=100, deadline=None)
@given(name=st.text(max_size=TEXT_LIMITS["name"] + 5), tags=st.lists(st.text(max_size=60)))
def test_texts_come_back_as_given_or_are_refused_with_a_sentence(store, name, tags):
    before = len(store.get_sessions())
    try:
        session_id = store.create_session(name=name, source="live", tags=tags)
    except InvalidFieldError as error:
        assert str(error).endswith(".")
        assert len(store.get_sessions()) == before
        return
    session = store.get_session(session_id)
    assert session.name == name
    assert session.tags == tuple(dict.fromkeys(tags))
    store.delete_session(session_id)


@given(name=st.text())
def test_every_name_makes_a_plain_file_name(name):
    found = safe_file_name(name, "1f0c22ab-54d1-4c8e-9d3b-0123456789ab", "angles.csv")
    stem = found.removesuffix("_1f0c22ab_angles.csv")
    assert stem != found
    assert 0 < len(stem) <= 40
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert stem.strip("-") == stem
