"""REST about what is computed: the same numbers as the library gives, and the reasons for none."""

import io
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from posecore import SCORE_FORMULA, compare, compute_metrics, find_moments
from posecore.alignment import align_by_event, align_by_moment
from posecore.export import to_angles_table, to_csv_bytes
from posecore.metric_table import METRICS
from posecore.placement import mirror
from posecore.synthetic import make_squats
from tests.unit.test_api_sessions import NO_ID, check_problem


@pytest.fixture
def squats(store):
    session_id = store.create_session(name="Squats", source="stream", athlete="Mia", tags=["leg"])
    store.append_frames(session_id, make_squats(duration_s=8.0))
    store.finish_session(session_id)
    return session_id


@pytest.fixture
def slower(store):
    session_id = store.create_session(name="Slower", source="stream", athlete="Mia")
    store.append_frames(session_id, make_squats(duration_s=10.0, rate_hz=0.4))
    store.finish_session(session_id)
    return session_id


def is_same_number(got, expected):
    return got is None if math.isnan(expected) else got == expected


def test_angles_are_the_librarys_in_every_format(api, store, squats):
    path = f"/v1/sessions/{squats}/angles"
    sequence = store.load_sequence(squats)
    names = ["left_knee_flexion", "trunk_lean"]
    params = {"names": ",".join(names), "processing": "recorded"}
    expected = to_angles_table(sequence, names)
    rows = api.get(path, params=params).json()
    assert rows == expected.to_pylist()
    got = api.get(path, params={**params, "format": "parquet"}).content
    assert pa.parquet.read_table(io.BytesIO(got)).equals(expected)
    assert api.get(path, params={"format": "csv"}).content == to_csv_bytes(
        to_angles_table(sequence)
    )
    trusted = api.get(path, params={**params, "max_error_deg": 15}).json()
    assert trusted == to_angles_table(sequence, names, max_error_deg=15).to_pylist()
    tag = api.get(path).headers["ETag"]
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    "wanted",
    [
        {"names": "left_tail_flexion"},
        {"names": "left_knee_flexion;"},
        {"max_error_deg": "nan"},
        {"max_error_deg": "-1"},
        {"processing": "polished"},
        {"format": "xlsx"},
    ],
)
def test_angles_nobody_can_have_are_refused(api, squats, wanted):
    check_problem(api.get(f"/v1/sessions/{squats}/angles", params=wanted), 422)


