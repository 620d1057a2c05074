"""The ghost over the live picture: its place, its clock, its score, and how it waits."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import CORE_ANGLES, PoseFrame, PoseSequence, compare
from posecore.capture.canvas import Canvas
from posecore.capture.ghost import Ghost, GhostChoice
from posecore.capture.ghost_held import HeldPosition
from posecore.capture.ghost_overlay import BAD_RGB, GOOD_RGB, draw_ghost
from posecore.capture.ghost_placement import GhostPlacer
from posecore.capture.ghost_reference import GhostReference
from posecore.capture.ghost_score import RunningScore
from posecore.capture.ghost_words import SteadyWords, describe_worst, find_levels
from posecore.capture.live_part import LiveMoment
from posecore.errors import InvalidMessageError, SessionNotFoundError
from posecore.placement import mirror
from posecore.sequence import NO_PICTURE
from posecore.synthetic import make_sequence, make_squats
from posecore.topology import Landmark

SIZE = (640, 360)
FPS = 30
HIPS = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]


class HandClock:
    """A clock that stands until the test moves it."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ghost(clock) -> Ghost:
    return Ghost(clock=clock)


def choose(ghost, sequence, **options):
    """Take a recording as ghost, and wait until it is loaded."""
    key = (id(sequence), *options.items())
    ghost.choose(
        GhostChoice(session_id="1", key=key, name="Wall", load=lambda: sequence, **options)
    )
    ghost.wait_until_loaded(30)
    return ghost.status()


def frame_at(sequence, number, **changes) -> PoseFrame:
    return PoseFrame(
        time_s=float(sequence.time_s[number]),
        image_landmarks=changes.get("image", sequence.image_landmarks[number]),
        world_landmarks=sequence.world_landmarks[number],
        visibility=sequence.visibility[number],
        presence=sequence.presence[number],
    )


def show(ghost, clock, frame, size=SIZE, *, recording_id=""):
    """Let the ghost see one frame, now."""
    picture = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    ghost.see(
        LiveMoment(
            frame=frame,
            calm=frame,
            frame_number=0,
            image_size=size,
            frame_rgb=picture,
            arrived_s=clock.now_s,
            recording_id=recording_id,
        )
    )


def play(ghost, clock, sequence, *, n_frames=None):
    """Let somebody move as a recording does, frame by frame; returns each status."""
    found = []
    for number in range(sequence.n_frames if n_frames is None else n_frames):
        show(ghost, clock, frame_at(sequence, number))
        found.append(ghost.status())
        clock.now_s += 1 / FPS
    return found


def move_picture(frame, scale, shift):
    """The same body elsewhere in the picture, and of another size."""
    image = np.array(frame.image_landmarks)
    image[:, :2] = scale * image[:, :2] + shift
    return replace(frame, image_landmarks=image)


# Where it stands


@pytest.mark.parametrize("placement", ["hips", "feet"])
def test_the_ghost_of_the_same_pose_lies_on_the_athlete_wherever_and_however_large(placement):
    squats = make_squats(2.0)
    reference = GhostReference(squats)
    live = move_picture(frame_at(squats, 20), 0.6, (0.3, 0.25))
    placer = GhostPlacer(reference, placement)
    placer.see(0.0, live, SIZE)
    found = placer.place(reference.read(float(squats.time_s[20])), SIZE)
    np.testing.assert_allclose(found, live.image_landmarks[:, :2], atol=2e-3)


def test_by_the_hips_a_smaller_ghost_gets_the_athletes_torso():
    squats = make_squats(2.0)
    small = replace(squats, image_landmarks=squats.image_landmarks * np.float32(0.5))
    reference = GhostReference(small)
    live = frame_at(squats, 0)
    placer = GhostPlacer(reference, "hips")
    placer.see(0.0, live, SIZE)
    found = placer.place(reference.read(0.0), SIZE)
    np.testing.assert_allclose(found, live.image_landmarks[:, :2], atol=2e-3)


def test_by_the_feet_a_ghost_that_squats_stands_on_the_athletes_ground():
    squats = make_squats(2.0)
    reference = GhostReference(squats)
    live = frame_at(squats, 0)  # who stands upright
    placer = GhostPlacer(reference, "feet")
    placer.see(0.0, live, SIZE)
    found = placer.place(reference.read(1.0), SIZE)
    feet = [Landmark.LEFT_FOOT_INDEX, Landmark.LEFT_HEEL, Landmark.LEFT_ANKLE]
    assert found[feet, 1].max() == pytest.approx(live.image_landmarks[feet, 1].max(), abs=0.002)
    assert found[HIPS, 1].mean() > live.image_landmarks[HIPS, 1].mean() + 0.05


