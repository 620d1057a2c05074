"""The delayed mirror: what was seen exactly that long ago, and keeping it after the fact."""

import errno
from dataclasses import replace

import numpy as np
import pytest

from posecore import Goal, Landmark
from posecore.capture.ghost import GhostChoice
from posecore.capture.ghost_overlay import GOOD_RGB
from posecore.capture.live_room import compute_live_angles
from posecore.capture.rolling_buffer import POSE_BYTES
from posecore.errors import InvalidMessageError, InvalidOptionError, StorageFullError
from posecore.goals import measure_goal
from posecore.synthetic import make_sequence
from posecore.video import open_video
from posecore.video_writer import VideoWriter
from tests.unit.live_rooms import FPS, PICTURE, SIZE, open_stage, stand

STANDING = stand()


@pytest.fixture
def stage(store, settings, monkeypatch):
    with open_stage(store, settings, monkeypatch) as stage:
        yield stage


def grey(level, size=SIZE):
    return np.full((size[1], size[0], 3), level, dtype=np.uint8)


def level_of(picture):
    """Brightness of a part that nothing is drawn on."""
    return float(np.median(picture[-6:, -10:]))


def status_of(stage):
    return stage.room.status()["parts"]["mirror_delay"]


def show_levels(stage, seconds, fps=FPS):
    """Show pictures that get brighter; returns the level seen for each that was shown."""
    seen = []
    for number in range(round(seconds * fps)):
        seen.append((number, level_of(stage.show(None, grey(40 + 2 * (number % 100))))))
    return seen


def test_the_picture_is_the_one_from_that_long_ago(stage):
    stage.room.mirror_delay.choose_delay(2)
    seen = show_levels(stage, 6.0)
    for number, level in seen:
        late = number - 2 * FPS
        expected = 40 + 2 * ((late if late >= 0 else number) % 100)
        assert level == pytest.approx(expected, abs=0.9), number
    assert status_of(stage)["is_late"] and stage.room.mirror_delay.shown is not None


def test_while_it_fills_it_shows_the_present_and_says_so(stage):
    stage.room.mirror_delay.choose_delay(8)
    plain = stage.show(None)
    assert (plain[:30, :] != PICTURE[:30, :]).any(), "something is written on it"
    stage.play(3.0, None)
    status = status_of(stage)
    assert (status["delay_s"], status["filled_s"], status["is_late"]) == (8, 3, False)
    assert stage.room.mirror_delay.shown is None


def test_without_a_delay_the_picture_is_left_alone(stage):
    np.testing.assert_array_equal(stage.show(None), PICTURE)


def test_turned_on_later_it_fills_from_then_on(stage):
    stage.play(4.0, None)
    stage.room.mirror_delay.choose_delay(3)
    stage.play(2.5, None)
    assert not status_of(stage)["is_late"]
    stage.play(1.0, None)
    assert status_of(stage)["is_late"]


def test_the_delay_holds_by_the_frames_clock_where_frames_are_missing(stage):
    stage.room.mirror_delay.choose_delay(2)
    shown = {}
    for number in range(8 * FPS):
        if number % 7 in (2, 3) or 60 <= number < 75:
            stage.skip(1 / FPS)
            continue
        shown[number] = level_of(stage.show(None, grey(40 + number)))
        if number >= 2 * FPS:
            due = max(each for each in shown if each <= number - 2 * FPS)
            assert shown[number] == pytest.approx(40 + due, abs=0.9), number


def test_what_is_shown_where_a_frame_was_left_out_is_the_last_late_picture(stage):
    mirror = stage.room.mirror_delay
    assert stage.show(None) is not None and mirror.late_picture is None
    mirror.choose_delay(2)
    stage.play(2.5, None)
    assert stage.show(None) is mirror.late_picture
    mirror.choose_delay(0)
    stage.show(None)
    assert mirror.late_picture is None


def test_the_angles_beside_it_belong_to_the_picture(stage):
    stage.room.mirror_delay.choose_delay(2)
    bent = [stand(left_knee_flexion=float(n), right_knee_flexion=float(n)) for n in range(75)]
    stage.play(5.0, bent)
    shown_s = stage.now_s - 1 / FPS - 2
    assert stage.room.mirror_delay.shown.time_s == pytest.approx(shown_s)
    angles = stage.room.status()["angles_deg"]
    assert angles == compute_live_angles(stage.room.mirror_delay.shown)
    assert angles["left_knee_flexion"] == pytest.approx(75 - 1 - 2 * FPS, abs=4)
    stage.room.mirror_delay.choose_delay(0)
    stage.show(bent[-1])
    assert stage.room.status()["angles_deg"]["left_knee_flexion"] == pytest.approx(74, abs=4)


