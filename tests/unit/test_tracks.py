"""Sessions that were filmed at once: joined, read by who may, and each there on its own."""

import json

import numpy as np
import pytest

from posecore import open_store
from posecore.alignment import align_by_clock
from posecore.cli import main
from posecore.errors import ComparisonError, InvalidFieldError, SessionNotFoundError
from posecore.synthetic import make_squats
from tests.unit.older_database import make_older
from tests.unit.sharing import NO_ID, add_session, share


@pytest.fixture
def pair(store):
    """Two sessions; the second's times are 0.3 s too early."""
    a, b = add_session(store), add_session(store, name="Wall (camera 2)")
    store.tracks.join(b, beside=a, offset_s=0.3, error_s=0.02, how="clocks")
    return a, b


def test_a_session_alone_has_no_tracks(store):
    assert store.tracks.list(add_session(store)) == []


def test_both_name_each_other_with_the_offset(store, pair):
    a, b = pair
    assert {track.session_id for track in store.tracks.list(a)} == {a, b}
    assert store.tracks.list(a) == store.tracks.list(b)
    assert store.tracks.find_offset(a, b) == (0.3, 0.02, "clocks", 0.0)
    assert store.tracks.find_offset(b, a) == (-0.3, 0.02, "clocks", 0.0)
    assert store.tracks.find_offset(a, a) is None


def test_a_better_offset_takes_the_place_of_the_first(store, pair):
    a, b = pair
    store.tracks.join(b, beside=a, offset_s=0.31, error_s=0.008, how="movement")
    assert store.tracks.find_offset(a, b) == (0.31, 0.008, "movement", 0.0)
    assert len(store.tracks.list(a)) == 2


def test_a_third_camera_is_on_the_same_clock(store, pair):
    a, b = pair
    c = add_session(store)
    store.tracks.join(c, beside=b, offset_s=-0.1, error_s=0.01, how="movement")
    found = store.tracks.find_offset(a, c)
    assert found.offset_s == pytest.approx(0.2)
    assert found.error_s >= np.hypot(0.02, 0.01)
    assert found.how == "clocks"
    assert len(store.tracks.list(a)) == 3


def test_clocks_that_drift_stand_to_each_other_whichever_is_asked(store, pair):
    a, _ = pair
    b, c = add_session(store), add_session(store)
    joined = {"error_s": 0.02, "how": "clocks"}
    store.tracks.join(b, beside=a, offset_s=2.0, drift=80e-6, **joined)
    store.tracks.join(c, beside=b, offset_s=-5.0, drift=-60e-6, **joined)

    def put(time_s, *, of, on):
        found = store.tracks.find_offset(on, of)
        return time_s + found.offset_s + found.drift * time_s

    for time_s in (0.0, 1800.0):
        on_b_s = put(time_s, of=c, on=b)
        assert on_b_s == pytest.approx(time_s * (1 - 60e-6) - 5.0, abs=1e-9)
        assert put(on_b_s, of=b, on=a) == pytest.approx(on_b_s * (1 + 80e-6) + 2.0, abs=1e-9)
        assert put(time_s, of=c, on=a) == pytest.approx(put(on_b_s, of=b, on=a), abs=1e-9)
        assert put(put(time_s, of=a, on=c), of=c, on=a) == pytest.approx(time_s, abs=1e-9)


def test_tracks_from_before_drifts_were_known_have_none(settings):
    with open_store(settings.database) as store:
        a, b = add_session(store), add_session(store)
        store.tracks.join(b, beside=a, offset_s=0.3, error_s=0.02, how="clocks")
    make_older(settings.database, n_steps=12)
    with open_store(settings.database) as store:
        assert store.tracks.find_offset(a, b) == (0.3, 0.02, "clocks", 0.0)
        store.tracks.join(b, beside=a, offset_s=0.3, error_s=0.02, how="clocks", drift=1e-5)
        assert store.tracks.find_offset(a, b).drift == 1e-5


def test_deleting_one_leaves_the_other_alone(store, pair):
    for gone, kept in (pair, pair[::-1]):
        if gone not in {session.id for session in store.get_sessions()}:
            continue
        store.delete_session(gone)
        assert store.get_session(kept).frame_count == 15
        assert store.tracks.list(kept) == []
        with pytest.raises(SessionNotFoundError):
            store.tracks.list(gone)
        with store._database.cursor() as cursor:
            assert cursor.execute("SELECT count(*) FROM tracks").fetchall() == [(0,)]
        return


def test_deleting_one_of_three_leaves_two_together(store, pair):
    a, b = pair
    c = add_session(store)
    store.tracks.join(c, beside=a, offset_s=0.1, error_s=0.02, how="clocks")
    store.delete_session(a)
    assert store.tracks.find_offset(b, c) is not None


def test_who_was_shared_one_of_them_sees_no_other(store, pair):
    a, b = pair
    reader = store.for_owner("https://id.example#reader")
    store.update_session(b, athlete="Jo")
    share(store, reader, athlete="Mira")
    assert reader.tracks.list(a) == []
    share(store, reader, athlete="Jo")
    assert {track.session_id for track in reader.tracks.list(a)} == {a, b}


@pytest.mark.parametrize(
    "wrong",
    [
        {"offset_s": float("nan")},
        {"offset_s": 1e9},
        {"error_s": -0.1},
        {"error_s": float("inf")},
        {"drift": float("nan")},
        {"drift": -1.0},
        {"how": "reference"},
        {"how": "'; DROP TABLE tracks; --"},
    ],
    ids=str,
)
def test_what_is_no_offset_is_refused(store, pair, wrong):
    a, b = pair
    usual = {"offset_s": 0.1, "error_s": 0.02, "how": "clocks"}
    with pytest.raises(InvalidFieldError):
        store.tracks.join(b, beside=a, **usual | wrong)
    assert store.tracks.find_offset(a, b) == (0.3, 0.02, "clocks", 0.0)