def test_where_it_was_recorded_it_stays_whoever_moves():
    squats = make_squats(2.0)
    reference = GhostReference(squats)
    placer = GhostPlacer(reference, "recorded")
    for number, shift in enumerate((0.0, 0.2, -0.2)):
        placer.see(float(number), move_picture(frame_at(squats, 0), 0.5, (shift, 0.0)), SIZE)
        found = placer.place(reference.read(0.0), SIZE)
        np.testing.assert_allclose(found, squats.image_landmarks[0, :, :2], atol=1e-6)


def test_a_picture_of_another_shape_keeps_the_bodys_proportions():
    squats = make_squats(2.0)
    reference = GhostReference(squats)
    placer = GhostPlacer(reference, "recorded")
    found = placer.place(reference.read(0.0), (480, 480))
    width, height = squats.image_size
    expected = squats.image_landmarks[0, :, :2] * (width / height, 1)
    lengths = [np.linalg.norm(each[11] - each[28]) for each in (found, expected)]
    assert lengths[0] == pytest.approx(lengths[1])


def test_without_anybody_it_goes_to_where_it_was_recorded_and_back():
    squats = make_squats(2.0)
    reference = GhostReference(squats)
    placer = GhostPlacer(reference, "hips")
    pose = reference.read(0.0)
    live = move_picture(frame_at(squats, 0), 0.5, (0.4, 0.1))
    recorded, there = squats.image_landmarks[0, :, :2], live.image_landmarks[:, :2]
    now_s = 0.0
    for frame, aim in ((live, there), (PoseFrame.empty(0.0), recorded), (live, there)):
        steps = []
        for _ in range(3 * FPS):
            placer.see(now_s, frame, SIZE)
            steps.append(placer.place(pose, SIZE))
            now_s += 1 / FPS
        np.testing.assert_allclose(steps[-1], aim, atol=2e-3)
        jumps = np.abs(np.diff(steps, axis=0)).max()
        assert jumps < 0.1, "it moved there in one jump"


def test_it_hardly_trembles_where_the_landmarks_do():
    squats = make_squats(2.0)
    reference = GhostReference(squats)
    placer = GhostPlacer(reference, "hips")
    rng = np.random.default_rng(0)
    pose, live, places, hips = reference.read(0.0), frame_at(squats, 0), [], []
    for number in range(5 * FPS):
        image = live.image_landmarks + rng.normal(0, 0.004, (33, 3)).astype(np.float32)
        placer.see(number / FPS, replace(live, image_landmarks=image), SIZE)
        places.append(placer.place(pose, SIZE)[HIPS].mean(axis=0))
        hips.append(image[HIPS, :2].mean(axis=0))
    shaking = [np.abs(np.diff(each[FPS:], axis=0)).mean() for each in (places, hips)]
    assert shaking[0] < 0.5 * shaking[1]


def test_a_recording_that_never_was_a_picture_stands_in_the_middle_or_on_the_athlete():
    squats = make_squats(2.0)
    bare = replace(
        squats, image_landmarks=np.full_like(squats.image_landmarks, np.nan), image_size=NO_PICTURE
    )
    reference = GhostReference(bare)
    pose = reference.read(0.0)
    placer = GhostPlacer(reference, "hips")
    assert placer.place(pose, SIZE)[HIPS].mean(axis=0) == pytest.approx([0.5, 0.5])
    live = move_picture(frame_at(squats, 0), 0.5, (0.1, 0.3))
    placer.see(0.0, live, SIZE)
    hips = live.image_landmarks[HIPS, :2].mean(axis=0)
    assert placer.place(pose, SIZE)[HIPS].mean(axis=0) == pytest.approx(hips)


# How near one is


def test_the_score_is_that_of_a_comparison_and_100_for_the_same():
    rng = np.random.default_rng(3)
    difference = rng.normal(0, 20, (90, 8))
    difference[10:20, 3] = np.nan
    score = RunningScore()
    for number, row in enumerate(difference):
        score.add(number / FPS, row)
    alike = 1 - np.minimum(np.abs(difference), 45) / 45
    assert score.whole == pytest.approx(100 * np.nanmean(alike, axis=0).mean())
    same = RunningScore()
    for number in range(FPS):
        same.add(number / FPS, np.zeros(8))
    assert (same.whole, same.recent) == (100, 100)