def test_the_skeleton_is_that_of_the_moment_and_the_mirror_stays_one(stage):
    stage.room.pipeline.mirror = True
    half = PICTURE.copy()
    half[:, :32] = 20
    stage.room.mirror_delay.choose_delay(2)
    stage.show(STANDING, half)
    stage.play(2.0 - 1 / FPS, None)
    picture = stage.show(None)
    assert picture[-3, 60].max() < 60 and picture[-3, 3].min() > 90, "turned"
    drawn = np.ptp(picture[15:30, 26:38].astype(int), axis=2).max()
    assert drawn > 60, "the skeleton in colour, though nobody is there now"
    assert np.ptp(stage.show(None)[15:30, 26:38].astype(int), axis=2).max() < 20


def drawn_columns(picture, plain):
    """Where anything is drawn, below the words about the delay."""
    return np.flatnonzero((picture[100:290] != plain[100:290]).any(axis=(0, 2)))


def test_the_goals_are_drawn_as_they_were(stage):
    stage.room.goals.choose([Goal(angle="left_knee_flexion", kind="at_least", low_deg=60)])
    stage.room.mirror_delay.choose_delay(2)
    bent, large = stand(left_knee_flexion=80.0), grey(120, (640, 360))
    for _ in range(FPS):
        assert count(stage.show(bent, large), GOOD_RGB) > 50
    stage.play(1.0, [STANDING] * FPS)
    assert count(stage.show(STANDING, large), GOOD_RGB) > 50, "as it was, though the knee is not"
    stage.room.goals.choose([])
    assert count(stage.show(STANDING, large), GOOD_RGB) > 50


def count(picture, colour):
    return int((picture == np.array(colour, np.uint8)).all(axis=2).sum())


def test_the_ghost_is_drawn_as_it_was(stage):
    """Nobody is there, so that it stands where it was recorded."""
    large = grey(120, (640, 360))
    squats = make_sequence({"left_knee_flexion": 20.0}, time_s=np.arange(60) / 15)
    stage.room.ghost.choose(
        GhostChoice(session_id="squats", key=("squats",), name="Squats", load=lambda: squats)
    )
    stage.room.ghost.wait_until_loaded(20)
    stage.room.mirror_delay.choose_delay(2)
    present = [stage.show(None, large) for _ in range(FPS)]
    stage.room.ghost.choose(None)
    for _ in range(FPS):
        plain = stage.show(None, large)
    assert len(drawn_columns(present[-1], plain)) > 20
    assert drawn_columns(plain, large).size == 0
    late = [stage.show(None, large) for _ in range(FPS + 2)]
    for picture in late[:FPS]:
        assert (
            len(np.setxor1d(drawn_columns(picture, large), drawn_columns(present[-1], large))) < 6
        )
    assert drawn_columns(late[-1], large).size == 0


def test_a_cue_points_at_the_joint_that_is_seen(stage):
    large = grey(120, (640, 360))
    moved = STANDING.image_landmarks - np.array([0.35, 0, 0], dtype=np.float32)
    aside = replace(STANDING, image_landmarks=moved)
    stage.room.mirror_delay.choose_delay(2)
    for _ in range(2 * FPS):
        stage.show(aside, large)
    plain = stage.show(STANDING, large)
    stage.room.obey({"part": "cues", "do": "send", "kind": "arrow", "joint": "left_knee"})
    picture = stage.show(STANDING, large)
    drawn = drawn_columns(picture, plain)
    knee_x = 640 * aside.image_landmarks[Landmark.LEFT_KNEE, 0]
    assert np.abs(drawn - knee_x).max() < 150


def test_a_recording_shows_its_frame_on_the_delayed_picture_and_records_the_present(stage, store):
    stage.room.mirror_delay.choose_delay(2)
    stage.play(3.0, None)
    stage.room.start_recording(delay_s=0.0, **stage.room.fields)
    picture = stage.show(STANDING)
    assert picture[0, 0].tolist() == [215, 38, 61]
    stage.room.stop_recording()
    assert store.load_sequence(stage.room.last_session.id).is_detected.all()


