"""REST about sessions and notes: what is asked, by whom, and what is answered to nonsense."""

import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from posecore import SessionStore
from posecore.api.identifying import make_identify
from posecore.api.limits import ApiLimits, RateLimits
from posecore.errors import NotSignedInError, TooManyRequestsError
from posecore.identity import Identity
from posecore.storage.connection import Database
from posecore.synthetic import make_squats
from tests.unit.api_server import make_context, run_api

NO_ID = "00000000-0000-4000-8000-000000000000"


def create(api, **fields):
    answer = api.post("/v1/sessions", json={"name": "Wall", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def check_problem(answer, status):
    """Every error says what happened in one sentence, in the same shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"].endswith(".")
    assert len(problem["detail"].split()) >= 4
    assert "Traceback" not in answer.text
    return problem


def test_a_session_is_begun_read_changed_finished_and_deleted(api, store):
    answer = api.post("/v1/sessions", json={"name": "Wall", "athlete": "Mia", "tags": ["a", "b"]})
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"] == f"/api/v1/sessions/{made['id']}"
    assert (made["status"], made["source"], made["fps"]) == ("recording", "stream", None)

    store.append_frames(made["id"], make_squats(duration_s=1.0))
    changed = api.patch(f"/v1/sessions/{made['id']}", json={"name": "Roof"}).json()
    assert (changed["name"], changed["athlete"], changed["tags"]) == ("Roof", "Mia", ["a", "b"])
    finished = api.post(f"/v1/sessions/{made['id']}/finish", json={"dropped_count": 2}).json()
    assert (finished["status"], finished["dropped_count"]) == ("completed", 2)
    assert finished["frame_count"] == 30
    assert api.get(f"/v1/sessions/{made['id']}").json() == finished

    answer = api.delete(f"/v1/sessions/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    check_problem(api.get(f"/v1/sessions/{made['id']}"), 404)
    assert store.get_sessions() == []


def test_sessions_are_found_by_what_they_are(api):
    mia = create(api, name="Overhang", athlete="Mia", tags=["crux"], source="live")
    ben = create(api, name="Slab 100%", athlete="Ben", source="stream", description="in the Rain")
    api.post(f"/v1/sessions/{ben}/finish")

    def find(**wanted):
        found = api.get("/v1/sessions", params=wanted).json()
        assert found["total"] == len(found["sessions"])
        return [session["id"] for session in found["sessions"]]

    assert find() == [ben, mia]
    assert find(athlete="Mia") == find(tag="crux") == find(source="live") == [mia]
    assert find(status="completed") == find(text="rAIN") == find(text="100%") == [ben]
    assert find(text="overHANG") == find(text="CRUX") == [mia]
    assert find(athlete="mi") == find(tag="cru") == []
    day = "2001-01-01T00:00:00+02:00"
    assert find(since=day) == [ben, mia]
    assert find(until=day) == []
    assert find(athlete="Mia", source="stream") == []


def test_paging_meets_each_session_once_while_new_ones_come(api):
    ids = [create(api, name=f"{number}") for number in range(7)][::-1]
    met, cursor = [], None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = api.get("/v1/sessions", params=params).json()
        met += [session["id"] for session in page["sessions"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        create(api, name="Newer")
    assert met == ids
    assert page["total"] == 9


@pytest.mark.parametrize(
    "wanted",
    [
        {"limit": 0},
        {"limit": 501},
        {"limit": "x"},
        {"cursor": "x"},
        {"cursor": "AAAA"},
        {"cursor": "' OR 1=1 --"},
        {"status": "gone"},
        {"since": "yesterday"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"athlete": "x" * 101},
        {"where": "1=1"},
    ],
)
def test_a_list_nobody_can_ask_for_is_refused_with_the_reason(api, wanted):
    check_problem(api.get("/v1/sessions", params=wanted), 422)


@pytest.mark.parametrize("text", ["' OR 1=1 --", "\0", "%", "_", "\N{PILE OF POO}", "\\"])
def test_what_looks_like_sql_finds_nothing(api, text):
    create(api)
    found = api.get("/v1/sessions", params={"text": text, "athlete": text}).json()
    assert found["sessions"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"name": ""}',
        b'{"name": "  "}',
        b'{"name": NaN}',
        b'{"name": 7}',
        b'{"name": "a\\u0000b"}',
        b'{"name": "\\ud800"}',
        b'{"name": "x", "source": "camera"}',
        b'{"name": "x", "owner": "somebody"}',
        b'{"name": "x", "id": "00000000-0000-4000-8000-000000000000"}',
        b'{"name": "x", "tags": "word"}',
        b'{"name": "x", "tags": ["\\u0000"]}',
        b'{"name": "x", "status": "completed"}',
        json.dumps({"name": "x" * 201}).encode(),
        json.dumps({"name": "x", "tags": ["t"] * 21}).encode(),
        b"[" * 100_000,
        b'{"name": ' + b"9" * 5000 + b"}",
        '{"name": "\u00e4"}'.encode("latin-1"),
    ],
)
def test_a_session_nobody_can_have_is_refused_and_none_is_made(api, store, body):
    answer = api.post("/v1/sessions", content=body, headers={"Content-Type": "application/json"})
    check_problem(answer, answer.status_code)
    assert answer.status_code in (400, 422)
    assert store.get_sessions() == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\x", "<script>", "\u202e", "a\nb", "='x'"]
)
def test_a_name_is_kept_as_it_is_and_leads_nowhere(api, name):
    session_id = create(api, name=name, athlete=name[:100], tags=[name])
    assert api.get(f"/v1/sessions/{session_id}").json()["name"] == name


@pytest.mark.parametrize("session_id", ["x", NO_ID, "%00", "a" * 5000, "%27 OR 1=1", "..%2f.."])
def test_an_unknown_session_is_answered_the_same_everywhere(api, session_id):
    for method, rest in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/finish"),
        ("GET", "/frames"),
        ("GET", "/angles"),
        ("GET", "/metrics"),
        ("GET", "/steps"),
        ("GET", "/notes"),
        ("GET", "/goals"),
        ("GET", "/video"),
        ("GET", "/progress"),
    ):
        body = {"json": {}} if method in ("PATCH", "POST") else {}
        answer = api.request(method, f"/v1/sessions/{session_id}{rest}", **body)
        check_problem(answer, 404)


def test_a_change_meets_only_what_was_seen(api):
    session_id = create(api)
    seen = api.get(f"/v1/sessions/{session_id}")
    tag = seen.headers["ETag"]
    assert seen.headers["Cache-Control"].startswith("private")
    again = api.get(f"/v1/sessions/{session_id}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)

    path, if_match = f"/v1/sessions/{session_id}", {"If-Match": tag}
    changed = api.patch(path, json={"name": "First"}, headers=if_match)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    check_problem(api.patch(path, json={"name": "Second"}, headers=if_match), 412)
    check_problem(api.delete(path, headers=if_match), 412)
    check_problem(api.post(f"{path}/finish", headers=if_match), 412)
    assert api.get(path, headers={"If-None-Match": tag}).json()["name"] == "First"
    assert api.patch(path, json={"name": "Third"}, headers={"If-Match": "*"}).status_code == 200
    weak = {"If-Match": f"W/{api.get(path).headers['ETag']}"}
    check_problem(api.patch(path, json={"name": "Fourth"}, headers=weak), 412)


def test_notes_are_written_listed_changed_and_deleted(api, store):
    session_id = create(api)
    path = f"/v1/sessions/{session_id}/notes"
    late = api.post(path, json={"start_s": 3, "end_s": 4.5, "text": "Heel", "tag": "foot"})
    assert late.status_code == 201
    note_path = late.headers["Location"].removeprefix("/api")
    early = api.post(path, json={"start_s": 1, "text": "Go"}).json()
    assert api.get(path).json()["notes"] == [early, late.json()]
    assert api.get("/v1/notes").json() == api.get(path).json()
    assert api.get(note_path).json() == late.json()

    tag = late.headers["ETag"]
    changed = api.patch(note_path, json={"end_s": None}, headers={"If-Match": tag})
    assert changed.json() == late.json() | {"end_s": None}
    check_problem(api.delete(note_path, headers={"If-Match": tag}), 412)
    listed = api.get(path)
    same = api.get(path, headers={"If-None-Match": listed.headers["ETag"]})
    assert same.status_code == 304
    assert api.delete(note_path).status_code == 204
    check_problem(api.get(note_path), 404)
    check_problem(api.delete(note_path), 404)
    assert [note.text for note in store.notes.list(session_id)] == ["Go"]


@pytest.mark.parametrize(
    "body",
    [
        '{"start_s": NaN, "text": "x"}',
        '{"start_s": Infinity, "text": "x"}',
        '{"start_s": 1e999, "text": "x"}',
        '{"start_s": -1, "text": "x"}',
        '{"start_s": 2, "end_s": 1, "text": "x"}',
        '{"start_s": true, "text": "x"}',
        '{"start_s": "1", "text": "x"}',
        '{"start_s": 1, "text": " "}',
        '{"start_s": 1}',
        json.dumps({"start_s": 1, "text": "x" * 2001}),
    ],
)
def test_a_note_nobody_can_write_is_refused_and_none_is_kept(api, store, body):
    session_id = create(api)
    answer = api.post(
        f"/v1/sessions/{session_id}/notes",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    check_problem(answer, 422)
    assert store.notes.list_all() == []


def test_what_is_too_large_is_refused_before_it_is_read(api, store):
    def pour():
        for _ in range(2_000):
            yield b" " * 1024

    for content in (b" " * 10_000_000, pour()):
        answer = api.post("/v1/sessions", content=content)
        check_problem(answer, 413)
    assert store.get_sessions() == []


def test_other_addresses_and_methods_are_problems_too(api):
    check_problem(api.get("/v1/nothing"), 404)
    answer = api.put("/v1/sessions", json={})
    check_problem(answer, 405)
    assert "GET" in answer.headers["Allow"]
    answer = api.post("/v1/sessions", content=b"name=x", headers={"Content-Type": "text/plain"})
    check_problem(answer, 422)


def test_a_failed_session_cannot_be_finished(api, store):
    session_id = create(api)
    store.fail_session(session_id, "Because.")
    check_problem(api.post(f"/v1/sessions/{session_id}/finish"), 409)
    assert store.get_session(session_id).status == "failed"


# Who asks


@dataclass(frozen=True)
class Token:
    owner: str
    scopes: tuple[str, ...] = ("read", "write", "stream")


class TokenStore(SessionStore):
    """A store that knows tokens."""

    known: dict[str, Token] = {}  # noqa: RUF012

    def identify(self, token: str) -> Identity:
        if token not in self.known:
            raise NotSignedInError("This token is unknown, has expired or was taken back; no.")
        found = self.known[token]
        return Identity(owner=found.owner, scopes=frozenset(found.scopes))


@contextmanager
def ask_as(settings, limits=None, *, needs_sign_in=True):
    """Ask a dashboard at which people sign in: a client for each token."""
    TokenStore.known = {
        "pc_mia": Token("mia"),
        "pc_ben": Token("ben"),
        "pc_reads": Token("mia", ("read",)),
        "pc_streams": Token("mia", ("stream",)),
    }
    with TokenStore(Database(settings.database)) as store:
        identify = make_identify(lambda: store, lambda _: None, lambda: needs_sign_in)
        with (
            make_context(store, settings, identify=identify) as context,
            run_api(context, limits) as url,
            httpx.Client(base_url=f"{url}/api", timeout=60, trust_env=False) as client,
        ):

            def ask(token, method, path, **more):
                headers = {"Authorization": f"Bearer {token}".encode("latin-1")} if token else {}
                return client.request(method, path, headers=headers, **more)

            yield ask


def test_each_sees_and_touches_only_their_own(settings):
    with ask_as(settings) as ask:
        made = ask("pc_mia", "POST", "/v1/sessions", json={"name": "Mine"}).json()
        note = {"start_s": 1, "text": "Hers"}
        noted = ask("pc_mia", "POST", f"/v1/sessions/{made['id']}/notes", json=note).json()
        assert ask("pc_ben", "GET", "/v1/sessions").json()["total"] == 0
        assert ask("pc_ben", "GET", "/v1/notes").json() == {"notes": []}
        for method, rest, body in (
            ("GET", "", None),
            ("PATCH", "", {"name": "Stolen"}),
            ("DELETE", "", None),
            ("POST", "/finish", {}),
            ("GET", "/frames", None),
            ("GET", "/notes", None),
            ("GET", "/goals", None),
            ("POST", "/notes", note),
            ("GET", "/video", None),
            ("GET", "/progress", None),
        ):
            answers = [
                ask("pc_ben", method, f"/v1/sessions/{each}{rest}", json=body)
                for each in (made["id"], NO_ID)
            ]
            texts = [each.text.replace(made["id"], NO_ID) for each in answers]
            assert [each.status_code for each in answers] == [404, 404]
            assert texts[0] == texts[1]
        check_problem(ask("pc_ben", "DELETE", f"/v1/notes/{noted['id']}"), 404)
        both = {"a": made["id"], "b": made["id"]}
        check_problem(ask("pc_ben", "GET", "/v1/comparison", params=both), 404)
        assert ask("pc_mia", "GET", f"/v1/sessions/{made['id']}").json() == made


def test_a_token_may_do_what_it_was_made_for(settings):
    with ask_as(settings) as ask:
        made = ask("pc_mia", "POST", "/v1/sessions", json={"name": "Mine"}).json()
        assert ask("pc_reads", "GET", f"/v1/sessions/{made['id']}").json() == made
        for method, path in (
            ("POST", "/v1/sessions"),
            ("PATCH", f"/v1/sessions/{made['id']}"),
            ("DELETE", f"/v1/sessions/{made['id']}"),
        ):
            answer = ask("pc_reads", method, path, json={"name": "Other"})
            assert "'write'" in check_problem(answer, 403)["detail"]
        check_problem(ask("pc_streams", "GET", "/v1/sessions"), 403)
        assert ask("pc_mia", "GET", "/v1/sessions").json()["sessions"] == [made]


@pytest.mark.parametrize("token", [None, "pc_nobody", "x" * 5000, "p\u00e4c"])
def test_without_a_token_that_counts_nothing_is_answered(settings, token):
    with ask_as(settings) as ask:
        answer = ask(token, "GET", "/v1/sessions")
        check_problem(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        (f"/v1/sessions/{NO_ID}/frames", "application/vnd.apache.arrow.stream"),
        ("/v1/videos", "video/mp4"),
        ("/v1/landmark-files?file_name=x.csv", "text/csv"),
    ],
)
def test_a_strangers_body_is_not_waited_for(store, settings, path, content_type):
    identify = make_identify(lambda: store, lambda _: None, lambda: True)
    with (
        make_context(store, settings, identify=identify) as context,
        run_api(context) as url,
        socket.create_connection(("127.0.0.1", httpx.URL(url).port), timeout=60) as stranger,
    ):
        head = (
            f"POST /api{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
            "Content-Length: 60000000\r\n\r\nonly this"
        )
        stranger.sendall(head.encode())
        assert stranger.recv(1000).startswith(b"HTTP/1.1 401")
    assert not list(settings.data_dir.rglob("*.upload"))


def test_a_wrong_token_is_not_passed_over_where_nobody_signs_in(settings):
    with ask_as(settings, needs_sign_in=False) as ask:
        assert ask(None, "GET", "/v1/sessions").status_code == 200
        check_problem(ask("pc_nobody", "GET", "/v1/sessions"), 401)


def test_too_many_changes_are_told_when_to_come_back(settings):
    with ask_as(settings, ApiLimits(writes="3/minute", computations="1/minute")) as ask:
        for _ in range(3):
            made = ask("pc_mia", "POST", "/v1/sessions", json={"name": "x"})
            assert made.status_code == 201
        answer = ask("pc_mia", "POST", "/v1/sessions", json={"name": "x"})
        check_problem(answer, 429)
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        # Others go on, and she can still read.
        assert ask("pc_ben", "POST", "/v1/sessions", json={"name": "x"}).status_code == 201
        assert ask("pc_mia", "GET", "/v1/sessions").json()["total"] == 3
        path = f"/v1/sessions/{made.json()['id']}"
        assert ask("pc_mia", "GET", f"{path}/steps").status_code == 200
        check_problem(ask("pc_mia", "GET", f"{path}/angles"), 429)
        check_problem(ask("pc_mia", "GET", f"{path}/frames?processing=refined"), 429)


def test_only_so_much_is_computed_at_once_and_only_so_many_wait():
    rates = RateLimits(ApiLimits(at_once=1))
    go_on = threading.Event()

    def compute():
        with rates.computing():
            assert go_on.wait(60)

    threads = [threading.Thread(target=compute) for _ in range(9)]
    for thread in threads:
        thread.start()
    # One computes and eight wait as soon as no place is left.
    while rates._waiting._value:
        go_on.wait(0.01)
    with pytest.raises(TooManyRequestsError, match="as much as it can"), rates.computing():
        pass
    go_on.set()
    for thread in threads:
        thread.join(60)
    with rates.computing():
        pass


class Audit:
    """Notes who opened what."""

    def __init__(self):
        self.noted = []

    def note(self, action, session_id=None, detail=""):
        self.noted.append((action, session_id, detail))


def test_what_is_opened_and_taken_away_is_noted_where_there_is_an_audit_list(store, settings):
    session_id = store.create_session(name="Squats", source="stream")
    audit = Audit()
    context_store = SessionStore(store._database)
    context_store.audit = audit
    context_store.for_owner = lambda _: context_store
    with (
        make_context(context_store, settings) as context,
        run_api(context) as url,
        httpx.Client(base_url=f"{url}/api/v1/sessions", trust_env=False) as client,
    ):
        client.get(f"/{session_id}")
        client.get(f"/{session_id}/frames")
        client.get(f"/{session_id}/angles")
        client.get(f"/{NO_ID}")
        client.get(f"/{session_id}/video")
    assert audit.noted == [
        ("opened", session_id, ""),
        ("downloaded", session_id, "frames"),
        ("downloaded", session_id, "angles"),
    ]


# The page on REST


def test_the_page_on_rest_loads_nothing_from_elsewhere(api):
    page = api.get("/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "://" not in page.text
    assert "<script>" not in page.text
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js", "favicon.png"):
        assert api.get(f"/docs/{name}").status_code == 200
    check_problem(api.get("/docs/redoc.standalone.js"), 404)
    check_problem(api.get("/docs/..%2f__init__.py"), 404)


def test_the_description_names_every_operation_and_its_problems(api):
    description = api.get("/openapi.json").json()
    assert description["servers"] == [{"url": "/api"}]
    operations = [
        operation for path in description["paths"].values() for operation in path.values()
    ]
    assert len(operations) >= 20
    for operation in operations:
        assert operation["description"]
        assert "application/problem+json" in operation["responses"]["422"]["content"]
    assert {"Problem", "NewFrames", "SessionFacts"} <= set(description["components"]["schemas"])
