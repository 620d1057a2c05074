"""REST about frames: every format says the same, and nothing gets in that breaks the contract."""

import io
import json

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from posecore.api.limits import ApiLimits
from posecore.export import to_csv_bytes, to_landmarks_table
from posecore.frame_arrow import LIST_SIZES, read_stream, to_arrow, write_stream
from posecore.processing import load_processed
from posecore.sequence import NO_PICTURE
from posecore.synthetic import make_squats
from posecore.topology import N_LANDMARKS
from tests.unit.api_server import make_context, run_api
from tests.unit.test_api_sessions import check_problem

ARROW = {"Content-Type": "application/vnd.apache.arrow.stream"}
FORMATS = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


def make_gappy(duration_s=2.0):
    """Squats in which a landmark is missing now and then, and nobody is seen for a while."""
    squats = make_squats(duration_s=duration_s)
    arrays = {name: np.array(getattr(squats, name)) for name in LIST_SIZES}
    arrays["world_landmarks"][3, 5, 1] = np.nan
    arrays["visibility"][4, 7] = np.nan
    for array in arrays.values():
        array[10:15] = np.nan
    return type(squats)(
        time_s=squats.time_s,
        frame_number=squats.frame_number * 2 + 5,
        image_size=squats.image_size,
        **arrays,
    )


def is_same(a, b):
    names = ("time_s", "frame_number", *LIST_SIZES)
    return a.image_size == b.image_size and all(
        np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True) for name in names
    )


@pytest.fixture
def recorded(store):
    """A finished session with gaps, 60 frames numbered 5, 7, 9, ..."""
    session_id = store.create_session(name="Wall / 3", source="stream")
    store.append_frames(session_id, make_gappy())
    store.finish_session(session_id)
    return session_id


@pytest.fixture
def begun(store):
    """A session that waits for frames."""
    return store.create_session(name="Begun", source="stream")


def read_json_arrays(frames):
    arrays = {}
    for name, size in LIST_SIZES.items():
        shape = (N_LANDMARKS, 3) if size > N_LANDMARKS else (N_LANDMARKS,)
        nobody = np.full(shape, np.nan, np.float32)
        rows = [
            nobody if frame[name] is None else np.array(frame[name], dtype=np.float32)
            for frame in frames
        ]
        arrays[name] = np.stack(rows)
    return arrays


def test_each_format_gives_back_the_same_numbers(api, store, recorded):
    sequence = store.load_sequence(recorded)
    got = {name: api.get(f"/v1/sessions/{recorded}/frames?format={name}") for name in FORMATS}
    for name, answer in got.items():
        assert answer.headers["Content-Type"] == FORMATS[name]
        assert "private" in answer.headers["Cache-Control"]
        assert f"wall-3_{recorded[:8]}_frames." in answer.headers["Content-Disposition"]
    frames = got["json"].json()
    assert [json.loads(line) for line in got["jsonl"].text.splitlines()] == frames
    assert [frame["frame_number"] for frame in frames] == sequence.frame_number.tolist()
    assert [frame["time_s"] for frame in frames] == sequence.time_s.tolist()
    for name, array in read_json_arrays(frames).items():
        assert np.array_equal(array, getattr(sequence, name), equal_nan=True), name
    assert frames[10]["image_landmarks"] is None
    assert frames[3]["world_landmarks"][5][1] is None
    assert "NaN" not in got["json"].text
    assert is_same(read_stream(got["arrow"].content), sequence)
    assert got["csv"].content == to_csv_bytes(to_landmarks_table(sequence))
    wide = pa.parquet.read_table(io.BytesIO(got["parquet"].content))
    assert wide.replace_schema_metadata(None).equals(to_landmarks_table(sequence))


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"from_frame": 9, "to_frame": 13}, [9, 11, 13]),
        ({"from_frame": 121}, [121, 123]),
        ({"from_s": 0.1, "to_s": 0.2}, [11, 13, 15, 17]),
        ({"every": 50}, []),
        ({"every": 25}, [25, 75]),
        ({"limit": 2}, [5, 7]),
        ({"from_frame": 2_000_000_000}, []),
        ({"from_s": -1e9, "to_s": 1e9, "limit": 1}, [5]),
        ({"from_frame": 100, "to_frame": 1}, []),
    ],
)
@pytest.mark.parametrize("processing", ["recorded", "cleaned"])
def test_only_the_frames_asked_for_come(api, recorded, wanted, numbers, processing):
    for name in ("json", "arrow", "csv"):
        params = {"format": name, "processing": processing, **wanted}
        answer = api.get(f"/v1/sessions/{recorded}/frames", params=params)
        assert answer.status_code == 200
        if name == "json":
            found = [frame["frame_number"] for frame in answer.json()]
        elif name == "arrow":
            found = read_stream(answer.content).frame_number.tolist()
        else:
            found = pa.csv.read_csv(io.BytesIO(answer.content))["frame_number"].to_pylist()
        assert found == numbers