def test_where_memory_does_not_reach_back_it_shows_the_oldest_and_says_so(stage):
    stage.room.buffer.max_bytes = 40 * (POSE_BYTES + 1_000)
    stage.room.mirror_delay.choose_delay(60)
    stage.play(10.0, None)
    status = status_of(stage)
    assert stage.room.buffer.n_bytes <= stage.room.buffer.max_bytes
    assert status["is_late"] and "choose a shorter delay" in status["problem"]
    shown = stage.room.mirror_delay.shown
    assert shown.time_s == pytest.approx(stage.room.buffer.first_picture_s)


def test_a_clock_that_is_set_back_costs_nothing_of_it(stage):
    stage.room.mirror_delay.choose_delay(2)
    stage.n_shown = 1000 * FPS
    stage.play(3.0, None)
    stage.n_shown = 0
    for _ in stage.act(1.0, None):
        assert status_of(stage)["filled_s"] == 2 and status_of(stage)["is_late"]


@pytest.mark.parametrize("delay_s", [1, 61, -2])
def test_a_delay_outside_the_limits_is_refused(stage, delay_s):
    with pytest.raises(InvalidOptionError, match="2 to 60 s"):
        stage.room.mirror_delay.choose_delay(delay_s)


def test_the_camera_that_ends_takes_the_minute_with_it(stage):
    stage.play(2.0, None)
    stage.room.camera_ended()
    assert stage.room.buffer.n_bytes == 0
    assert not status_of(stage)["has_frames"]


def keep(stage, what="keep"):
    stage.room.obey({"part": "mirror_delay", "do": what})
    stage.room.keeper.join()
    return status_of(stage)["kept"]


def test_keep_that_one_makes_a_session_of_what_was_just_seen(stage, store):
    stage.room.mirror_delay.keep_s = 5
    stage.play(8.0, STANDING)
    stage.skip(0.5)
    stage.play(2.0, None)
    kept = keep(stage)
    session = store.get_session(kept["session_id"])
    assert kept["state"] == "kept" and kept["sentence"] == 'Kept 5 s as "Wall kept 1".'
    assert (session.name, session.athlete, session.status) == ("Wall kept 1", "Mira", "completed")
    assert (session.source, session.model, session.video_path) == ("live", "full", None)
    sequence = store.load_sequence(session.id)
    assert sequence.time_s[0] == 0 and session.duration_s == pytest.approx(5.0, abs=0.08)
    assert np.diff(sequence.time_s).max() == pytest.approx(9 / FPS, abs=0.01), "the hole is there"
    assert not sequence.is_detected[-2 * FPS :].any() and sequence.is_detected[: 2 * FPS].all()
    assert session.frame_count == len(sequence)
    stage.play(1.0, STANDING)  # the stream goes on
    assert store.get_session(keep(stage)["session_id"]).name == "Wall kept 2"


def test_dropped_frames_leave_holes_in_what_is_kept(stage, store):
    stage.play(1.0, STANDING)
    stage.room.pipeline.n_dropped += 4
    stage.play(1.0, STANDING)
    session = store.get_session(keep(stage)["session_id"])
    assert session.dropped_count == 4
    numbers = store.load_sequence(session.id).frame_number
    assert np.diff(numbers).max() == 5 and numbers[0] == 0


def test_where_less_was_seen_that_is_said(stage):
    stage.room.mirror_delay.keep_s = 30
    assert "start the camera first" in keep(stage)["sentence"]
    stage.play(4.0, None)
    assert keep(stage)["sentence"] == 'Kept 4 s (all that was seen) as "Wall kept 1".'


def test_a_hole_at_its_beginning_is_not_said_to_be_all(stage):
    stage.play(4.0, STANDING)
    stage.skip(3.0)
    stage.play(8.0, STANDING)
    assert keep(stage)["sentence"] == 'Kept 8 s as "Wall kept 1".'


def test_where_memory_was_too_small_that_is_said(stage):
    stage.room.mirror_delay.keep_s = 30
    stage.room.buffer.max_bytes = 3 * FPS * POSE_BYTES
    stage.play(10.0, None)
    assert keep(stage)["sentence"] == 'Kept 3 s (all that fitted into memory) as "Wall kept 1".'


def test_a_new_shape_of_the_picture_cuts_it(stage, store):
    stage.play(3.0, STANDING)
    for _ in range(2 * FPS):
        stage.show(STANDING, grey(100, (80, 44)))
    kept = keep(stage)
    session = store.get_session(kept["session_id"])
    assert "before that the picture had another shape" in kept["sentence"]
    assert (session.image_width, session.image_height) == (80, 44)
    assert session.duration_s == pytest.approx(2.0, abs=0.1)


