"""What must hold for every note: it comes back as given."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posecore import open_store
from posecore.errors import InvalidFieldError


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