def test_a_session_is_not_joined_with_itself_or_with_none(store, pair):
    a, _ = pair
    usual = {"offset_s": 0.1, "error_s": 0.02, "how": "clocks"}
    with pytest.raises(InvalidFieldError, match="itself"):
        store.tracks.join(a, beside=a, **usual)
    with pytest.raises(SessionNotFoundError):
        store.tracks.join(a, beside=NO_ID, **usual)


# Alignment by the common clock


def test_the_common_clock_matches_what_happened_at_once():
    a, b = make_squats(4.0), make_squats(3.0)
    made = align_by_clock(a, b, offset_s=0.5, error_s=0.02)
    assert (made.method, made.stretch) == ("clock", pytest.approx(1.0))
    np.testing.assert_allclose(made.to_b([0.5, 1.0, 3.0]), [0.0, 0.5, 2.5])
    assert np.isnan(made.to_b([0.3, 3.8])).all()
    assert "±20 ms" in made.description


def test_a_drift_is_put_right_over_the_whole_match():
    a, b = make_squats(9.0), make_squats(8.0)
    made = align_by_clock(a, b, offset_s=0.5, error_s=0.02, drift=0.01)
    own_s = np.array([0.0, 2.0, 7.9])
    np.testing.assert_allclose(made.to_a(own_s), 0.5 + 1.01 * own_s)
    assert made.to_a(b.time_s[-1]) == pytest.approx(0.5 + 1.01 * b.time_s[-1])
    assert "10000 parts in a million" in made.description


def test_recordings_that_share_one_moment_are_matched_there():
    a, b = make_squats(2.0), make_squats(1.0)
    made = align_by_clock(a, b, offset_s=float(a.time_s[-1]), error_s=0.1)
    assert (made.a_time_s.tolist(), made.b_time_s.tolist()) == ([a.time_s[-1]], [0.0])


def test_recordings_without_a_common_moment_cannot_be_brought_together_by_the_clock():
    with pytest.raises(ComparisonError, match="in another way"):
        align_by_clock(make_squats(1.0), make_squats(1.0), offset_s=5.0, error_s=0.1)


# REST and the command line


def test_rest_names_the_tracks_and_compares_by_their_clock(api, store, pair):
    a, b = pair
    body = api.get(f"/v1/sessions/{a}/tracks").json()
    assert {each["session_id"]: (each["how"], each["drift"]) for each in body["tracks"]} == {
        a: ("reference", 0.0),
        b: ("clocks", 0.0),
    }
    assert api.get(f"/v1/sessions/{NO_ID}/tracks").status_code == 404
    alone = add_session(store)
    assert api.get(f"/v1/sessions/{alone}/tracks").json() == {"recording_id": None, "tracks": []}
    compared = api.get("/v1/comparison", params={"a": a, "b": b, "by": "clock"})
    alignment = compared.json()["alignment"]
    assert (alignment["method"], alignment["offset_s"]) == ("clock", pytest.approx(-0.3))
    again = api.get(
        "/v1/comparison",
        params={"a": a, "b": b, "by": "clock"},
        headers={"If-None-Match": compared.headers["ETag"]},
    )
    assert again.status_code == 304
    store.tracks.join(b, beside=a, offset_s=0.2, error_s=0.01, how="movement")
    moved = api.get(
        "/v1/comparison",
        params={"a": a, "b": b, "by": "clock"},
        headers={"If-None-Match": compared.headers["ETag"]},
    )
    assert moved.json()["alignment"]["offset_s"] == pytest.approx(-0.2)
    store.tracks.join(b, beside=a, offset_s=0.2, error_s=0.01, how="movement", drift=1e-3)
    moved = api.get("/v1/comparison", params={"a": a, "b": b, "by": "clock"})
    assert moved.json()["alignment"]["stretch"] == pytest.approx(1 / 1.001)
    assert api.get(f"/v1/sessions/{b}/tracks").json()["tracks"][1]["drift"] == 1e-3
    refused = api.get("/v1/comparison", params={"a": a, "b": alone, "by": "clock"})
    assert refused.status_code == 422
    assert "no common clock" in refused.json()["detail"]


def test_show_names_the_other_track(settings, monkeypatch, capsys):
    monkeypatch.setenv("POSECORE_DATA", str(settings.data_dir))
    monkeypatch.delenv("POSECORE_DB", raising=False)
    with open_store(settings.database) as store:
        a, b = add_session(store), add_session(store)
        store.tracks.join(b, beside=a, offset_s=0.3, error_s=0.02, how="movement")
        c = add_session(store)
        store.tracks.join(c, beside=a, offset_s=0.4, error_s=0.02, how="clocks", drift=-32e-6)
    assert main(["show", a]) == 0
    said = capsys.readouterr().out
    assert f"filmed with     {b}, its times +0.300 s (within 20 ms, by the movement)" in said
    assert f"{c}, its times +0.400 s -32.0 \N{MICRO SIGN}s a second (within 20 ms, by" in said
    assert main(["show", b, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tracks"][0] == {
        "session_id": a,
        "offset_s": -0.3,
        "error_s": 0.02,
        "how": "movement",
        "drift": 0.0,
    }
