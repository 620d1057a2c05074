"""What REST writes and reads, for any numbers and any bytes."""

import json
from dataclasses import replace
from datetime import UTC

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from posecore import PoseSequence, open_store
from posecore.api.formats import to_json_rows
from posecore.errors import InvalidOptionError, InvalidSequenceError
from posecore.frame_arrow import LIST_SIZES, from_arrow, read_stream, to_arrow, write_stream
from posecore.storage.session_query import FrameRange, SessionFilter
from posecore.synthetic import make_squats

# Every bit pattern that the contract allows: NaN for missing, no infinity.
SINGLES = st.floats(width=32, allow_infinity=False)
DOUBLES = st.floats(allow_infinity=False, allow_nan=False)


@given(
    values=hnp.arrays(np.float32, (3, 99), elements=SINGLES),
    is_nobody=hnp.arrays(np.bool_, 3),
    times=hnp.arrays(np.float64, 3, elements=DOUBLES),
)
def test_json_gives_back_every_number_bit_for_bit(values, is_nobody, times):
    lists = pa.FixedSizeListArray.from_arrays(
        pa.array(values.ravel()), 99, mask=pa.array(is_nobody)
    )
    rows = to_json_rows(pa.table({"time_s": times, "world_landmarks": lists})).to_pylist()
    for place, row in enumerate(rows):
        read = json.loads(row, parse_constant=pytest.fail)
        assert read["time_s"] == times[place]
        if is_nobody[place]:
            assert read["world_landmarks"] is None
            continue
        cells = np.array(read["world_landmarks"], dtype=np.float32)
        assert cells.shape == (33, 3)
        assert np.array_equal(cells.ravel(), values[place], equal_nan=True)


@given(text=st.text(), number=st.integers(-(2**31), 2**31 - 1), flag=st.booleans())
def test_json_rows_are_json_whatever_the_text(text, number, flag):
    table = pa.table({text or "x": [text, None], "number": [number, None], "flag": [flag, None]})
    if len(set(table.column_names)) == 3:
        rows = [json.loads(row) for row in to_json_rows(table).to_pylist()]
        assert rows == table.to_pylist()


@given(missing=hnp.arrays(np.bool_, (6, 33)), nobody=hnp.arrays(np.bool_, 6))
def test_a_stream_of_arrow_gives_back_the_recording(missing, nobody):
    squats = make_squats(duration_s=0.2)
    changed = {}
    for name in LIST_SIZES:
        array = np.array(getattr(squats, name))
        array[missing | nobody[:, None]] = np.nan
        changed[name] = array
    sequence = replace(squats, **changed)
    for read in (
        read_stream(write_stream(sequence)),
        from_arrow(to_arrow(sequence), image_size=sequence.image_size),
    ):
        for name in ("time_s", "frame_number", *LIST_SIZES):
            assert np.array_equal(getattr(read, name), getattr(sequence, name), equal_nan=True)


WHOLE = write_stream(make_squats(duration_s=0.1))


@given(place=st.integers(0, len(WHOLE) - 1), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_stream_is_refused_or_keeps_the_contract(place, value, cut):
    broken = WHOLE[:place] if cut else WHOLE[:place] + bytes([value]) + WHOLE[place + 1 :]
    try:
        sequence = read_stream(broken)
    except InvalidSequenceError as error:
        assert str(error).endswith(".")
    else:
        assert isinstance(sequence, PoseSequence)
        assert (np.diff(sequence.time_s) > 0).all()


@given(noise=st.binary(max_size=300))
def test_noise_is_no_stream(noise):
    with pytest.raises(InvalidSequenceError):
        read_stream(noise)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("data") / "posecore.duckdb") as store:
        session_id = store.create_session(name="Squats", source="stream")
        squats = make_squats(duration_s=1.0)
        store.append_frames(session_id, replace(squats, frame_number=squats.frame_number * 3 + 1))
        yield store, session_id


BOUND = st.none() | st.integers(-5, 100)
CLOCK = st.none() | st.floats(-0.5, 1.5)


@given(
    from_frame=BOUND,
    to_frame=BOUND,
    from_s=CLOCK,
    to_s=CLOCK,
    every=st.integers(1, 10),
    limit=st.none() | st.integers(1, 40),
    n_at_once=st.integers(1, 40),
)
def test_a_range_is_the_same_in_the_database_and_in_memory(
    recorded, from_frame, to_frame, from_s, to_s, every, limit, n_at_once
):
    store, session_id = recorded
    wanted = FrameRange(
        from_frame=from_frame, to_frame=to_frame, from_s=from_s, to_s=to_s, every=every, limit=limit
    )
    sequence = store.load_sequence(session_id)
    expected = sequence.frame_number[wanted.cut(sequence)].tolist()
    numbers = store.queries.find_frames(session_id, wanted)
    assert numbers.tolist() == expected
    pieces = store.queries.read_frames(session_id, numbers, every=every, n_at_once=n_at_once)
    read = [number for piece in pieces for number in piece["frame_number"].to_pylist()]
    assert read == expected


@given(cursor=st.text(max_size=60))
def test_what_is_no_cursor_is_refused(recorded, cursor):
    store, _ = recorded
    with pytest.raises(InvalidOptionError):
        store.queries.find(SessionFilter(), cursor=cursor)


@given(text=st.text(max_size=30), moment=st.datetimes(timezones=st.just(UTC)))
def test_any_text_and_any_day_can_be_looked_for(recorded, text, moment):
    store, session_id = recorded
    found = store.queries.find(SessionFilter(text=text))
    name = store.get_session(session_id).name
    assert bool(found.sessions) == (text.lower() in f"{name}\n\n\n".lower()) or not text.isascii()
    since = store.queries.find(SessionFilter(since=moment))
    until = store.queries.find(SessionFilter(until=moment))
    assert since.total + until.total == 1