def test_the_large_score_forgets_what_is_longer_ago_than_five_seconds():
    score = RunningScore()
    for number in range(20 * FPS):
        score.add(number / FPS, np.full(8, 45.0 if number < 12 * FPS else 0.0))
    assert score.recent == 100
    assert score.whole == pytest.approx(40, abs=0.5)
    score.add(21.0, np.full(8, np.nan))
    assert score.recent == 100


def test_the_large_score_is_not_that_of_a_frame_or_two_and_goes_on_into_the_next_run():
    score = RunningScore()
    for number in range(FPS):
        score.add(number / FPS, np.full(8, 45.0))
        assert np.isnan(score.recent) == (number < FPS / 2)
    score.begin_run()
    assert np.isnan(score.whole)
    assert score.recent == 0
    for number in range(FPS):  # the clock jumped back: what came before is no last second
        score.add(number / FPS - 50, np.zeros(8))
    assert (score.whole, score.recent) == (100, 100)


def test_without_anything_known_there_is_no_score():
    score = RunningScore()
    score.add(0.0, np.full(8, np.nan))
    assert np.isnan([score.whole, score.recent]).all()


def test_what_is_most_off_is_said_in_words():
    difference = np.zeros(8)
    assert describe_worst(difference) == ""
    difference[0] = 25.4
    assert describe_worst(difference) == "left elbow 25° more bent than the ghost"
    difference[3] = -40
    assert describe_worst(difference) == "right arm 40° lower than the ghost"
    levels = find_levels(np.array([0, 20, 50, np.nan, 0, 0, 0, 0.0]))
    assert list(levels.values())[:3] == ["good", "warn", "bad"]
    assert len(levels) == 7


def test_a_limb_that_is_right_meanwhile_is_not_spoken_of_any_more():
    words = SteadyWords()
    off = np.zeros(8)
    off[0] = 90.0
    words.add(0.0, off)
    assert words.words.startswith("left elbow 90")
    words.add(0.1, np.where(off > 0, np.nan, 0.0))
    assert words.words, "it is hidden, not right"
    words.add(0.2, np.zeros(8))
    assert words.words, "one frame is not enough"
    words.add(0.3, np.zeros(8))
    assert words.words == ""


def test_the_words_stay_long_enough_to_be_read():
    words, said = SteadyWords(), []
    for number in range(3 * FPS):
        off = np.zeros(8)
        off[number % 2] = 40.0
        words.add(number / FPS, off)
        said.append(words.words)
    changes = [number for number in range(1, len(said)) if said[number] != said[number - 1]]
    assert len(changes) <= 4
    assert "20°" in said[-1]


def test_a_position_counts_as_held_after_a_second_and_once():
    held = HeldPosition()
    near, far = np.full(8, 10.0), np.full(8, 30.0)
    for number in range(25):
        held.add(number / FPS, near, is_still=True)
    assert not held.is_held
    assert 0 < held.share < 1
    held.add(25 / FPS, far, is_still=True)  # a moment's slip is forgiven
    for number in range(26, 60):
        held.add(number / FPS, near, is_still=True)
    assert (held.is_held, held.n_held) == (True, 1)
    for number in range(60, 80):
        held.add(number / FPS, far, is_still=True)
    assert (held.is_held, held.share) == (False, 0)
    held.add(3.0, near, is_still=False)
    assert (held.share, held.n_held) == (0, 1)


@pytest.mark.parametrize("between", [(), (0.1,), (0.1, 0.2, 0.3)])
def test_what_nobody_saw_is_not_held(between):
    """Two frames over a second apart, with none between or none in which anybody is seen."""
    held = HeldPosition()
    held.add(0.0, np.zeros(8), is_still=True)
    for now_s in between:
        held.add(now_s, np.full(8, np.nan), is_still=True)
    held.add(1.1, np.zeros(8), is_still=True)
    assert (held.is_held, held.share) == (False, 0)


# How it runs


def test_at_its_own_pace_the_same_movement_scores_100(ghost, clock):
    squats = make_squats(6.0)
    assert choose(ghost, squats)["state"] == "ready"
    status = play(ghost, clock, squats)[-2]
    assert (status["score"], status["run_score"], status["worst"]) == (100, 100, "")
    assert status["position_s"] == pytest.approx(squats.time_s[-2], abs=0.06)


