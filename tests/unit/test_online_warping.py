"""Following a person through a recording: motions whose place in it is known by hand."""

import tracemalloc

import numpy as np
import pytest

from posecore import OnlineWarping, PoseFrame, compute_joint_angles
from posecore.angles import CORE_ANGLES
from posecore.disturbances import add_noise
from posecore.errors import ComparisonError
from posecore.online_warping import compute_core_angles
from posecore.synthetic import make_sequence, make_squats

FPS = 30
WITHIN_FRAMES = 4
"""How far from the truth the answer may be, in frames of the reference."""


def make_dance(at_s):
    """Every joint on its own, and nothing repeated: its angles at any moments."""
    angles = {}
    for number, name in enumerate(CORE_ANGLES):
        rng = np.random.default_rng(number)
        rates_hz, phases = rng.uniform(0.05, 0.6, 4), rng.uniform(0, 2 * np.pi, 4)
        swings = np.sin(2 * np.pi * np.outer(at_s, rates_hz) + phases).sum(axis=1)
        angles[name] = 70 + 16 * swings
    return angles


def film(at_s):
    """A recording that shows these moments of the dance, one a frame."""
    return make_sequence(make_dance(at_s), time_s=np.arange(len(at_s)) / FPS)


def frames_of(sequence):
    for number in range(sequence.n_frames):
        yield PoseFrame(
            time_s=float(sequence.time_s[number]),
            image_landmarks=sequence.image_landmarks[number],
            world_landmarks=sequence.world_landmarks[number],
            visibility=sequence.visibility[number],
            presence=sequence.presence[number],
        )


def follow(warping, sequence):
    """Where in the reference it was after each live pose, seconds."""
    return np.array([warping.follow(frame) for frame in frames_of(sequence)])


@pytest.fixture(scope="module")
def dance():
    return film(np.arange(20 * FPS) / FPS)


@pytest.mark.parametrize("pace", [0.5, 0.8, 1.0, 1.5, 2.0])
def test_a_slower_or_faster_copy_is_followed_frame_by_frame(dance, pace):
    at_s = np.arange(0, 18, pace / FPS)
    found_s = follow(OnlineWarping(dance), add_noise(film(at_s), seed=1, world_sd_m=0.003))
    assert np.abs(found_s - at_s).max() * FPS <= WITHIN_FRAMES


def test_it_stands_while_the_athlete_pauses_however_long_and_goes_on_with_them(dance):
    pause = np.full(60 * FPS, 7.0)
    at_s = np.concatenate([np.arange(0, 7, 1 / FPS), pause, np.arange(7, 15, 1 / FPS)])
    found_s = follow(OnlineWarping(dance), add_noise(film(at_s), seed=2, world_sd_m=0.003))
    assert np.abs(found_s - at_s).max() * FPS <= WITHIN_FRAMES


def test_a_pause_between_equal_repetitions_skips_none():
    reference = make_squats(12.0)
    squat = make_squats(2.0)
    stand = squat.world_landmarks[:1].repeat(30 * FPS, axis=0)
    warping = OnlineWarping(reference)
    live = [*frames_of(squat), *(_pose(each, 2 + n / FPS) for n, each in enumerate(stand))]
    found_s = [warping.follow(frame) for frame in live]
    assert max(found_s) == pytest.approx(2.0, abs=0.3)
    after = [_pose(each, 40 + n / FPS) for n, each in enumerate(squat.world_landmarks)]
    assert [warping.follow(frame) for frame in after][-1] == pytest.approx(4.0, abs=0.3)


def _pose(world_landmarks, time_s):
    empty = PoseFrame.empty(time_s)
    return PoseFrame(
        time_s=time_s,
        image_landmarks=empty.image_landmarks,
        world_landmarks=world_landmarks,
        visibility=np.ones(33, dtype=np.float32),
        presence=np.ones(33, dtype=np.float32),
    )


