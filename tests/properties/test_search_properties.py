"""What searching finds, against the plainest loop over the same readings."""

import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posecore import SIGNALS, Condition, find_moments, open_store
from posecore.errors import InvalidOptionError
from posecore.signal_readings import find_readings_version
from posecore.synthetic import make_squats

LONGEST_STEP_S = 0.25
READING = st.none() | st.integers(0, 4)
FRAMES = st.lists(st.tuples(READING, READING, st.sampled_from((0.03, 0.04, 0.3))), max_size=40)
CONDITIONS = st.lists(
    st.builds(
        lambda signal, above, width: Condition(signal=signal, above=above, below=above + width),
        st.sampled_from(("left_elbow_flexion", "hip_speed")),
        st.sampled_from((0, 0.5, 1, 2)),
        st.sampled_from((1, 2.5, 10)),
    ),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("data") / "posecore.duckdb") as store:
        yield store


def find_by_hand(conditions, frames, time_s, min_duration_s):
    """Frame by frame: go on with a moment or begin the next."""
    moments, before_s = [], None
    for (elbow, hips, _), now_s in zip(frames, time_s, strict=True):
        reading = {"left_elbow_flexion": elbow, "hip_speed": hips}
        holds = all(
            reading[each.signal] is not None and each.above < reading[each.signal] < each.below
            for each in conditions
        )
        if holds and before_s is not None and now_s - before_s <= LONGEST_STEP_S:
            moments[-1][1] = now_s
        elif holds:
            moments.append([now_s, now_s])
        before_s = now_s if holds else None
    return [(start, end) for start, end in moments if end - start >= min_duration_s]


@settings(max_examples=60, deadline=None)
@given(
    frames=FRAMES, others=FRAMES, conditions=CONDITIONS, min_duration_s=st.sampled_from((0, 0.05))
)
def test_one_query_finds_what_a_loop_finds(store, frames, others, conditions, min_duration_s):
    expected = {}
    for rows in (frames, others):
        session_id = store.create_session(name="Any", source="live")
        store.append_frames(session_id, make_squats(2.0)[: len(rows)])
        store.finish_session(session_id)
        time_s = np.cumsum([step_s for _, _, step_s in rows])
        time_s = np.asarray(time_s - time_s[:1], dtype=float)
        readings = pd.DataFrame(np.nan, index=time_s, columns=list(SIGNALS))
        readings["left_elbow_flexion"] = np.array([row[0] for row in rows], dtype=float)
        readings["hip_speed"] = np.array([row[1] for row in rows], dtype=float)
        store.readings.keep(
            session_id, find_readings_version(), readings, longest_step_s=LONGEST_STEP_S
        )
        expected[session_id] = find_by_hand(conditions, rows, time_s, min_duration_s)
    try:
        moments = find_moments(store, conditions, min_duration_s=min_duration_s)
    except InvalidOptionError as error:  # some exclude each other
        assert "at once" in str(error)
        assert not any(expected.values())
        moments = pd.DataFrame(columns=["session_id", "start_s", "end_s"])
    for session_id, spans in expected.items():
        found = moments[moments["session_id"] == session_id]
        assert list(zip(found["start_s"], found["end_s"], strict=True)) == spans
        store.delete_session(session_id)


@given(st.text(max_size=80) | st.text(alphabet=string.digits + "<>. _-" + "hipsed", max_size=30))
def test_any_text_is_a_condition_or_refused_with_a_sentence(text):
    try:
        condition = Condition.parse(text)
    except InvalidOptionError as error:
        assert str(error).endswith(".")
        return
    assert Condition.parse(str(condition)) == condition


@given(st.sampled_from(list(SIGNALS.values())), st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_every_condition_is_written_as_it_is_read(signal, first, second):
    low, high = (
        float(f"{signal.lowest + share * (signal.highest - signal.lowest):.4f}")
        for share in sorted((first, second))
    )
    for above, below in ((low, None), (None, high), (low, high if high > low else None)):
        condition = Condition(signal=signal.name, above=above, below=below)
        assert Condition.parse(str(condition)) == condition