def test_metrics_come_with_their_formula_or_the_reason_why_not(api, store, squats):
    answer = api.get(f"/v1/sessions/{squats}/metrics")
    found = {each["name"]: each for each in answer.json()["metrics"]}
    expected = compute_metrics(store.load_sequence(squats))
    assert list(found) == list(expected.index) == list(METRICS)
    for name, row in expected.iterrows():
        assert is_same_number(found[name]["value"], row["value"])
        assert found[name]["reason"] == row["note"]
        assert bool(found[name]["reason"]) == (found[name]["value"] is None)
        assert found[name]["formula"] == METRICS[name].formula
    same = api.get(
        f"/v1/sessions/{squats}/metrics", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert same.status_code == 304


def test_a_session_without_frames_has_reasons_and_no_numbers(api, store):
    session_id = store.create_session(name="Empty", source="stream")
    for processing in ("recorded", "cleaned", "refined"):
        params = {"processing": processing}
        answer = api.get(f"/v1/sessions/{session_id}/metrics", params=params)
        assert answer.status_code == 200, answer.text
        assert all(each["value"] is None and each["reason"] for each in answer.json()["metrics"])
        assert api.get(f"/v1/sessions/{session_id}/angles", params=params).json() == []
        assert api.get(f"/v1/sessions/{session_id}/frames", params=params).json() == []


@pytest.mark.parametrize(
    ("wanted", "options"),
    [
        ({}, lambda a, b: {}),
        ({"by": "start", "mirror": True}, lambda a, b: {"alignment": "start", "mirror": True}),
        ({"by": "repetition"}, lambda a, b: {"alignment": "repetition"}),
        (
            {"by": "first movement", "same_size": True, "on_ground": True},
            lambda a, b: {
                "alignment": align_by_event(a, b, "first movement"),
                "same_size": True,
                "on_ground": True,
            },
        ),
        (
            {"by": "moment", "a_s": 1.0, "b_s": 2.0, "angles": "left_knee_flexion,trunk_lean"},
            lambda a, b: {
                "alignment": align_by_moment(a, b, a_s=1.0, b_s=2.0),
                "angles": ["left_knee_flexion", "trunk_lean"],
            },
        ),
    ],
)
def test_a_comparison_is_the_librarys(api, store, squats, slower, wanted, options):
    a, b = (store.load_sequence(each) for each in (squats, slower))
    expected = compare(a, b, **options(a, b))
    answer = api.get("/v1/comparison", params={"a": squats, "b": slower, **wanted})
    found = answer.json()
    assert answer.status_code == 200, answer.text
    assert (found["a"]["id"], found["b"]["id"]) == (squats, slower)
    assert found["score"] == expected.score
    assert found["score_formula"] == SCORE_FORMULA
    assert found["alignment"]["description"] == expected.alignment.description
    assert found["alignment"]["offset_s"] == pytest.approx(expected.alignment.offset_s)
    assert [each["angle"] for each in found["angles"]] == list(expected.table.index)
    for each in found["angles"]:
        row = expected.table.loc[each["angle"]]
        for column in expected.table.columns.drop("is_outside"):
            assert is_same_number(each[column], float(row[column])), column
    same = {"If-None-Match": answer.headers["ETag"]}
    params = {"a": squats, "b": slower, **wanted}
    assert api.get("/v1/comparison", params=params, headers=same).status_code == 304
    assert mirror(a)


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 422),
        ({"b": NO_ID}, 404),
        ({"b": "x"}, 404),
        ({"by": "magic"}, 422),
        ({"limit_s": 0}, 422),
        ({"limit_s": "inf"}, 422),
        ({"by": "moment", "a_s": 1e9}, 422),
        ({"angles": "left_tail"}, 422),
    ],
)
def test_a_comparison_nobody_can_make_is_refused_with_the_reason(api, squats, wanted, status):
    params = {"a": squats} | ({"b": squats} if wanted and "b" not in wanted else {}) | wanted
    check_problem(api.get("/v1/comparison", params=params), status)


def test_sessions_without_frames_cannot_be_compared(api, store, squats):
    empty = store.create_session(name="Empty", source="stream")
    for by in ("warp", "start", "moment", "first movement", "repetition"):
        params = {"a": empty, "b": squats, "by": by}
        check_problem(api.get("/v1/comparison", params=params), 422)


def test_moments_are_found_as_the_library_finds_them(api, store, squats, slower):
    where = ["left_knee_flexion > 60", "right_knee_flexion > 60"]
    unread = api.get("/v1/moments", params={"where": where}).json()
    assert (unread["moments"], unread["unread_frames"]) == ([], 540)
    found = api.get("/v1/moments", params={"where": where, "fill": True, "limit": 2}).json()
    expected = find_moments(store, where)
    assert found["total"] == len(expected) > 2
    assert found["unread_frames"] == 0
    for each, row in zip(found["moments"], expected.to_dict("records"), strict=False):
        assert (each["session_id"], each["start_s"]) == (row["session_id"], row["start_s"])
    tagged = api.get("/v1/moments", params={"where": where, "tag": "leg"}).json()
    assert {each["session_id"] for each in tagged["moments"]} == {squats}
    later = {"where": where, "since": "2999-01-01"}
    assert api.get("/v1/moments", params=later).json()["total"] == 0


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"where": "1 = 1"},
        {"where": "left_knee_flexion > 9999"},
        {"where": "left_tail > 1"},
        {"where": "left_knee_flexion > 90; DROP TABLE sessions"},
        {"where": ["left_knee_flexion > 1"] * 11},
        {"where": "left_knee_flexion > 90", "min_duration_s": "nan"},
        {"where": "left_knee_flexion > 90", "since": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_moments_nobody_can_look_for_are_refused(api, squats, wanted):
    check_problem(api.get("/v1/moments", params=wanted), 422)
    assert np.isfinite(api.get(f"/v1/sessions/{squats}").json()["fps"])
