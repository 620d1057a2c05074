"""REST about files: videos that are analysed and watched, landmarks of other programs."""

import socket
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from posecore import write_sequence
from posecore.api.limits import ApiLimits
from posecore.synthetic import make_squats
from posecore.video_writer import VideoWriter
from tests.unit.api_server import make_context, run_api
from tests.unit.test_api_sessions import check_problem

FILE = {"Content-Type": "application/octet-stream"}
N_BYTES = 100_000


def wait_until_done(api, session_id, context):
    """Until nothing of the import is to be done any more; the queue says so itself."""
    done = threading.Event()
    queue = context.get_queue("local")

    def watch():
        while any(job.state in ("waiting", "running") for job in queue.jobs):
            done.wait(0.05)
        done.set()

    threading.Thread(target=watch, daemon=True).start()
    assert done.wait(120), "the import did not end"
    return api.get(f"/v1/sessions/{session_id}/progress").json()


@pytest.fixture
def context(store, settings):
    with make_context(store, settings) as context:
        yield context


@pytest.fixture
def api(context):
    with (
        run_api(context) as url,
        httpx.Client(base_url=f"{url}/api", timeout=60, trust_env=False) as client,
    ):
        yield client


def test_a_video_that_is_sent_becomes_a_session(api, context, settings, store, test_video):
    with test_video.open("rb") as stream:
        params = {"file_name": "../../Jump.mp4", "athlete": "Mia", "tag": ["a"], "keep_video": True}
        answer = api.post("/v1/videos", params=params, content=stream, headers=FILE)
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert (made["name"], made["status"], made["athlete"]) == ("Jump", "processing", "Mia")
    path = f"/v1/sessions/{made['id']}"
    assert answer.headers["Location"] == f"/api{path}/progress"
    early = api.get(f"{path}/progress").json()
    assert early["state"] in ("waiting", "running")
    frames = {"frames": [{"time_s": 0}]}
    check_problem(api.post(f"{path}/frames", json=frames), 409)
    check_problem(api.post(f"{path}/finish"), 409)

    late = wait_until_done(api, made["id"], context)
    assert (late["state"], late["status"], late["frames_done"]) == ("done", "completed", 230)
    assert len(store.load_sequence(made["id"])) == 230
    assert list(settings.uploads_dir.glob("*")) == []
    video = store.get_video_file(made["id"]).read_bytes()
    whole = api.get(f"{path}/video")
    assert (whole.headers["Content-Type"], whole.content) == ("video/mp4", video)
    part = api.get(f"{path}/video", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, video[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(video)}"


@pytest.fixture
def filmed(store, tmp_path):
    """A session with a video."""
    session_id = store.create_session(name="Filmed", source="stream")
    path = store.make_video_path(session_id)
    with VideoWriter(path, (64, 64)) as writer:
        for number in range(10):
            writer.write(np.full((64, 64, 3), 20 * number, np.uint8), number / 10)
    store.set_video(session_id, path)
    store.finish_session(session_id)
    return session_id


def test_parts_of_a_video_are_the_bytes_asked_for(api, store, filmed):
    video = store.get_video_file(filmed).read_bytes()
    size = len(video)
    for header, expected in (
        ("bytes=0-0", video[:1]),
        ("bytes=5-", video[5:]),
        ("bytes=-7", video[-7:]),
        (f"bytes=3-{size + 999}", video[3:]),
        (f"bytes=-{size * 2}", video),
    ):
        answer = api.get(f"/v1/sessions/{filmed}/video", headers={"Range": header})
        assert (answer.status_code, answer.content) == (206, expected), header
    tag = api.get(f"/v1/sessions/{filmed}/video").headers["ETag"]
    head = api.head(f"/v1/sessions/{filmed}/video")
    assert (head.headers["Content-Length"], head.content) == (str(size), b"")
    older = {"Range": "bytes=0-0", "If-Range": '"older"'}
    assert api.get(f"/v1/sessions/{filmed}/video", headers=older).content == video
    same = {"Range": "bytes=0-0", "If-Range": tag}
    assert api.get(f"/v1/sessions/{filmed}/video", headers=same).content == video[:1]


@pytest.mark.parametrize(
    "header",
    [
        "bytes=999999999-",
        "bytes=9-3",
        "bytes=-",
        "bytes=-0",
        "bytes=a-b",
        "frames=0-1",
        "bytes=" + ",".join(["0-1"] * 100),
        "bytes=" + "9" * 5000 + "-",
        "",
    ],
)
def test_parts_that_are_not_there_are_refused(api, filmed, header):
    answer = api.get(f"/v1/sessions/{filmed}/video", headers={"Range": header})
    check_problem(answer, 416)
    assert answer.headers["Content-Range"].startswith("bytes */")


def test_a_video_breaks_off_when_the_token_is_revoked(api, store, filmed):
    video = store.get_video_file(filmed)
    with video.open("r+b") as stream:
        stream.truncate(50_000_000)  # more than what is on its way at a time
    token, text = store.tokens.create(name="Screen", scopes=["read"], days=1)
    headers = {"Authorization": f"Bearer {text}"}
    with api.stream("GET", f"/v1/sessions/{filmed}/video", headers=headers) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_raw(1024)
        next(pieces)
        store.tokens.revoke(token.id)
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in pieces:
                pass


def test_a_session_without_a_video_says_so(api, store):
    session_id = store.create_session(name="None", source="stream")
    answer = api.get(f"/v1/sessions/{session_id}/video")
    assert "No video" in check_problem(answer, 404)["detail"]


def test_what_is_no_video_becomes_a_failed_session_with_the_reason(api, context, settings):
    answer = api.post(
        "/v1/videos", params={"file_name": "x.mp4"}, content=b"no video " * 99, headers=FILE
    )
    assert answer.status_code == 202
    progress = wait_until_done(api, answer.json()["id"], context)
    assert (progress["state"], progress["status"]) == ("failed", "failed")
    assert progress["status_reason"].endswith(".")
    assert list(settings.uploads_dir.glob("*")) == []


@pytest.mark.parametrize(
    ("params", "body", "headers", "status"),
    [
        ({}, b"", FILE, 422),
        ({"file_name": "a\0b.mp4"}, b"x", FILE, 422),
        ({"name": " "}, b"x", FILE, 422),
        ({"name": "x" * 201}, b"x", FILE, 422),
        ({"tag": ["x" * 51]}, b"x", FILE, 422),
        ({"keep_video": "perhaps"}, b"x", FILE, 422),
        ({"path": "/etc/passwd"}, b"x", FILE, 422),
        ({}, b"--x", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
    ],
)
def test_a_video_nobody_can_send_leaves_nothing_behind(
    api, store, settings, params, body, headers, status
):
    check_problem(api.post("/v1/videos", params=params, content=body, headers=headers), status)
    assert store.get_sessions() == []
    assert not list(settings.data_dir.rglob("*.upload"))


@pytest.mark.parametrize(
    "file_name",
    ["../../../tmp/evil.mp4", "C:\\windows\\evil.mp4", ".", "..", "/", "", "a" * 500, "\u202e.mp4"],
)
def test_the_name_of_a_file_is_never_a_path(api, settings, file_name):
    answer = api.post(
        "/v1/videos", params={"file_name": file_name}, content=b"no video", headers=FILE
    )
    assert answer.status_code == 202, answer.text
    name = answer.json()["name"]
    assert name
    assert not set(name) & set("/\\")
    written = {path.parent for path in settings.data_dir.parent.rglob("*.upload")}
    assert written <= {settings.uploads_dir}
    assert not Path("/tmp/evil.mp4").exists()


def test_half_a_video_is_removed(api, store, settings):
    def pour():
        yield b"\0" * N_BYTES
        raise ConnectionAbortedError("the phone is gone")

    with pytest.raises(ConnectionAbortedError):
        api.post("/v1/videos", content=pour(), headers=FILE)
    assert api.get("/v1/sessions").json()["total"] == 0
    assert store.get_sessions() == []


def test_a_video_that_is_too_large_is_stopped(store, settings):
    with (
        make_context(store, settings) as context,
        run_api(context, ApiLimits(video_bytes=N_BYTES)) as url,
        httpx.Client(base_url=f"{url}/api", trust_env=False) as client,
    ):

        def pour():
            for _ in range(200):
                yield b"\0" * 1000

        check_problem(client.post("/v1/videos", content=pour(), headers=FILE), 413)
        whole = b"\0" * (N_BYTES + 1)
        check_problem(client.post("/v1/videos", content=whole, headers=FILE), 413)
    assert store.get_sessions() == []
    assert not list(settings.data_dir.rglob("*.upload"))


@pytest.mark.parametrize("path", ["/v1/videos", "/v1/landmark-files?file_name=x.csv", "frames"])
def test_who_says_nothing_any_more_is_not_waited_for(store, settings, path):
    begun = store.create_session(name="Begun", source="stream")
    path = path if path != "frames" else f"/v1/sessions/{begun}/frames"
    with (
        make_context(store, settings) as context,
        run_api(context, ApiLimits(stalled_s=0.2)) as url,
        socket.create_connection(("127.0.0.1", httpx.URL(url).port), timeout=60) as silent,
    ):
        head = f"POST /api{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf"
        silent.sendall(head.encode())
        assert silent.recv(1000).startswith(b"HTTP/1.1 408")
    assert [session.frame_count for session in store.get_sessions()] == [0]
    assert not list(settings.data_dir.rglob("*.upload"))


def test_an_import_that_runs_is_stopped_by_deleting_its_session(api, context, store, test_video):
    ids = []
    for _ in range(2):
        answer = api.post("/v1/videos", content=test_video.read_bytes(), headers=FILE)
        ids.append(answer.json()["id"])
    for session_id in ids[::-1]:
        assert api.delete(f"/v1/sessions/{session_id}").status_code == 204
    done = threading.Event()
    queue = context.get_queue("local")
    deadline = time.monotonic() + 120
    while any(job.state in ("waiting", "running") for job in queue.jobs):
        done.wait(0.05)
        assert time.monotonic() < deadline, "the imports did not stop"
    assert {job.state for job in queue.jobs} == {"cancelled"}
    assert store.get_sessions() == []


@pytest.mark.parametrize("ending", ["parquet", "csv", "json", "trc", "c3d"])
def test_a_file_of_landmarks_becomes_a_session(api, store, settings, tmp_path, ending):
    path = tmp_path / f"squats.{ending}"
    sequence = make_squats(duration_s=1.0)
    write_sequence(sequence, path)
    params = {"file_name": f"../My squats.{ending}", "athlete": "Mia", "tag": ["a", "b"]}
    answer = api.post("/v1/landmark-files", params=params, content=path.read_bytes(), headers=FILE)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["name"], made["source"], made["status"]) == ("My squats", "file", "completed")
    assert made["tags"] == ["a", "b"]
    assert len(store.load_sequence(made["id"])) == len(sequence)
    assert list(settings.uploads_dir.glob("*")) == []


@pytest.mark.parametrize("ending", ["parquet", "csv", "json", "jsonl", "trc", "c3d", "mp4", ""])
def test_what_holds_no_landmarks_is_refused_and_leaves_nothing(api, store, settings, ending):
    for body in (b"", b"nonsense\n" * 99, b"\0" * 999, b"{" * 9999):
        params = {"file_name": f"x.{ending}"}
        answer = api.post("/v1/landmark-files", params=params, content=body, headers=FILE)
        check_problem(answer, 422)
    assert store.get_sessions() == []
    assert not list(settings.data_dir.rglob("*.upload"))