def test_another_movement_scores_clearly_lower(ghost, clock):
    choose(ghost, make_squats(6.0))
    seconds = np.arange(6 * FPS) / FPS
    raised = 75 * (1 - np.cos(2 * np.pi * 0.8 * seconds))
    arms = {f"{side}_shoulder_elevation": raised for side in ("left", "right")}
    status = play(ghost, clock, make_sequence(arms, time_s=seconds))[-2]
    assert status["run_score"] < 70
    assert status["worst"]


def test_play_pause_seek_speed_and_loop(ghost, clock):
    squats = make_squats(4.0)
    choose(ghost, squats)
    standing = frame_at(squats, 0)
    clock.now_s += 60.0
    show(ghost, clock, standing)
    assert ghost.status()["position_s"] == 0.0, "it ran before there was a camera"
    clock.now_s += 1.0
    show(ghost, clock, standing)
    assert ghost.status()["position_s"] == 1.0
    ghost.obey({"do": "pause"})
    clock.now_s += 5.0
    show(ghost, clock, standing)
    assert (ghost.status()["position_s"], ghost.status()["is_playing"]) == (1.0, False)
    ghost.obey({"do": "seek", "time_s": 2.0})
    ghost.obey({"do": "speed", "speed": 0.5})
    ghost.obey({"do": "play"})
    clock.now_s += 1.0
    show(ghost, clock, standing)
    assert ghost.status()["position_s"] == 2.5
    clock.now_s += 10.0
    show(ghost, clock, standing)
    assert ghost.status()["position_s"] == 0.0, "it did not begin again"
    ghost.obey({"do": "loop", "on": False})
    clock.now_s += 10.0
    show(ghost, clock, standing)
    status = ghost.status()
    assert (status["is_playing"], status["is_looped"]) == (False, False)
    assert status["end_s"] == 3.97
    assert status["position_s"] == pytest.approx(3.97, abs=0.05)
    ghost.obey({"do": "play"})
    show(ghost, clock, standing)
    assert ghost.status()["position_s"] == 0.0


def test_at_its_own_pace_it_begins_with_each_recording(ghost, clock):
    squats = make_squats(4.0)
    choose(ghost, squats)
    show(ghost, clock, frame_at(squats, 0))
    positions = []
    for recording_id in ("", "first", "first", "second"):
        clock.now_s += 1.0
        show(ghost, clock, frame_at(squats, 0), recording_id=recording_id)
        positions.append(ghost.status()["position_s"])
    assert positions == [1.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    "command",
    [
        {"do": "seek"},
        {"do": "seek", "time_s": float("nan")},
        {"do": "seek", "time_s": "1"},
        {"do": "speed", "speed": True},
        {"do": "way", "way": "backwards"},
        {"do": "way", "way": ["own"]},
        {"do": "fly"},
        {},
        {"do": ["play"]},
    ],
)
def test_what_is_no_command_is_refused_in_a_sentence(ghost, command):
    choose(ghost, make_squats(1.0))
    with pytest.raises(InvalidMessageError) as refusal:
        ghost.obey(command)
    assert str(refusal.value).endswith(".")


def test_how_it_runs_is_changed_in_the_panel(ghost):
    choose(ghost, make_squats(1.0))
    ghost.obey({"do": "way", "way": "waiting"})
    assert (ghost.way, ghost.status()["way"]) == ("waiting", "waiting")


def test_without_a_ghost_nothing_can_be_played(ghost):
    assert ghost.status() == {"state": "none"}
    with pytest.raises(InvalidMessageError, match="choose a session"):
        ghost.obey({"do": "play"})


def test_a_stretch_is_played_alone(ghost, clock):
    status = choose(ghost, make_squats(6.0), from_s=2.0, to_s=4.0)
    assert (status["start_s"], status["end_s"]) == (2.0, 4.0)
    show(ghost, clock, PoseFrame.empty(0.0))
    clock.now_s += 1.0
    show(ghost, clock, PoseFrame.empty(0.0))
    assert ghost.status()["position_s"] == 3.0
    ghost.obey({"do": "seek", "time_s": 60})
    assert ghost.status()["position_s"] == 4.0


