"""What the score of a ghost says of who does its movement, a part of it, another one or nothing."""

import itertools

import av
import numpy as np
import pytest

from posecore import CORE_ANGLES, PoseFrame, PoseSequence, clean, compute_joint_angles
from posecore.capture.ghost import Ghost
from posecore.capture.ghost_held import EndOfRun
from posecore.capture.ghost_score import (
    BRIDGED,
    LEAST_STEPS,
    LEAST_WEIGHT,
    RunningScore,
    StepScore,
    compute_weights,
)
from posecore.disturbances import add_noise
from posecore.estimation import open_estimator
from posecore.synthetic import make_sequence, make_squats
from tests.unit.test_ghost import FPS, SIZE, HandClock, choose, frame_at, show

SECONDS = np.arange(10 * FPS) / FPS
UP = (1 - np.cos(2 * np.pi * 0.25 * SECONDS)) / 2
"""Up and down again in four seconds, over and over."""
MOVEMENTS = {
    "curl": make_sequence({"left_elbow_flexion": 130 * UP}, time_s=SECONDS),
    "arms": make_sequence(
        {f"{side}_shoulder_elevation": 170 * UP for side in ("left", "right")}, time_s=SECONDS
    ),
    "squats": make_squats(10.0, rate_hz=0.25),
}
STILL = make_sequence({}, time_s=SECONDS)


def practise(reference, live, way, *, is_looped=False):
    """Each status while somebody moves before a ghost."""
    clock = HandClock()
    ghost = Ghost(clock=clock)
    choose(ghost, reference)
    ghost.run_as(way)
    ghost.obey({"do": "loop", "on": is_looped})
    found = []
    for number in range(live.n_frames):
        show(ghost, clock, frame_at(live, number))
        found.append(ghost.status())
        clock.now_s += 1 / FPS
    return found


def best(found):
    return max((each["score"] for each in found if each["score"] is not None), default=0)


def make_squats_of(depth, before_s=0.0, **before_deg):
    """Squats to a part of their depth, behind some seconds of something else."""
    table = compute_joint_angles(MOVEMENTS["squats"], CORE_ANGLES)
    n_before = round(before_s * FPS)
    angles = {}
    for name in CORE_ANGLES:
        whole = table[name].to_numpy()
        first = np.full(n_before, before_deg.get(name, whole[0]))
        angles[name] = np.concatenate([first, whole[0] + depth * (whole - whole[0])])
    return make_sequence(angles, time_s=np.arange(n_before + len(table)) / FPS)


@pytest.mark.parametrize("way", ["own", "waiting"])
@pytest.mark.parametrize("name", MOVEMENTS)
def test_ones_own_movement_scores_near_100(name, way):
    reference = MOVEMENTS[name]
    found = practise(reference, add_noise(reference, seed=1, world_sd_m=0.003), way)
    assert best(found) >= 95
    assert found[-1]["run_score"] >= 95


@pytest.mark.parametrize("name", MOVEMENTS)
def test_who_stands_still_does_not_score_well(name):
    own = practise(MOVEMENTS[name], STILL, "own")
    assert own[-1]["run_score"] < 50
    waiting = practise(MOVEMENTS[name], STILL, "waiting")
    assert max(each["run_score"] for each in waiting) < 5
    assert best(waiting) == 0
    assert waiting[-1]["done_share"] < 0.05


@pytest.mark.parametrize("way", ["own", "waiting"])
@pytest.mark.parametrize(
    ("name", "other"),
    [(name, other) for name in MOVEMENTS for other in MOVEMENTS if name != other],
)
def test_another_movement_scores_clearly_lower(name, other, way):
    found = practise(MOVEMENTS[name], MOVEMENTS[other], way)
    assert found[-1]["run_score"] < 50
    assert found[-1]["score"] is None or found[-1]["score"] < 50