def test_only_the_fields_asked_for_come(api, recorded):
    path = f"/v1/sessions/{recorded}/frames"
    params = {"fields": "visibility,world_landmarks", "limit": 1}
    (frame,) = api.get(path, params=params).json()
    assert list(frame) == ["frame_number", "time_s", "world_landmarks", "visibility"]
    wide = pa.csv.read_csv(io.BytesIO(api.get(path, params={**params, "format": "csv"}).content))
    kinds = {name.partition("nose_")[2] for name in wide.column_names if "nose_" in name}
    assert kinds == {"world_x_m", "world_y_m", "world_z_m", "visibility"}
    for fields in ("landmarks", "visibility,", "time_s", "visibility;presence", "../x"):
        check_problem(api.get(path, params={"fields": fields}), 422)


@pytest.mark.parametrize("processing", ["cleaned", "refined"])
def test_processed_frames_come_with_what_was_done(api, store, recorded, processing):
    params = {"processing": processing, "format": "arrow"}
    found = read_stream(api.get(f"/v1/sessions/{recorded}/frames", params=params).content)
    expected = load_processed(store, recorded, processing)
    assert is_same(found, expected)
    assert found.steps == expected.steps != ()
    steps = api.get(f"/v1/sessions/{recorded}/steps", params={"processing": processing}).json()
    assert [step["name"] for step in steps["steps"]] == [step.name for step in expected.steps]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/*", "text/csv; charset=utf-8"),
        ("text/csv;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("text/html, */*;q=0.1", "application/json"),
        ("application/json;q=0, text/csv", "text/csv; charset=utf-8"),
        ("image/png", None),
        ("", None),
        ("text/csv;q=x", None),
    ],
)
def test_the_format_is_the_one_the_caller_takes(api_url, recorded, accept, content_type):
    headers = [("Accept", accept)] if accept is not None else []
    with httpx.Client(base_url=f"{api_url}/api", trust_env=False) as client:
        if accept is None:
            del client.headers["Accept"]
        answer = client.get(f"/v1/sessions/{recorded}/frames", headers=headers)
    if content_type is None:
        check_problem(answer, 406)
    else:
        assert answer.headers["Content-Type"] == content_type


def test_frames_are_not_sent_again_where_they_are_the_same(api, store, begun):
    path = f"/v1/sessions/{begun}/frames"
    store.append_frames(begun, make_squats(duration_s=1.0))
    tag = api.get(path).headers["ETag"]
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 304
    other = api.get(path, params={"fields": "presence"}, headers={"If-None-Match": tag})
    assert other.status_code == 200
    later = make_squats(duration_s=2.0)[30:]
    added = api.post(path, content=write_stream(later), headers=ARROW | {"If-Match": tag})
    assert added.json() == {"session_id": begun, "added": 30, "frame_count": 60}
    again = api.post(path, content=write_stream(later), headers=ARROW | {"If-Match": tag})
    check_problem(again, 412)
    assert len(api.get(path, headers={"If-None-Match": tag}).json()) == 60


def to_json_frames(sequence):
    """What a client in any language sends."""
    frames = []
    for place in range(len(sequence)):
        frame = {"time_s": float(sequence.time_s[place])}
        frame["frame_number"] = int(sequence.frame_number[place])
        for name in LIST_SIZES:
            array = getattr(sequence, name)[place].astype(float)
            cells = [
                [None if cell != cell else cell for cell in np.atleast_1d(row).tolist()]
                for row in array
            ]
            frame[name] = cells if array.ndim > 1 else [cell for (cell,) in cells]
        frames.append(frame)
    return {"image_size": list(sequence.image_size), "frames": frames}


def test_frames_are_added_as_json_and_as_arrow_bit_for_bit(api, store, begun):
    sequence = make_gappy()
    path = f"/v1/sessions/{begun}/frames"
    first = api.post(path, json=to_json_frames(sequence[:20]), params={"dropped_count": 4})
    assert first.status_code == 200, first.text
    second = api.post(path, content=write_stream(sequence[20:]), headers=ARROW)
    assert second.json()["frame_count"] == 60
    assert is_same(store.load_sequence(begun), sequence)
    session = store.get_session(begun)
    assert (session.detected_count, session.dropped_count) == (55, 4)