def test_waiting_it_goes_on_as_the_athlete_moves_and_stands_when_they_stand(ghost, clock):
    squats = make_squats(6.0)
    choose(ghost, squats)
    ghost.run_as("waiting")
    show(ghost, clock, PoseFrame.empty(0.0))
    clock.now_s += 5
    show(ghost, clock, PoseFrame.empty(0.0))
    assert ghost.status()["position_s"] == 0.0
    half = play(ghost, clock, squats, n_frames=45)
    assert half[-1]["position_s"] == pytest.approx(44 / FPS, abs=0.2)
    assert half[-1]["score"] >= 95
    assert half[-1]["run_score"] == pytest.approx(100 * half[-1]["done_share"], abs=2)
    for _ in range(90):  # three seconds in the middle of a squat
        show(ghost, clock, frame_at(squats, 44))
        clock.now_s += 1 / FPS
    assert ghost.status()["position_s"] == pytest.approx(44 / FPS, abs=0.2)
    assert ghost.status()["run_score"] == half[-1]["run_score"]


def test_waiting_it_says_when_a_position_is_held_and_loops_at_the_end(ghost, clock):
    bend = np.concatenate([np.linspace(0, 80, 30), np.full(60, 80.0), np.linspace(80, 0, 30)])
    angles = {f"{side}_shoulder_elevation": bend for side in ("left", "right")}
    reference = make_sequence(angles, time_s=np.arange(120) / FPS)
    choose(ghost, reference)
    ghost.run_as("waiting")
    found = play(ghost, clock, reference)
    numbers = [status["n_held"] for status in found]
    assert numbers[30] == 0
    assert numbers[-1] == 1
    first = numbers.index(1)
    assert 20 + FPS <= first <= 30 + 2 * FPS
    assert found[first]["is_held"]
    assert any(status["last_score"] for status in found), "it did not begin again"


def test_a_paused_ghost_is_a_position_to_hold(ghost, clock):
    squats = make_squats(4.0)
    choose(ghost, squats)
    ghost.obey({"do": "seek", "time_s": 1.0})
    ghost.obey({"do": "pause"})
    for _ in range(40):
        show(ghost, clock, frame_at(squats, 30))
        clock.now_s += 1 / FPS
    assert ghost.status()["n_held"] == 1
    canvas = Canvas(np.zeros((360, 640, 3), dtype=np.uint8))
    ghost.draw_above(canvas)
    assert canvas.picture.any()


def test_what_a_mirrored_ghost_does_the_other_side_is_compared_with(ghost, clock):
    bend = np.linspace(0, 100, 60)
    left = make_sequence({"left_elbow_flexion": bend}, time_s=np.arange(60) / FPS)
    right = make_sequence({"right_elbow_flexion": bend}, time_s=np.arange(60) / FPS)
    choose(ghost, mirror(left))
    assert play(ghost, clock, right)[-2]["run_score"] == 100


# What is missing


def test_gaps_are_neither_drawn_nor_scored_and_said_where_they_are_most(ghost, clock):
    squats = make_squats(4.0)
    arrays = {
        name: np.array(getattr(squats, name))
        for name in ("image_landmarks", "world_landmarks", "visibility", "presence")
    }
    for array in arrays.values():
        array[20:100] = np.nan
    status = choose(ghost, replace(squats, **arrays))
    assert "67%" in status["note"]
    assert status["note"].endswith(".")
    found = play(ghost, clock, squats, n_frames=110)
    assert found[60]["worst"] == ""
    assert found[109]["run_score"] == 100
    ghost.obey({"do": "seek", "time_s": 2.0})
    ghost.obey({"do": "pause"})
    show(ghost, clock, frame_at(squats, 60))
    canvas = Canvas(np.zeros((360, 640, 3), dtype=np.uint8))
    ghost.draw_below(canvas)
    assert not canvas.picture.any()
    ghost.obey({"do": "seek", "time_s": 0.3})
    show(ghost, clock, frame_at(squats, 9))
    ghost.draw_below(canvas)
    assert canvas.picture.any()


def test_nobody_in_it_or_no_session_any_more_is_one_sentence(ghost):
    nobody = PoseSequence.from_frames([PoseFrame.empty(0.0)], image_size=SIZE)
    status = choose(ghost, nobody)
    assert status["state"] == "problem"
    assert "Nobody is seen" in status["problem"]

    def gone():
        raise SessionNotFoundError("This session is not here any more; choose another one.")

    ghost.choose(GhostChoice(session_id="2", key=("gone",), name="Gone", load=gone))
    ghost.wait_until_loaded(30)
    assert ghost.status()["problem"] == "This session is not here any more; choose another one."
    assert choose(ghost, make_squats(1.0), from_s=5.0)["state"] == "problem"
    ghost.choose(None)
    assert ghost.status() == {"state": "none"}