def test_a_hold_that_is_left_early_is_followed_on():
    """The athlete does not hold the position for the ten seconds for which the reference does."""
    held_s = np.concatenate(
        [np.arange(0, 5, 1 / FPS), np.full(10 * FPS, 5.0), np.arange(5, 12, 1 / FPS)]
    )
    found_s = follow(OnlineWarping(film(held_s)), film(np.arange(0, 11, 1 / FPS)))
    assert found_s[-1] == pytest.approx(21.0, abs=WITHIN_FRAMES / FPS)


def test_gaps_in_live_and_reference_are_stepped_over(dance):
    at_s = np.arange(0, 18, 1 / FPS)
    live = list(frames_of(film(at_s)))
    for number in (*range(60, 66), *range(200, 230), *range(400, 415)):
        live[number] = PoseFrame.empty(live[number].time_s)
    holed = np.array(dance.world_landmarks)
    holed[100:112], holed[300:345] = np.nan, np.nan
    holed[450:500, 13:17] = np.nan  # arms
    reference = make_sequence({}, time_s=dance.time_s).after(dance.steps, world_landmarks=holed)
    warping = OnlineWarping(reference)
    found_s = np.array([warping.follow(frame) for frame in live])
    is_known = np.array([frame.is_detected for frame in live])
    is_known[98:114], is_known[298:347] = False, False
    assert np.abs(found_s - at_s)[is_known].max() * FPS <= WITHIN_FRAMES


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("gap_s", [1.0, 2.0, 60.0])
def test_after_a_gap_equal_repetitions_are_not_skipped(gap_s, seed):
    """Who is away in the second of fifteen squats, comes back and scratches an ear has done two."""
    reference = add_noise(make_squats(30.0), seed=seed, world_sd_m=0.003)
    squats = add_noise(make_squats(6.0), seed=100 + seed, world_sd_m=0.003)
    live_deg = compute_joint_angles(squats, CORE_ANGLES).to_numpy(copy=True)
    live_deg[120:125, 0] += 20.0
    warping = OnlineWarping(reference)
    for number, pose_deg in enumerate(live_deg):
        warping.follow_angles(number / FPS + (gap_s if number >= 120 else 0.0), pose_deg)
    assert warping.position_s == pytest.approx(6.0, abs=0.5)


def test_a_path_that_fits_is_kept_however_long_the_reference():
    """In a long recording of repetitions another one always fits a little better."""
    squats = make_squats(300.0)
    found_s = follow(OnlineWarping(squats), squats[: 20 * FPS])
    assert np.abs(found_s - squats.time_s[: 20 * FPS]).max() < 0.5


def test_a_step_after_a_very_long_gap_costs_no_more_memory_than_any_other():
    minutes = 5
    squats = make_squats(60.0 * minutes)
    warping = OnlineWarping(squats)
    for number in range(60):
        warping.follow(_pose(squats.world_landmarks[number], number / FPS))
    tracemalloc.start()
    try:
        for number in range(60, 90):
            warping.follow(_pose(squats.world_landmarks[number], 60.0 * minutes + number / FPS))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2e6
    assert warping.position_s == pytest.approx(3.0, abs=0.3)


@pytest.mark.parametrize("interrupt", ["pause", "seek"])
def test_the_time_of_a_pause_is_no_time_for_a_movement(dance, interrupt):
    """Where the poses broke off on purpose, they go on as if no time had passed."""
    found_s = []
    for pause_s in (0.0, 1.5):
        warping = OnlineWarping(dance)
        follow(warping, dance[:90])
        if interrupt == "pause":
            warping.pause()
        else:
            warping.seek(warping.position_s)
        later = [_pose(each, 3 + pause_s + n / FPS) for n, each in enumerate(_landmarks_from(90))]
        found_s.append([warping.follow(frame) for frame in later])
    assert found_s[0] == found_s[1]