def test_frames_are_numbered_on_where_they_have_no_number(api, store, begun):
    path = f"/v1/sessions/{begun}/frames"
    for start_s in (0.0, 1.0):
        frames = [{"time_s": start_s}, {"time_s": start_s + 0.5, "frame_number": None}]
        assert api.post(path, json={"image_size": [640, 360], "frames": frames}).is_success
    sequence = store.load_sequence(begun)
    assert sequence.frame_number.tolist() == [0, 1, 2, 3]
    assert not sequence.is_detected.any()


GOOD = to_json_frames(make_squats(duration_s=0.1))
POINT = "[0.1, 0.2, 0.3]"
PLACES = {n: f"[{', '.join([POINT] * n)}]" for n in (32, 33, 34)}


def with_frame(text):
    return f'{{"image_size": [640, 360], "frames": [{{"time_s": 0, {text}}}]}}'


BAD_JSON = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "no frames": '{"frames": []}',
    "32 landmarks": with_frame(f'"image_landmarks": {PLACES[32]}'),
    "34 landmarks": with_frame(f'"world_landmarks": {PLACES[34]}'),
    "two axes": with_frame('"world_landmarks": ' + PLACES[33].replace(", 0.3]", "]")),
    "NaN": with_frame('"world_landmarks": ' + PLACES[33].replace("0.2", "NaN")),
    "infinity": with_frame('"world_landmarks": ' + PLACES[33].replace("0.2", "Infinity")),
    "1e999": with_frame('"world_landmarks": ' + PLACES[33].replace("0.2", "1e999")),
    "beyond float32": with_frame('"world_landmarks": ' + PLACES[33].replace("0.2", "1e300")),
    "words": with_frame('"world_landmarks": ' + PLACES[33].replace("0.2", '"left"')),
    "visibility above 1": with_frame(f'"visibility": {[1.5] * 33}'),
    "presence below 0": with_frame(f'"presence": {[-0.1] * 33}'),
    "an unknown field": with_frame('"keypoints": []'),
    "a number below 0": with_frame('"frame_number": -1'),
    "a number beyond the database": with_frame('"frame_number": 3000000000'),
    "a number of 5,000 digits": with_frame(f'"frame_number": {"9" * 5000}'),
    "no time": '{"image_size": [1, 1], "frames": [{}]}',
    "a time of day": '{"frames": [{"time_s": 1790000000000}]}',
    "time standing still": '{"frames": [{"time_s": 1}, {"time_s": 1}]}',
    "time going back": '{"frames": [{"time_s": 2}, {"time_s": 1}]}',
    "numbers twice": '{"frames": [{"time_s": 1, "frame_number": 3}, {"time_s": 2, '
    '"frame_number": 3}]}',
    "a picture without a size": f'{{"frames": [{{"time_s": 0, "image_landmarks": {PLACES[33]}}}]}}',
    "a size of 0": '{"image_size": [0, 360], "frames": [{"time_s": 0}]}',
    "a size of three": '{"image_size": [1, 2, 3], "frames": [{"time_s": 0}]}',
    "a huge size": '{"image_size": [100001, 2], "frames": [{"time_s": 0}]}',
    "depth": "[" * 200_000,
}


def test_json_that_breaks_the_contract_is_refused_and_nothing_is_stored(api, store, begun):
    path = f"/v1/sessions/{begun}/frames"
    for name, body in BAD_JSON.items():
        answer = api.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, (name, answer.text)
        check_problem(answer, 422)
        assert store.get_session(begun).frame_count == 0, name
        assert len(store.load_sequence(begun)) == 0, name