def test_a_part_of_the_depth_is_a_part_of_the_score():
    scores = [
        practise(MOVEMENTS["squats"], make_squats_of(depth), "waiting")[-1]["run_score"]
        for depth in (1.0, 0.85, 0.7)
    ]
    assert scores[0] >= 98
    assert scores[0] > scores[1] + 5
    assert scores[1] > scores[2] + 5
    assert scores[2] < 80


def test_what_is_done_before_the_movement_begins_changes_nothing():
    live = make_squats_of(1.0, 20.0, left_elbow_flexion=100.0, right_elbow_flexion=100.0)
    found = practise(MOVEMENTS["squats"], live, "waiting")
    assert found[20 * FPS - 5]["run_score"] in (None, 0)
    assert found[-1]["last_score"] >= 98


def test_waiting_a_run_grows_with_what_was_done():
    found = practise(MOVEMENTS["squats"], MOVEMENTS["squats"], "waiting")
    scores = [each["run_score"] for each in found if each["run_score"] is not None]
    assert (np.diff(scores) >= 0).all()
    assert scores[0] < 5
    assert scores[len(scores) // 2] == pytest.approx(50, abs=10)
    assert scores[-1] == 100
    assert found[-1]["done_share"] == 1


def test_only_a_run_that_was_finished_is_the_one_before():
    clock = HandClock()
    ghost = Ghost(clock=clock)
    squats = make_squats(4.0)
    choose(ghost, squats)
    ghost.run_as("waiting")
    for number in range(60):
        show(ghost, clock, frame_at(squats, number))
        clock.now_s += 1 / FPS
    ghost.obey({"do": "restart"})
    assert ghost.status()["last_score"] is None
    for number in range(120):
        show(ghost, clock, frame_at(squats, number))
        clock.now_s += 1 / FPS
    assert ghost.status()["last_score"] >= 98


def test_what_is_skipped_with_the_slider_was_not_done():
    clock = HandClock()
    ghost = Ghost(clock=clock)
    squats = MOVEMENTS["squats"]
    choose(ghost, squats)
    ghost.run_as("waiting")
    ghost.obey({"do": "loop", "on": False})
    show(ghost, clock, frame_at(squats, 0))
    ghost.obey({"do": "seek", "time_s": 8.0})
    for number in range(8 * FPS, 10 * FPS):
        show(ghost, clock, frame_at(squats, number))
        clock.now_s += 1 / FPS
    assert ghost.status()["last_score"] < 30


def test_the_movement_of_the_test_video_scores_near_100_for_who_does_it(test_video, settings):
    """As the Live page has it: the ghost is cleaned, the athlete is as seen."""
    with av.open(str(test_video)) as container:
        pictures = [
            frame.reformat(*SIZE, format="rgb24").to_ndarray()
            for frame in itertools.islice(container.decode(video=0), 120)
        ]
    with open_estimator(settings) as estimator:
        poses = [estimator.estimate(each, number / FPS) for number, each in enumerate(pictures)]
    real_poses = PoseSequence.from_frames(poses, image_size=SIZE)
    reference = clean(real_poses)
    for way in ("own", "waiting"):
        found = practise(reference, real_poses, way, is_looped=True)
        runs = [each["last_score"] for each in found if each["last_score"] is not None]
        assert (runs or [found[-1]["run_score"]])[-1] >= 85
        assert best(found) >= 90


# The parts


def test_an_angle_weighs_as_far_as_the_ghost_moves_it():
    weights = dict(
        zip(
            CORE_ANGLES,
            compute_weights(compute_joint_angles(MOVEMENTS["curl"], CORE_ANGLES).to_numpy()),
            strict=True,
        )
    )
    assert weights.pop("left_elbow_flexion") == pytest.approx(120, abs=2)
    assert set(weights.values()) == {LEAST_WEIGHT}


def test_in_a_position_all_angles_weigh_alike_also_those_nobody_saw():
    still_deg = np.random.default_rng(0).normal(60, 1.5, (90, 8))
    still_deg[:, 2] = np.nan
    assert set(compute_weights(still_deg)) == {LEAST_WEIGHT}


def test_a_bent_joint_that_the_ghost_keeps_still_counts_little_but_counts():
    weights = compute_weights(compute_joint_angles(MOVEMENTS["squats"], CORE_ANGLES).to_numpy())
    score = RunningScore(weights)
    off = np.zeros(8)
    off[list(CORE_ANGLES).index("left_elbow_flexion")] = 45.0
    score.add(0.0, off)
    assert 97 <= score.whole < 100


def make_steps():
    """Twenty-one steps of one second and eight degrees, in all angles."""
    steps_deg = np.repeat(8.0 * np.arange(21)[:, np.newaxis], 8, axis=1)
    return StepScore(np.arange(21.0), steps_deg, np.ones(8)), steps_deg


def count(score, now_s, angles_deg, ghost_deg, position_s):
    score.add(now_s, angles_deg, ghost_deg, position_s, is_matched=True, moved=0.0)


def test_steps_between_two_frames_are_compared_with_what_was_between():
    score, steps_deg = make_steps()
    count(score, 0.0, steps_deg[0], steps_deg[0], 0.0)
    count(score, 0.5, steps_deg[8], steps_deg[8], 8.0)
    assert score.whole == pytest.approx(100 * 9 / 21)
    score.begin_run()
    # There and back while the ghost went 32° further than they did.
    steps_deg[4:] = steps_deg[4] - (steps_deg[4:] - steps_deg[4])
    count(score, 1.0, steps_deg[0], steps_deg[0], 0.0)
    count(score, 1.5, steps_deg[0], steps_deg[8], 8.0)
    assert score.whole < 100 * 7 / 21


def test_what_was_leapt_over_was_not_done():
    score, steps_deg = make_steps()
    count(score, 0.0, steps_deg[0], steps_deg[0], 0.0)
    leap = BRIDGED + 1
    count(score, 0.5, steps_deg[leap], steps_deg[leap], float(leap))
    assert score.whole == pytest.approx(100 * 2 / 21)
    assert score.share == pytest.approx(2 / 21)


def test_the_large_score_of_who_waits_is_nothing_and_of_who_does_something_else_is_0():
    score, steps_deg = make_steps()
    for number in range(30):
        count(score, number / FPS, steps_deg[3], steps_deg[3], 3.0)
    assert np.isnan(score.recent)
    score.add(1.1, steps_deg[9], steps_deg[3], 3.0, is_matched=False, moved=6.0)
    assert score.recent == 0


def test_of_what_one_moves_a_third_has_to_be_the_movement_of_the_ghost():
    score, steps_deg = make_steps()
    count(score, 0.0, steps_deg[0], steps_deg[0], 0.0)
    for number in range(1, 13):
        at = float(number)
        score.add(at / 3, steps_deg[number], steps_deg[number], at, is_matched=True, moved=3.0)
    assert score.recent == pytest.approx(100)
    score.add(4.5, steps_deg[12], steps_deg[12], 12.0, is_matched=True, moved=36.0)
    assert score.recent == pytest.approx(50)


def test_the_large_score_waits_until_enough_of_the_movement_was_done():
    score, steps_deg = make_steps()
    count(score, 0.0, steps_deg[0], steps_deg[0], 0.0)
    shown = []
    for number in range(1, 21):
        count(score, number / 10, steps_deg[number], steps_deg[number], float(number))
        shown.append(not np.isnan(score.recent))
    assert LEAST_STEPS < 21 / 2
    assert shown == [number >= LEAST_STEPS for number in range(1, 21)]


@pytest.mark.parametrize(
    ("name", "other"), [(name, other) for name in MOVEMENTS for other in MOVEMENTS if name != other]
)
def test_no_moment_of_another_movement_has_a_large_score(name, other):
    """Up to 98 was said of the first steps of a squat before a ghost that lifts its arms."""
    assert best(practise(MOVEMENTS[name], MOVEMENTS[other], "waiting")) <= 40


def test_in_a_single_position_every_moment_counts():
    pose_deg = np.zeros(8)
    score = StepScore(np.zeros(1), pose_deg[np.newaxis], np.ones(8))
    for number in range(30):
        count(score, number / FPS, pose_deg + 9.0, pose_deg, 0.0)
    assert (score.recent, score.whole) == (pytest.approx(80), pytest.approx(80))


# The end


def end_with(end, differences_deg, *, is_at_end=True):
    """After how many frames a run is over whose ghost stands still at the end; None if never."""
    for number, difference_deg in enumerate(differences_deg):
        if end.is_over(
            number / FPS, difference_deg, is_at_end=is_at_end, is_hold=True, is_held=False
        ):
            return number
    return None


def test_an_end_that_is_kept_but_not_held_is_over_after_a_while():
    assert end_with(EndOfRun(), np.full(90, 14.0)) == pytest.approx(1.5 * FPS, abs=1)


def test_an_end_that_is_left_is_over_soon():
    differences_deg = np.concatenate([np.full(10, 5.0), np.linspace(5, 40, 30)])
    assert 10 < end_with(EndOfRun(), differences_deg) < 30


def test_an_end_is_not_over_before_it_is_reached_nor_by_one_bad_frame_nor_while_nobody_is_seen():
    assert end_with(EndOfRun(), np.full(90, 5.0), is_at_end=False) is None
    differences_deg = np.full(30, 5.0)
    differences_deg[[5, 15]] = 40.0
    assert end_with(EndOfRun(), differences_deg) is None
    end = EndOfRun()
    assert end_with(end, [5.0]) is None
    assert end_with(end, np.full(90, np.nan), is_at_end=False) is None


@pytest.mark.parametrize("off_deg", [0, 15, 22, 25])
def test_waiting_a_ghost_that_ends_in_a_stillness_begins_again_also_with_an_elbow_off(off_deg):
    seconds = np.arange(7 * FPS) / FPS
    bend = np.where(seconds < 4, 90 * (1 - np.cos(2 * np.pi * 0.25 * seconds)) / 2, 0.0)
    names = [f"{side}_{joint}_flexion" for side in ("left", "right") for joint in ("hip", "knee")]
    reference = make_sequence(dict.fromkeys(names, bend), time_s=seconds)
    angles = dict.fromkeys(names, np.tile(bend, 3))
    angles["left_elbow_flexion"] = np.full(3 * len(bend), float(off_deg))
    live = make_sequence(angles, time_s=np.arange(3 * len(bend)) / FPS)
    found = practise(reference, live, "waiting", is_looped=True)
    positions_s = np.array([each["position_s"] for each in found])
    assert (np.diff(positions_s) < -2).sum() >= 2
    assert found[-1]["last_score"] >= 90


@pytest.mark.parametrize("interrupt", ["pause", "camera"])
def test_the_time_without_a_ghost_is_no_time_for_a_movement(interrupt):
    """Nobody did a squat while the ghost paused or the camera was off."""
    squats = make_squats(30.0)
    clock = HandClock()
    ghost = Ghost(clock=clock)
    choose(ghost, squats)
    ghost.run_as("waiting")

    def do(numbers):
        for number in numbers:
            show(ghost, clock, frame_at(squats, number))
            clock.now_s += 1 / FPS

    do(range(75))
    before = ghost.status()
    if interrupt == "pause":
        ghost.obey({"do": "pause"})
    else:
        ghost.camera_ended()
    clock.now_s += 60.0
    if interrupt == "pause":
        ghost.obey({"do": "play"})
    do(range(75, 120))
    status = ghost.status()
    assert status["position_s"] == pytest.approx(4.0, abs=0.3)
    assert status["done_share"] > before["done_share"]
    show(ghost, clock, PoseFrame.empty(0.0))
    assert ghost.status()["run_score"] == status["run_score"]
