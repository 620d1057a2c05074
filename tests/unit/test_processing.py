"""Which landmarks are looked at."""

from dataclasses import fields, replace
from uuid import uuid4

import duckdb
import numpy as np
import pytest

from posecore import open_store
from posecore.errors import InvalidOptionError, SessionNotFoundError
from posecore.export import to_steps_table
from posecore.processing import find_version, load_processed, process
from posecore.sequence import PoseSequence, ProcessingStep
from posecore.synthetic import make_squats
from tests.unit.older_database import make_older

DONE_BEFORE = ProcessingStep.of("made_by_hand", share=0.1, times=3, is_so=True, why="é", none=None)


def make_gappy(duration_s=2.0):
    """Squats with a frame in which nobody is seen, and a landmark that is missing longer."""
    squats = make_squats(duration_s)
    arrays = {}
    for name in ("image_landmarks", "world_landmarks", "visibility", "presence"):
        arrays[name] = np.array(getattr(squats, name))
        arrays[name][7] = np.nan
    arrays["world_landmarks"][10:50, 15] = np.nan
    return replace(squats, **arrays)


def add_session(store, sequence, *, is_finished=True):
    session_id = store.create_session(name="Squats", source="live")
    store.append_frames(session_id, sequence)
    if is_finished:
        store.finish_session(session_id)
    return session_id


def assert_same(found, expected):
    for field in fields(PoseSequence):
        here, there = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(there, np.ndarray):
            np.testing.assert_array_equal(here, there)
            assert here.dtype == there.dtype
        else:
            assert here == there


def test_what_was_recorded_is_given_back_as_it_is():
    squats = make_squats(1.0)
    assert process(squats, "recorded") is squats


@pytest.mark.parametrize("processing", ["cleaned", "refined"])
def test_what_was_done_is_said(processing):
    squats = make_squats(2.0)
    names = [step.name for step in process(squats, processing).steps]
    assert len(names) >= 2
    assert ("refine" in names[-1]) == (processing == "refined")
    assert squats.steps == ()


def test_there_is_no_other():
    with pytest.raises(InvalidOptionError, match="not 'polished'"):
        process(make_squats(1.0), "polished")


# Kept in the database


@pytest.mark.parametrize("processing", ["recorded", "cleaned", "refined"])
def test_what_is_read_again_is_what_was_computed_bit_for_bit(settings, processing):
    with open_store(settings.database) as store:
        session_id = add_session(store, make_gappy())
        expected = process(store.load_sequence(session_id), processing)
        assert_same(load_processed(store, session_id, processing), expected)
    with open_store(settings.database) as store:  # the next day
        kept = store.processed.find(session_id, processing, find_version())
        assert (kept is None) == (processing == "recorded")
        assert_same(load_processed(store, session_id, processing), expected)
        assert_same(store.load_sequence(session_id), make_gappy())


def test_what_is_kept_is_what_is_given(store):
    session_id = add_session(store, make_gappy())
    mine = replace(make_gappy(), steps=(DONE_BEFORE,))
    store.processed.keep(session_id, "cleaned", find_version(), mine)
    assert_same(load_processed(store, session_id, "cleaned"), mine)
    names = [step.name for step in load_processed(store, session_id, "refined").steps]
    assert DONE_BEFORE.name not in names


def test_another_version_of_the_processing_computes_again(store):
    session_id = add_session(store, make_squats(1.0))
    older = replace(make_squats(1.0), steps=(DONE_BEFORE,))
    store.processed.keep(session_id, "cleaned", "of last year", older)
    for _ in range(2):
        steps = load_processed(store, session_id, "cleaned").steps
        assert steps == process(make_squats(1.0), "cleaned").steps
    assert store.processed.find(session_id, "cleaned", "of last year") is None


def test_a_session_that_still_grows_is_not_kept(store):
    squats = make_squats(2.0)
    session_id = add_session(store, squats[:30], is_finished=False)
    half = load_processed(store, session_id, "cleaned")
    assert store.processed.find(session_id, "cleaned", find_version()) is None
    store.append_frames(session_id, squats[30:])
    store.finish_session(session_id)
    store.processed.keep(session_id, "cleaned", find_version(), half)  # late, and only half of it
    assert_same(load_processed(store, session_id, "cleaned"), process(squats, "cleaned"))


def test_it_goes_with_its_session_and_stays_with_another(settings):
    with open_store(settings.database) as store:
        gone, failed, kept = (add_session(store, make_squats(0.5)) for _ in range(3))
        for session_id in (gone, failed, kept):
            load_processed(store, session_id, "cleaned")
        store.delete_session(gone)
        store.fail_session(failed, "Because.")
        with pytest.raises(SessionNotFoundError):
            load_processed(store, gone, "cleaned")
        assert len(load_processed(store, kept, "cleaned")) == 15
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        for table in ("processed", "processed_frames"):
            ids = connection.execute(f"SELECT DISTINCT id FROM {table}").fetchall()
            assert len(ids) == 1


def test_somebody_elses_is_answered_like_an_unknown_session(store):
    session_id = add_session(store, make_squats(0.5))
    cleaned = load_processed(store, session_id, "cleaned")
    stranger = store.for_owner("stranger")
    for unknown in (session_id, str(uuid4()), "' OR 1=1 --"):
        with pytest.raises(SessionNotFoundError):
            load_processed(stranger, unknown, "cleaned")
        with pytest.raises(SessionNotFoundError):
            stranger.processed.find(unknown, "cleaned", find_version())
        with pytest.raises(SessionNotFoundError):
            stranger.processed.keep(unknown, "cleaned", find_version(), cleaned)


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_hardly_any_frames_are_kept_as_well(store, n_frames):
    session_id = add_session(store, make_squats(1.0)[:n_frames])
    for _ in range(2):
        assert len(load_processed(store, session_id, "refined")) == n_frames
    with pytest.raises(InvalidOptionError):
        load_processed(store, session_id, "polished")


def test_a_database_from_before_they_were_kept_keeps_them(settings):
    with open_store(settings.database) as store:
        session_id = store.create_session(name="Squats", source="live")
        store.append_frames(session_id, make_squats(0.5))
    make_older(settings.database, 3)
    with open_store(settings.database) as store:
        store.finish_session(session_id)
        load_processed(store, session_id, "cleaned")
        assert store.processed.find(session_id, "cleaned", find_version()) is not None


def test_the_steps_are_a_table():
    cleaned = process(make_squats(1.0), "cleaned")
    rows = to_steps_table(cleaned).to_pylist()
    assert [row["step"] for row in rows] == list(range(1, len(cleaned.steps) + 1))
    assert [row["name"] for row in rows] == [step.name for step in cleaned.steps]
    [row] = to_steps_table(replace(cleaned, steps=(DONE_BEFORE,))).to_pylist()
    expected = '{"share": 0.1, "times": 3, "is_so": true, "why": "\\u00e9", "none": null}'
    assert row["parameters"] == expected
    empty = to_steps_table(make_squats(1.0))
    assert (empty.num_rows, empty.schema) == (0, to_steps_table(cleaned).schema)
