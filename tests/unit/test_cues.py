"""Cues: seen on the athlete's picture, and kept as notes of the recording they were sent for."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from posecore import Landmark, PoseFrame
from posecore.capture import cue_notes
from posecore.capture.canvas import Canvas
from posecore.capture.cue import read_cue
from posecore.capture.cue_notes import CueNotes
from posecore.capture.cues import MAX_AT_ONCE, MAX_DRAWN, SHOWN_S, CuesPart
from posecore.capture.live_part import LiveMoment
from posecore.capture.recorder import SessionRecorder
from posecore.errors import InvalidMessageError, StorageFullError, TooManyRequestsError
from posecore.storage.note_store import NoteStore
from tests.unit.sharing import share
from tests.unit.test_recorder import SIZE, Clock, make_frame

GREY = np.full((360, 640, 3), 120, dtype=np.uint8)
WAIT_S = 10


class Told:
    """Waits for what is told about a note."""

    def __init__(self):
        self.words = []
        self._is_told = threading.Event()

    def __call__(self, *words):
        self.words += [*words] or ["kept"]
        self._is_told.set()

    def wait(self):
        assert self._is_told.wait(WAIT_S), "nothing was told"
        return self.words


@pytest.fixture
def recorder(store):
    recorder = SessionRecorder(store)
    yield recorder
    recorder.stop()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cues(store, clock):
    return CuesPart(store, clock=clock)


def see(cues, recorder=None, time_s=0.0, frame=None):
    """Let a frame come, which is recorded where there is a recorder."""
    frame = make_frame(time_s) if frame is None else frame
    if recorder is not None:
        recorder.add_frame(frame, SIZE)
    cues.see(
        LiveMoment(
            frame=frame,
            calm=frame,
            frame_number=0,
            image_size=SIZE,
            frame_rgb=GREY,
            arrived_s=0.0,
            recording_id=recorder.session_id if recorder else "",
            recorded_s=recorder.elapsed_s if recorder else 0.0,
        )
    )


def draw(cues, *, mirror=False):
    canvas = Canvas(GREY.copy(), mirror=mirror)
    cues.draw_above(canvas)
    return canvas.picture


def send(cues, **message):
    told = Told()
    is_kept = cues.send({"kind": "text", **message}, author="local", by="Carla", tell=told)
    return is_kept, told


def test_words_are_drawn_for_a_while_and_listed_with_who_sent_them(cues, clock):
    see(cues)
    np.testing.assert_array_equal(draw(cues), GREY)
    assert send(cues, text="Hips\nlower")[0] is False
    assert (draw(cues) != GREY).any()
    assert (draw(cues)[:200] == GREY[:200]).all(), "the words are not at the foot"
    [shown] = cues.status()["shown"]
    assert shown == {
        "number": 1,
        "kind": "text",
        "label": "Hips lower",
        "by": "Carla",
        "is_drawn": True,
    }
    clock.now_s += SHOWN_S
    np.testing.assert_array_equal(draw(cues), GREY)
    assert cues.status()["shown"][0]["is_drawn"] is False


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("joint", ["left_knee", "right_wrist", "nose"])
def test_an_arrow_ends_just_before_its_joint_also_in_the_mirror(cues, mirror, joint):
    see(cues)
    send(cues, kind="arrow", joint=joint)
    changed = (draw(cues, mirror=mirror)[:310] != GREY[:310]).any(axis=-1)
    x, y = make_frame(0.0).image_landmarks[Landmark[joint.upper()], :2] * SIZE
    x = SIZE[0] - x if mirror else x
    rows, columns = np.nonzero(changed)
    distances = np.hypot(columns - x, rows - y)
    assert 3 < distances.min() < 25
    assert cues.status()["shown"][0]["label"] in ("Left knee", "Right wrist", "Head")


@pytest.mark.parametrize("edge", [0.0, 1.0])
def test_an_arrow_at_the_picture_s_edge_comes_from_inside(cues, edge):
    frame = make_frame(0.0)
    places = frame.image_landmarks.copy()
    places[Landmark.LEFT_KNEE, :2] = edge, 0.5
    see(cues, frame=replace(frame, image_landmarks=places))
    send(cues, kind="arrow", joint="left_knee")
    assert (draw(cues)[:310] != GREY[:310]).any(axis=-1).sum() > 200


def test_with_nobody_in_view_an_arrow_is_its_words_alone(cues):
    see(cues, frame=PoseFrame.empty(0.0))
    send(cues, kind="arrow", joint="left_knee")
    picture = draw(cues)
    assert (picture[:300] == GREY[:300]).all()
    assert (picture != GREY).any()


def test_a_cue_is_a_note_of_the_recording_although_nothing_of_it_is_on_the_disk_yet(
    cues, recorder, store
):
    recorder.start(name="Wall")
    see(cues, recorder, 5.0)
    see(cues, recorder, 5.5)
    is_kept, told = send(cues, text="<b>Hips</b> 'lower'; DROP TABLE notes")
    assert is_kept
    assert told.wait() == ["kept"]
    session = recorder.stop()
    [note] = store.notes.list(session.id)
    assert (note.text, note.tag) == ("<b>Hips</b> 'lower'; DROP TABLE notes", "cue")
    assert (note.start_s, note.author) == (0.5, "local")


def test_the_last_frame_may_come_behind_the_stop_and_no_cue_is_of_its_recording_then(
    cues, recorder
):
    recorder.start(name="Wall")
    see(cues, recorder)
    moment_id = recorder.session_id
    cues.recording_stopped(recorder.stop())
    frame = make_frame(0.1)
    cues.see(
        LiveMoment(
            frame=frame, calm=frame, frame_number=1, image_size=SIZE, frame_rgb=GREY,
            arrived_s=0.1, recording_id=moment_id,
        )
    )  # fmt: skip
    assert send(cues, text="Late")[0] is False


def test_a_mark_is_a_note_and_stands_where_the_viewer_saw_it(cues, recorder, store):
    recorder.start(name="Wall")
    for time_s in (0.0, 20.0):
        see(cues, recorder, time_s)
    tolds = [send(cues, kind="mark", at_s=at_s)[1] for at_s in (19.5, 3.0, "x", float("nan"))]
    session = recorder.stop()
    cues.recording_stopped(session)
    assert [told.wait() for told in tolds] == [["kept"]] * 4
    notes = store.notes.list(session.id)
    # Long ago, later than now and no number: then it is about now.
    assert [note.start_s for note in notes] == [19.5, 20.0, 20.0, 20.0]
    assert {(note.text, note.tag) for note in notes} == {("Marked", "mark")}


def test_a_guest_s_cue_is_the_guest_s_note_and_waits_until_it_may_be(store, recorder, cues):
    coach = store.for_owner("coach")
    share(store, coach, "Mira", "annotate")
    recorder.start(name="Wall", athlete="Jo")  # chosen anew while it runs
    see(cues, recorder)
    told = Told()
    message = {"kind": "arrow", "joint": "left_hip", "text": "in"}
    assert cues.send(message, author="coach", by="Carla", tell=told)
    session = store.update_session(recorder.stop().id, athlete="Mira")
    cues.recording_stopped(session)
    assert told.wait() == ["kept"]
    [note] = store.notes.list(session.id)
    assert (note.text, note.author) == ("Left hip: in", "coach")


def test_a_note_that_cannot_be_kept_is_told(store, recorder, cues):
    recorder.start(name="Wall", athlete="Jo")
    see(cues, recorder)
    told = Told()
    assert cues.send({"kind": "mark"}, author="stranger", by="", tell=told)
    session = recorder.stop()
    cues.recording_stopped(session)
    [sentence] = told.wait()
    assert sentence.startswith("The cue is not kept as a note:")
    assert store.notes.list(session.id) == []


def test_a_recording_that_never_was_stored_leaves_no_note_waiting(cues, recorder, monkeypatch):
    monkeypatch.setattr(cue_notes, "RETRY_S", 0.01)
    recorder.start(name="Wall")
    see(cues, recorder)
    monkeypatch.setattr(recorder, "_session_id", "11111111-2222-4333-8444-555555555555")
    see(cues, recorder, 1.0)
    _, told = send(cues, kind="mark")
    cues.camera_ended()
    assert told.wait()[0].startswith("The cue is not kept")


@pytest.fixture
def full_disk(store, monkeypatch):
    """Let the disk take no note while ``is_full``; notes what was tried."""
    disk = SimpleNamespace(is_full=True, tried=[])
    add = NoteStore.add

    def add_or_refuse(notes, session_id, **fields):
        disk.tried.append(fields["text"])
        if disk.is_full:
            raise StorageFullError("The disk is full, so nothing can be stored; make room.")
        return add(notes, session_id, **fields)

    monkeypatch.setattr(NoteStore, "add", add_or_refuse)
    return disk


def keep(notes, session_id, text, told, author="local"):
    notes.keep(session_id, author=author, tell=told, start_s=0.0, text=text, tag="cue")


def test_notes_wait_in_order_for_a_full_disk_and_only_the_first_is_tried(
    recorder, cues, store, full_disk, monkeypatch
):
    monkeypatch.setattr(cue_notes, "RETRY_S", 0.01)
    recorder.start(name="Wall")
    see(cues, recorder)
    session = recorder.stop()
    notes, tolds = CueNotes(store), [Told() for _ in range(5)]
    for number, told in enumerate(tolds):
        keep(notes, session.id, f"{number}", told)
    notes.finish()
    assert set(full_disk.tried) == {"0"}
    full_disk.is_full = False
    assert [told.wait() for told in tolds] == [["kept"]] * 5
    assert [note.text for note in store.notes.list(session.id)] == list("01234")


def test_a_note_that_must_wait_holds_up_its_own_recording_alone(recorder, cues, store):
    recorder.start(name="Wall")
    see(cues, recorder)
    session = recorder.stop()
    notes, later, kept = CueNotes(store), Told(), Told()
    keep(notes, "11111111-2222-4333-8444-555555555555", "later", later)
    keep(notes, session.id, "now", kept)
    assert kept.wait() == ["kept"]
    assert later.words == []
    notes.finish()
    assert later.wait()[0].startswith("The cue is not kept")


def test_more_notes_than_may_wait_are_told_at_once_and_none_that_waited_is_lost(
    recorder, cues, store, full_disk, monkeypatch
):
    monkeypatch.setattr(cue_notes, "MAX_WAITING", 3)
    recorder.start(name="Wall")
    see(cues, recorder)
    sent = [send(cues, text=f"{number}") for number in range(5)]
    assert all(is_recorded for is_recorded, _ in sent)
    for _, told in sent[3:]:
        [sentence] = told.wait()
        assert "not kept as a note" in sentence
    full_disk.is_full = False
    session = recorder.stop()
    cues.recording_stopped(session)
    assert [told.wait() for _, told in sent[:3]] == [["kept"]] * 3
    assert [note.text for note in store.notes.list(session.id)] == ["0", "1", "2"]
    see(cues)
    assert cues.status()["problem"] == ""


def test_from_this_screen_a_moment_is_marked_by_its_owner(cues, recorder, store):
    recorder.start(name="Wall")
    see(cues, recorder)
    cues.obey({"part": "cues", "do": "send", "kind": "mark"})
    session = recorder.stop()
    cues.recording_stopped(session)
    assert [note.author for note in store.notes.list(session.id)] == [store.owner]
    assert cues.status()["problem"] == ""


@pytest.mark.parametrize("command", [{}, {"do": "fly"}, {"do": "send"}, {"do": ["send"]}])
def test_the_panel_s_commands_are_checked(cues, command):
    with pytest.raises(InvalidMessageError):
        cues.obey(command)


def test_more_than_anybody_can_follow_is_refused_and_the_newest_are_drawn(cues, clock):
    see(cues)
    for number in range(MAX_AT_ONCE):
        send(cues, text=f"{number} " + "W" * 70)
    with pytest.raises(TooManyRequestsError):
        send(cues, text="and")
    assert sum(each["is_drawn"] for each in cues.status()["shown"]) > MAX_DRAWN
    assert cues.status()["shown"][0]["number"] == MAX_AT_ONCE
    assert draw(cues).shape == GREY.shape
    clock.now_s += 3
    send(cues, text="and")


@pytest.mark.parametrize(
    "text", ["跳得更高" * 10, "أعلى", "🧗‍♀️" * 8, "<script>", "%s {0}", "x" * 80]
)
def test_words_in_any_script_are_drawn(cues, text):
    see(cues)
    send(cues, text=text)
    assert (draw(cues) != GREY).any()


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "text"},
        {"kind": "text", "text": " \n "},
        {"kind": "text", "text": "x" * 81},
        {"kind": "text", "text": ["x"]},
        {"kind": "arrow"},
        {"kind": "arrow", "joint": "wing"},
        {"kind": "arrow", "joint": ["left_knee"]},
        {"kind": ["text"]},
    ],
)
def test_what_is_no_cue_is_refused_with_a_sentence(message):
    with pytest.raises(InvalidMessageError) as refused:
        read_cue(message)
    assert str(refused.value).endswith(".")


def test_a_text_that_would_turn_the_line_round_or_hide_is_only_its_letters():
    cue = read_cue({"kind": "text", "text": "a\u202eb\x00c\x1b[31m\td"})
    assert cue.text == "a b c [31m d"
