"""What must hold for every note: it comes back as given, and stands beside some frame."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posecore import Note, open_store
from posecore.errors import InvalidFieldError
from posecore.export import to_angles_table
from posecore.synthetic import make_sequence

SECONDS = st.floats(0, 1e6)
STEPS = st.lists(st.floats(1e-3, 10.0), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("data") / "posecore.duckdb") as store:
        yield store


@settings(max_examples=100, deadline=None)
@given(start_s=st.floats(), end_s=st.none() | st.floats(), text=st.text(), tag=st.text(max_size=60))
def test_a_note_comes_back_as_given_or_is_refused_with_a_sentence(store, start_s, end_s, text, tag):
    session_id = store.create_session(name="Any", source="live")
    try:
        note = store.notes.add(session_id, start_s=start_s, end_s=end_s, text=text, tag=tag)
    except InvalidFieldError as error:
        assert str(error).endswith(".")
        assert store.notes.list(session_id) == []
        return
    assert store.notes.list(session_id) == [note]
    assert (note.start_s, note.end_s, note.text, note.tag) == (start_s, end_s, text, tag)


@given(steps=STEPS, offset_s=SECONDS, start_s=st.floats(0, 100), length_s=st.floats(0, 100))
def test_every_note_stands_beside_a_frame_and_a_stretch_beside_all_its_own(
    steps, offset_s, start_s, length_s
):
    times = offset_s + np.cumsum(steps)
    end_s = start_s + length_s
    note = Note(
        id="a", session_id="b", start_s=start_s, end_s=end_s, text="x", created_at=datetime.now(UTC)
    )
    table = to_angles_table(make_sequence(time_s=times), ["left_knee_flexion"], notes=[note])
    noted = np.array([cell == "x" for cell in table["note"].to_pylist()])
    clock_s = times - times[0]
    inside = (clock_s >= start_s) & (clock_s <= end_s)
    assert noted.sum() >= 1
    if inside.any():
        np.testing.assert_array_equal(noted, inside)
    else:
        assert abs(clock_s[noted.argmax()] - start_s) == np.abs(clock_s - start_s).min()