def _landmarks_from(number):
    return film(np.arange(20 * FPS) / FPS).world_landmarks[number : number + 60]


def test_another_movement_makes_no_progress():
    reference = make_squats(20.0)
    seconds = np.arange(20 * FPS) / FPS
    raised = 60 * (1 - np.cos(2 * np.pi * 0.4 * seconds))
    waving = {"left_elbow_flexion": raised, "right_shoulder_elevation": raised}
    warping = OnlineWarping(reference)
    follow(warping, make_sequence(waving, time_s=seconds))
    assert warping.position_s < 1.0
    assert not warping.is_at_end


def test_nobody_in_view_changes_nothing(dance):
    warping = OnlineWarping(dance)
    follow(warping, dance[:100])
    at_s = warping.position_s
    for number in range(300):
        assert warping.follow(PoseFrame.empty(4 + number / FPS)) == at_s
    assert not warping.is_matched
    assert np.isnan(warping.difference_deg)


def test_who_begins_in_the_middle_is_found(dance):
    warping = OnlineWarping(dance)
    at_s = np.arange(9, 16, 1 / FPS)
    found_s = follow(warping, film(at_s))
    late = at_s >= 12
    assert np.abs(found_s - at_s)[late].max() * FPS <= WITHIN_FRAMES
    assert warping.is_matched


def test_who_was_lost_is_found_again(dance):
    warping = OnlineWarping(dance)
    follow(warping, dance[:90])
    away = make_sequence({}, time_s=np.arange(3 * FPS) / FPS)
    live = [*frames_of(away), *frames_of(film(np.arange(8, 14, 1 / FPS)))]
    lost = []
    for number, frame in enumerate(live):
        warping.follow(_pose(frame.world_landmarks, 3 + number / FPS))
        lost.append(warping.is_lost)
    assert lost[80]
    assert not lost[-1]
    assert warping.position_s == pytest.approx(14.0, abs=(WITHIN_FRAMES + 1) / FPS)


def test_the_answer_never_depends_on_what_comes_later(dance):
    at_s = np.arange(0, 10, 1 / FPS)
    other_s = np.concatenate([at_s[:150], np.full(150, 19.0)])
    first, second = (follow(OnlineWarping(dance), film(each)) for each in (at_s, other_s))
    assert (first[:150] == second[:150]).all()


def test_the_end_is_reached_only_at_the_end(dance):
    warping = OnlineWarping(dance)
    ends = []
    for frame in frames_of(dance):
        warping.follow(frame)
        ends.append(warping.is_at_end)
    assert ends[-1]
    assert not any(ends[: -2 * FPS // 3])


def test_after_a_seek_it_waits_for_the_pose_there(dance):
    warping = OnlineWarping(dance)
    warping.seek(6.0)
    assert warping.position_s == 6.0
    assert warping.follow(next(frames_of(dance))) == 6.0
    assert not warping.is_matched
    found_s = follow(warping, film(np.arange(6, 9, 1 / FPS)))
    assert found_s[-1] == pytest.approx(9.0, abs=WITHIN_FRAMES / FPS)


def test_a_single_position_can_be_followed_and_has_no_end(dance):
    warping = OnlineWarping(dance[:1])
    warping.follow(next(frames_of(dance)))
    assert warping.is_matched
    assert not warping.is_at_end


def test_a_reference_with_nobody_in_it_is_refused(dance):
    nobody = PoseFrame.empty(0.0)
    empty = type(dance).from_frames([nobody], image_size=(640, 360))
    with pytest.raises(ComparisonError, match="Nobody is seen"):
        OnlineWarping(empty)


def test_the_angles_of_one_pose_are_those_of_a_recording(dance):
    expected = compute_joint_angles(dance[40:41], CORE_ANGLES).to_numpy()[0]
    live = next(frames_of(dance[40:41]))
    np.testing.assert_allclose(compute_core_angles(live), expected, atol=1e-9)