def write_table(table, compression=None):
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def make_bad_streams():
    size = {"posecore_image_size": "[640, 360]"}
    good = to_arrow(make_squats(duration_s=1.0)).replace_schema_metadata(size)
    places = {name: good.column_names.index(name) for name in good.column_names}

    def replaced(name, column):
        return write_table(good.set_column(places[name], name, column))

    n_frames = good.num_rows
    infinite = pa.array(np.full(n_frames * 99, np.inf, np.float32))
    outside = pa.array(np.full(n_frames * N_LANDMARKS, 1.5, np.float32))
    whole = write_table(good)
    return {
        "nothing": b"",
        "noise": bytes(range(256)) * 50,
        "half of it": whole[: len(whole) // 2],
        "only its head": whole[:200],
        "a length of four gigabytes": b"\xff\xff\xff\xff\xf0\xff\xff\xff" + whole[8:],
        "compressed": write_table(good, "zstd"),
        "compressed with lz4": write_table(good, "lz4"),
        "a column missing": write_table(good.drop_columns(["presence"])),
        "a column twice": write_table(good.append_column("time_s", good["time_s"])),
        "another type": replaced("time_s", good["time_s"].cast(pa.string())),
        "32 landmarks": replaced(
            "visibility",
            pa.FixedSizeListArray.from_arrays(pa.array(np.ones(n_frames * 32, np.float32)), 32),
        ),
        "infinity": replaced("world_landmarks", pa.FixedSizeListArray.from_arrays(infinite, 99)),
        "visibility above 1": replaced(
            "visibility", pa.FixedSizeListArray.from_arrays(outside, N_LANDMARKS)
        ),
        "no times": replaced("time_s", pa.nulls(n_frames, pa.float64())),
        "times that are NaN": replaced("time_s", pa.array(np.full(n_frames, np.nan))),
        "times that stand still": replaced("time_s", pa.array(np.zeros(n_frames))),
        "times of day": replaced("time_s", pa.array(1.79e12 + np.arange(n_frames))),
        "numbers beyond the database": replaced(
            "frame_number", pa.array(np.arange(n_frames, dtype=np.int64) + 2**31)
        ),
        "numbers below 0": replaced(
            "frame_number", pa.array(np.arange(n_frames, dtype=np.int32) - 1)
        ),
        "a size that is none": write_table(
            good.replace_schema_metadata({"posecore_image_size": '"large"'})
        ),
        "a size of 0": write_table(good.replace_schema_metadata({"posecore_image_size": "[0, 0]"})),
        "a picture without a size": write_table(good.replace_schema_metadata(None)),
        "steps that are none": write_table(
            good.replace_schema_metadata(size | {"posecore_steps": "[7]"})
        ),
    }


def test_arrow_that_breaks_the_contract_is_refused_and_nothing_is_stored(api, store, begun):
    path = f"/v1/sessions/{begun}/frames"
    for name, body in make_bad_streams().items():
        answer = api.post(path, content=body, headers=ARROW)
        assert answer.status_code == 422, (name, answer.text)
        check_problem(answer, 422)
        assert store.get_session(begun).frame_count == 0, name
    noise = np.random.default_rng(0)
    whole = bytearray(write_stream(make_squats(duration_s=0.2)))
    for _ in range(200):
        broken = bytearray(whole)
        for place in noise.integers(0, 1500, 5):
            broken[place] = noise.integers(256)
        answer = api.post(path, content=bytes(broken), headers=ARROW)
        assert answer.status_code in (200, 409, 422), answer.text
    stored = store.load_sequence(begun)
    assert np.isfinite(stored.time_s).all()


def test_what_does_not_follow_is_a_conflict(api, store, begun, recorded):
    path = f"/v1/sessions/{begun}/frames"
    sequence = make_squats(duration_s=1.0)
    assert api.post(path, content=write_stream(sequence), headers=ARROW).is_success
    check_problem(api.post(path, content=write_stream(sequence), headers=ARROW), 409)
    check_problem(api.post(path, json={"frames": [{"time_s": 0.5}]}), 409)
    finished = api.post(
        f"/v1/sessions/{recorded}/frames", content=write_stream(sequence), headers=ARROW
    )
    check_problem(finished, 409)
    assert len(store.load_sequence(begun)) == 30
    other = {"image_size": [100, 100], "frames": [{"time_s": 5}]}
    assert "begin a new session" in check_problem(api.post(path, json=other), 422)["detail"]


def test_frames_without_a_picture_are_taken(api, store, begun):
    sequence = make_squats(duration_s=0.2)
    frames = to_json_frames(sequence)
    for frame in frames["frames"]:
        del frame["image_landmarks"]
    del frames["image_size"]
    assert api.post(f"/v1/sessions/{begun}/frames", json=frames).is_success
    stored = store.load_sequence(begun)
    assert stored.image_size == NO_PICTURE
    assert np.array_equal(stored.world_landmarks, sequence.world_landmarks)


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "multipart/form-data; boundary=x", "application/xml"]
)
def test_other_kinds_of_body_are_refused(api, store, begun, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    body = json.dumps(GOOD).encode()
    check_problem(api.post(f"/v1/sessions/{begun}/frames", content=body, headers=headers), 415)
    assert store.get_session(begun).frame_count == 0


def test_too_many_frames_at_once_are_refused(store, settings, begun):
    limits = ApiLimits(frames_at_once=10, json_frames_bytes=100_000)
    with (
        make_context(store, settings) as context,
        run_api(context, limits) as url,
        httpx.Client(base_url=f"{url}/api/v1/sessions/{begun}", trust_env=False) as client,
    ):
        many = write_stream(make_squats(duration_s=1.0))
        check_problem(client.post("/frames", content=many, headers=ARROW), 422)
        large = json.dumps(to_json_frames(make_squats(duration_s=1.0)))
        headers = {"Content-Type": "application/json"}
        check_problem(client.post("/frames", content=large, headers=headers), 413)
    assert store.get_session(begun).frame_count == 0


def test_half_a_body_stores_nothing(api_url, store, begun):
    body = write_stream(make_squats(duration_s=1.0))

    def pour():
        yield body[: len(body) // 2]
        raise ConnectionAbortedError("the phone is gone")

    with (
        httpx.Client(base_url=f"{api_url}/api", trust_env=False) as client,
        pytest.raises(ConnectionAbortedError),
    ):
        client.post(f"/v1/sessions/{begun}/frames", content=pour(), headers=ARROW)
    with httpx.Client(base_url=f"{api_url}/api", trust_env=False) as client:
        assert client.get(f"/v1/sessions/{begun}").json()["frame_count"] == 0
    assert len(store.load_sequence(begun)) == 0


@pytest.fixture
def long_session(store):
    session_id = store.create_session(name="Long", source="stream")
    store.append_frames(session_id, make_squats(duration_s=600.0))
    store.finish_session(session_id)
    return session_id


def test_somebody_who_goes_away_in_the_middle_holds_nothing(api_url, store, long_session):
    with (
        httpx.Client(base_url=f"{api_url}/api", trust_env=False) as client,
        client.stream("GET", f"/v1/sessions/{long_session}/frames") as answer,
    ):
        first = next(answer.iter_raw())
        assert first.startswith(b"[")
        # While the answer waits for its reader no cursor is open, and others may write.
        database = store._database
        with database._resting:
            assert database._resting.wait_for(lambda: not database._n_cursors, timeout=30)
        store.update_session(long_session, name="Longer")
    store.delete_session(long_session)
    with database._resting:
        assert database._resting.wait_for(lambda: not database._n_cursors, timeout=30)


def test_an_answer_whose_session_is_deleted_is_seen_to_be_cut_off(api_url, store, long_session):
    with (
        httpx.Client(base_url=f"{api_url}/api", trust_env=False) as client,
        client.stream("GET", f"/v1/sessions/{long_session}/frames") as answer,
    ):
        pieces = answer.iter_raw(1024)
        next(pieces)
        store.delete_session(long_session)
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in pieces:
                pass


@pytest.mark.parametrize("ending", ["revoked", "taken back"])
@pytest.mark.parametrize(
    "path", ["frames", "frames?processing=cleaned&format=csv", "angles", "angles?format=jsonl"]
)
def test_an_answer_breaks_off_when_a_right_is_taken_back(
    api_url, store, long_session, ending, path
):
    coach = store.for_owner("coach")
    store.update_session(long_session, athlete="Mira")
    share, secret = store.shares.create(athlete="Mira")
    coach.shares.accept(secret)
    token, text = coach.tokens.create(name="Script", scopes=["read"], days=1)
    headers = {"Authorization": f"Bearer {text}"}
    with (
        httpx.Client(base_url=f"{api_url}/api", trust_env=False, timeout=60) as client,
        client.stream("GET", f"/v1/sessions/{long_session}/{path}", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        pieces = answer.iter_raw(1024)
        next(pieces)
        if ending == "revoked":
            coach.tokens.revoke(token.id)
        else:
            store.shares.revoke(share.id)
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in pieces:
                pass


def test_a_growing_session_is_read_as_far_as_it_was(api, store, begun):
    store.append_frames(begun, make_squats(duration_s=1.0))
    path = f"/v1/sessions/{begun}/frames"
    assert len(api.get(path).json()) == 30
    store.append_frames(begun, make_squats(duration_s=2.0)[30:])
    assert len(api.get(path).json()) == 60
