"""The sample sessions that come with posecore."""

import numpy as np

from posecore.samples import SAMPLES_DIR, load_samples, write_sample


def test_samples_are_whole_sessions(store):
    ids = load_samples(store)
    sessions = [store.get_session(session_id) for session_id in ids]
    assert len(sessions) == len(list(SAMPLES_DIR.glob("*.parquet"))) >= 2
    assert {session.source for session in sessions} == {"sample"}
    assert {session.status for session in sessions} == {"completed"}
    assert {(session.image_width, session.image_height) for session in sessions} == {(1768, 994)}
    for session in sessions:
        sequence = store.load_sequence(session.id)
        assert sequence.n_frames == session.frame_count > 30
        assert session.detected_count >= 0.9 * session.frame_count
        assert 29 < session.fps < 31


def test_loading_them_twice_adds_nothing(store):
    assert load_samples(store) == load_samples(store)
    assert len(store.get_sessions()) == len(list(SAMPLES_DIR.glob("*.parquet")))


def test_one_that_was_deleted_comes_back(store):
    first, *others = load_samples(store)
    store.delete_session(first)
    again, *same = load_samples(store)
    assert again != first
    assert same == others


def test_a_session_survives_being_written_as_a_sample(store, tmp_path):
    original = load_samples(store)[0]
    write_sample(store, original, tmp_path / "a.parquet")
    before = store.load_sequence(original)
    store.delete_session(original)
    (copy,) = load_samples(store, tmp_path)
    after = store.load_sequence(copy)
    np.testing.assert_array_equal(before.world_landmarks, after.world_landmarks)
    np.testing.assert_array_equal(before.time_s, after.time_s)