def test_the_video_is_kept_where_that_is_on(stage, store):
    stage.room.keep_video = True
    show_levels(stage, 3.0)
    session = store.get_session(keep(stage)["session_id"])
    with open_video(store.get_video_file(session.id)).read_frames() as video:
        frames = list(video)
    assert len(frames) == session.frame_count
    times_s = store.load_sequence(session.id).time_s
    np.testing.assert_allclose([time_s for time_s, _ in frames], times_s, atol=1e-3)
    levels = [float(np.median(picture)) for _, picture in frames]
    np.testing.assert_allclose(levels, 40 + 2 * np.arange(len(frames)), atol=4)


def test_a_full_disk_loses_nothing_and_it_can_be_tried_again(stage, store, monkeypatch):
    def refuse(*args, **options):
        raise StorageFullError("The disk is full; free some space.")

    stage.play(3.0, STANDING)
    with monkeypatch.context() as full:
        full.setattr(store, "append_frames", refuse)
        kept = keep(stage)
        assert (kept["state"], kept["sentence"]) == ("failed", "The disk is full; free some space.")
        assert store.get_sessions() == []
        stage.room.camera_ended()
        assert stage.room.buffer.n_bytes > 0, "what could not be stored is held"
        assert keep(stage)["state"] == "failed"
    assert keep(stage, "try_again")["state"] == "kept"
    (session,) = store.get_sessions()
    assert session.duration_s == pytest.approx(3.0, abs=0.1)
    assert stage.room.buffer.n_bytes == 0


def test_what_could_not_be_kept_can_be_given_up(stage, store, monkeypatch, caplog):
    def fail(*args, **options):
        raise RuntimeError("who knows")

    stage.play(1.0, STANDING)
    with monkeypatch.context() as broken:
        broken.setattr(store, "append_frames", fail)
        assert "unexpected" in keep(stage)["sentence"]
    assert "who knows" in caplog.text
    assert keep(stage, "give_up")["state"] == "idle"
    assert keep(stage)["state"] == "kept"
    assert len(store.get_sessions()) == 1


def test_a_video_that_the_disk_refuses_does_not_cost_the_session(stage, store, monkeypatch):
    def refuse(self, *args, **options):
        raise OSError(errno.ENOSPC, "no space")

    stage.room.keep_video = True
    stage.play(1.0, STANDING)
    monkeypatch.setattr(VideoWriter, "_to_frame", refuse)
    kept = keep(stage)
    session = store.get_session(kept["session_id"])
    assert (session.status, session.video_path) == ("completed", None)
    assert "is full" in kept["sentence"]


def test_a_name_that_is_too_long_for_its_number_is_cut(stage, store):
    stage.room.fields["name"] = "x" * 200
    stage.play(1.0, None)
    assert store.get_session(keep(stage)["session_id"]).name == "x" * 193 + " kept 1"


def test_an_unknown_command_is_refused_in_words(stage):
    with pytest.raises(InvalidMessageError, match="cannot do 'fly'"):
        stage.room.obey({"part": "mirror_delay", "do": "fly"})


def test_keep_that_one_keeps_the_goals_of_that_time_with_what_was_reached(
    stage, store, monkeypatch
):
    goals = [
        Goal(angle="right_knee_flexion", kind="at_most", high_deg=20.0),
        Goal(angle="left_shoulder_elevation", kind="at_least", low_deg=170.0),
    ]
    stage.room.goals.choose(goals)
    stage.play(3.0, STANDING)
    stage.play(1.0, stand(left_shoulder_elevation=180.0))
    with monkeypatch.context() as full:
        full.setattr(store, "finish_session", refuse)
        assert keep(stage)["state"] == "failed"
    assert store.get_sessions() == []
    stage.room.goals.choose([])  # it is the time of the press that counts
    session_id = keep(stage, "try_again")["session_id"]
    sequence = store.load_sequence(session_id)
    kept = store.goals.list(session_id)
    assert [each.goal for each in kept] == goals
    assert [each.result for each in kept] == [measure_goal(sequence, goal) for goal in goals]
    assert kept[0].result.in_zone_s == pytest.approx(sequence.time_s[-1])
    assert 0.5 < kept[1].result.in_zone_s < 1.5
    stage.play(1.0, STANDING)
    assert store.goals.list(keep(stage)["session_id"]) == []


def refuse(*_, **__):
    raise StorageFullError("The disk is full; free some space and try again.")