def test_a_clock_that_jumps_back_and_a_camera_that_ends_do_no_harm(ghost, clock):
    squats = make_squats(2.0)
    choose(ghost, squats)
    ghost.run_as("waiting")
    play(ghost, clock, squats, n_frames=20)
    clock.now_s -= 50
    play(ghost, clock, squats, n_frames=20)
    ghost.camera_ended()
    play(ghost, clock, squats, n_frames=20)
    assert ghost.status()["state"] == "ready"


def test_hidden_landmarks_are_not_compared(ghost, clock):
    squats = make_squats(2.0)
    visibility = np.array(squats.visibility)
    visibility[:, Landmark.LEFT_WRIST] = 0.1
    choose(ghost, replace(squats, visibility=visibility))
    bent = make_sequence({"left_elbow_flexion": 90.0}, time_s=squats.time_s[:5])
    show(ghost, clock, frame_at(bent, 0))
    assert "elbow" not in ghost.status()["worst"]


# How it looks


def draw(levels, *, mirror=False, size=SIZE):
    squats = make_squats(1.0)
    canvas = Canvas(np.full((size[1], size[0], 3), 128, dtype=np.uint8), mirror=mirror)
    draw_ghost(canvas, squats.image_landmarks[0, :, :2], np.ones(33, dtype=bool), levels)
    return canvas.picture.astype(int)


def test_limbs_show_how_far_off_they_are_by_colour_and_by_form():
    good, bad = draw({"left_knee_flexion": "good"}), draw({"left_knee_flexion": "bad"})
    near = np.abs(np.array(GOOD_RGB) * 0.62 + 128 * 0.38 - good).max(axis=2) < 12
    far = np.abs(np.array(BAD_RGB) * 0.62 + 128 * 0.38 - bad).max(axis=2) < 12
    assert near.sum() > 50
    assert far.sum() > 20
    assert np.ptp(np.flatnonzero(far.any(axis=0))) > np.ptp(np.flatnonzero(near.any(axis=0)))
    # A row of dots has gaps along the limb, a solid line has none.
    for found, n_parts in ((near, 1), (far, 2)):
        rows = found.any(axis=1).astype(int)
        assert (np.diff(rows, prepend=0) == 1).sum() >= n_parts
    rows = near.any(axis=1).astype(int)
    assert (np.diff(rows, prepend=0) == 1).sum() == 1


def test_one_sees_through_it_and_a_mirror_turns_it():
    plain, turned = (draw({"left_elbow_flexion": "bad"}, mirror=each) for each in (False, True))
    is_other = (np.abs(plain - turned[:, ::-1]) > 20).any(axis=2)
    assert is_other.mean() < 0.01  # a pixel at the edges
    assert (np.abs(plain - turned) > 20).any(axis=2).mean() > 0.001
    changed = np.abs(plain - 128).max(axis=2) > 0
    assert 0 < changed.mean() < 0.5
    assert plain.min() > 20, "nothing shines through"


def test_a_ghost_outside_the_picture_draws_nothing():
    canvas = Canvas(np.zeros((36, 64, 3), dtype=np.uint8))
    far = np.full((33, 2), 30.0)
    draw_ghost(canvas, far, np.ones(33, dtype=bool), {})
    draw_ghost(canvas, far, np.zeros(33, dtype=bool), {})
    draw_ghost(canvas, np.full((33, 2), np.nan), np.zeros(33, dtype=bool), {})
    assert not canvas.picture.any()


def test_where_all_joints_move_alike_the_running_score_is_that_of_comparing(ghost, clock):
    a, b = (move_every_joint(rate_hz) for rate_hz in (0.5, 0.45))
    choose(ghost, a)
    score = play(ghost, clock, b)[-2]["run_score"]
    assert score == pytest.approx(compare(a, b, alignment="start").score, abs=1.0)


def move_every_joint(rate_hz):
    seconds = np.arange(6 * FPS) / FPS
    bend = 40 * (1 - np.cos(2 * np.pi * rate_hz * seconds))
    return make_sequence(dict.fromkeys(CORE_ANGLES, bend), time_s=seconds)
